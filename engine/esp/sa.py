"""A security association: one direction of protected traffic and its account (RFC 2401 4.4.3)."""

from collections.abc import Callable
from math import inf
from typing import NamedTuple

from engine.address import ANY_NETWORK, Address, Network
from engine.entropy import Entropy
from engine.errors import ParseError
from engine.esp.ah import AuthenticationHeader
from engine.esp.constants import (
    HEADER,
    MAX_SEQUENCE,
    MAX_SPI,
    MIN_SPI,
    NEXT_DUMMY,
    NEXT_TUNNEL,
)
from engine.esp.decap import Open, Verify, make_unwrap
from engine.esp.encap import Wrap, WrapRun, make_wrap
from engine.esp.replay import DEFAULT_WINDOW, ReplayWindow
from engine.esp.runs import Run, make_run
from engine.suites import QuickModeMethod

SOFT_SHARE = 0.85
"""Share of a lifetime after which a successor is negotiated."""


class PathMtu(NamedTuple):
    """What is believed of the way of an SA's packets: octets, until an engine time."""

    octets: int
    until: float


UNKNOWN_PATH = PathMtu(65535, inf)
_from_bytes = int.from_bytes


class Selector(NamedTuple):
    """The packets an SA may carry, seen in its own direction. Protocol and ports 0 mean any."""

    source: Network = ANY_NETWORK
    destination: Network = ANY_NETWORK
    protocol: int = 0
    source_port: int = 0
    destination_port: int = 0

    def matches(self, source: Address, destination: Address, protocol: int,
                source_port: int = 0, destination_port: int = 0) -> bool:
        """Whether an inner packet with these fields belongs here (RFC 2401 5.2.1)."""
        left, left_bits = self.source
        right, right_bits = self.destination
        return ((source ^ left) >> 32 - left_bits == 0
                and (destination ^ right) >> 32 - right_bits == 0
                and self.protocol in (0, protocol)
                and self.source_port in (0, source_port)
                and self.destination_port in (0, destination_port))


class SaTerms(NamedTuple):
    """What both directions of a pair have in common when it is made.

    `entry` is the id of the SPD entry; `created` engine seconds; lifetimes 0 mean no limit;
    `soft_share` the part of a lifetime after which a successor is due; `window` in packets.
    """

    entry: str
    method: QuickModeMethod
    tunnel: bool = True
    created: float = 0.0
    seconds: int = 0
    kilobytes: int = 0
    soft_share: float = SOFT_SHARE
    window: int = DEFAULT_WINDOW


class Refusal(NamedTuple):
    """ESP octets that an association refused, and the drop's name."""

    data: bytes
    reason: str


