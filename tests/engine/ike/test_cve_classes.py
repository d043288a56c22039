"""Classes of published vulnerabilities of other IPsec stacks, and the tests that guard ours.

`GUARDS` names, for each class, tests of this and other files; one test checks that they exist.
Below it are the guards that no other file has.
"""

import ast
import tracemalloc
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from engine.errors import ParseError
from engine.ike import certified
from engine.ike.attributes import short
from engine.ike.constants import (
    HEADER_SIZE,
    MAX_PAYLOADS,
    MAX_TRANSFORMS,
    ExchangeType,
    PayloadType,
    ProtocolId,
)
from engine.ike.endpoint import IkeEndpoint
from engine.ike.failure import Failure
from engine.ike.identity import parse_identity, phase1_address
from engine.ike.interface import Dropped, IkeOutput, NegotiationFailed, SendDatagram
from engine.ike.payloads import Proposal, Transform, build_sa, parse_sa
from engine.ike.wire import Header, Payload, build_chain, build_message, parse_chain, parse_header
from tests.support.ike_pair import A, B, Pair, connected, entropy, policy_b
from tests.support.ike_states import (
    STATES,
    conversation,
    key_for,
    paused_at,
    plaintext,
    proven,
    sealed,
)
from tests.support.ike_vectors import isakmp_payloads

ROOT = Path(__file__).parents[3]
P = PayloadType
HERE = "engine/ike/test_cve_classes.py"
HOSTILE, FORGED = "engine/ike/test_hostile.py", "engine/ike/test_forged_quick_mode.py"
STATE, NEGOTIATION = "engine/ike/test_states.py", "engine/ike/test_negotiation.py"
FRAGMENT, PROPOSAL = "engine/pipeline/test_fragment.py", "engine/ike/test_proposal.py"
DUPLICATES, CHAIN = "engine/ike/test_duplicates.py", "engine/ike/test_chain.py"
SIGNATURE, SA = "engine/ike/test_signature.py", "engine/esp/test_sa.py"
INPUT, GROUPS = "engine/ike/test_certificate_input.py", "engine/ike/test_groups.py"
FAILURES, REPLAY = "engine/ike/test_failures.py", "engine/esp/test_replay.py"

