"""What is offered, what is accepted, and the words for a refusal."""

import pytest

from engine.ike.attributes import long, short
from engine.ike.failure import Failure
from engine.ike.interface import Phase1Policy, Phase2Policy, TrafficSelector
from engine.ike.payloads import Proposal, Transform
from engine.ike.proposal import (
    chosen,
    offer_phase1,
    select_phase1,
)
from engine.ike.quick_proposal import (
    Spis,
    offer_phase2,
    read_phase2,
    select_phase2,
    shorter_life,
    taken,
    usable,
)
from engine.suites import MainModeMethod, QuickModeMethod
from tests.support.ike_pair import NET_A, NET_B

M = MainModeMethod
Q = QuickModeMethod
SELECTOR = TrafficSelector(NET_A, NET_B)


def phase1(*methods: MainModeMethod, psk: bytes | None = b"k",
           kerberos: bool = False) -> Phase1Policy:
    return Phase1Policy(methods, psk, kerberos=kerberos)


def phase2(*methods: QuickModeMethod, pfs: int = 0, tunnel: bool = True) -> Phase2Policy:
    return Phase2Policy("e", SELECTOR, methods, pfs, tunnel)


@pytest.mark.parametrize(("offered", "mine", "taken"), [
    ((M("3DES", "SHA1", 2),), (M("3DES", "SHA1", 2),), 0),
    ((M("3DES", "SHA1", 2), M("DES", "MD5", 1)), (M("DES", "MD5", 1),), 0),
    ((M("AES256", "SHA256", 14), M("3DES", "SHA1", 2)),
     (M("3DES", "SHA1", 2), M("AES256", "SHA256", 14)), 1),
])
def test_the_initiators_first_acceptable_offer_is_taken(
        offered: tuple[MainModeMethod, ...], mine: tuple[MainModeMethod, ...],
        taken: int) -> None:
    offer = offer_phase1(offered, 3600)
    choice = select_phase1(offer, phase1(*mine))
    assert (choice.taken, choice.seconds) == (taken, 3600)
    assert offered[chosen(offer, (choice.answer,))] == mine[taken]


@pytest.mark.parametrize(("offered", "mine", "why"), [
    (M("DES", "SHA1", 2), M("3DES", "SHA1", 2), ("Encryption Algorithm", "3DES", "DES")),
    (M("3DES", "MD5", 2), M("3DES", "SHA1", 2), ("Hash Algorithm", "SHA1", "MD5")),
    (M("3DES", "SHA1", 14), M("3DES", "SHA1", 2), ("Diffie-Hellman Group", "2", "14")),
    (M("AES128", "SHA1", 2), M("AES256", "SHA1", 2),
     ("Encryption Algorithm", "AES256", "AES128")),
    (M("DES", "MD5", 1), M("3DES", "SHA1", 2), ("Encryption Algorithm", "3DES", "DES")),
])
def test_a_refused_main_mode_names_the_first_difference(
        offered: MainModeMethod, mine: MainModeMethod, why: tuple[str, ...]) -> None:
    with pytest.raises(Failure, match="no-proposal-chosen") as caught:
        select_phase1(offer_phase1((offered,), 1), phase1(mine))
    assert caught.value.detail == why


def test_of_several_pairs_the_closest_is_explained() -> None:
    with pytest.raises(Failure) as caught:
        select_phase1(offer_phase1((M("DES", "MD5", 1), M("3DES", "SHA1", 14)), 1),
                      phase1(M("AES128", "SHA256", 14), M("3DES", "SHA1", 2)))
    assert caught.value.detail == ("Diffie-Hellman Group", "2", "14")


def test_kerberos_alone_accepts_nothing_and_says_so() -> None:
    with pytest.raises(Failure) as caught:
        select_phase1(offer_phase1((M("3DES", "SHA1", 2),), 1),
                      phase1(M("3DES", "SHA1", 2), psk=None, kerberos=True))
    assert caught.value.detail == ("Authentication Method", "Kerberos", "Preshared key")


def _ike(*attributes: bytes) -> tuple[Proposal, ...]:
    base = short(1, 7) + short(2, 2) + short(3, 1) + short(4, 14)
    return (Proposal(1, 1, b"", (Transform(1, 1, base + b"".join(attributes)),)),)