class SecurityAssociation:
    """One direction. `source` and `destination` are the outer addresses of its packets.

    `encap` works on an outbound SA, `decap` on an inbound one, both on ESP; `ah` is the
    authentication header around it or instead of it, None without one (whole packets are the
    business of `engine.esp.packets`). `octets` and `packets` count
    inner octets that passed, `used` is the engine time of the last one. `on_limit` is called
    with the SA and "soft" or "hard" when its octets or sequence numbers reach those limits;
    nothing passes after `hard_octets` (infinite without such a lifetime). `path_mtu` is what ICMP
    told of the way of its packets (RFC 2401 6.1). `original` are source and destination
    as the sender of transport mode packets behind a NAT knows them, 0 for unknown ones.
    """

    __slots__ = ("spi", "direction", "source", "destination", "selector", "terms", "octets",
                 "packets", "sequence", "used", "udp", "window", "on_limit", "hard_octets", "ah",
                 "original", "path_mtu", "_wrap", "_wrap_run", "_verify", "_open", "_run",
                 "_octet_mark", "_sequence_mark")

    def __init__(self, spi: int, direction: str, source: Address, destination: Address,
                 selector: Selector, terms: SaTerms) -> None:
        if not MIN_SPI <= spi <= MAX_SPI:
            raise ValueError("SPIs 0 to 255 are reserved")
        self.spi = spi
        self.direction = direction
        self.source = source
        self.destination = destination
        self.selector = selector
        self.terms = terms
        self.octets = 0
        self.packets = 0
        self.sequence = 0
        self.used = terms.created
        self.udp: tuple[int, ...] = ()
        self.original: tuple[Address, Address] | None = None
        self.window = ReplayWindow(terms.window)
        self.ah: AuthenticationHeader | None = None
        self.path_mtu = UNKNOWN_PATH
        self.on_limit: Callable[[SecurityAssociation, str], None] | None = None
        self._wrap: Wrap | None = None
        self._wrap_run: WrapRun | None = None
        self._verify: Verify | None = None
        self._open: Open | None = None
        self._run: Run | None = None
        self.hard_octets = terms.kilobytes * 1024 if terms.kilobytes else inf
        self._octet_mark = self.hard_octets * terms.soft_share
        self._sequence_mark: float = int(MAX_SEQUENCE * terms.soft_share)

    @property
    def usable(self) -> bool:
        """False once its octets or sequence numbers are used up."""
        return self.octets < self.hard_octets and self.sequence < MAX_SEQUENCE

    def encap(self, inner: bytes, next_header: int = NEXT_TUNNEL, now: float = 0.0) -> bytes:
        """ESP octets, SPI to ICV, around an IPv4 packet (or a transport payload).

        The sequence number begins with 1 and never wraps. Raises ParseError:
        "sequence-exhausted", "lifetime-exhausted".
        """
        sequence = self.sequence + 1
        if sequence > MAX_SEQUENCE:
            raise ParseError("sequence-exhausted", "sequence number", 4)
        if self.octets >= self.hard_octets:
            raise ParseError("lifetime-exhausted", "kilobytes")
        assert self._wrap is not None, "encap on an inbound SA"
        data = self._wrap(sequence, inner, next_header)
        self.sequence = sequence
        self.account(len(inner), now)
        return data

    def decap(self, data: bytes, now: float = 0.0) -> tuple[bytes, int]:
        """The inner octets and next header of ESP octets, SPI to ICV.

        The window is looked at before the ICV and moved after it was good. Raises ParseError:
        "truncated", "bad-length", "bad-spi", "replay", "bad-icv", "bad-padding",
        "bad-next-header" (tunnel mode carries IPv4 only), "dummy" (to be dropped quietly),
        "lifetime-exhausted".
        """
        verify, open_body = self._verify, self._open
        assert verify is not None and open_body is not None, "decap on an outbound SA"
        if len(data) < HEADER:
            raise ParseError("truncated", "ESP header", len(data))
        number = int.from_bytes(data[:HEADER], "big")
        sequence = number & MAX_SEQUENCE
        if number >> 32 != self.spi:
            raise ParseError("bad-spi", "SPI", 0)
        window = self.window
        if sequence <= window.top and not window.check(sequence):
            raise ParseError("replay", "sequence number", 4)
        body = verify(data)
        if self.octets >= self.hard_octets:
            raise ParseError("lifetime-exhausted", "kilobytes")
        window.advance(sequence)
        self.sequence = window.top
        inner, next_header = open_body(body)
        if next_header != NEXT_TUNNEL and (self.terms.tunnel or next_header == NEXT_DUMMY):
            dummy = next_header == NEXT_DUMMY
            raise ParseError("dummy" if dummy else "bad-next-header", "next header", len(body))
        self.account(len(inner), now)
        return inner, next_header

    def encap_many(self, inners: list[bytes], now: float) -> list[bytes]:
        """`encap` for several IPv4 packets at once, in order; fewer when a limit is reached."""
        sequence, run = self.sequence, self._wrap_run
        assert run is not None, "encap on an inbound SA"
        octets = sum(map(len, inners))
        if (sequence + len(inners) >= self._sequence_mark
                or self.octets + octets >= self._octet_mark):
            return self._one_by_one(inners, now)
        datas = run(sequence + 1, inners)
        self.sequence = sequence + len(inners)
        self.octets += octets
        self.packets += len(inners)
        if now > self.used:
            self.used = now
        return datas

    def _one_by_one(self, inners: list[bytes], now: float) -> list[bytes]:
        datas = []
        for inner in inners:
            try:
                datas.append(self.encap(inner, NEXT_TUNNEL, now))
            except ParseError:
                break
        return datas

    def decap_many(self, datas: list[bytes], now: float) -> tuple[list[bytes], list[Refusal]]:
        """`decap` of several packets of a tunnel: what was inside the good ones, and the others."""
        refusals: list[Refusal] = []
        window, verify, open_body, spi = self.window, self._verify, self._open, self.spi
        assert verify is not None and open_body is not None, "decap on an outbound SA"
        if self.octets + sum(map(len, datas)) >= self._octet_mark or self._run is None:
            return self._one_by_one_in(datas, now)
        inners = self._run(datas, spi << 32 | window.top + 1)
        if inners:
            window.advance_run(len(inners))
        octets = sum(map(len, inners))
        for data in datas[len(inners):]:
            number = _from_bytes(data[:HEADER], "big")
            sequence = number & MAX_SEQUENCE
            if number >> 32 != spi or (sequence <= window.top and not window.check(sequence)):
                refusals.append(Refusal(data, "bad-spi" if number >> 32 != spi else "replay"))
                continue
            try:
                body = verify(data)
                window.advance(sequence)
                inner, next_header = open_body(body)
            except ParseError as error:
                refusals.append(Refusal(data, error.drop))
                continue
            if next_header != NEXT_TUNNEL:
                dummy = next_header == NEXT_DUMMY
                refusals.append(Refusal(data, "dummy" if dummy else "bad-next-header"))
                continue
            octets += len(inner)
            inners.append(inner)
        self.sequence = window.top
        self.octets += octets
        self.packets += len(inners)
        if now > self.used and inners:
            self.used = now
        return inners, refusals

    def _one_by_one_in(self, datas: list[bytes],
                       now: float) -> tuple[list[bytes], list[Refusal]]:
        inners: list[bytes] = []
        refusals: list[Refusal] = []
        for data in datas:
            try:
                inners.append(self.decap(data, now)[0])
            except ParseError as error:
                refusals.append(Refusal(data, error.drop))
        return inners, refusals

    def pass_plain(self, octets: int, now: float) -> None:
        """Counts octets that AH alone protects. Raises ParseError "lifetime-exhausted"."""
        if self.octets >= self.hard_octets:
            raise ParseError("lifetime-exhausted", "kilobytes")
        self.account(octets, now)

    def account(self, octets: int, now: float) -> None:
        """Counts a packet's inner octets, and reports a limit that it reached."""
        self.octets += octets
        self.packets += 1
        if now > self.used:
            self.used = now
        if self.octets >= self._octet_mark or self.sequence >= self._sequence_mark:
            self._crossed()

    def _crossed(self) -> None:
        """A mark was reached: the next one is the hard limit, after that there is none."""
        hard = not self.usable
        self._octet_mark = inf if hard else self.hard_octets
        self._sequence_mark = inf if hard else MAX_SEQUENCE
        if self.on_limit is not None:
            self.on_limit(self, "hard" if hard else "soft")