GUARDS: dict[str, tuple[tuple[str, str], ...]] = {
    "fragment reassembly arithmetic (CVE-2016-1287, CVE-2013-6076, CVE-2016-10396)": (
        (HERE, "test_ike_fragments_are_refused_whatever_their_length"),
        (FRAGMENT, "test_overlaps_refuse_the_whole_datagram"),
        (FRAGMENT, "test_bad_lengths_are_refused_and_leave_nothing"),
        (FRAGMENT, "test_octets_held_stay_bounded_under_a_flood_of_tiny_fragments"),
        (FRAGMENT, "test_any_size_through_any_mtu_in_any_order_comes_back")),
    "reading beyond the message (CVE-2016-6415, CVE-2020-1763)": (
        (HERE, "test_a_length_field_that_lies_is_refused_in_the_clear"),
        (HERE, "test_a_length_field_that_lies_is_refused_behind_the_keys"),
        (HERE, "test_an_answer_holds_nothing_but_what_was_computed"),
        ("engine/ike/test_captures.py", "test_malformed_captures_are_refused_by_name")),
    "payload count and nesting (CVE-2026-12413)": (
        (HERE, "test_many_tiny_payloads_are_refused_without_much_memory"),
        (HERE, "test_a_circle_of_payloads_ends"),
        (HERE, "test_the_transforms_of_an_offer_are_bounded"),
        ("engine/ike/test_wire.py", "test_a_proposal_of_255_transforms_reads_back")),
    "wrong-state payloads (CVE-2015-3991, CVE-2014-2338, CVE-2022-23094)": (
        (STATE, "test_no_payload_in_the_clear_changes_a_state_that_does_not_expect_it"),
        (STATE, "test_no_encrypted_payload_moves_a_state_that_does_not_expect_it"),
        (STATE, "test_every_other_exchange_is_refused_in_every_state"),
        (STATE, "test_a_stranger_begins_nothing_but_main_mode")),
    "unauthenticated messages obeyed (CVE-2009-0790, CVE-2019-10155)": (
        (HOSTILE, "test_unprotected_notifies_change_nothing"),
        (HOSTILE, "test_unprotected_deletes_change_nothing"),
        (HOSTILE, "test_a_protected_message_needs_its_own_proof"),
        (STATE, "test_a_notify_in_the_clear_is_a_hint_in_every_state")),
    "two deletes, or delete then more (CVE-2023-38712)": (
        (HOSTILE, "test_two_deletes_of_one_pair_and_a_notify_behind_are_survived"),
        (HOSTILE, "test_deletes_of_foreign_spis_do_nothing")),
    "lengths of identities and certificates (CVE-2013-6075, CVE-2005-3732, CVE-2026-14957)": (
        (HERE, "test_an_identity_of_any_short_length_is_read_or_refused"),
        (CHAIN, "test_keys_that_must_not_be_used_are_refused"),
        (INPUT, "test_any_octets_are_read_or_refused"),
        (HERE, "test_a_strange_wrapping_of_certificates_prints_no_warning")),
    "signature checks (CVE-2018-16151, CVE-2018-16152, CVE-2018-17540, CVE-2026-50721)": (
        (SIGNATURE, "test_a_signed_block_that_is_not_exactly_the_padded_hash_is_refused"),
        (SIGNATURE, "test_a_cube_root_is_no_signature"),
        (SIGNATURE, "test_a_signature_with_digest_info_made_by_the_library_is_refused")),
    "weak DH values (CVE-2015-3240)": (
        (HOSTILE, "test_weak_public_values_are_refused_and_the_true_one_still_counts"),
        (GROUPS, "test_degenerate_public_values_are_refused"),
        (GROUPS, "test_our_own_value_is_refused"),
        (GROUPS, "test_a_secret_that_begins_with_zero_octets_keeps_its_length")),
    "Bleichenbacher on RSA encryption (CVE-2018-0131, CVE-2017-17305, CVE-2018-9129)": (
        (PROPOSAL, "test_rsa_encryption_is_never_accepted"),
        (HERE, "test_rsa_encryption_is_never_offered")),
    "offline guessing of the key (CVE-2002-1623, CVE-2018-5389)": (
        (HOSTILE, "test_aggressive_and_other_exchanges_are_refused"),
        ("commands/test_masking.py", "test_the_key_becomes_stars"),
        ("engine/policy/test_lint.py", "test_no_complaint_shows_a_key")),
    "amplification and half-open exhaustion (CVE-2016-5361, CVE-2008-3652, CVE-2009-1632)": (
        (HOSTILE, "test_ten_thousand_spoofed_first_messages_stay_bounded_and_hurt_nobody"),
        (HOSTILE, "test_half_open_main_modes_are_bounded_per_address"),
        (HOSTILE, "test_refusals_are_remembered_in_a_bounded_table")),
    "duplicates re-create state": (
        (DUPLICATES, "test_every_message_repeated_at_once_makes_no_second_state"),
        (DUPLICATES, "test_every_message_replayed_changes_nothing"),
        (DUPLICATES, "test_a_conversation_cut_short_ends_when_its_messages_are_replayed")),
    "quick mode identity games": (
        (FORGED, "test_an_authentic_message_that_is_wrong_ends_the_quick_mode_at_both_ends"),
        (FORGED, "test_a_message_with_the_wrong_payloads_is_dropped"),
        (FAILURES, "test_identities_that_are_no_filters_mirror_are_refused_not_narrowed")),
    "attribute games": (
        (PROPOSAL, "test_strange_attributes_make_an_offer_unusable"),
        (PROPOSAL, "test_a_lifetime_reads_in_every_encoding"),
        ("engine/ike/test_wire.py", "test_contradictions_of_attributes")),
    "reflection": (
        (HOSTILE, "test_a_message_sent_back_to_its_sender_does_nothing"),
        (HOSTILE, "test_our_own_values_are_not_accepted_back"),
        (DUPLICATES, "test_messages_replayed_to_their_own_sender_change_nothing"),
        (FORGED, "test_our_own_nonce_is_not_accepted_back")),
    "reserved bits and flags": (
        (HOSTILE, "test_reserved_bits_and_the_commit_bit_do_not_stall_and_are_not_echoed"),),
    "ESP: encryption without integrity, padding oracle": (
        (FAILURES, "test_a_policy_without_integrity_fails_by_name"),
        (PROPOSAL, "test_ah_is_not_offered_through_a_nat_and_esp_without_integrity_never"),
        (SA, "test_bad_contents_are_refused_by_name"),
        (SA, "test_a_forged_packet_does_not_move_the_window")),
    "ESP: replay, wrap, SPI, selectors": (
        (SA, "test_the_sequence_number_never_wraps"),
        (SA, "test_another_spi_is_refused"),
        (REPLAY, "test_both_edges_lie_where_the_size_says"),
        (REPLAY, "test_the_window_accepts_only_new_numbers_not_too_old"),
        ("engine/test_keying.py", "test_replayed_and_forged_esp_is_counted_and_goes_nowhere"),
        ("engine/pipeline/test_fast.py",
         "test_replayed_and_forged_packets_of_a_known_flow_are_still_refused")),
    "Windows IKEv1 vendor payloads (CVE-2022-34721, CVE-2022-34722)": (
        (HERE, "test_vendor_ids_of_any_length_are_read_over"),),
    "legal but unexpected input (CVE-2024-3652, CVE-2024-2357, CVE-2023-30570, CVE-2019-12312)": (
        (HERE, "test_captures_of_others_are_survived_under_every_policy"),
        ("engine/ike/test_captures.py", "test_a_foreign_conversation_changes_nothing_here")),
}


