"""Our own agent on a machine of a test's network, and a shell that talks to it."""

import json
import os
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Any

from engine.address import format_address, prefix_mask
from tests.support.live.network import HOST_B, NET_A, NET_B, WAN_B, Network, run
from tests.support.live.processes import Program, wait_for
from tests.support.live.strongswan import PSK

PATIENCE = 180.0
"""Seconds for a program to start or answer: a guest without a processor of its own is slow."""
PROGRAM = str(Path(sys.executable).parent / "ipsecsh")


def policy_lines(*, mm: str = "AES128-SHA1-2", qm: str = "ESP[AES128,SHA1]", psk: str = PSK,
                 peer: str = WAN_B, own: str, net_a: str = NET_A, net_b: str = NET_B,
                 pfs: bool = False, auth: str = "") -> list[str]:
    """The article's tunnel as lines for the shell."""
    proof = auth or f'psk="{psk}"'
    sides = [one.split("/") for one in (net_a, net_b)]
    (a, a_bits), (b, b_bits) = sides
    rule = "ipsec static add rule policy=toB filteraction=ESP"
    return [
        f'ipsec static add policy name=toB activatedefaultrule=no mmsecmethods="{mm}"',
        f'ipsec static add filter filterlist="NetA to NetB" srcaddr={a} srcmask={a_bits} '
        f"dstaddr={b} dstmask={b_bits} mirrored=no",
        f'ipsec static add filter filterlist="NetB to NetA" srcaddr={b} srcmask={b_bits} '
        f"dstaddr={a} dstmask={a_bits} mirrored=no",
        f'ipsec static add filteraction name=ESP action=negotiate qmsecmethods="{qm}" '
        f"qmpfs={'yes' if pfs else 'no'}",
        f'{rule} name=out filterlist="NetA to NetB" tunnel={peer} {proof}',
        f'{rule} name=in filterlist="NetB to NetA" tunnel={own} {proof}',
        "ipsec static set policy name=toB assign=yes",
        "auditpol /enable /logon:all /object:all",
    ]


def route_line(peer: str = WAN_B, net: str = NET_B) -> str:
    """The article's route into the tunnel."""
    address, bits = net.split("/")
    return f"routing ip add persistentroute {address} {mask_of(bits)} External {peer}"


def mask_of(bits: str) -> str:
    """The dotted mask of a prefix length."""
    return format_address(prefix_mask(int(bits)))


class Agent:
    """One agent with its store and socket; a context manager that ends it."""

    def __init__(self, network: Network, folder: Path, node: str = "gwA",
                 options: tuple[str, ...] = ()) -> None:
        self.network, self.folder, self.node, self.options = network, folder, node, options
        folder.mkdir(parents=True, exist_ok=True)
        self.socket, self.store = folder / "agent.sock", folder / "store.db"
        self.program: Program | None = None
        self.start()

    @property
    def argv(self) -> list[str]:
        """How it is started."""
        return self.network.argv(self.node, [
            PROGRAM, "agent", "run", "--store", str(self.store), "--socket", str(self.socket),
            "--machine", self.node, "--interface", "External=wan0", "--interface",
            "Internal=lan0", *self.options])

    def start(self) -> None:
        """Starts it and waits until it answers."""
        env = {**os.environ, "XDG_STATE_HOME": str(self.folder / "state")}
        self.program = Program(self.argv, self.folder / "agent.log", env)
        wait_for(lambda: self.socket.exists() or not self.running, PATIENCE)
        if not self.running or not self.socket.exists():
            self.stop()
            raise AssertionError(f"the agent did not start:\n{self.log()}")

    @property
    def running(self) -> bool:
        return self.program is not None and self.program.running

    @property
    def pid(self) -> int:
        assert self.program is not None
        return int(self.program.pid)

    def stop(self) -> int:
        """An orderly end; its exit code."""
        code = 0
        if self.program is not None:
            code = self.program.end()
            self.program = None
        return code

    def kill(self) -> None:
        """A crash."""
        if self.program is not None:
            self.program.kill()
            self.program = None
        self.socket.unlink(missing_ok=True)

    def log(self) -> str:
        """What it logged."""
        path = self.folder / "agent.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def typed(self, *words: str, check: bool = True, timeout: float = PATIENCE) -> str:
        """One command of a shell that talks to it."""
        done = self._shell(list(words), timeout)
        if check and done.returncode:
            raise AssertionError(f"{' '.join(words)}: exit {done.returncode}\n{done.stdout}"
                                 f"{done.stderr}\n{self.log()[-2000:]}")
        return done.stdout + done.stderr

    def _shell(self, words: list[str], timeout: float,
               text: str | None = None) -> "subprocess.CompletedProcess[str]":
        env = {key: value for key, value in os.environ.items() if key != "IPSECSH_STORE"}
        env["XDG_STATE_HOME"] = str(self.folder / "state")
        return subprocess.run([PROGRAM, "-r", f"unix:{self.socket}", *words], text=True, env=env,
                              input=text, capture_output=True, timeout=timeout, check=False)

    def lines(self, lines: list[str]) -> None:
        """A script, every line of which must succeed."""
        done = self._shell(["--yes", "-f", "-"], PATIENCE, "\n".join(lines) + "\n")
        assert done.returncode == 0, done.stdout + done.stderr

    def data(self, *words: str) -> Any:
        """What a command says as JSON."""
        done = self._shell(["-o", "json", *words], 30.0)
        return json.loads(done.stdout)

    def pairs(self) -> int:
        """Quick mode SA pairs that are up."""
        told = self.typed("ipsec", "dynamic", "show", "qmsas", "format=table", check=False)
        return sum(line.startswith("Outbound") for line in told.splitlines())

    def drops(self) -> dict[str, int]:
        """The drop counters by name."""
        told = self.typed("ipsec", "dynamic", "show", "stats", "type=drops", check=False)
        found = {}
        for line in told.splitlines():
            words = line.split()
            if len(words) >= 2 and words[1].isdigit():
                found[words[0]] = int(words[1])
        return found

    def __enter__(self) -> "Agent":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        self.stop()


def ping(network: Network, node: str = "hostA", target: str = HOST_B, *, count: int = 3,
         size: int = 56, extra: tuple[str, ...] = ()) -> int:
    """Echoes from a host; how many were answered."""
    said = run(*network.argv(node, ["ping", "-n", "-c", str(count), "-i", "0.2", "-W", "1",
                                    "-s", str(size), *extra, target]), check=False)
    return sum("bytes from" in line for line in said.splitlines())


def pings_at_last(network: Network, seconds: float = 10.0, node: str = "hostA",
                  target: str = HOST_B) -> bool:
    """Whether an echo is answered within the time."""
    return wait_for(lambda: ping(network, node, target, count=1), seconds)
