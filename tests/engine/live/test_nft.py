"""The fence as chains of nf_tables, judged by a small machine that runs their expressions."""

from struct import pack

import pytest

from engine.address import parse_address, parse_network
from engine.ip import ESP, ICMP, TCP, UDP, IPv4, build_udp
from engine.live.fence import Posts, chains
from engine.live.nft import Chain, replacement
from engine.live.sockets import MARK
from engine.pipeline.rras import RrasTable
from engine.policy.model import RrasDefault, RrasFilter
from engine.spd import INBOUND, SpdEntry
from tests.support.live.netfilter import run

A, B = parse_address("10.1.0.10"), parse_address("10.2.0.10")
OWN, PEER = parse_address("203.0.113.1"), parse_address("203.0.113.2")
TUN = "ipsecsh0"
DEVICES = {"External": "wan0", "Internal": "lan0"}


def table_of(*, entries: tuple[SpdEntry, ...] = (), filters: tuple[RrasFilter, ...] = (),
             dropping: tuple[tuple[str, str], ...] = (), level: int = 0,
             fragcheck: tuple[str, ...] = (), soft: tuple[str, ...] = ()) -> dict[str, Chain]:
    defaults = [RrasDefault(name, direction, "drop") for name, direction in dropping]
    rras = RrasTable(filters, defaults, fragcheck)
    return {one.name: one for one in chains(Posts(DEVICES, entries, level, rras, soft), TUN)}


def inbound(**rest: object) -> SpdEntry:
    return SpdEntry("id", "n", parse_network("10.2.0.0/24"), parse_network("10.1.0.0/24"),
                    direction=INBOUND, **rest)  # type: ignore[arg-type]


def udp(source: int, destination: int, source_port: int, port: int, data: bytes = b"x") -> bytes:
    return IPv4(source, destination, UDP,
                build_udp(source, destination, source_port, port, data)).build()


CLEAR = IPv4(B, A, ICMP, b"\x08\0\0\0abcd").build()


def test_nothing_to_filter_is_no_table() -> None:
    assert table_of() == {} and len(replacement(())) == 4


@pytest.mark.parametrize(("entry", "soft", "note"), [
    (inbound(), (), "cleartext-refused"), (inbound(inpass=True), (), ""),
    (inbound(), ("id",), ""), (inbound(action="block"), (), "blocked"),
    (inbound(action="permit"), (), ""), (inbound(protocol=TCP), (), ""),
    (inbound(protocol=ICMP), (), "cleartext-refused")])
def test_a_clear_packet_that_wants_protection_ends_at_the_door(
        entry: SpdEntry, soft: tuple[str, ...], note: str) -> None:
    table = table_of(entries=(entry,), soft=soft)
    assert run(table, "policy", CLEAR, "wan0", "") == note
    assert run(table, "policy", CLEAR, TUN, "") == ""
    assert run(table, "policy", IPv4(A, B, ICMP, b"\x08\0\0\0").build(), "lan0", "") == ""


def test_what_stands_first_decides() -> None:
    permit = inbound(action="permit", protocol=UDP, destination_port=53)
    table = table_of(entries=(permit, inbound()))
    assert run(table, "policy", udp(B, A, 4000, 53), "wan0", "") == ""
    assert run(table, "policy", udp(B, A, 4000, 54), "wan0", "") == "cleartext-refused"


@pytest.mark.parametrize(("packet", "passes"), [
    (IPv4(B, A, ESP, b"x" * 20).build(), (0, 1, 2, 3)), (udp(B, A, 500, 500), (0, 1, 2, 3)),
    (udp(B, A, 99, 4500), (0, 1, 2, 3)), (udp(B, A, 88, 1024), (0, 2)),
    (IPv4(B, A, 46, b"x" * 8).build(), (0, 2))])
def test_the_default_exemptions_are_those_of_the_driver(packet: bytes,
                                                        passes: tuple[int, ...]) -> None:
    for level in range(4):
        said = run(table_of(entries=(inbound(),), level=level), "policy", packet, "wan0", "")
        assert (said == "") == (level in passes), level


BOTH = (("External", "input"), ("External", "output"))
ALLOWED = (RrasFilter("External", "output", OWN, 32, PEER, 32),
           RrasFilter("External", "input", PEER, 32, OWN, 32))