@cache
def names_in(path: str) -> frozenset[str]:
    tree = ast.parse((ROOT / "tests" / path).read_text(encoding="utf-8"))
    return frozenset(one.name for one in tree.body if isinstance(one, ast.FunctionDef))


@pytest.mark.parametrize("row", GUARDS)
def test_every_class_has_guards_that_exist(row: str) -> None:
    assert GUARDS[row]
    assert not [(path, name) for path, name in GUARDS[row] if name not in names_in(path)]


def only_refusals(outputs: list[IkeOutput]) -> bool:
    return any(isinstance(one, Dropped) and one.reason for one in outputs) and all(
        isinstance(one, Dropped | NegotiationFailed) for one in outputs)


# --- fragments of IKE ---------------------------------------------------------------------------


@pytest.mark.parametrize("length", range(9))
@pytest.mark.parametrize("name", ["MM3", "MM4", "up as initiator", "up as responder"])
def test_ike_fragments_are_refused_whatever_their_length(name: str, length: int) -> None:
    state = STATES[name]()
    before = state.shape()
    sa = state.sa
    for fragment in (bytes(length), b"\0\1\1\1" + bytes(length), b"\0\1\2\1" + bytes(length)):
        for declared in range(9):
            body = b"\0\0" + declared.to_bytes(2, "big") + fragment
            header = Header(sa.cookie_i, sa.cookie_r, 132, ExchangeType.MAIN, 0, 0,
                            HEADER_SIZE + len(body))
            outputs = state.receive(header.build() + body)
            assert outputs == [Dropped(state.peer, "invalid-payload-type")]
    assert state.shape() == before


# --- lengths ------------------------------------------------------------------------------------


def lies(size: int) -> set[int]:
    return {0, 1, 3, 4, size - 1, size + 1, 65_535} - {size}


