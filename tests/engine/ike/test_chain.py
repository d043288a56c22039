"""Which certificates are believed: each refusal by its name and Windows' code."""

import datetime
from collections.abc import Callable

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from engine.ike.chain import LONGEST_PATH, PURPOSES, Path, validate
from engine.ike.credentials import Trust
from engine.ike.failure import Failure
from engine.ike.x509 import is_listed, read_certificate, read_crl
from tests.support.pki import (
    CA,
    CRL_SIGN,
    END,
    KEY_CERT_SIGN,
    WALL,
    Party,
    Shape,
    crl,
    issue,
    name,
    root,
    rsa_key,
)

GW = "CN=gateway"


def checked(leaf: Party, *offered: Party, anchors: tuple[Party, ...] = (),
            crls: tuple[bytes, ...] = (), level: int = 1, wall: float = WALL,
            others: tuple[Party, ...] = ()) -> Path:
    """The chain of a certificate to the example root (or to `anchors`)."""
    trust = Trust(tuple(one.der for one in anchors or (root(),)),
                  tuple(one.der for one in others), crls, level)
    return validate(read_certificate(leaf.der), tuple(one.der for one in offered), trust, wall)


def refusal(attempt: Callable[[], object]) -> Failure:
    """The failure of something that must fail."""
    with pytest.raises(Failure) as caught:
        attempt()
    return caught.value


# --- shapes that are believed -------------------------------------------------------------------

SUB = issue("CN=Sub", root(), CA._replace(path_length=0))


@pytest.mark.parametrize("shape", [
    END, END._replace(ca=False), END._replace(usages=("digital_signature",)),
    END._replace(usages=("content_commitment",)),
    *(END._replace(purposes=("1.3.6.1.5.5.7.3.4", one)) for one in PURPOSES),
    END._replace(digest="sha1"), END._replace(digest="md5"),
    END._replace(key=rsa_key("four", 4096)), END._replace(key=rsa_key("three", 2048, 3)),
])
def test_a_usual_machine_certificate_is_believed(shape: Shape) -> None:
    path = checked(issue(GW, root(), shape))
    assert [one.subject_text for one in path.certificates] == [
        GW, "C=US, O=Example, CN=Example Root"]


@pytest.mark.parametrize(("shape", "weak"), [
    (END, ()), (END._replace(digest="sha1"), ("SHA1",)), (END._replace(digest="md5"), ("MD5",)),
    (END._replace(key=rsa_key("short", 1024)), ("RSA 1024",)),
    (END._replace(key=rsa_key("short", 1024), digest="sha1"), ("RSA 1024", "SHA1")),
])
def test_weak_keys_and_hashes_are_named(shape: Shape, weak: tuple[str, ...]) -> None:
    assert checked(issue(GW, root(), shape)).weaknesses == weak


def test_a_weak_hash_of_the_anchor_itself_proves_nothing_and_is_not_named() -> None:
    old = issue("CN=Old", None, CA._replace(digest="sha1", key=rsa_key("oldroot", 1024)))
    assert checked(issue(GW, old), anchors=(old,)).weaknesses == ("RSA 1024",)


def test_a_chain_is_found_through_what_the_peer_sent_or_the_store_has() -> None:
    leaf = issue(GW, SUB)
    for path in (checked(leaf, SUB), checked(leaf, others=(SUB,)), checked(leaf, root(), SUB),
                 checked(leaf, issue("CN=Stranger"), SUB)):
        assert [one.subject_text for one in path.certificates[:2]] == [GW, "CN=Sub"]
    assert len(checked(leaf, anchors=(SUB,)).certificates) == 2


def test_of_two_authorities_of_one_name_the_one_that_signed_is_taken() -> None:
    twin = issue("CN=Sub", None, CA._replace(key=rsa_key("twin")))
    leaf = issue(GW, SUB)
    assert checked(leaf, twin, SUB).certificates[1].der == SUB.der
    assert refusal(lambda: checked(leaf, twin)).drop == "certificate-untrusted"


# --- shapes that are refused --------------------------------------------------------------------

