"""Fuzz targets below IKE: IPv4, reassembly, ESP, AH, and a whole gateway with its tunnel up."""

from random import Random

from engine.errors import ParseError
from engine.esp.packets import protect
from engine.esp.sa import SecurityAssociation
from engine.esp.udp import ike_of, is_esp, unwrap
from engine.host import Transmit
from engine.icmp import echo_request, parse_icmp, quoted
from engine.ip import AH, ESP, HEADER, ICMP, UDP, IPv4, checksum, parse_ipv4, parse_udp, udp_packet
from engine.lab.defaults import ACTION
from engine.pipeline.fast import PATHS
from engine.pipeline.fragment import (
    MAX_DATAGRAMS,
    MAX_OCTETS,
    Reassembler,
    fragment,
)
from engine.pipeline.hold import IN_ALL
from engine.spd import FLOW_CACHE
from engine.suites import QuickModeMethod
from tests.fuzz.targets import Target
from tests.support.site import HOST_A, HOST_B, OWN, PEER, Site
from tests.support.suites import OUTER_DESTINATION, OUTER_SOURCE, pair

INNER = echo_request(HOST_A, HOST_B, 1, 1, b"abcdefghijklmnop" * 2).build()
MENDED = 0.85


def mend_ipv4(data: bytes, draw: Random) -> bytes:
    """Total length and header checksum put right, most of the time."""
    if len(data) < HEADER or draw.random() > MENDED:
        return data
    head = bytearray(data[:HEADER])
    if draw.random() < MENDED:
        head[0] = 0x45
    head[2:4] = (len(data) & 0xFFFF).to_bytes(2, "big")
    head[10:12] = b"\0\0"
    size = max((head[0] & 15) * 4, HEADER)
    summed = checksum(bytes(head) + data[HEADER:size])
    return bytes(head[:10]) + summed.to_bytes(2, "big") + bytes(head[12:]) + data[HEADER:]


class IpTarget(Target):
    """Octets from a wire: IPv4, and UDP, ICMP and quotes of ICMP in it."""

    name = "ip"

    def seeds(self) -> list[bytes]:
        inner = parse_ipv4(INNER)
        error = IPv4(PEER, OWN, ICMP, b"\3\4\0\0\0\0\5\0" + INNER[:28])
        mended = error.payload[:2] + checksum(error.payload).to_bytes(2, "big") + error.payload[4:]
        options = bytes.fromhex("4800002400010000800100000a01000a0a02000a") + b"\x07\x07\x04" + (
            bytes(9) + b"abcd")
        return [INNER, error.with_payload(mended).build(), options,
                udp_packet(PEER, OWN, 500, 500, bytes(28)).build(),
                udp_packet(PEER, OWN, 4500, 4500, b"\xff").build(),
                udp_packet(PEER, OWN, 4500, 4500, bytes(4) + bytes(28)).build(),
                udp_packet(PEER, OWN, 4500, 4500, b"\0\0\x10\1" + bytes(40)).build(),
                *(one.build() for one in fragment(inner.with_payload(bytes(400)), 100)[:2])]

    def mend(self, data: bytes, draw: Random) -> bytes:
        data = mend_ipv4(data, draw)
        if len(data) > HEADER + 8 and data[9] == ICMP and draw.random() < MENDED:
            body = data[HEADER:HEADER + 2] + b"\0\0" + data[HEADER + 4:]
            data = data[:HEADER] + body[:2] + checksum(body).to_bytes(2, "big") + body[4:]
        return data

    def execute(self, data: bytes) -> str:
        try:
            packet = parse_ipv4(data)
            assert parse_ipv4(packet.build()) == packet
            if packet.protocol == UDP:
                return self._udp(packet)
            if packet.protocol == ICMP:
                message = parse_icmp(packet.payload)
                return f"quote of {quoted(message).packet.protocol == ICMP}"
        except ParseError as error:
            return error.drop
        return "packet"

    @staticmethod
    def _udp(packet: IPv4) -> str:
        if is_esp(packet):
            inner, port = unwrap(packet)
            assert inner.protocol == ESP and 0 <= port < 65_536
            return "esp in udp"
        datagram = parse_udp(packet)
        return f"udp ike={ike_of(datagram.payload) is not None}"