@pytest.mark.parametrize(("attributes", "name"), [
    ((), "Encryption Algorithm"),
    ((short(14, 127),), "Encryption Algorithm"),
    ((short(14, 128), short(99, 1)), "Other attributes"),
    ((short(14, 128), short(14, 256)), "Proposal"),
    ((short(14, 128), short(11, 1)), "Proposal"),
    ((short(14, 128), b"\0\1"), "Proposal"),
])
def test_strange_attributes_make_an_offer_unusable(attributes: tuple[bytes, ...],
                                                   name: str) -> None:
    mine = phase1(M("AES128", "SHA1", 14))
    assert select_phase1(_ike(short(14, 128)), mine).seconds == 28800
    with pytest.raises(Failure) as caught:
        select_phase1(_ike(*attributes), mine)
    assert caught.value.detail[0] == name


@pytest.mark.parametrize("encoding", [short(12, 600), long(12, 600), long(12, 600, 8),
                                      long(12, 600, 2)])
def test_a_lifetime_reads_in_every_encoding(encoding: bytes) -> None:
    offer = _ike(short(14, 128), short(11, 1), encoding)
    assert select_phase1(offer, phase1(M("AES128", "SHA1", 14))).seconds == 600


def test_transforms_and_protocols_of_another_phase_are_passed_over() -> None:
    good = _ike(short(14, 128))[0]
    mine = phase1(M("AES128", "SHA1", 14))
    for other in (good._replace(protocol=3),
                  good._replace(transforms=(good.transforms[0]._replace(id=2),))):
        assert select_phase1((other, good._replace(number=2)), mine).answer.number == 2


def test_rsa_encryption_is_never_accepted() -> None:
    for method in (2, 3, 4, 5, 65001):
        attributes = short(1, 5) + short(2, 2) + short(3, method) + short(4, 2)
        offer = (Proposal(1, 1, b"", (Transform(1, 1, attributes),)),)
        with pytest.raises(Failure) as caught:
            select_phase1(offer, phase1(M("3DES", "SHA1", 2)))
        assert caught.value.detail[:2] == ("Authentication Method", "Preshared key")


@pytest.mark.parametrize(("offered", "mine", "group"), [
    (phase2(Q("3DES", "SHA1")), phase2(Q("3DES", "SHA1")), 0),
    (phase2(Q("3DES", "SHA1"), pfs=2), phase2(Q("3DES", "SHA1"), pfs=2), 2),
    (phase2(Q("3DES", "SHA1"), pfs=14), phase2(Q("3DES", "SHA1")), 14),
    (phase2(Q("", "SHA1")), phase2(Q("None", "SHA1")), 0),
    (phase2(Q("AES192", "SHA256"), tunnel=False), phase2(Q("AES192", "SHA256"), tunnel=False), 0),
    (phase2(Q("DES", "MD5"), Q("3DES", "MD5", seconds=60)), phase2(Q("3DES", "MD5")), 0),
])
def test_quick_mode_choices(offered: Phase2Policy, mine: Phase2Policy, group: int) -> None:
    offer = offer_phase2(offered, Spis(0x1000))
    choice = select_phase2(offer, mine, Spis(0x2000))
    assert (choice.taken, choice.group) == (mine.methods[0], group)
    assert choice.answer[0].spi == b"\0\0\x20\0"
    assert taken(offer, choice.answer, usable(offered.methods)) == offered.methods[-1]


@pytest.mark.parametrize(("offered", "mine", "why"), [
    (phase2(Q("DES", "SHA1")), phase2(Q("3DES", "SHA1")), ("ESP Algorithm", "3DES", "DES")),
    (phase2(Q("3DES", "MD5")), phase2(Q("3DES", "SHA1")), ("Integrity Algorithm", "SHA1", "MD5")),
    (phase2(Q("3DES", "SHA1"), tunnel=False), phase2(Q("3DES", "SHA1")),
     ("Encapsulation Mode", "Tunnel", "Transport")),
    (phase2(Q("3DES", "SHA1")), phase2(Q("3DES", "SHA1"), pfs=2), ("PFS Group", "2", "0")),
    (phase2(Q("3DES", "SHA1"), pfs=1), phase2(Q("3DES", "SHA1"), pfs=2), ("PFS Group", "2", "1")),
])
def test_a_refused_quick_mode_names_the_first_difference(
        offered: Phase2Policy, mine: Phase2Policy, why: tuple[str, ...]) -> None:
    with pytest.raises(Failure, match="no-proposal-chosen") as caught:
        select_phase2(offer_phase2(offered, Spis(0x1000)), mine, Spis(0x2000))
    assert caught.value.detail == why