NOT_CA = issue("CN=Sub", root(), END)
LYING = issue("CN=Sub", root(), END._replace(ca=False))
NO_SIGN = issue("CN=Sub", root(), CA._replace(usages=(CRL_SIGN,)))
LOW = issue("CN=Low", SUB, CA)
CONSTRAINTS = x509.NameConstraints([x509.DNSName("example.com")], None)
UNKNOWN = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\5\0")
CASES: list[tuple[str, int, Callable[[], object]]] = [
    ("certificate-untrusted", 13847, lambda: checked(issue(GW))),
    ("certificate-untrusted", 13847, lambda: checked(issue(GW, SUB))),
    ("certificate-untrusted", 13847, lambda: checked(issue(
        GW, issue("C=US, O=Example, CN=Example Root", None,
                  CA._replace(key=rsa_key("impostor")))))),
    ("certificate-untrusted", 13847, lambda: checked(issue(GW, root()), anchors=(SUB,))),
    ("certificate-expired", 13847, lambda: checked(issue(GW, root()), wall=WALL + 400 * 86400)),
    ("certificate-expired", 13847, lambda: checked(
        issue(GW, root(), END._replace(ends=WALL - 1)))),
    ("certificate-expired", 13847, lambda: checked(
        issue(GW, issue("CN=S", root(), CA._replace(ends=WALL - 1))),
        issue("CN=S", root(), CA._replace(ends=WALL - 1)))),
    ("certificate-not-yet-valid", 13847, lambda: checked(
        issue(GW, root(), END._replace(begins=WALL + 1)))),
    ("certificate-not-ca", 13847, lambda: checked(issue(GW, NOT_CA), NOT_CA)),
    ("certificate-not-ca", 13847, lambda: checked(issue(GW, LYING), LYING)),
    ("certificate-usage", 13818, lambda: checked(issue(GW, NO_SIGN), NO_SIGN)),
    ("certificate-usage", 13818, lambda: checked(
        issue(GW, root(), END._replace(usages=(KEY_CERT_SIGN,))))),
    ("certificate-purpose", 13819, lambda: checked(
        issue(GW, root(), END._replace(purposes=("1.3.6.1.5.5.7.3.4",))))),
    ("certificate-path-length", 13847, lambda: checked(issue(GW, LOW), LOW, SUB)),
    ("certificate-extension", 13847, lambda: checked(
        issue(GW, root(), END._replace(extra=((UNKNOWN, True),))))),
    ("certificate-extension", 13847, lambda: checked(
        issue(GW, root(), END._replace(extra=((CONSTRAINTS, False),))))),
    ("certificate-too-many", 13847, lambda: checked(
        issue(GW, root()), *[root()] * 9)),
]


@pytest.mark.parametrize(("drop", "code", "attempt"), CASES)
def test_each_fault_has_its_name_and_code(drop: str, code: int,
                                          attempt: Callable[[], object]) -> None:
    failure = refusal(attempt)
    assert (failure.drop, failure.code) == (drop, code)
    assert len(failure.detail) == 3 and failure.detail[0] == "Certificate"


def test_an_unknown_extension_that_is_not_critical_is_passed_over() -> None:
    assert checked(issue(GW, root(), END._replace(extra=((UNKNOWN, False),))))


def test_validity_begins_and_ends_with_its_own_seconds() -> None:
    leaf = issue(GW, root(), END._replace(begins=WALL, ends=WALL + 10))
    for wall, drop in ((WALL - 1, "certificate-not-yet-valid"), (WALL, ""), (WALL + 10, ""),
                       (WALL + 11, "certificate-expired")):
        if drop:
            assert refusal(lambda at=wall: checked(leaf, wall=at)).drop == drop  # type: ignore[misc]
        else:
            assert checked(leaf, wall=wall)


def test_a_chain_that_is_too_long_leads_nowhere() -> None:
    parties = [root()]
    for depth in range(LONGEST_PATH):
        parties.append(issue(f"CN=depth {depth}", parties[-1], CA._replace(key=rsa_key("deep"))))
    leaf = issue(GW, parties[-1])
    others = tuple(parties[1:])
    assert refusal(lambda: checked(leaf, others=others)).drop == "certificate-untrusted"
    assert checked(issue(GW, parties[-2]), others=others)


def test_a_maze_of_cross_signed_authorities_costs_a_bounded_number_of_checks() -> None:
    def maker(number: int) -> Party:
        return issue("CN=maze", None, CA._replace(key=rsa_key("maze"), serial=number + 1))

    maze = tuple(maker(number) for number in range(8))
    leaf = issue(GW, maze[0])
    assert refusal(lambda: checked(leaf, *maze)).drop == "certificate-untrusted"


# --- keys ---------------------------------------------------------------------------------------