class ReassemblyTarget(Target):
    """Runs of fragments into one reassembler that lives on: five octets a piece."""

    name = "reassembly"
    every = 200

    def __init__(self) -> None:
        self.pieces = Reassembler()
        self.now = 0.0

    def seeds(self) -> list[bytes]:
        return [bytes.fromhex(text) for text in (
            "0100800010" "0100800810" "0100000808", "0200000008" "0200800010",
            "0380000010" "0380000410" "0300000810", "04ffff00ff" "0400000000",
            "0500800010" "0500800010" "0500000810", "0601800020" "0600000020")]

    def execute(self, data: bytes) -> str:
        found = set()
        self.now += 0.001
        for at in range(0, len(data) - 4, 5):
            kind, high, middle, low, size = data[at:at + 5]
            offset = (high << 8 | low) << 3 & 0xFFF8
            piece = IPv4(PEER, OWN, UDP, bytes((size,)) * (size & 0xF8 | middle & 7),
                         identification=kind, mf=bool(middle & 0x80), offset=offset)
            try:
                whole = self.pieces.add(piece, self.now)
            except ParseError as error:
                found.add(error.drop)
            else:
                found.add("whole" if whole else "waits")
                assert whole is None or HEADER + len(whole.payload) <= 65_535
        return " ".join(sorted(found))

    def check(self) -> None:
        assert len(self.pieces) <= MAX_DATAGRAMS and self.pieces.held <= MAX_OCTETS
        waiting = self.pieces._waiting.values()
        assert self.pieces.held == sum(one.held for one in waiting)
        self.pieces.expire(self.now + 31)
        assert len(self.pieces) == self.pieces.held == 0
        parts = fragment(parse_ipv4(INNER), 28)
        assert [self.pieces.add(one, self.now) is not None for one in parts][-1]


SUITES = (QuickModeMethod("DES", "MD5"), QuickModeMethod("3DES", "SHA1"),
          QuickModeMethod("AES128", "SHA256"), QuickModeMethod("AES256", "SHA512"),
          QuickModeMethod("None", "SHA1"), QuickModeMethod("AESGCM128"))


