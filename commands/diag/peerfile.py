"""The other gateway's configuration from a file: a dump of ipsecsh, swanctl.conf, ipsec.conf.

It becomes a machine of a store in memory, so that both ends are compared as if both were in view.
What the file does not say (a key that is masked, suites that are defaults) is taken to be ours and
told as a note.
"""

from typing import TYPE_CHECKING

from commands.errors import CommandError
from commands.lab.typist import type_lines
from engine.address import Address, Network, format_address, parse_address, parse_mask
from engine.diagnose.look import Imported
from engine.diagnose.plan import Intent
from engine.diagnose.station import Station
from engine.errors import EngineError
from engine.policy.methods import format_main_modes, format_quick_modes
from engine.policy.model import Interface, Machine, Secret
from engine.policy.peerread import DUMP, Connection, PeerFile, kind_of, read_peer
from engine.policy.script import quote

if TYPE_CHECKING:
    from collections.abc import Iterator

    from commands.session import Session

LARGEST = 1 << 22
NAMED, MASKED = "# IPsec policies of ", "# key of rule "
OUTSIDE, INSIDE = "External", "Internal"
POLICY, ACTION = "imported", "imported"
NEIGHBOURS = 24


def imported(session: "Session", name: str, own: Station,
             intent: Intent) -> Imported:
    """The machine that a file describes, to compare with that tunnel of ours.

    Raises CommandError for a file that cannot be read or understood.
    """
    text = read_text(session, name, "peer")
    kind = kind_of(text)
    try:
        if kind == DUMP:
            return _of_dump(session, text, own, intent)
        return _of_connections(session, own, (intent.own, intent.peer), read_peer(text))
    except ValueError as error:
        raise CommandError("bad-file", f"{name} {error}", tag="peer") from None
    except EngineError as error:
        raise CommandError("bad-file", f"{name}: {error}", tag="peer") from None


def read_text(session: "Session", name: str, tag: str) -> str:
    """A text file of at most 4 MB. Raises CommandError."""
    return read_octets(session, name, tag, LARGEST).decode("utf-8", "replace")


def read_octets(session: "Session", name: str, tag: str, most: int) -> bytes:
    """A file of at most so many octets. Raises CommandError."""
    try:
        octets = session.files.read(session.files.full(name, session.folder), most + 1)
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise CommandError("file", f"{name} cannot be read: {why}", tag=tag) from None
    if len(octets) > most:
        raise CommandError("file", f"{name} has more than {most} octets", tag=tag)
    return octets


def _session(session: "Session", name: str, adapters: "list[Interface]") -> "Session":
    """A session on a store that holds that one machine."""
    from commands.session import Session
    from engine.lab.seed import seeded_entropy
    from engine.policy.store import Store
    scratch = Session(seed=session.seed, machine=name, yes=True)
    store = Store.open("", clock=session.wall, entropy=seeded_entropy(session.seed, "peer"))
    store.add_machine(Machine(name, "gateway", True))
    for one in adapters:
        store.on(name).add_interface(one)
    scratch.use_store(store)
    return scratch


def our_key(own: Station) -> str:
    """The pre-shared key of our tunnel rules; "" when there is none."""
    keys = [method.value for leg in own.legs for method in leg.rule.auth if method.kind == "psk"]
    return Secret(keys[0]).reveal() if keys else ""


# --- a dump of ipsecsh ----------------------------------------------------------------------------


def _of_dump(session: "Session", text: str, own: Station, intent: Intent) -> Imported:
    """Typed line by line. What is for this machine only (files, the lab) is not."""
    lines = [line.strip() for line in text.splitlines()]
    name = next((line.removeprefix(NAMED) for line in lines if line.startswith(NAMED)), "")
    name = name if name and name != own.name else "peer"
    adapters = list(_adapters(lines))
    whole = bool(adapters) and "pushd routing ip" in lines
    adapters = adapters or _guessed(intent.peer, intent.remote)
    scratch = _session(session, name, adapters)
    scratch.variables["PSK"] = Secret(our_key(own) or "none")
    notes = []
    typed = []
    masked = False
    for line in lines:
        if line.startswith(MASKED):
            masked = True
        elif line and not line.startswith("#"):
            typed.append(f"{line} psk=${{PSK}}" if masked and "add rule" in line else line)
            masked = False
    if any(line.startswith(MASKED) for line in lines):
        notes.append("its keys are not in the file and are not compared")
    if not whole:
        notes.append("its filters, routes and addresses are not in the file")
    _type_all(scratch, name, typed)
    return Imported(Station.of_config(scratch.store.on(name)), DUMP, tuple(notes), not whole)


def _type_all(scratch: "Session", name: str, lines: "list[str]") -> None:
    """Contexts that a line pushes hold for those after it."""
    place: list[tuple[str, ...]] = []
    for line in lines:
        words = tuple(line.split())
        if words[:1] == ("pushd",):
            place.append(words[1:])
        elif words == ("popd",):
            place = place[:-1]
        elif words[:1] not in (("exec",), ("lab",), ("transcript",), ("net",)):
            try:
                _type_one(scratch, name, " ".join((*(place[-1] if place else ()), line)))
            except CommandError as error:
                raise ValueError(f"has a line that cannot be typed: {line}: {error}") from None


def _type_one(scratch: "Session", name: str, line: str) -> None:
    from commands.run import run_line
    scratch.machine, scratch.context = name, ()
    run_line(line, scratch)


