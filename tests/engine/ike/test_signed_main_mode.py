"""Main mode with certificates, both roles: who is believed, who is refused and by what name."""

from collections.abc import Callable

import pytest

from engine.address import Address
from engine.ike import certified
from engine.ike.certified import Speaker
from engine.ike.chain import Path
from engine.ike.constants import PayloadType
from engine.ike.credentials import Credentials, OwnCertificate
from engine.ike.identity import Identity
from engine.ike.interface import MainModeUp, NegotiationFailed
from engine.ike.wire import Payload
from engine.ike.x509 import read_certificate
from engine.suites import CIPHERS, GROUPS, HASHES, MainModeMethod
from tests.support.ike_pair import A, B, FixedPolicy, Pair, policy_a, policy_b
from tests.support.pki import (
    CA,
    DAY,
    END,
    WALL,
    Party,
    Shape,
    credentials,
    crl,
    issue,
    machine,
    root,
    rsa_key,
)

ROOT = "C=US, O=Example, CN=Example Root"
GW_A, GW_B = "C=US, O=Example, CN=gwA", "C=US, O=Example, CN=gwB"


def signed(policy: FixedPolicy, own: Credentials | None, psk: bytes | None = None,
           preference: tuple[str, ...] = ("rsa", "psk")) -> FixedPolicy:
    """The policy with credentials (and a key, where both are wanted)."""
    assert policy.first
    return policy._replace(first=policy.first._replace(psk=psk, credentials=own,
                                                       preference=preference))


def pair(a: Credentials, b: Credentials, mm: MainModeMethod | None = None) -> Pair:
    """Two gateways with certificates, at the lab's time."""
    ways = (mm,) if mm else ()
    return Pair(signed(policy_a(*ways), a), signed(policy_b(*ways), b), epoch=WALL)


def ups(of: Pair, address: Address) -> list[MainModeUp]:
    return [one for one in of.outputs[address] if isinstance(one, MainModeUp)]


def failed(of: Pair, address: Address) -> list[NegotiationFailed]:
    return [one for one in of.outputs[address] if isinstance(one, NegotiationFailed)]


@pytest.mark.parametrize("hash_name", ["MD5", "SHA1", "SHA256", "SHA384", "SHA512"])
def test_certificates_of_one_authority_bring_a_tunnel_up(hash_name: str) -> None:
    both = pair(credentials(machine(GW_A), root()), credentials(machine(GW_B), root()),
                MainModeMethod("AES128", hash_name, 2))
    both.initiate()
    both.run(1.0)
    assert len(both.installed(A)) == len(both.installed(B)) == 1
    here, there = ups(both, A)[0], ups(both, B)[0]
    assert (here.peer_identity, there.peer_identity) == (GW_B, GW_A)
    assert here.certificate and there.certificate
    assert here.certificate.root == ROOT
    assert here.certificate.thumbprint == there.certificate.own_thumbprint != ""
    assert here.certificate.own_subject == GW_A
    assert here.certificate.weak == ()


@pytest.mark.parametrize("group", GROUPS)
@pytest.mark.parametrize("starter", [A, B])
def test_signatures_negotiate_under_every_main_mode_suite_in_both_roles(group: int,
                                                                        starter: Address) -> None:
    mine, theirs = credentials(machine(GW_A), root()), credentials(machine(GW_B), root())
    for cipher in CIPHERS:
        for hash_name in HASHES:
            method = MainModeMethod(cipher, hash_name, group)
            both = pair(mine, theirs, method)
            both.initiate(starter)
            both.run(1.0)
            [here] = ups(both, A)
            assert here.method == method and here.peer_identity == GW_B
            assert len(both.installed(A)) == len(both.installed(B)) == 1


def test_the_own_certificate_is_known_to_the_one_who_answers() -> None:
    both = connected(credentials(machine(GW_A), root()), credentials(machine(GW_B), root()))
    known = ups(both, B)[0].certificate
    assert known and (known.subject, known.own_subject) == (GW_A, GW_B)


