"""Real captures decoded by our parsers, and captured nonsense refused by name."""

import pytest

from engine.errors import ParseError
from engine.ike.cipher import Cbc, block_octets
from engine.ike.constants import HEADER_SIZE, ExchangeType, NotifyType, PayloadType
from engine.ike.endpoint import IkeEndpoint
from engine.ike.identity import identity_network, parse_identity
from engine.ike.interface import Dropped
from engine.ike.keymat import phase1_iv, phase2_iv
from engine.ike.payloads import parse_notify, parse_sa
from engine.ike.proposal import read_phase1
from engine.ike.quick_proposal import read_phase2
from engine.ike.rules import body
from engine.ike.wire import Header, Payload, parse_chain, parse_header
from tests.support.ike_pair import A, B, entropy, policy_a
from tests.support.ike_vectors import isakmp_payloads

KEY = bytes.fromhex("735be0cb62f82675c4f7bf8fbab9b56834ba76d6ab4fa240")


def message(data: bytes) -> tuple[Header, tuple[Payload, ...]]:
    header = parse_header(data)
    return header, parse_chain(header.next_payload, data[HEADER_SIZE:])


@pytest.mark.parametrize(("name", "clear", "fields"), [
    ("ikev1-certs.pcap", 4, ("3DES", "MD5", "2", "RSA signature")),
    ("ipsec.cap", 6, ("3DES", "SHA1", "2", "Preshared key")),
    ("ipsec-ikev1-isakmp-main-mode.pcap", 4, ("AES128", "SHA1", "2", "Preshared key")),
])
def test_main_mode_in_the_clear_reads_fully(name: str, clear: int,
                                            fields: tuple[str, ...]) -> None:
    messages = [message(data) for data in isakmp_payloads(name)[:clear]]
    main = [(header, payloads) for header, payloads in messages
            if header.exchange == ExchangeType.MAIN]
    assert len(main) >= 4
    answer = parse_sa(body(main[1][1], PayloadType.SA))
    reading = read_phase1(answer[0].transforms[0])
    assert reading and tuple(reading.fields.values())[:4] == fields
    assert reading.seconds
    publics = [body(payloads, PayloadType.KE) for _, payloads in main[-2:]]
    assert [len(public) for public in publics] == [128, 128]


def test_the_notify_in_the_middle_of_a_main_mode_reads() -> None:
    header, payloads = message(isakmp_payloads("ipsec.cap")[2])
    assert header.exchange == ExchangeType.INFORMATIONAL and not header.encrypted
    notify = parse_notify(body(payloads, PayloadType.NOTIFY))
    assert notify.type == NotifyType.NO_PROPOSAL_CHOSEN


def test_the_captured_chain_of_encrypted_messages_opens_with_its_key() -> None:
    data = isakmp_payloads("ikev1-certs.pcap")
    ke = [body(message(one)[1], PayloadType.KE) for one in data[2:4]]
    iv = phase1_iv("MD5", ke[0], ke[1], block_octets("3DES"))
    assert iv.hex() == "f39411fd5481b85c"
    chains = []
    for one in data[4:6]:
        plain = Cbc("3DES", KEY).decrypt(iv, one[HEADER_SIZE:])
        chains.append(parse_chain(parse_header(one).next_payload, plain, block_octets("3DES")))
        iv = one[-8:]
    assert [payload.type for payload in chains[0]][:1] == [PayloadType.ID]
    assert PayloadType.SIGNATURE in {payload.type for payload in chains[1]}
    header = parse_header(data[6])
    assert header.message_id == 0xf2cfe203
    quick_iv = phase2_iv("MD5", iv, header.message_id, 8)
    plain = Cbc("3DES", KEY).decrypt(quick_iv, data[6][HEADER_SIZE:])
    quick = parse_chain(header.next_payload, plain, 8)
    kinds = [payload.type for payload in quick]
    assert kinds[:2] == [PayloadType.HASH, PayloadType.SA]
    offer = parse_sa(quick[1].body)[0]
    reading = read_phase2(offer.protocol, offer.transforms[0])
    assert reading and reading.fields["Encapsulation Mode"] == "Tunnel"
    assert [identity_network(parse_identity(one.body)).prefix for one in quick
            if one.type == PayloadType.ID] == [32, 32]


@pytest.mark.parametrize(("name", "drops"), [
    ("ipsec-ikev1-payload-bad-length.pcap", {"invalid-payload"}),
    ("ipsec-ikev1-zero-length.pcap", {"invalid-length"}),
    ("isakmp-delete-segfault.pcap", {"invalid-cookie", "invalid-length"}),
    ("isakmp-pointer-loop.pcap", {"invalid-length"}),
    ("isakmp-various-oobr.pcap", {"invalid-length"}),
])
def test_malformed_captures_are_refused_by_name(name: str, drops: set[str]) -> None:
    payloads = isakmp_payloads(name)
    assert payloads
    endpoint = IkeEndpoint(policy_a(), entropy("a"))
    for data in payloads:
        outputs = endpoint.receive(data, A, 500, B, 500, 0.0)
        assert [type(one) for one in outputs] == [Dropped]
        assert {one.reason for one in outputs if isinstance(one, Dropped)} <= drops
    assert sum(endpoint.counters[drop] for drop in drops if drop in endpoint.counters) == len(
        payloads)


@pytest.mark.parametrize("name", ["ikev1-certs.pcap", "ipsec.cap",
                                  "ipsec-ikev1-isakmp-main-mode.pcap"])
def test_a_foreign_conversation_changes_nothing_here(name: str) -> None:
    for policy in (policy_a(), policy_a(psk=None), policy_a()._replace(first=None)):
        endpoint = IkeEndpoint(policy, entropy("a"))
        for data in isakmp_payloads(name)[1:]:
            endpoint.receive(data, A, 500, B, 500, 0.0)
        assert endpoint.phase1_sas(0.0) == ()
        assert endpoint.counters["invalid-cookie"] == len(isakmp_payloads(name)) - 1


def test_a_cut_message_is_refused() -> None:
    data = isakmp_payloads("ipsec.cap")[0]
    for length in range(len(data)):
        with pytest.raises(ParseError, match="invalid-length"):
            parse_header(data[:length])