class EspTarget(Target):
    """ESP octets into SAs of six suites, by tunnel and transport mode.

    The first octet chooses the SA and whether the ICV is made right first, so that decryption
    and padding are reached, as by a peer that has the keys and does wrong.
    """

    name = "esp"

    def __init__(self) -> None:
        self.ends = [pair(one, tunnel=tunnel) for tunnel in (True, False) for one in SUITES]

    def seeds(self) -> list[bytes]:
        found = []
        for index, (out, _) in enumerate(self.ends):
            sealed = out.encap(INNER)
            found += [bytes((index * 2,)) + sealed, bytes((index * 2 + 1,)) + sealed]
        return found

    def execute(self, data: bytes) -> str:
        if not data:
            return "empty"
        out, opener = self.ends[data[0] // 2 % len(self.ends)]
        body = data[1:]
        if data[0] & 1:
            body = self._sealed(out, opener, body)
        before = opener.window.top
        try:
            _, next_header = opener.decap(body)
        except ParseError as error:
            # Only what a good ICV proved may move the window (RFC 2406 3.4.3).
            assert error.drop not in ("bad-icv", "truncated", "bad-length", "bad-spi", "replay") \
                or opener.window.top == before
            return error.drop
        assert data[0] & 1 or opener.window.top > before or next_header >= 0
        return f"opened {next_header == 4}"

    @staticmethod
    def _sealed(out: SecurityAssociation, opener: SecurityAssociation, body: bytes) -> bytes:
        """The octets under a right ICV: what we send, or random octets sealed anew."""
        method = opener.terms.method
        sequence = (opener.window.top + 1) % 0xFFFF_FFFE
        if method.is_aead or sequence % 2:
            out.sequence = sequence
            return out.encap(body[:1400], body[0] if body else 4)
        from engine.esp.constants import INTEGRITY
        from engine.esp.transforms import make_integrity
        from tests.support.suites import keys
        icv = INTEGRITY[method.esp_auth].icv
        head = opener.spi.to_bytes(4, "big") + sequence.to_bytes(4, "big")
        inside = head + body[8:len(body) - icv if len(body) > 8 + icv else len(body)]
        return inside + make_integrity(method.esp_auth, keys(method)[1])(inside)

    def check(self) -> None:
        for out, opener in self.ends:
            out.sequence = max(out.sequence, opener.window.top) % 0xFFFF_0000
            opener.window.top = min(opener.window.top, 0xFFFF_0000)
            out.sequence = opener.window.top
            assert opener.decap(out.encap(INNER))[0] == INNER


class AhTarget(Target):
    """Whole packets with AH; the first octet chooses the suite and whether the ICV is right."""

    name = "ah"

    def __init__(self) -> None:
        self.ends = [pair(QuickModeMethod(ah_auth=auth)) for auth in ("MD5", "SHA1", "SHA256")]

    def seeds(self) -> list[bytes]:
        outer = IPv4(OUTER_SOURCE, OUTER_DESTINATION, 4, INNER)
        found = []
        for index, (out, _) in enumerate(self.ends):
            assert out.ah is not None
            data = out.ah.seal(outer).build()
            found += [bytes((index * 2,)) + data, bytes((index * 2 + 1,)) + data]
        return found

    def mend(self, data: bytes, draw: Random) -> bytes:
        return data[:1] + mend_ipv4(data[1:], draw)

    def execute(self, data: bytes) -> str:
        if not data:
            return "empty"
        out, opener = self.ends[data[0] // 2 % len(self.ends)]
        assert out.ah is not None and opener.ah is not None
        before = opener.ah.window.top
        try:
            packet = parse_ipv4(data[1:])
            if data[0] & 1:
                out.ah.sequence = before % 0xFFFF_FFFE
                packet = out.ah.seal(packet)
            opener.ah.open(packet)
        except ParseError as error:
            assert opener.ah.window.top == before
            return error.drop
        except AssertionError:
            # Our own packets never grow over 65,535 octets; a fuzzed one may not either.
            assert len(data) > 60_000
            return "too long"
        return "opened"


class GatewayTarget(Target):
    """Packets into gwA of the article, its tunnel up: every stage behind the wire.

    The first octet chooses the interface and which addresses are put in place of the fuzzed
    ones (the peer's, a host's, none), and whether the packet comes out of the tunnel: then the
    peer wraps it in true ESP first. Every check sends an echo through the tunnel.
    """

    name = "gateway"
    every = 3_000
    method = QuickModeMethod("AES128", "SHA1")
    _ENDS = ((0, 0), (PEER, OWN), (HOST_A, HOST_B), (HOST_B, HOST_A), (PEER + 9, OWN),
             (HOST_A, OWN), (OWN, OWN), (PEER, HOST_A))

    def __init__(self) -> None:
        self.site = Site()
        third = self.site.store.on("gwB")
        third.replace_filteraction(ACTION, third.filteraction(ACTION)._replace(
            methods=(self.method,)))
        self.site.policy(quick=(self.method,)).route()
        self._echo()
        self.host = self.site.lab.hosts["gwA"]
        self.pairs = len(self.host.sad.pairs())
        self.counted: dict[str, int] = {}

    def _echo(self) -> None:
        replies = self.site.ping(4)
        assert replies[-1].kind == "reply" and replies[-1].protected, replies[-1]

    def seeds(self) -> list[bytes]:
        capture = self.site.lab.start_capture("gwA", "External")
        self._echo()
        wire = [one.octets for one in capture.packets][:2]
        capture.packets.clear()
        self.site.lab.stop_capture("gwA", "External")
        first = bytes.fromhex("11" * 8 + "00" * 8 + "0110020000000000" + "0000001c")
        others = [udp_packet(PEER, OWN, 500, 500, first),
                  udp_packet(PEER, OWN, 4500, 4500, b"\xff"),
                  IPv4(PEER, OWN, AH, bytes(40)), IPv4(PEER, OWN, ESP, bytes(60)),
                  udp_packet(HOST_A, HOST_B, 4000, 5000, b"data"),
                  IPv4(PEER, OWN, ICMP, b"\3\4\xfc\xfb\0\0\0\0" + INNER[:28]),
                  *fragment(IPv4(PEER, OWN, ESP, bytes(200)), 120)]
        plain = [one.build() for one in others] + [INNER]
        choices = (0, 1, 2, 3, 4, 16, 18, 20, 22)
        return [bytes((choice,)) + one for one in (*wire, *plain) for choice in choices]

    def mend(self, data: bytes, draw: Random) -> bytes:
        data = data[:1] + mend_ipv4(data[1:], draw)
        if len(data) > HEADER + 9 and data[10] == ICMP and draw.random() < MENDED:
            start = HEADER + 1
            body = data[start:start + 2] + b"\0\0" + data[start + 4:]
            data = data[:start] + body[:2] + checksum(body).to_bytes(2, "big") + body[4:]
        return data

    def execute(self, data: bytes) -> str:
        if not data:
            return "empty"
        try:
            packet = parse_ipv4(data[1:])
        except ParseError as error:
            return error.drop
        source, destination = self._ENDS[data[0] >> 1 & 7]
        if source:
            packet = packet.with_addresses(source, destination)
        interface = "Internal" if data[0] & 1 else "External"
        if data[0] & 16:
            interface = "External"
            packet = self._wrapped(packet)
        lab = self.site.lab
        lab.now += 0.0001
        outputs = self.host.receive(packet, interface, lab.now)
        timer = self.host.next_timer()
        if timer is not None and timer <= lab.now:
            outputs += self.host.handle_timer(lab.now)
        sent = sum(one.packet.length for one in outputs if isinstance(one, Transmit))
        assert sent <= 4 * packet.length + 1_500, "amplification"
        known = packet.protocol if packet.protocol in (ICMP, UDP, ESP, AH) else 0
        kinds = sorted({type(one).__name__ for one in outputs})
        return " ".join(kinds) + f" {known} {data[0] & 17} {self._drop()}"

    def _drop(self) -> str:
        """The counter that this packet moved."""
        counters = self.host.node.counters
        moved = [name for name, count in counters.items() if count != self.counted.get(name)]
        for name in moved:
            self.counted[name] = counters[name]
        return " ".join(moved)

    def _wrapped(self, packet: IPv4) -> IPv4:
        """The packet as the peer sends it through the tunnel."""
        outbound = self.site.lab.hosts["gwB"].sad.pairs()[-1].outbound
        assert outbound is not None
        return protect(outbound, packet.with_payload(packet.payload[:1_400]), PEER,
                       self.site.lab.now)

    def check(self) -> None:
        host = self.host
        assert len(host.node.hold) <= IN_ALL
        assert len(host.node.reassembler) <= MAX_DATAGRAMS
        assert len(host.log) <= 2_000 and len(host.counters) < 300
        assert len(host.main_modes()) <= 210
        assert host.spd.cached_flows <= 2 * FLOW_CACHE and len(host.node.paths) <= PATHS
        assert len(host.sad.pairs()) <= self.pairs + 2
        self._echo()


class BundleTarget(GatewayTarget):
    """The same gateway with AH around AES-GCM."""

    name = "gateway-ah"
    method = QuickModeMethod("AESGCM128", ah_auth="SHA256")


TARGETS: tuple[type[Target], ...] = (IpTarget, ReassemblyTarget, EspTarget, AhTarget,
                                     GatewayTarget, BundleTarget)
