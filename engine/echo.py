"""One echo of ping in the lab: what is sent, how the answer is recognised, what it is called."""

from typing import NamedTuple

from engine.address import Address
from engine.errors import ParseError
from engine.esp.udp import is_esp
from engine.icmp import (
    ECHO_REPLY,
    ECHO_REQUEST,
    NEEDS_FRAGMENTATION,
    TIME_EXCEEDED,
    UNREACHABLE,
    Icmp,
    parse_icmp,
    quoted,
)
from engine.ip import AH, ESP, ICMP, IPv4

# What Windows fills its echoes with.
_ALPHABET = b"abcdefghijklmnopqrstuvw"

_UNREACHABLE = {0: "unreachable-net", 1: "unreachable-host", 2: "unreachable-protocol",
                3: "unreachable-port", NEEDS_FRAGMENTATION: "needs-frag", 9: "prohibited",
                10: "prohibited", 13: "prohibited"}
# What the own stack's refusals are to ping; anything else is a general failure.
_REFUSALS = {"negotiating": "negotiating", "needs-frag": "needs-frag",
             "no-route": "unreachable-host", "no-next-hop": "unreachable-host"}


class EchoResult(NamedTuple):
    """One echo: how it ended, and how it and its answer crossed the outside.

    `kind` is "reply", "timeout", "negotiating", "general-failure", "unreachable-net",
    "unreachable-host", "unreachable-protocol", "unreachable-port", "prohibited", "needs-frag" or
    "ttl-expired". `source` is who answered (the own address for what the own stack said), `bytes`
    the data octets, `seconds` the round trip in virtual time. `clear` and `protected` say whether
    a packet of this echo crossed an external link as plain ICMP, or inside ESP or AH; `soft`
    whether a soft association let it pass in clear.
    """

    kind: str
    source: Address
    bytes: int
    seconds: float
    ttl: int
    sequence: int
    trace: int
    clear: bool = False
    protected: bool = False
    soft: bool = False


class Pinged(NamedTuple):
    """One echo that somebody sent: when (engine time), from where, to whom, how long it was."""

    time: float
    machine: str
    destination: Address
    size: int
    df: bool
    result: EchoResult


class Expected(NamedTuple):
    """What a waiting ping looks for among the packets delivered to its machine."""

    machine: str
    identifier: int
    sequence: int
    trace: int
    sent: float

    def result(self, kind: str, source: Address, now: float, octets: int = 0,
               ttl: int = 0) -> EchoResult:
        """The end of this echo, before the verdict on its way."""
        return EchoResult(kind, source, octets, now - self.sent, ttl, self.sequence, self.trace)

    def answer(self, packet: IPv4, now: float) -> EchoResult | None:
        """The end of this echo when `packet` is its reply or an error about it."""
        if packet.protocol != ICMP:
            return None
        try:
            message = parse_icmp(packet.payload)
            if message.type == ECHO_REPLY:
                if (message.identifier, message.sequence) != (self.identifier, self.sequence):
                    return None
                return self.result("reply", packet.source, now, len(message.body), packet.ttl)
            kind = _kind(message)
            if not kind or not self._is_about_us(message):
                return None
        except ParseError:
            return None
        return self.result(kind, packet.source, now, ttl=packet.ttl)

    def _is_about_us(self, message: Icmp) -> bool:
        inner = quoted(message).packet
        if inner.protocol != ICMP or len(inner.payload) < 8 or inner.payload[0] != ECHO_REQUEST:
            return False
        rest = int.from_bytes(inner.payload[4:8], "big")
        return rest == self.identifier << 16 | self.sequence


def _kind(message: Icmp) -> str:
    if message.type == TIME_EXCEEDED:
        return "ttl-expired"
    if message.type == UNREACHABLE:
        return _UNREACHABLE.get(message.code, "unreachable-host")
    return ""


def refusal(reason: str) -> str:
    """What ping calls the own stack's refusal."""
    return _REFUSALS.get(reason, "general-failure")


def pattern(size: int) -> bytes:
    """`size` octets of Windows' alphabet."""
    return (_ALPHABET * (size // len(_ALPHABET) + 1))[:size]


class Crossings:
    """How each watched echo crossed external links: by trace id, the last thousand."""

    LIMIT = 1000

    def __init__(self) -> None:
        self._seen: dict[int, tuple[bool, bool]] = {}

    def watch(self, trace: int) -> None:
        """Begins to watch a trace id."""
        self._seen[trace] = (False, False)
        if len(self._seen) > self.LIMIT:
            del self._seen[next(iter(self._seen))]

    def note(self, packet: IPv4) -> None:
        """A packet crosses an external link."""
        seen = self._seen.get(packet.trace)
        if seen is None:
            return
        clear, protected = seen
        if packet.protocol in (ESP, AH) or is_esp(packet):
            protected = True
        elif packet.protocol == ICMP and (
                packet.offset or packet.payload[:1] in (b"\x00", b"\x08")):
            clear = True
        self._seen[packet.trace] = clear, protected

    def verdict(self, trace: int) -> tuple[bool, bool]:
        """(clear, protected) so far."""
        return self._seen.get(trace, (False, False))