def length_fields(first: int, chain: bytes, at: int = 0) -> Iterator[tuple[int, int]]:
    """Every length field of a chain: (offset, true value); proposals and transforms too."""
    for payload in parse_chain(first, chain, 8):
        size = 4 + len(payload.body)
        yield at + 2, size
        if payload.type == P.SA:
            yield from length_fields(P.PROPOSAL, payload.body[8:], at + 12)
        elif payload.type == P.PROPOSAL:
            skip = 4 + payload.body[2]
            yield from length_fields(P.TRANSFORM, payload.body[skip:], at + 4 + skip)
        elif payload.type == P.TRANSFORM:
            yield from attribute_lengths(payload.body[4:], at + 8)
        at += size


def attribute_lengths(data: bytes, at: int) -> Iterator[tuple[int, int]]:
    """The lengths of attributes in the long form."""
    here = 0
    while here < len(data):
        if data[here] & 0x80:
            here += 4
            continue
        size = int.from_bytes(data[here + 2:here + 4], "big")
        yield at + here + 2, size
        here += 4 + size


@pytest.mark.parametrize("label", ["MM2", "MM3", "MM4"])
def test_a_length_field_that_lies_is_refused_in_the_clear(label: str) -> None:
    state = STATES[label]()
    before, data = state.shape(), state.awaited
    fields = [(24, 4, len(data))] + [(HEADER_SIZE + at, 2, size) for at, size in length_fields(
        parse_header(data).next_payload, data[HEADER_SIZE:])]
    assert len(fields) >= 4
    for at, octets, size in fields:
        for lie in lies(size):
            bad = data[:at] + lie.to_bytes(octets, "big") + data[at + octets:]
            assert only_refusals(state.receive(bad)), (at, lie)
    assert state.shape() == before
    assert [one for one in state.receive(data) if isinstance(one, SendDatagram)]


def test_a_length_field_that_lies_is_refused_in_a_first_message() -> None:
    data = conversation()[0]
    fields = list(length_fields(P.SA, data[HEADER_SIZE:], HEADER_SIZE))
    assert len(fields) >= 5
    for at, size in fields:
        for lie in lies(size):
            end = IkeEndpoint(policy_b(), entropy("b"))
            bad = data[:at] + lie.to_bytes(2, "big") + data[at + 2:]
            outputs = end.receive(bad, B, 500, A, 500, 0.0)
            refusal = [one for one in outputs if isinstance(one, Dropped)]
            assert refusal and refusal[0].reason
            assert end.phase1_sas(0.0) == ()


@pytest.mark.parametrize("label", ["MM5", "MM6", "QM2", "QM3", "QM1"])
def test_a_length_field_that_lies_is_refused_behind_the_keys(label: str) -> None:
    if label == "QM1":
        pair = paused_at("QM1", Pair())
        state = STATES["up as responder"]()
        data = pair.wire[0].datagram.payload
        number = parse_header(data).message_id
    else:
        state = STATES[label]()
        data, number = state.awaited, 0
    header = parse_header(data)
    key = key_for(state, header.exchange, number)
    plain = plaintext(state.sa, key.iv, data)
    for at, size in length_fields(header.next_payload, plain):
        for lie in lies(size):
            bad = plain[:at] + lie.to_bytes(2, "big") + plain[at + 2:]
            # The true HASH, unless it is the HASH payload itself whose length lies.
            fixed = proven(state, key, header.next_payload, bad) if at != 2 else bad
            outputs = state.receive(sealed(state, key, header.next_payload, fixed))
            dropped = [one for one in outputs if isinstance(one, Dropped)]
            assert dropped and dropped[0].reason, (at, lie, outputs)
            assert all(not isinstance(one, SendDatagram) or one.label == "INFO"
                       for one in outputs)
            state = STATES["up as responder" if label == "QM1" else label]()
            key = key_for(state, header.exchange, number)


