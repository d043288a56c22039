"""Two IKE endpoints and a wire between them, on a hand-held clock."""

import hashlib
from bisect import insort
from collections.abc import Callable
from typing import NamedTuple

from engine.address import Address, parse_address, parse_network
from engine.entropy import Entropy
from engine.ike.endpoint import IkeEndpoint, IkeLimits
from engine.ike.interface import (
    IkeOutput,
    Phase1Policy,
    Phase2Policy,
    SaInstalled,
    SendDatagram,
    TrafficSelector,
)
from engine.suites import MainModeMethod, QuickModeMethod

A = parse_address("131.107.1.1")
B = parse_address("131.107.2.1")
NET_A = parse_network("10.0.1.0/24")
NET_B = parse_network("10.0.2.0/24")
LATENCY = 0.01


def entropy(seed: str) -> Entropy:
    """A repeatable stream of octets."""
    counter = 0

    def octets(number: int) -> bytes:
        nonlocal counter
        counter += 1
        return hashlib.shake_128(f"{seed} {counter}".encode()).digest(number)
    return octets


class FixedPolicy(NamedTuple):
    """An IkePolicy that gives the same answer for every peer; selectors must be exact."""

    first: Phase1Policy | None
    second: tuple[Phase2Policy, ...]

    def phase1(self, local: Address, peer: Address) -> Phase1Policy | None:
        return self.first

    def phase2(self, local: Address, peer: Address,
               selector: TrafficSelector) -> Phase2Policy | None:
        return next((one for one in self.second if one.selector == selector), None)


MM = MainModeMethod("3DES", "SHA1", 2)
QM = QuickModeMethod("3DES", "SHA1")


def policy_a(mm: MainModeMethod = MM, qm: QuickModeMethod = QM, *, psk: bytes | None = b"abc",
             pfs: int = 0, tunnel: bool = True, lifetime: int = 28800, quick_limit: int = 0,
             mmpfs: bool = False) -> FixedPolicy:
    """Side A: NetA behind it, one method in each phase."""
    wanted = Phase2Policy("entry-a", TrafficSelector(NET_A, NET_B), (qm,), pfs, tunnel)
    return FixedPolicy(Phase1Policy((mm,), psk, lifetime, quick_limit, mmpfs), (wanted,))


def policy_b(mm: MainModeMethod = MM, qm: QuickModeMethod = QM, *, psk: bytes | None = b"abc",
             pfs: int = 0, tunnel: bool = True, lifetime: int = 28800, quick_limit: int = 0,
             mmpfs: bool = False) -> FixedPolicy:
    """Side B: the mirror image."""
    wanted = Phase2Policy("entry-b", TrafficSelector(NET_B, NET_A), (qm,), pfs, tunnel)
    return FixedPolicy(Phase1Policy((mm,), psk, lifetime, quick_limit, mmpfs), (wanted,))


def committing(policy: FixedPolicy) -> FixedPolicy:
    """A responder that sets the commit bit."""
    assert policy.first
    return policy._replace(first=policy.first._replace(commit=True))


class Sent(NamedTuple):
    """A datagram on the wire and when it arrives."""

    arrives: float
    datagram: SendDatagram


def _arrival(sent: Sent) -> float:
    return sent.arrives


Fate = Callable[[SendDatagram], int]


class Pair:
    """Endpoints `a` and `b`; `fate` says how many copies of a datagram arrive (0: lost), `delay`
    how many seconds later than usual."""

    def __init__(self, first: FixedPolicy | None = None, second: FixedPolicy | None = None,
                 limits: IkeLimits | None = None, epoch: float = 0.0) -> None:
        self.policies = {A: first or policy_a(), B: second or policy_b()}
        self.a = IkeEndpoint(self.policies[A], entropy("a"), limits, epoch)
        self.b = IkeEndpoint(self.policies[B], entropy("b"), limits, epoch)
        self.ends = {A: self.a, B: self.b}
        self.now = 0.0
        self.fate: Fate = lambda datagram: 1
        self.delay: Callable[[SendDatagram], float] = lambda datagram: 0.0
        self.wire: list[Sent] = []
        self.sent: list[SendDatagram] = []
        self.times: list[float] = []
        self.outputs: dict[Address, list[IkeOutput]] = {A: [], B: []}

    def take(self, address: Address, outputs: list[IkeOutput]) -> list[IkeOutput]:
        """Puts the datagrams among `outputs` on the wire and keeps the rest."""
        for output in outputs:
            if isinstance(output, SendDatagram):
                self.sent.append(output)
                self.times.append(self.now)
                for _ in range(self.fate(output)):
                    arrives = self.now + LATENCY + self.delay(output)
                    insort(self.wire, Sent(arrives, output), key=_arrival)
            else:
                self.outputs[address].append(output)
        return outputs

    def change(self, first: FixedPolicy, second: FixedPolicy) -> None:
        """New policies on both sides; what the old ones made stays when phase 1's is the same."""
        self.policies = {A: first, B: second}
        for address, end in self.ends.items():
            self.take(address, end.set_policy(self.policies[address], self.now))

    def initiate(self, address: Address = A) -> None:
        """The side at `address` asks for its first entry."""
        wanted = self.policies[address].second[0]
        peer = B if address == A else A
        self.take(address, self.ends[address].initiate(address, peer, wanted, self.now))

    def deliver(self, datagram: SendDatagram) -> list[IkeOutput]:
        """Gives one datagram to the endpoint it is for, now."""
        to = self.ends[datagram.peer]
        return self.take(datagram.peer, to.receive(
            datagram.payload, datagram.peer, datagram.peer_port, datagram.local,
            datagram.local_port, self.now))

    def run(self, until: float) -> None:
        """Lets time pass: datagrams arrive and alarms ring in order."""
        while True:
            times = [(sent.arrives, 0) for sent in self.wire[:1]]
            for at in (end.next_timer() for end in self.ends.values()):
                times += [(at, 1)] if at is not None else []
            if not times or min(times)[0] > until:
                self.now = max(self.now, until)
                return
            at, kind = min(times)
            self.now = max(self.now, at)
            if kind == 0:
                self.deliver(self.wire.pop(0).datagram)
            else:
                for address, end in self.ends.items():
                    self.take(address, end.handle_timer(self.now))

    def of(self, address: Address, kind: type) -> list[IkeOutput]:
        """Outputs of one kind that one side has given."""
        return [one for one in self.outputs[address] if isinstance(one, kind)]

    def installed(self, address: Address) -> list[SaInstalled]:
        """Pairs that one side may use in both directions."""
        return [one for one in self.outputs[address]
                if isinstance(one, SaInstalled) and one.outbound_ready]

    def labels(self) -> list[str]:
        """The names of all messages sent, in order."""
        return [one.label for one in self.sent]


def connected(first: FixedPolicy | None = None, second: FixedPolicy | None = None) -> Pair:
    """A pair with the tunnel up, begun by A."""
    pair = Pair(first, second)
    pair.initiate()
    pair.run(1.0)
    assert len(pair.installed(A)) == len(pair.installed(B)) == 1
    return pair