def with_key(modulus: int, exponent: int) -> bytes:
    """A certificate whose public key was replaced, octet for octet; its signature is void."""
    party = issue(GW, root(), END)
    numbers = party.key.public_key().public_numbers()

    def integer(value: int) -> bytes:
        body = value.to_bytes(value.bit_length() // 8 + 1, "big")
        return b"\2" + length(body) + body

    def length(body: bytes) -> bytes:
        size = len(body)
        octets = size.to_bytes((size.bit_length() + 7) // 8 or 1, "big")
        return octets if size < 128 else bytes((0x80 | len(octets),)) + octets

    def wrap(kind: int, body: bytes) -> bytes:
        return bytes((kind,)) + length(body) + body

    def info(n: int, e: int) -> bytes:
        algorithm = bytes.fromhex("300d06092a864886f70d0101010500")
        return wrap(0x30, algorithm + wrap(3, b"\0" + wrap(0x30, integer(n) + integer(e))))

    tbs = party.certificate.tbs_certificate_bytes
    old = info(numbers.n, numbers.e)
    assert old in tbs
    inner = tbs[4:].replace(old, info(modulus, exponent))
    tail = party.der[4 + len(tbs):]
    return wrap(0x30, wrap(0x30, inner) + tail)


N = rsa_key("odd").public_key().public_numbers().n


@pytest.mark.parametrize(("modulus", "exponent", "drops"), [
    (N, 65537, {""}),
    (N, 1, {"certificate-bad-key"}),
    (N, 2, {"certificate-bad-key"}),
    (N, 65536, {"certificate-bad-key"}),
    (N, (1 << 64) + 1, {"certificate-bad-key"}),
    (N, N - 2, {"certificate-bad-key"}),
    (N - 1, 65537, {"certificate-bad-key"}),
    (0, 65537, {"certificate-bad-key", "certificate-weak-key"}),
    (1, 65537, {"certificate-bad-key", "certificate-weak-key"}),
    (N >> 1032 | 1, 65537, {"certificate-weak-key"}),
    (N >> 1023 | 1, 65537, {""}),
    ((1 << 8200) + 1, 65537, {"certificate-bad-key"}),
], ids=["fit", "exponent-1", "exponent-2", "even-exponent", "wide-exponent", "huge-exponent",
        "even", "zero", "one", "1016-bits", "1025-bits", "8201-bits"])
def test_keys_that_must_not_be_used_are_refused(modulus: int, exponent: int,
                                                drops: set[str]) -> None:
    der = with_key(modulus, exponent)
    if drops == {""}:
        assert read_certificate(der).bits == modulus.bit_length()
    else:
        assert refusal(lambda: read_certificate(der)).drop in drops


def test_a_key_that_is_not_rsa_is_refused() -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    day = datetime.datetime(2004, 1, 1, tzinfo=datetime.UTC)
    der = (x509.CertificateBuilder().subject_name(name(GW)).issuer_name(name(GW))
           .public_key(key.public_key()).serial_number(7).not_valid_before(day)
           .not_valid_after(day.replace(year=2005))
           .sign(key, hashes.SHA256()).public_bytes(Encoding.DER))
    failure = refusal(lambda: read_certificate(der))
    assert (failure.drop, failure.code) == ("certificate-key-type", 13828)


@pytest.mark.parametrize(("der", "drop"), [
    (b"", "certificate-malformed"),
    (b"\x30\x80\0\0", "certificate-malformed"),
    (root().der + b"\0", "certificate-malformed"),
    (root().der[:-1], "certificate-malformed"),
    (bytes(40_000), "certificate-too-large"),
])
def test_what_is_no_certificate_is_refused(der: bytes, drop: str) -> None:
    assert refusal(lambda: read_certificate(der)).drop == drop


# --- revocation ---------------------------------------------------------------------------------

LEAF = issue(GW, root())


def test_a_revoked_authority_revokes_what_it_issued() -> None:
    middle = issue("CN=Middle", root(), CA)
    leaf = issue(GW, middle)
    lists = (crl(root(), middle), crl(middle))
    failure = refusal(lambda: checked(leaf, middle, crls=lists))
    assert (failure.drop, failure.detail[2]) == ("certificate-revoked", "CN=Middle")
    assert checked(leaf, middle, crls=lists, level=0)


def test_a_list_counts_only_when_its_authority_signed_it_and_may() -> None:
    impostor = issue("C=US, O=Example, CN=Example Root", None,
                     CA._replace(key=rsa_key("impostor")))
    assert checked(LEAF, crls=(crl(impostor, LEAF), b"nonsense"))
    mute = issue("CN=Mute", None, CA._replace(usages=(KEY_CERT_SIGN,)))
    leaf = issue(GW, mute)
    assert checked(leaf, anchors=(mute,), crls=(crl(mute, leaf),))
    assert refusal(lambda: checked(leaf, anchors=(mute,), crls=(crl(mute),), level=2)
                   ).drop == "certificate-crl-missing"


def test_a_list_with_a_critical_extension_is_not_understood() -> None:
    delta = (x509.CertificateRevocationListBuilder()
             .issuer_name(root().certificate.subject)
             .last_update(datetime.datetime.fromtimestamp(WALL, datetime.UTC))
             .next_update(datetime.datetime.fromtimestamp(WALL + 9, datetime.UTC))
             .add_extension(x509.DeltaCRLIndicator(1), True)
             .sign(root().key, hashes.SHA256()).public_bytes(Encoding.DER))
    assert not read_crl(delta).understood
    assert refusal(lambda: checked(LEAF, crls=(delta,), level=2)
                   ).drop == "certificate-crl-missing"


def test_an_old_list_still_revokes() -> None:
    old = crl(root(), LEAF, due=WALL - 1)
    assert is_listed(read_crl(old), read_certificate(LEAF.der))
    for level in (1, 2):
        assert refusal(lambda at=level: checked(LEAF, crls=(old,), level=at)  # type: ignore[misc]
                       ).drop == "certificate-revoked"