def connected(a: Credentials, b: Credentials) -> Pair:
    both = pair(a, b)
    both.initiate()
    both.run(1.0)
    assert len(both.installed(A)) == len(both.installed(B)) == 1
    return both


# --- preference ---------------------------------------------------------------------------------


@pytest.mark.parametrize(("mine", "theirs", "signed_up"), [
    (("rsa", "psk"), ("psk", "rsa"), True),
    (("psk", "rsa"), ("rsa", "psk"), False),
    (("psk", "rsa"), ("rsa",), True),
    (("psk",), ("rsa", "psk"), False),
])
def test_the_initiators_order_of_methods_decides(mine: tuple[str, ...], theirs: tuple[str, ...],
                                                 signed_up: bool) -> None:
    both = Pair(
        signed(policy_a(), credentials(machine(GW_A), root()), b"key", mine),
        signed(policy_b(), credentials(machine(GW_B), root()), b"key", theirs), epoch=WALL)
    both.initiate()
    both.run(1.0)
    assert (ups(both, A)[0].certificate is not None) is signed_up
    assert both.installed(B)


def test_a_key_is_used_where_no_certificate_works() -> None:
    old = issue(GW_A, root(), END._replace(ends=WALL - 1))
    both = Pair(signed(policy_a(), credentials(old, root()), b"key"),
                signed(policy_b(), credentials(machine(GW_B), root()), b"key"), epoch=WALL)
    both.initiate()
    both.run(1.0)
    assert ups(both, A)[0].certificate is None and both.installed(B)


def test_a_key_against_a_certificate_is_an_offer_that_does_not_fit() -> None:
    both = Pair(policy_a(), signed(policy_b(), credentials(machine(GW_B), root())), epoch=WALL)
    both.initiate()
    both.run(100.0)
    assert [(one.code, one.detail) for one in failed(both, B)] == [
        (13868, ("Authentication Method", "RSA signature", "Preshared key"))]


# --- nothing to show ----------------------------------------------------------------------------


@pytest.mark.parametrize(("own", "reason"), [
    (None, "none"),
    (issue(GW_A, root(), END._replace(ends=WALL - 1)), "certificate-expired"),
    (issue(GW_A, root(), END._replace(begins=WALL + 1)), "certificate-not-yet-valid"),
    (issue(GW_A), "certificate-untrusted"),
    (machine(GW_A)._replace(key=rsa_key("another")), "certificate-wrong-key"),
    (issue("", root(), END._replace(key=rsa_key("x"))), "certificate-no-name"),
    (issue(GW_A, root(), END._replace(usages=("key_agreement",))), "certificate-usage"),
])
def test_a_machine_without_a_valid_certificate_of_its_own_says_13806(
        own: Party | None, reason: str) -> None:
    both = pair(credentials(own, root()), credentials(machine(GW_B), root()))
    both.initiate()
    assert not both.sent
    assert [one.code for one in failed(both, A)] == [13806]
    assert failed(both, A)[0].detail[2].startswith(reason)


# --- the peer's certificate ---------------------------------------------------------------------

OTHER_ROOT = issue("CN=Other Root", None, CA)
REFUSALS: list[tuple[str, Callable[[], Credentials], int]] = [
    ("certificate-untrusted", lambda: credentials(issue(GW_A, OTHER_ROOT), OTHER_ROOT, root()),
     13847),
    ("certificate-usage", lambda: lying(END._replace(usages=("key_encipherment",))), 13818),
    ("certificate-purpose", lambda: lying(END._replace(purposes=("1.3.6.1.5.5.7.3.4",))), 13819),
    ("certificate-expired", lambda: lying(END._replace(ends=WALL - 1)), 13847),
    ("certificate-not-yet-valid", lambda: lying(END._replace(begins=WALL + DAY)), 13847),
]


def lying(shape: Shape) -> Credentials:
    """A machine whose certificate is bad and who sends it all the same."""
    return credentials(issue(GW_A, root(), shape), root())


