"""Header, chain, attributes and payload bodies: exact lengths, and nothing but ParseError."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import ParseError
from engine.ike.attributes import Attribute, long, parse_attributes, short, single_values
from engine.ike.constants import HEADER_SIZE, PayloadType
from engine.ike.payloads import (
    Delete,
    Notify,
    Proposal,
    Transform,
    build_sa,
    parse_delete,
    parse_notify,
    parse_sa,
)
from engine.ike.rules import check_header, check_payloads
from engine.ike.wire import (
    Header,
    Payload,
    build_chain,
    build_message,
    parse_chain,
    parse_header,
)

HEADER = Header(b"i" * 8, b"r" * 8, 0, 2, 0, 0)
SA = Proposal(1, 3, b"abcd", (Transform(1, 3, short(4, 1)), Transform(2, 2, long(2, 99999))))


def test_a_message_reads_back() -> None:
    payloads = (Payload(PayloadType.NONCE, b"n" * 8), Payload(PayloadType.VENDOR_ID, b""))
    data = build_message(HEADER, payloads)
    header = parse_header(data)
    assert header == HEADER._replace(next_payload=PayloadType.NONCE, length=len(data))
    assert parse_chain(header.next_payload, data[HEADER_SIZE:]) == payloads


@pytest.mark.parametrize("wrong", [0, 3, 27, 39, 41, 65535, 2**32 - 1])
def test_a_header_that_disagrees_with_its_datagram_is_refused(wrong: int) -> None:
    data = build_message(HEADER, [Payload(PayloadType.NONCE, b"n" * 8)])
    assert len(data) == 40
    with pytest.raises(ParseError, match="invalid-length"):
        parse_header(data[:24] + wrong.to_bytes(4, "big") + data[28:])


@pytest.mark.parametrize("wrong", [0, 1, 3, 11, 13, 65535])
def test_a_payload_length_must_fit_exactly(wrong: int) -> None:
    chain = bytes((0, 0)) + wrong.to_bytes(2, "big") + b"n" * 8
    with pytest.raises(ParseError, match="invalid-payload"):
        parse_chain(PayloadType.NONCE, chain)


@pytest.mark.parametrize("count", [65, 1000, 10000])
def test_the_number_of_payloads_is_bounded(count: int) -> None:
    with pytest.raises(ParseError, match="too many"):
        parse_chain(PayloadType.VENDOR_ID, bytes((13, 0, 0, 4)) * count)


def test_padding_is_accepted_up_to_what_was_said() -> None:
    chain = build_chain([Payload(PayloadType.HASH, b"h")])
    assert len(parse_chain(PayloadType.HASH, chain + bytes(8), 8)) == 1
    with pytest.raises(ParseError):
        parse_chain(PayloadType.HASH, chain + bytes(9), 8)


@pytest.mark.parametrize(("changed", "drop"), [
    ({"next_payload": 99}, "invalid-payload-type"),
    ({"next_payload": 0}, "invalid-payload-type"),
    ({"version": 0x20}, "invalid-version"),
    ({"version": 0x00}, "invalid-version"),
    ({"exchange": 4}, "refused-exchange"),
    ({"exchange": 33}, "refused-exchange"),
    ({"exchange": 1}, "refused-exchange"),
    ({"message_id": 7}, "invalid-message-id"),
    ({"exchange": 32}, "invalid-message-id"),
])
def test_header_fields_are_checked(changed: dict[str, int], drop: str) -> None:
    good = HEADER._replace(next_payload=1)
    check_header(good._replace(flags=0xF0))
    with pytest.raises(ParseError, match=drop):
        check_header(good._replace(**changed))  # type: ignore[arg-type]


@pytest.mark.parametrize(("label", "kinds", "drop"), [
    ("MM1", (13, 1), "payload-order"),
    ("MM1", (1, 1), "unexpected-payload"),
    ("MM1", (1, 4), "unexpected-payload"),
    ("MM1", (13,), "missing-payload"),
    ("MM1", (1,) + (13,) * 21, "unexpected-payload"),
    ("MM3", (4,), "missing-payload"),
    ("MM3", (4, 10, 10), "unexpected-payload"),
    ("MM5", (5, 8, 6), "unexpected-payload"),
    ("QM1", (8, 10, 1), "payload-order"),
    ("QM1", (1, 8, 10), "payload-order"),
    ("QM1", (8, 1, 10, 5), "missing-payload"),
    ("QM1", (8, 1, 10, 5, 5, 5), "unexpected-payload"),
    ("INFO", (11, 8), "payload-order"),
])
def test_payload_tables(label: str, kinds: tuple[int, ...], drop: str) -> None:
    with pytest.raises(ParseError, match=drop):
        check_payloads(label, tuple(Payload(kind, b"") for kind in kinds))


def test_attributes_read_in_both_encodings() -> None:
    data = short(11, 1) + long(12, 3600) + short(12, 28800) + long(12, 2**40, 8)
    assert parse_attributes(data) == (Attribute(11, 1), Attribute(12, 3600),
                                      Attribute(12, 28800), Attribute(12, 2**40))


@pytest.mark.parametrize("data", [b"\x80", b"\x00\x0c\x00\x04abc", b"\x00\x0c\x00\x00",
                                  b"\x00\x0c\x00\x09" + bytes(9), short(1, 1) * 33])
def test_bad_attributes_are_refused(data: bytes) -> None:
    with pytest.raises(ParseError, match="invalid-attribute"):
        parse_attributes(data)


@pytest.mark.parametrize(("pairs", "expected"), [
    (((4, 1), (4, 1)), ({4: 1}, {})),
    (((4, 1), (4, 2)), None),
    (((1, 1), (2, 60), (1, 2), (2, 70)), ({}, {1: 60, 2: 70})),
    (((1, 1), (2, 60), (1, 1), (2, 61)), None),
    (((2, 60),), None),
    (((1, 1),), None),
    (((1, 1), (1, 2), (2, 60)), None),
])
def test_contradictions_of_attributes(pairs: tuple[tuple[int, int], ...],
                                      expected: object) -> None:
    assert single_values(tuple(Attribute(*pair) for pair in pairs), 1, 2) == expected


def test_payload_bodies_read_back() -> None:
    notify, delete = Notify(3, 24576, b"abcd", b"data"), Delete(3, (b"abcd", b"efgh"))
    assert parse_sa(build_sa((SA,)).body) == (SA,)
    assert parse_notify(notify.build().body) == notify
    assert parse_delete(delete.build().body) == delete


def test_a_proposal_of_255_transforms_reads_back() -> None:
    many = SA._replace(transforms=tuple(Transform(n, 3, b"") for n in range(1, 256)))
    assert parse_sa(build_sa((many,)).body) == (many,)


@pytest.mark.parametrize("body", [
    b"", bytes(11), bytes(12), build_sa((SA,)).body[:-1], build_sa((SA,)).body + b"\0",
    build_sa((SA,)).body[:15] + b"\x03" + build_sa((SA,)).body[16:],
    build_sa((SA,)).body[:4] + bytes(4) + build_sa((SA,)).body[8:],
])
def test_bad_sa_bodies_are_refused(body: bytes) -> None:
    with pytest.raises(ParseError):
        parse_sa(body)


def test_a_chain_of_another_kind_inside_an_sa_is_refused() -> None:
    body = build_sa((SA, SA)).body
    assert parse_sa(body) == (SA, SA)
    with pytest.raises(ParseError, match="proposal payload"):
        parse_sa(body[:8] + b"\x03" + body[9:])
    inner = 8 + 4 + 4 + len(SA.spi)
    with pytest.raises(ParseError, match="transform payload"):
        parse_sa(body[:inner] + b"\x02" + body[inner + 1:])


def test_a_transform_count_that_lies_is_refused() -> None:
    body = bytearray(build_sa((SA,)).body)
    for lie in (0, 1, 3, 255):
        body[8 + 4 + 3] = lie  # behind DOI, situation and the proposal's generic header
        with pytest.raises(ParseError, match="invalid-sa"):
            parse_sa(bytes(body))


@pytest.mark.parametrize("body", [
    b"", bytes(7), (1).to_bytes(4, "big") + bytes((3, 5, 0, 14)) + bytes(5),
    (1).to_bytes(4, "big") + bytes((3, 4, 0, 14)) + bytes(3),
    (2).to_bytes(4, "big") + bytes((3, 0, 0, 14)),
])
def test_bad_notifies_are_refused(body: bytes) -> None:
    with pytest.raises(ParseError, match="invalid-notify"):
        parse_notify(body)


@pytest.mark.parametrize(("protocol", "size", "count", "octets"), [
    (3, 4, 2, 4), (3, 4, 1, 5), (3, 16, 1, 16), (1, 4, 1, 4), (3, 4, 0, 0), (3, 4, 65535, 4),
])
def test_bad_deletes_are_refused(protocol: int, size: int, count: int, octets: int) -> None:
    body = ((1).to_bytes(4, "big") + bytes((protocol, size)) + count.to_bytes(2, "big")
            + bytes(octets))
    with pytest.raises(ParseError, match="invalid-delete"):
        parse_delete(body)


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=120), st.integers(0, 255))
def test_parsers_give_a_value_or_a_parse_error(data: bytes, first: int) -> None:
    for parse in (parse_header, parse_sa, parse_notify, parse_delete, parse_attributes):
        try:
            parse(data)
        except ParseError as error:
            assert error.drop
    try:
        chain = parse_chain(first, data)
    except ParseError:
        return
    assert len(build_chain(chain)) == len(data)