def test_proposals_that_belong_together_are_passed_over() -> None:
    mine = phase2(Q("3DES", "SHA1"))
    esp = offer_phase2(mine, Spis(0x1000))[0]
    ah = Proposal(1, 2, b"abcd", (Transform(1, 3, b""),))
    with pytest.raises(Failure, match="no-proposal-chosen"):
        select_phase2((ah, esp), mine, Spis(0x2000))
    second = esp._replace(number=2)
    assert select_phase2((ah, second), mine, Spis(0x2000)).answer[0].number == 2


def test_neighbours_of_one_protocol_share_a_proposal_and_a_bundle_has_its_own_number() -> None:
    wanted = phase2(Q("AES128", "SHA1"), Q("DES", "MD5"), Q("3DES", "SHA1", "SHA256"),
                    Q("3DES", "MD5", "MD5"), Q(ah_auth="SHA1"), Q(ah_auth="MD5"), Q("AESGCM256"))
    offer = offer_phase2(wanted, Spis(0x1000, 0x1001))
    assert [(one.number, one.protocol, one.spi[2:].hex(), [part.id for part in one.transforms])
            for one in offer] == [
        (1, 3, "1000", [12, 2]), (2, 2, "1001", [5]), (2, 3, "1000", [3]),
        (3, 2, "1001", [2]), (3, 3, "1000", [3]), (4, 2, "1000", [3, 2]), (5, 3, "1000", [20])]
    for one in wanted.methods:
        choice = select_phase2(offer, phase2(one), Spis(0x2000, 0x2001))
        assert taken(offer, choice.answer, usable(wanted.methods)) == choice.taken == one


@pytest.mark.parametrize(("offered", "mine", "why"), [
    (Q(ah_auth="SHA1"), Q(ah_auth="MD5"), ("AH Algorithm", "MD5", "SHA1")),
    (Q(ah_auth="SHA1"), Q("3DES", "SHA1"), ("ESP Algorithm", "3DES", "none")),
    (Q("3DES", "SHA1", "SHA1"), Q("3DES", "SHA1"), ("AH Algorithm", "none", "SHA1")),
    (Q("3DES", "SHA1"), Q("3DES", "SHA1", "SHA1"), ("AH Algorithm", "SHA1", "none")),
    (Q("AESGCM128"), Q("AESGCM256"), ("ESP Algorithm", "AESGCM256", "AESGCM128")),
    (Q("AES128", "SHA1"), Q("AESGCM128"), ("ESP Algorithm", "AESGCM128", "AES128")),
])
def test_protocols_that_differ_are_named(offered: QuickModeMethod, mine: QuickModeMethod,
                                         why: tuple[str, ...]) -> None:
    with pytest.raises(Failure, match="no-proposal-chosen") as caught:
        select_phase2(offer_phase2(phase2(offered), Spis(0x1000, 0x1001)), phase2(mine),
                      Spis(0x2000))
    assert caught.value.detail == why


@pytest.mark.parametrize(("protocol", "transform", "attributes", "word"), [
    (3, 20, b"", "AES-GCM without key length"),
    (3, 20, short(6, 120), "AES-GCM with 120 bits"),
    (3, 12, short(6, 256), "AES256"),
    (2, 3, b"", "SHA1 with none"),
    (2, 3, short(5, 1), "SHA1 with MD5"),
    (2, 3, short(5, 2), "SHA1"),
    (2, 3, short(5, 2) + short(6, 128), "SHA1 with key length"),
])
def test_a_transform_is_read_with_all_it_needs(protocol: int, transform: int, attributes: bytes,
                                               word: str) -> None:
    reading = read_phase2(protocol, Transform(1, transform, short(4, 1) + attributes))
    assert reading
    assert word in (reading.fields["ESP Algorithm"], reading.fields["AH Algorithm"])