@pytest.mark.parametrize(("name", "make", "code"), REFUSALS, ids=[one[0] for one in REFUSALS])
@pytest.mark.parametrize("initiates", [True, False])
def test_a_bad_certificate_is_refused_by_name_in_both_roles(
        name: str, make: Callable[[], Credentials], code: int, initiates: bool,
        monkeypatch: pytest.MonkeyPatch) -> None:
    bad, good = make(), credentials(machine(GW_B), root())
    monkeypatch.setattr(certified, "_speaker", careless)
    both = pair(bad, good)
    both.initiate(A if initiates else B)
    both.run(200.0)
    assert not both.installed(A) and not both.installed(B)
    assert both.b.counters[name] >= 1
    assert code in [one.code for one in failed(both, B)]
    assert both.b.counters["authentication_failures"] == 1


def careless(own: OwnCertificate, credentials: Credentials, wall: float) -> Speaker:
    """Sends what it has, valid or not."""
    return Speaker(Path((read_certificate(own.chain[0]),)), own.key)


@pytest.mark.parametrize(("level", "crls", "name"), [
    (0, (crl(root(), machine(GW_A)),), ""),
    (1, (crl(root(), machine(GW_A)),), "certificate-revoked"),
    (1, (), ""),
    (1, (crl(root()),), ""),
    (1, (crl(OTHER_ROOT, machine(GW_A)),), ""),
    (2, (crl(root()),), ""),
    (2, (), "certificate-crl-missing"),
    (2, (crl(root(), due=WALL - 1),), "certificate-crl-expired"),
    (2, (crl(root(), made=WALL + 1000),), "certificate-crl-expired"),
    (2, (crl(root(), machine(GW_A)),), "certificate-revoked"),
])
def test_strongcrlcheck_decides_what_a_missing_or_bad_crl_means(
        level: int, crls: tuple[bytes, ...], name: str) -> None:
    both = pair(credentials(machine(GW_A), root()),
                credentials(machine(GW_B), root(), crls=crls, crl_check=level))
    both.initiate()
    both.run(200.0)
    if name:
        assert both.b.counters[name] >= 1 and not both.installed(B)
        assert [one.code for one in failed(both, B)] == [13848]
    else:
        assert both.installed(B)


# --- chains, requests, identities ---------------------------------------------------------------


def test_a_chain_through_another_authority_travels_with_the_certificate() -> None:
    middle = issue("CN=Issuing", root(), CA)
    end = issue(GW_A, middle)
    both = connected(credentials(end, root(), chain=(middle,)),
                     credentials(machine(GW_B), root()))
    known = ups(both, B)[0].certificate
    assert known and (known.issuer, known.root) == ("CN=Issuing", ROOT)


def test_the_certificate_under_the_authority_that_was_asked_for_is_shown() -> None:
    mine = credentials(issue(GW_A, OTHER_ROOT), OTHER_ROOT, root())
    better = credentials(machine(GW_A), root())
    mine = mine._replace(own=mine.own + better.own)
    both = connected(mine, credentials(machine(GW_B), root()))
    known = ups(both, B)[0].certificate
    assert known and known.root == ROOT


def test_an_excluded_authority_is_not_named_in_requests() -> None:
    quiet = credentials(machine(GW_B), root())._replace(named=())
    bodies = [one.body for one in certified.requests(quiet)]
    assert bodies == [b"\4"]
    both = connected(credentials(machine(GW_A), root()), quiet)
    clear = b"".join(one.payload for one in both.sent if one.label == "MM4")
    assert root().certificate.subject.public_bytes() not in clear
    named = certified.requests(credentials(None, root(), OTHER_ROOT))
    assert [one.type for one in named] == [PayloadType.CERT_REQUEST] * 2