def _adapters(lines: "list[str]") -> "Iterator[Interface]":
    """The adapters that the interface section gives addresses to."""
    for line in lines:
        words = dict(word.partition("=")[::2] for word in _words(line))
        if line.startswith(("set address ", "interface ip set address ")) and "addr" in words:
            yield Interface(words["name"], parse_address(words["addr"]),
                            parse_mask(words.get("mask", "255.255.255.0")))


def _words(line: str) -> "list[str]":
    """Words with quotes taken off."""
    import shlex
    return shlex.split(line)


# --- strongSwan -----------------------------------------------------------------------------------


def _guessed(address: Address, inner: Network | None) -> "list[Interface]":
    """Adapters where a file has none: the outer one with its address, the inner in its network."""
    found = [Interface(OUTSIDE, address, NEIGHBOURS, address ^ 1)]
    if inner is not None and inner.prefix < 31:
        found.append(Interface(INSIDE, inner.address + 1, inner.prefix))
    return found


def _of_connections(session: "Session", own: Station, ends: tuple[Address, Address],
                    file: PeerFile) -> Imported:
    """Its tunnels as a policy with two rules each."""
    ours, theirs = ends
    turned = [_turned(one) if one.local in own.own and one.local else one
              for one in file.connections]
    fitting = [one for one in turned if one.remote in (0, ours) or one.remote in own.own]
    if not fitting:
        raise ValueError(f"has no connection with {format_address(ours)}")
    first = fitting[0]
    address = first.local or theirs
    inner = first.local_net
    scratch = _session(session, "peer", _guessed(address, inner))
    told = list(file.notes)
    old = [one.name for one in fitting if one.version == 2]
    ready = [one for one in fitting if one.version != 2]
    lines = list(_policy_lines(ready or fitting, own, ours, address, scratch, told))
    type_lines(scratch, "peer", lines)
    return Imported(Station.of_config(scratch.store.on("peer")), file.kind,
                    tuple(dict.fromkeys(told)), True, tuple(old) if not ready else ())


def _turned(one: Connection) -> Connection:
    """A connection written from our end's place (ipsec.conf is the same file at both ends)."""
    return one._replace(local=one.remote, remote=one.local, local_net=one.remote_net,
                        remote_net=one.local_net)


def _policy_lines(found: "list[Connection]", own: Station, ours: Address, theirs: Address,
                  scratch: "Session", notes: "list[str]") -> "Iterator[str]":
    judged = own.agent.phase1(ours, theirs)
    main = tuple(dict.fromkeys(each for one in found for each in one.main))
    if not main:
        notes.append("its main mode suites are defaults and are not compared")
        main = judged.methods if judged is not None else ()
    group = found[0].group
    if group:
        # Here PFS takes the group of the first main mode suite.
        main = (*(one for one in main if one.group == group),
                *(one for one in main if one.group != group))
    life = f" mmlifetime={found[0].lifetime // 60}" if found[0].lifetime >= 300 else ""
    yield (f"ipsec static add policy name={POLICY} activatedefaultrule=no"
           + (f' mmsecmethods="{format_main_modes(main)}"' if main else "") + life)
    for number, one in enumerate(found):
        yield from _tunnel_lines(number, one, own, ours, theirs, scratch, notes)
    yield f"ipsec static set policy name={POLICY} assign=yes"


def _tunnel_lines(number: int, one: Connection, own: Station, ours: Address, theirs: Address,
                  scratch: "Session", notes: "list[str]") -> "Iterator[str]":
    quick = one.quick or tuple(each for _, action in own.actions.values()
                               for each in action.methods)
    if not one.quick:
        notes.append("its quick mode suites are defaults and are not compared")
    if one.seconds >= 300:
        quick = tuple(each._replace(seconds=one.seconds, kilobytes=0) for each in quick)
    action = f"{ACTION}{number}"
    yield (f"ipsec static add filteraction name={action} action=negotiate inpass=no soft=no "
           f"qmpfs={'yes' if one.group else 'no'} "
           f'qmsecmethods="{format_quick_modes(tuple(dict.fromkeys(quick)))}"')
    near = one.local_net or Network(theirs, 32)
    far = one.remote_net or Network(ours, 32)
    proof = _proof(number, one, own, scratch, notes)
    for way, source, target, end in (("out", near, far, ours), ("back", far, near, theirs)):
        name = quote(f"{one.name} {way} {number}")
        tunnel = f" tunnel={format_address(end)}" if one.tunnel else ""
        yield f"ipsec static add filterlist name={name}"
        yield (f"ipsec static add filter filterlist={name} mirrored=no protocol=ANY "
               f"srcaddr={format_address(source.address)} srcmask={format_address(source.mask)} "
               f"dstaddr={format_address(target.address)} dstmask={format_address(target.mask)}")
        yield (f"ipsec static add rule name={name} policy={POLICY} filterlist={name} "
               f"filteraction={action}{tunnel} {proof}")


def _proof(number: int, one: Connection, own: Station, scratch: "Session",
           notes: "list[str]") -> str:
    """How it authenticates; a key that is not in the file is taken to be ours."""
    if not one.by_key:
        roots = [method.value for leg in own.legs for method in leg.rule.auth
                 if method.kind == "rootca"]
        return f"rootca={quote(roots[0] if roots else 'CN=unknown')}"
    key = one.psk
    if key is None:
        notes.append("its key is not in the file and is not compared")
        key = Secret(our_key(own) or "none")
    scratch.variables[f"PSK{number}"] = key
    return f"psk=${{PSK{number}}}"