def build_outbound(spi: int, source: Address, destination: Address, selector: Selector,
                   terms: SaTerms, key: bytes, auth_key: bytes,
                   entropy: Entropy, *, ah_spi: int = 0, ah_key: bytes = b"",
                   ) -> SecurityAssociation:
    """The SA that wraps towards `destination`; `ah_spi` and `ah_key` when the method has AH.

    Raises ValueError for a wrong SPI or key.
    """
    sa = SecurityAssociation(spi, "outbound", source, destination, selector, terms)
    method = terms.method
    if method.has_esp:
        sa._wrap, sa._wrap_run = make_wrap(spi, method.esp_cipher or "None", key,
                                           method.esp_auth, auth_key, entropy)
    if method.ah_auth:
        sa.ah = AuthenticationHeader(ah_spi, method.ah_auth, ah_key, terms.window)
    return sa


def build_inbound(spi: int, source: Address, destination: Address, selector: Selector,
                  terms: SaTerms, key: bytes, auth_key: bytes, *, ah_spi: int = 0,
                  ah_key: bytes = b"") -> SecurityAssociation:
    """The SA that opens what `source` sent us. Raises ValueError like `build_outbound`."""
    sa = SecurityAssociation(spi, "inbound", source, destination, selector, terms)
    method = terms.method
    if method.has_esp:
        transform = method.esp_cipher or "None", key, method.esp_auth, auth_key
        sa._verify, sa._open = make_unwrap(*transform)
        sa._run = make_run(*transform)
    if method.ah_auth:
        sa.ah = AuthenticationHeader(ah_spi, method.ah_auth, ah_key, terms.window)
    return sa