@pytest.mark.parametrize(("shape", "text"), [
    (END._replace(hosts=("GwA.example",)), "gwa.example"),
    (END._replace(addresses=("131.107.1.1",)), "131.107.1.1"),
])
def test_a_certificate_without_subject_speaks_by_its_alternative_name(shape: Shape,
                                                                      text: str) -> None:
    nameless = issue("", root(), shape._replace(key=rsa_key("nameless")))
    both = connected(credentials(nameless, root()), credentials(machine(GW_B), root()))
    assert ups(both, B)[0].peer_identity == text


@pytest.mark.parametrize(("identity", "name"), [
    (Identity(9, 0, 0, machine(GW_B).certificate.subject.public_bytes()), "identity-mismatch"),
    (Identity(9, 0, 0, b"\x30\x00"), "identity-mismatch"),
    (Identity(2, 0, 0, b"gwA.example"), "identity-mismatch"),
    (Identity(3, 0, 0, b"me@example.com"), "identity-mismatch"),
    (Identity(1, 0, 0, b"\x83\x6b\x01\x01"), "identity-mismatch"),
    (Identity(11, 0, 0, b"key"), "identity-mismatch"),
    (Identity(9, 17, 501, machine(GW_A).certificate.subject.public_bytes()), "unsupported-id"),
])
def test_an_identity_that_the_certificate_does_not_bear_is_refused(
        identity: Identity, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Speaker, "identity", identity)
    both = pair(credentials(machine(GW_A), root()), credentials(machine(GW_B), root()))
    both.initiate()
    both.run(200.0)
    assert both.b.counters[name] >= 1 and not both.installed(B)
    assert [one.code for one in failed(both, B)] == [13869]


@pytest.mark.parametrize(("bodies", "name"), [
    ([], "certificate-missing"),
    ([b""], "certificate-missing"),
    ([b"\x0bsomething else"], "certificate-missing"),
    ([b"\4" + b"nonsense"], "certificate-malformed"),
    ([b"\1" + b"nonsense"], "certificate-malformed"),
])
def test_a_message_without_a_readable_certificate_is_refused(
        bodies: list[bytes], name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    proof = certified.proof

    def other(own: Speaker, octets: bytes) -> list[Payload]:
        return [Payload(PayloadType.CERT, one) for one in bodies] + proof(own, octets)[-1:]

    monkeypatch.setattr(certified, "proof", other)
    both = pair(credentials(machine(GW_A), root()), credentials(machine(GW_B), root()))
    both.initiate()
    both.run(200.0)
    assert both.b.counters[name] >= 1 and not both.installed(B)
    assert [one.code for one in failed(both, B)] == [13847]


def test_a_chain_in_a_pkcs7_wrapping_is_read() -> None:
    from cryptography.hazmat.primitives.serialization import Encoding, pkcs7
    wrapped = pkcs7.serialize_certificates(
        [machine(GW_A).certificate, root().certificate], Encoding.DER)
    assert set(certified.offered([b"\1" + wrapped])) == {machine(GW_A).der, root().der}


def test_a_certificate_of_somebody_else_does_not_help_without_its_key(
        monkeypatch: pytest.MonkeyPatch) -> None:
    stolen = credentials(machine(GW_A)._replace(key=rsa_key("thief")), root())
    monkeypatch.setattr(certified, "_speaker", careless)
    both = pair(stolen, credentials(machine(GW_B), root()))
    both.initiate()
    both.run(200.0)
    assert both.b.counters["signature-invalid"] >= 1 and not both.installed(B)
    assert [one.code for one in failed(both, B)] == [13826]


def test_weak_certificates_work_and_are_marked() -> None:
    weak = issue(GW_A, root(), END._replace(key=rsa_key("short", 1024), digest="sha1"))
    both = connected(credentials(weak, root()), credentials(machine(GW_B), root()))
    known = ups(both, B)[0].certificate
    assert known and known.weak == ("RSA 1024", "SHA1")


def test_the_private_key_is_never_printed() -> None:
    own = credentials(machine(GW_A), root())
    key = machine(GW_A).key.private_numbers().d
    assert "PrivateKey('********')" in repr(own)
    assert repr(machine(GW_A).key_der)[20:60] not in repr(own) and str(key) not in repr(own)