def test_an_answer_holds_nothing_but_what_was_computed() -> None:
    """A refusal is 40 octets of our own making, whatever octets and lengths it answers."""
    end = IkeEndpoint(policy_b(), entropy("b"))
    mark = b"\xa5" * 16
    offer = build_sa((Proposal(1, 1, b"", (Transform(1, 1, short(1, 99) + short(2, 99)),)),))
    for number in range(1, 50):
        header = Header(number.to_bytes(8, "big"), bytes(8), 0, ExchangeType.MAIN, 0, 0)
        data = build_message(header, [offer, Payload(P.VENDOR_ID, mark * number)])
        answers = [one.payload for one in end.receive(data, B, 500, A, 500, 0.0)
                   if isinstance(one, SendDatagram)]
        assert [len(one) for one in answers] == [40]
        assert mark[:4] not in answers[0]


# --- numbers ------------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [1, 2, 63, 64, 65, 256, 1_000, 10_000])
@pytest.mark.parametrize("kind", [P.VENDOR_ID, P.SA, P.NOTIFY, P.CERT, P.NAT_D])
def test_many_tiny_payloads_are_refused_without_much_memory(kind: int, count: int) -> None:
    end = IkeEndpoint(policy_b(), entropy("b"))
    chain = build_chain([Payload(kind, b"")] * count)
    data = Header(b"\1" * 8, bytes(8), kind, ExchangeType.MAIN, 0, 0,
                  HEADER_SIZE + len(chain)).build() + chain
    tracemalloc.start()
    outputs = end.receive(data, B, 500, A, 500, 0.0)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert [type(one) for one in outputs] == [Dropped]
    assert peak < 100_000 + 2 * len(data)
    with pytest.raises(ParseError):
        parse_chain(kind, build_chain([Payload(kind, b"")] * (MAX_PAYLOADS + count)))


@pytest.mark.parametrize("kind", [P.SA, P.KE, P.VENDOR_ID, P.NOTIFY])
def test_a_circle_of_payloads_ends(kind: int) -> None:
    """Each payload says that another of its kind follows: the end of the octets is the end."""
    end = IkeEndpoint(policy_b(), entropy("b"))
    for count in (1, 3, 64, 500):
        chain = (bytes((kind, 0, 0, 8)) + bytes(4)) * count
        data = Header(b"\1" * 8, bytes(8), kind, ExchangeType.MAIN, 0, 0,
                      HEADER_SIZE + len(chain)).build() + chain
        assert end.receive(data, B, 500, A, 500, 0.0) == [Dropped(A, "invalid-payload")]


@pytest.mark.parametrize(("offers", "drop"), [
    (1, "no-proposal-chosen"), (2, "no-proposal-chosen"), (3, "invalid-sa"), (20, "invalid-sa"),
    (31, "invalid-sa")])
def test_the_transforms_of_an_offer_are_bounded(offers: int, drop: str,
                                                monkeypatch: pytest.MonkeyPatch) -> None:
    """A stranger's offer of 64 kilobytes would otherwise keep us busy for a tenth of a second."""
    from engine.ike import proposal
    read, calls = proposal.read_phase1, 0

    def counted(transform: Transform) -> object:
        nonlocal calls
        calls += 1
        return read(transform)

    monkeypatch.setattr(proposal, "read_phase1", counted)
    end = IkeEndpoint(policy_b(), entropy("b"))
    strange = tuple(Transform(1, 1, b"") for _ in range(255))
    offer = build_sa(tuple(Proposal(number, ProtocolId.ISAKMP, b"", strange)
                           for number in range(1, offers + 1)))
    data = build_message(Header(b"\1" * 8, bytes(8), 0, ExchangeType.MAIN, 0, 0), [offer])
    outputs = end.receive(data, B, 500, A, 500, 0.0)
    assert [one.reason for one in outputs if isinstance(one, Dropped)] == [drop]
    assert calls <= MAX_TRANSFORMS


# --- identities, certificates, vendors, whole captures --------------------------------------------


