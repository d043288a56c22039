"""The rules of one direction: order of checks, sequence numbers, lifetimes, padding."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.address import Network
from engine.errors import ParseError
from engine.esp.constants import INTEGRITY, MAX_SEQUENCE
from engine.esp.packets import protect
from engine.esp.sa import (
    SaTerms,
    SecurityAssociation,
    Selector,
    build_inbound,
    build_outbound,
)
from engine.esp.transforms import make_cipher, make_integrity
from engine.ip import IPv4
from engine.suites import QuickModeMethod
from tests.support.suites import (
    OUTER_DESTINATION,
    OUTER_SOURCE,
    SPI,
    SUITES,
    counted_entropy,
    keys,
    octets,
    pair,
    suite_name,
)

AES = QuickModeMethod("AES128", "SHA1")
INNER = octets("inner", 60)


def drop(sa: SecurityAssociation, data: bytes) -> str:
    with pytest.raises(ParseError) as caught:
        sa.decap(data)
    return caught.value.drop


def sealed(method: QuickModeMethod, sequence: int, plain: bytes) -> bytes:
    """ESP octets around any plaintext, padding and next header included, with a good ICV."""
    key, auth_key = keys(method)
    iv = octets("iv", 16)
    body = (SPI.to_bytes(4, "big") + sequence.to_bytes(4, "big") + iv
            + make_cipher(method.esp_cipher, key, iv, encrypt=True)(plain))
    return body + make_integrity(method.esp_auth, auth_key)(body)


@pytest.mark.parametrize("method", SUITES, ids=suite_name)
def test_every_length_comes_back_as_it_went_in(method: QuickModeMethod) -> None:
    out, opener = pair(method)
    for length in [*range(66), 1399, 1400, 1500]:
        inner = octets("inner", length)
        assert opener.decap(out.encap(inner)) == (inner, 4)
    assert (out.packets, out.octets) == (opener.packets, opener.octets)


def test_packets_open_in_any_order_although_the_chain_is_one() -> None:
    out, opener = pair(AES)
    wrapped = [out.encap(INNER + bytes([number])) for number in range(40)]
    opened = [opener.decap(data)[0][-1] for data in reversed(wrapped)]
    assert opened == list(reversed(range(40)))


def test_the_first_sequence_number_is_one() -> None:
    out, _ = pair(AES)
    assert out.encap(INNER)[:8] == SPI.to_bytes(4, "big") + b"\0\0\0\1"


def test_ivs_never_repeat() -> None:
    out, _ = pair(AES)
    ivs = {out.encap(INNER)[8:24] for _ in range(200)}
    assert len(ivs) == 200


def test_the_sequence_number_never_wraps() -> None:
    out, opener = pair(AES)
    out.sequence = MAX_SEQUENCE - 1
    assert opener.decap(out.encap(INNER)) == (INNER, 4)
    assert not out.usable
    with pytest.raises(ParseError, match="sequence-exhausted"):
        out.encap(INNER)


def test_a_second_copy_is_a_replay() -> None:
    out, opener = pair(AES)
    data = out.encap(INNER)
    opener.decap(data)
    assert drop(opener, data) == "replay"
    assert opener.packets == 1


def test_a_forged_packet_does_not_move_the_window() -> None:
    out, opener = pair(AES)
    early = out.encap(INNER)
    out.sequence = 100_000
    late = bytearray(out.encap(INNER))
    late[-1] ^= 1
    assert drop(opener, bytes(late)) == "bad-icv"
    assert opener.decap(early) == (INNER, 4)


def test_a_packet_left_of_the_window_is_a_replay_even_with_a_good_icv() -> None:
    out, opener = pair(AES, window=32)
    wrapped = [out.encap(INNER) for _ in range(33)]
    opener.decap(wrapped[32])
    assert drop(opener, wrapped[0]) == "replay"
    assert opener.decap(wrapped[1]) == (INNER, 4)


def plain(padding: bytes, next_header: int = 4) -> bytes:
    return INNER + padding + bytes([len(padding), next_header])


BAD_PLAINTEXTS = [
    # with 60 octets inside, 2 octets of padding fill AES blocks, 18 do as well
    ("padding does not count from 1", plain(b"\2\1"), "bad-padding"),
    ("padding is zeros", plain(b"\0\0"), "bad-padding"),
    ("padding is longer than the payload", bytes(62) + b"\xff\4", "bad-padding"),
    ("padding reaches into the IV", bytes(62) + b"\x3f\4", "bad-padding"),
    ("next header is UDP in a tunnel", plain(b"\1\2", 17), "bad-next-header"),
    ("a dummy packet", plain(b"\1\2", 59), "dummy"),
]


@pytest.mark.parametrize(("what", "content", "name"), BAD_PLAINTEXTS,
                         ids=[row[0] for row in BAD_PLAINTEXTS])
def test_bad_contents_are_refused_by_name(what: str, content: bytes, name: str) -> None:
    _, opener = pair(AES)
    data = sealed(AES, 1, content)
    assert drop(opener, data) == name
    assert drop(opener, data) == "replay", what
    assert opener.packets == 0


def test_longer_padding_than_needed_is_accepted() -> None:
    _, opener = pair(AES)
    padding = bytes(range(1, 19))
    assert opener.decap(sealed(AES, 1, plain(padding))) == (INNER, 4)


def test_a_whole_payload_of_padding_is_an_empty_packet() -> None:
    _, opener = pair(AES)
    content = bytes(range(1, 15)) + b"\x0e\4"
    assert opener.decap(sealed(AES, 1, content)) == (b"", 4)


@pytest.mark.parametrize("length", [0, 7, 8, 20, 51])
def test_short_payloads_are_truncated(length: int) -> None:
    out, opener = pair(AES)
    assert drop(opener, out.encap(INNER)[:length]) == "truncated"


def test_a_payload_of_broken_blocks_has_a_bad_length() -> None:
    out, opener = pair(AES)
    assert drop(opener, out.encap(INNER)[:-1]) == "bad-length"


def test_another_spi_is_refused() -> None:
    out, opener = pair(AES)
    assert drop(opener, b"\0\0\0\0" + out.encap(INNER)[4:]) == "bad-spi"


@pytest.mark.parametrize("spi", [0, 1, 255, 1 << 32])
def test_reserved_spis_make_no_sa(spi: int) -> None:
    key, auth_key = keys(AES)
    terms = SaTerms("entry", AES)
    with pytest.raises(ValueError, match="SPI"):
        build_inbound(spi, 1, 2, Selector(), terms, key, auth_key)
    with pytest.raises(ValueError, match="SPI"):
        build_outbound(spi, 1, 2, Selector(), terms, key, auth_key, counted_entropy())


def test_kilobytes_warn_once_and_then_end() -> None:
    out, opener = pair(AES, kilobytes=1)
    limits: list[str] = []
    out.on_limit = lambda sa, limit: limits.append(f"{limit} {sa.octets}")
    for _ in range(11):
        opener.decap(out.encap(bytes(100)))
    assert limits == ["soft 900", "hard 1100"]
    with pytest.raises(ParseError, match="lifetime-exhausted"):
        out.encap(INNER)


def test_an_inbound_sa_ends_at_its_kilobytes_too() -> None:
    out, opener = pair(AES, kilobytes=1)
    opener.decap(out.encap(bytes(1024)))
    _, fresh = pair(AES)
    fresh_out, _ = pair(AES)
    fresh_out.sequence = 1
    data = fresh_out.encap(INNER)
    assert drop(opener, data) == "lifetime-exhausted"
    assert fresh.decap(data) == (INNER, 4)


def test_sequence_numbers_warn_before_they_run_out() -> None:
    out, _ = pair(AES)
    limits: list[str] = []
    out.on_limit = lambda sa, limit: limits.append(limit)
    out.sequence = int(MAX_SEQUENCE * 0.85)
    out.encap(INNER)
    out.sequence = MAX_SEQUENCE - 1
    out.encap(INNER)
    assert limits == ["soft", "hard"]


def test_the_time_of_the_last_packet_is_kept() -> None:
    out, opener = pair(AES)
    opener.decap(out.encap(INNER, now=7.5), now=8.0)
    assert (out.used, opener.used) == (7.5, 8.0)


def test_the_outer_header_takes_address_tos_and_df_from_the_host() -> None:
    out, _ = pair(AES)
    inner = IPv4(1, 2, 17, b"data", 3, 0x28, trace=9)
    packet = protect(out, inner, 0x01020304, 0.0, df=True, identification=7)
    assert (packet.source, packet.destination) == (0x01020304, OUTER_DESTINATION)
    assert (packet.protocol, packet.tos, packet.df) == (50, 0x28, True)
    assert (packet.identification, packet.trace, packet.ttl) == (7, 9, 128)


def test_a_pair_is_bound_to_its_outer_addresses() -> None:
    out, opener = pair(AES)
    for sa in (out, opener):
        assert (sa.source, sa.destination) == (OUTER_SOURCE, OUTER_DESTINATION)


SELECTOR = Selector(Network(0x0A000100, 24), Network(0x0A000200, 24), 17, 0, 53)
MATCHES = [
    ((0x0A000105, 0x0A000206, 17, 999, 53), True),
    ((0x0A000305, 0x0A000206, 17, 999, 53), False),
    ((0x0A000105, 0x0A000306, 17, 999, 53), False),
    ((0x0A000105, 0x0A000206, 6, 999, 53), False),
    ((0x0A000105, 0x0A000206, 17, 999, 54), False),
]


@pytest.mark.parametrize(("fields", "expected"), MATCHES)
def test_a_selector_says_what_an_sa_may_carry(fields: tuple[int, int, int, int, int],
                                              expected: bool) -> None:
    assert SELECTOR.matches(*fields) is expected


@given(st.binary(max_size=200), st.sampled_from(SUITES))
def test_random_octets_are_refused_by_name(data: bytes, method: QuickModeMethod) -> None:
    _, opener = pair(method)
    known = {"truncated", "bad-length", "bad-spi", "bad-icv", "replay"}
    assert drop(opener, data) in known
    assert drop(opener, SPI.to_bytes(4, "big") + data) in known


@given(st.binary(min_size=2, max_size=160), st.sampled_from(["AES128", "None"]))
def test_random_contents_behind_a_good_icv_never_escape_as_other_errors(
        content: bytes, cipher: str) -> None:
    method = QuickModeMethod(cipher, "SHA1")
    _, opener = pair(method)
    key, auth_key = keys(method)
    content = content[:len(content) & ~15].ljust(16, b"\1")
    iv = bytes(16) if cipher == "AES128" else b""
    body = (SPI.to_bytes(4, "big") + b"\0\0\0\1" + iv
            + make_cipher(cipher, key, bytes(16), encrypt=True)(content))
    data = body + make_integrity("SHA1", auth_key)(body)
    assert len(data) == len(body) + INTEGRITY["SHA1"].icv
    pad, next_header = content[-2], content[-1]
    good = (pad + 2 <= len(content) and next_header == 4
            and content[len(content) - 2 - pad:-2] == bytes(range(1, pad + 1)))
    if good:
        assert opener.decap(data) == (content[:len(content) - 2 - pad], 4)
    else:
        assert drop(opener, data) in {"bad-padding", "bad-next-header", "dummy"}