def test_the_ends_of_a_bundle_must_agree_on_mode_and_group() -> None:
    mine = phase2(Q("3DES", "SHA1", "SHA1"))
    ah, esp = offer_phase2(mine, Spis(0x1000, 0x1001))
    transport = offer_phase2(mine._replace(tunnel=False), Spis(0x1000, 0x1001))[0]
    assert select_phase2((ah, esp), mine, Spis(1, 2)).taken == mine.methods[0]
    with pytest.raises(Failure) as caught:
        select_phase2((transport, esp), mine, Spis(1, 2))
    assert caught.value.detail[2] == "Transport and Tunnel"


@pytest.mark.parametrize("change", ["half", "number", "protocol", "transform", "spi", "double"])
def test_a_bundle_is_answered_whole_or_not_at_all(change: str) -> None:
    mine = phase2(Q("AES128", "SHA1", "SHA1"))
    offer = offer_phase2(mine, Spis(0x1000, 0x1001))
    ah, esp = select_phase2(offer, mine, Spis(0x2000, 0x2001)).answer
    answers = {
        "half": (esp,), "number": (ah, esp._replace(number=2)), "protocol": (esp, esp),
        "transform": (ah, esp._replace(transforms=(Transform(1, 3, b""),))),
        "spi": (ah._replace(spi=b""), esp), "double": (ah, esp, esp),
    }
    assert taken(offer, (esp, ah), mine.methods) == mine.methods[0]
    with pytest.raises(Failure, match="modified-proposal|invalid-spi"):
        taken(offer, answers[change], mine.methods)


def test_ah_is_not_offered_through_a_nat_and_esp_without_integrity_never() -> None:
    methods = (Q(ah_auth="SHA1"), Q("3DES", "SHA1", "SHA1"), Q("3DES"), Q("3DES", "SHA1"))
    assert usable(methods) == (*methods[:2], methods[3])
    assert usable(methods, True) == (methods[3],)


@pytest.mark.parametrize("change", ["number", "transform", "attributes", "two", "none"])
def test_an_answer_that_is_not_ours_is_refused(change: str) -> None:
    offer = offer_phase1((M("3DES", "SHA1", 2), M("DES", "MD5", 1)), 3600)
    ours = offer[0]._replace(transforms=offer[0].transforms[1:])
    transform = ours.transforms[0]
    answers: dict[str, tuple[Proposal, ...]] = {
        "number": (ours._replace(number=2),),
        "transform": (ours._replace(transforms=(transform._replace(number=3),)),),
        "attributes": (ours._replace(transforms=(transform._replace(
            attributes=offer[0].transforms[0].attributes),)),),
        "two": offer,
        "none": (),
    }
    assert chosen(offer, (ours,)) == 1
    with pytest.raises(Failure, match="modified-proposal"):
        chosen(offer, answers[change])


def test_an_answer_in_another_encoding_and_order_is_still_ours() -> None:
    offer = offer_phase1((M("3DES", "SHA1", 2),), 3600)
    attributes = (short(4, 2) + short(11, 1) + short(12, 3600) + short(3, 1) + long(2, 2)
                  + short(1, 5))
    answer = offer[0]._replace(transforms=(Transform(1, 1, attributes),))
    assert chosen(offer, (answer,)) == 0


@pytest.mark.parametrize(("offer", "ours", "units"), [
    ((3600, 1000), (3600, 1000), 0),
    ((7200, 1000), (3600, 1000), 1),
    ((7200, 2000), (3600, 1000), 2),
    ((1800, 500), (3600, 1000), 0),
])
def test_responder_lifetime_holds_the_units_in_which_ours_is_shorter(
        offer: tuple[int, int], ours: tuple[int, int], units: int) -> None:
    mine = phase2(Q("3DES", "SHA1"))
    choice = select_phase2(offer_phase2(mine, Spis(0x1000)), mine, Spis(0x2000))._replace(
        seconds=offer[0], kilobytes=offer[1])
    assert len(shorter_life(choice, *ours)) == 12 * units