def test_only_what_a_filter_meets_passes_a_dropping_interface() -> None:
    table = table_of(filters=ALLOWED, dropping=BOTH)
    ike, other = udp(PEER, OWN, 500, 500), udp(PEER + 1, OWN, 500, 500)
    assert run(table, "input", ike, "wan0", "") == ""
    assert run(table, "input", other, "wan0", "") == "rras-input"
    assert run(table, "input", other, "lan0", "") == ""
    assert run(table, "output", udp(OWN, PEER, 500, 500), "", "wan0") == ""
    assert run(table, "output", udp(OWN, PEER + 1, 500, 500), "", "wan0") == "rras-output"
    assert run(table, "output", udp(OWN, PEER + 1, 500, 500), "", "wan0", MARK) == ""
    assert run(table, "forward", CLEAR, "wan0", "lan0") == "rras-input"
    assert run(table, "forward", CLEAR, TUN, "lan0") == ""
    assert run(table, "forward", CLEAR, "lan0", TUN) == ""
    assert run(table, "forward", CLEAR, "lan0", "wan0") == "rras-output"


def test_esp_lies_below_the_filters_also_in_udp() -> None:
    table = table_of(dropping=BOTH)
    assert run(table, "input", IPv4(PEER, OWN, ESP, b"x" * 20).build(), "wan0", "") == ""
    assert run(table, "input", udp(PEER, OWN, 4500, 4500, b"\1\2\3\4esp"), "wan0", "") == ""
    ike = udp(PEER, OWN, 4500, 4500, b"\0\0\0\0ike")
    assert run(table, "input", ike, "wan0", "") == "rras-input"
    # What the kernel seals itself carries no mark of ours.
    assert run(table, "output", udp(OWN, PEER, 4500, 1027, b"\1\2\3\4esp"), "", "wan0") == ""
    ike = udp(OWN, PEER, 4500, 4500, b"\0\0\0\0ike")
    assert run(table, "output", ike, "", "wan0") == "rras-output"


def tcp(flags: int, port: int = 80) -> bytes:
    return IPv4(PEER, OWN, TCP, pack("!HHIIBBHHH", 4000, port, 1, 1, 0x50, flags, 1, 0,
                                     0)).build()


@pytest.mark.parametrize(("one", "meets", "misses"), [
    (RrasFilter("External", "input", protocol=TCP, destination_port=80), [tcp(2)], [tcp(2, 81)]),
    (RrasFilter("External", "input", protocol=TCP, established=True), [tcp(0x10), tcp(4)],
     [tcp(2)]),
    (RrasFilter("External", "input", protocol=ICMP, source_port=8, destination_port=255),
     [IPv4(PEER, OWN, ICMP, b"\x08\x03\0\0").build()],
     [IPv4(PEER, OWN, ICMP, b"\0\0\0\0").build()]),
    (RrasFilter("External", "input", protocol=UDP, source_port=53), [udp(PEER, OWN, 53, 1)],
     [udp(PEER, OWN, 1, 53), IPv4(PEER, OWN, UDP, b"\0\x35\0\1", offset=8).build()])])
def test_filters_look_at_protocol_ports_types_and_flags(one: RrasFilter, meets: list[bytes],
                                                        misses: list[bytes]) -> None:
    blocking = table_of(filters=(one,))
    allowing = table_of(filters=(one,), dropping=(("External", "input"),))
    for packet in meets:
        assert run(blocking, "input", packet, "wan0", "") == "filter 0"
        assert run(allowing, "input", packet, "wan0", "") == ""
    for packet in misses:
        assert run(blocking, "input", packet, "wan0", "") == ""
        assert run(allowing, "input", packet, "wan0", "") == "rras-input"


def test_fragments_in_transit_are_dropped_where_they_are_checked() -> None:
    table = table_of(filters=ALLOWED, fragcheck=("External",))
    piece = IPv4(B, A, UDP, b"x" * 16, mf=True).build()
    assert run(table, "forward", piece, "wan0", "lan0") == "rras-fragment"
    assert run(table, "forward", piece, "lan0", "wan0") == ""
