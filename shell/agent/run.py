"""`ipsecsh agent`: one is run, asked for metrics, or made a unit of systemd.

Running is: the privileges, the store, the gateway, the socket, and their end.
"""

import os
import signal
import sys
from typing import TYPE_CHECKING, NamedTuple

from engine.errors import Broken
from shell.agent.log import Log
from shell.agent.place import own_place
from shell.agent.wire import Message

if TYPE_CHECKING:
    from collections.abc import Callable

    from engine.live.gateway import Gateway

USAGE = """\
Usage: ipsecsh agent run [--store FILE] [--socket FILE] [--machine NAME]
                         [--interface NAME=DEVICE ...]
       ipsecsh agent metrics [--socket FILE]    Prometheus text of a running agent
       ipsecsh agent unit                       a systemd unit for this program

  --store FILE            the agent's policy store (else IPSECSH_STORE, else
                          store.db in systemd's state folder or /var/lib/ipsecsh)
  --socket FILE           where shells find it (else IPSECSH_AGENT,
                          else /run/ipsecsh/agent.sock)
  --interface NAME=DEVICE what the store calls an adapter, and the device it
                          is: External=eth0; kept in the store
  --machine NAME          the machine's name in a new store (else the host's)

SIGHUP makes it read the store again, SIGTERM ends it in good order.
"""
EXIT_USAGE, EXIT_UNABLE = 2, 3


class Wishes(NamedTuple):
    """The options of `agent run`."""

    store: str = ""
    socket: str = ""
    machine: str = ""
    interfaces: tuple[tuple[str, str], ...] = ()


def read_wishes(words: "tuple[str, ...]") -> Wishes:
    """Reads the words behind ``agent run``. Raises ValueError with a sentence."""
    given: dict[str, str] = {}
    interfaces: list[tuple[str, str]] = []
    rest = list(words)
    while rest:
        option, equals, value = rest.pop(0).partition("=")
        if option not in ("--store", "--socket", "--machine", "--interface"):
            raise ValueError(f"unknown option {option}" if option.startswith("-") else
                             f"{option} is no option of agent run")
        if not equals:
            if not rest:
                raise ValueError(f"option {option} needs a value")
            value = rest.pop(0)
        if option == "--interface":
            name, _, device = value.partition("=")
            if not name or not device:
                raise ValueError("--interface is NAME=DEVICE, such as External=eth0")
            interfaces.append((name, device))
        else:
            given[option[2:]] = value
    return Wishes(given.get("store", ""), given.get("socket", ""), given.get("machine", ""),
                  tuple(interfaces))


def default_store() -> str:
    """The agent's store when nobody named one: systemd's state folder, else /var/lib."""
    given = os.environ.get("IPSECSH_STORE", "")
    folder = os.environ.get("STATE_DIRECTORY", "").split(":")[0] or "/var/lib/ipsecsh"
    return given or os.path.join(folder, "store.db")


def agent(words: tuple[str, ...], store: str) -> int:
    """Runs an agent until it is told to end; the exit code."""
    if words == ("unit",):
        from shell.agent.unit import unit
        sys.stdout.write(unit())
        return 0
    if words[:1] == ("metrics",):
        from shell.agent.ask import metrics
        return metrics(words[1:])
    if words[:1] != ("run",):
        mistake = (f"{' '.join(words)} is nothing that an agent does" if words else
                   "say what the agent is to do")
        sys.stderr.write(f"ERR usage : {mistake}\n{USAGE}")
        return EXIT_USAGE
    try:
        wishes = read_wishes(words[1:])
    except ValueError as mistake:
        sys.stderr.write(f"ERR usage : {mistake}\n{USAGE}")
        return EXIT_USAGE
    log = Log()
    try:
        return _run(wishes._replace(store=wishes.store or store or default_store()), log)
    except Broken as failure:
        if log.in_journal:
            log("refused", priority=2, text=str(failure))
        else:
            sys.stderr.write(f"ERR agent : {failure}\n")
        return EXIT_UNABLE


def _run(wishes: Wishes, log: Log) -> int:
    from engine.live.heap import keep
    from engine.live.privilege import effective, missing
    lacking = missing(effective())
    if lacking:
        raise Broken("privilege", f"this process lacks {', '.join(lacking)}; run it as root or "
                     "with the systemd unit, which gives exactly these")
    gateway = _gateway(wishes, log)
    keep()
    try:
        _serve(gateway, wishes, log)
    except BaseException:
        gateway.close()
        raise
    log("stopping", priority=5, machine=gateway.name)
    gateway.stop()
    return 0


def _gateway(wishes: Wishes, log: Log) -> "Gateway":
    from engine.live.gateway import Gateway
    from engine.live.kernel import Kernel
    from engine.live.provision import machine_of, names_of, open_store, write_interfaces
    from engine.live.tun import NAME
    kernel = Kernel()
    facts = kernel.facts()
    kernel.close()
    store = open_store(wishes.store)
    machine = machine_of(store, wishes.machine or os.uname().nodename.split(".")[0])
    names = names_of(store, machine, dict(wishes.interfaces), facts, NAME)
    if not names:
        raise Broken("io", "no device has an IPv4 address; name them with "
                     "--interface External=DEVICE")
    write_interfaces(store, machine, names, facts)
    events = os.path.join(os.path.dirname(os.path.abspath(wishes.store)), "events.log")
    return Gateway(store, machine, names, log=log, events=events)


def _serve(gateway: "Gateway", wishes: Wishes, log: Log) -> None:
    from engine.live.facts import why_down
    from engine.live.metrics import metrics
    from engine.live.provision import open_store
    from shell.agent.server import Server
    requests: dict[str, Callable[[], Message]] = {"metrics": lambda: {"text": metrics(gateway)}}
    server = Server(gateway, wishes.socket or os.environ.get("IPSECSH_AGENT", "")
                    or own_place(os.environ), lambda: open_store(wishes.store, patient=False),
                    requests)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: _end(gateway))
    signal.signal(signal.SIGHUP, lambda _number, _frame: _again(gateway))
    log("started", priority=5, machine=gateway.name, socket=server.path, store=wishes.store,
        interfaces=" ".join(f"{name}={device}" for name, device in gateway.names.items()))
    for name, device in gateway.names.items():
        missing = why_down(gateway.facts, name, device)
        if missing:
            log("interface", priority=4, interface=name, device=device, text=missing)
    _notify("READY=1")
    try:
        gateway.serve()
    finally:
        _notify("STOPPING=1")
        server.close()


def _end(gateway: "Gateway") -> None:
    gateway.running = False
    gateway.loop.wake()


def _again(gateway: "Gateway") -> None:
    gateway.read_again = True
    gateway.loop.wake()


def _notify(state: str) -> None:
    """Tells systemd, when it waits to hear (sd_notify)."""
    where = os.environ.get("NOTIFY_SOCKET", "")
    if not where:
        return
    import socket
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as one:
        try:
            one.sendto(state.encode(), "\0" + where[1:] if where[0] == "@" else where)
        except OSError:
            return