@pytest.mark.parametrize("kind", range(12))
def test_an_identity_of_any_short_length_is_read_or_refused(kind: int) -> None:
    for length in range(9):
        body = bytes((kind, 17, 1, 0xF4)) + b"\xc0" * length
        try:
            address = phase1_address(parse_identity(body))
        except ParseError as error:
            assert error.drop
        else:
            assert address is None or (kind, length) == (1, 4)
    for length in range(4):
        with pytest.raises(ParseError):
            parse_identity(bytes(length))


def test_a_strange_wrapping_of_certificates_prints_no_warning(
        recwarn: pytest.WarningsRecorder) -> None:
    import warnings
    with warnings.catch_warnings():
        warnings.simplefilter("default")
        for body in (b"", b"\x30\x80", b"0\x82\1\0" + bytes(300), bytes(40)):
            with pytest.raises(Failure) as caught:
                certified.offered([b"\1" + body])
            assert caught.value.drop == "certificate-malformed"
    assert not list(recwarn)


def test_rsa_encryption_is_never_offered() -> None:
    offered = parse_sa(parse_chain(P.SA, conversation()[0][HEADER_SIZE:])[0].body)
    methods = {transform.attributes[at:at + 4] for one in offered for transform in one.transforms
               for at in range(0, len(transform.attributes) - 3, 4)}
    assert short(3, 1) in methods
    assert not methods & {short(3, method) for method in (2, 4, 5)}


VENDORS = ("1e2b516905991c7d7c96fcbfb587e461", "4048b7d56ebce88525e7de7f00d6c2d3",
           "4a131c81070358455c5728f20e95452f", "afcad71368a1f1c96b8696fc77570100", "")


@pytest.mark.parametrize("known", VENDORS)
def test_vendor_ids_of_any_length_are_read_over(known: str) -> None:
    first = parse_chain(P.SA, conversation()[0][HEADER_SIZE:])[0]
    for length in (0, 1, 2, 3, 4, 15, 16, 17, 19, 20, 21, 24, 255, 256, 4_000, 60_000):
        vendor = (bytes.fromhex(known) + b"\xff" * 60_000)[:length]
        end = IkeEndpoint(policy_b(), entropy("b"))
        data = build_message(Header(b"\1" * 8, bytes(8), 0, ExchangeType.MAIN, 0, 0),
                             [first, Payload(P.VENDOR_ID, vendor)])
        answers = [one for one in end.receive(data, B, 500, A, 500, 0.0)
                   if isinstance(one, SendDatagram)]
        assert [one.label for one in answers] == ["MM2"]
        assert len(answers[0].payload) < 300


CAPTURES = ("ikev1-certs.pcap", "ipsec.cap", "ipsec-ikev1-isakmp-main-mode.pcap",
            "ipsec-ikev1-payload-bad-length.pcap", "ipsec-ikev1-zero-length.pcap",
            "isakmp-delete-segfault.pcap", "isakmp-pointer-loop.pcap", "isakmp-various-oobr.pcap")


@pytest.mark.parametrize("name", CAPTURES)
def test_captures_of_others_are_survived_under_every_policy(name: str) -> None:
    """As responder that knows nothing, as initiator in the middle, and with a tunnel up."""
    full = policy_b()
    assert full.first
    policies = (full._replace(first=None), full._replace(second=()), full,
                full._replace(first=full.first._replace(psk=None)))
    ends = [IkeEndpoint(policy, entropy("b")) for policy in policies]
    waiting, tunnel = paused_at("MM2", Pair()), connected()
    for data in isakmp_payloads(name):
        for end in ends:
            outputs = end.receive(data, B, 500, A, 500, 0.0)
            assert len([one for one in outputs if isinstance(one, SendDatagram)]) <= 1
        for pair in (waiting, tunnel):
            assert isinstance(pair.a.receive(data, A, 500, B, 500, pair.now), list)
            assert isinstance(pair.b.receive(data, B, 500, A, 500, pair.now), list)
    waiting.run(20.0)
    assert len(waiting.installed(A)) == 1
    assert len(tunnel.a._core.pairs) == len(tunnel.b._core.pairs) == 1
    assert all(len(end._core.sas) <= 2 for end in ends)
