"""Certificates as hostile input: whatever the octets are, a refusal by name or a true reading."""

from collections.abc import Callable
from contextlib import suppress

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, pkcs7
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.ike import certified
from engine.ike.certified import Speaker, bears, offered, requested, speaking
from engine.ike.chain import validate
from engine.ike.constants import PayloadType
from engine.ike.credentials import Trust
from engine.ike.dn import is_named, parse_name
from engine.ike.failure import Failure
from engine.ike.identity import Identity
from engine.ike.wire import Payload
from engine.ike.x509 import is_signed_by, read_certificate, read_crl
from tests.engine.ike.test_signed_main_mode import pair
from tests.support.ike_pair import A, B
from tests.support.pki import (
    CA,
    END,
    WALL,
    credentials,
    crl,
    issue,
    machine,
    root,
)

RICH = issue("C=US, O=Example, CN=rich", root(), END._replace(
    ca=False, usages=("digital_signature",), purposes=("1.3.6.1.5.5.7.3.17",),
    hosts=("gw.example",), addresses=("192.0.2.1",)))
REVOKED = crl(root(), RICH)
WRAPPED = pkcs7.serialize_certificates([RICH.certificate, root().certificate], Encoding.DER)
TRUST = Trust((root().der,), (), (REVOKED,), 0)
ROUNDS = settings(max_examples=400, deadline=None, derandomize=True)

Mutation = Callable[[bytes], bytes]


@st.composite
def mutations(draw: st.DrawFn) -> Mutation:
    """A few changes of octets: overwritten, cut out, put in, cut off."""
    changes = draw(st.lists(st.tuples(
        st.sampled_from("oxic"), st.integers(0, 4000), st.binary(min_size=1, max_size=4)),
        min_size=1, max_size=4))

    def mutate(data: bytes) -> bytes:
        for kind, at, octets in changes:
            at %= len(data) + 1
            head, tail = data[:at], data[at:]
            data = {"o": head + octets + tail[len(octets):], "x": head + tail[len(octets):],
                    "i": head + octets + tail, "c": head}[kind]
        return data

    return mutate


@ROUNDS
@given(mutations())
def test_a_changed_certificate_is_refused_by_name_and_never_believed(mutate: Mutation) -> None:
    der = mutate(RICH.der)
    try:
        path = validate(read_certificate(der), (), TRUST, WALL)
    except Failure as failure:
        assert failure.drop.startswith("certificate-") and len(failure.detail) == 3
    else:
        assert path.leaf.der == der
        # Only what the signature does not cover can differ.
        assert RICH.certificate.tbs_certificate_bytes in der


@ROUNDS
@given(st.binary(max_size=600))
def test_any_octets_are_read_or_refused(data: bytes) -> None:
    for reader in (read_certificate, read_crl):
        with pytest.raises(Failure) as caught:
            reader(data)
        assert caught.value.drop in ("certificate-malformed", "certificate-too-large")


@ROUNDS
@given(mutations())
def test_a_changed_list_never_vouches_for_anything(mutate: Mutation) -> None:
    der = mutate(REVOKED)
    trust = TRUST._replace(crls=(der,), crl_check=2)
    with pytest.raises(Failure) as caught:
        validate(read_certificate(RICH.der), (), trust, WALL)
    assert caught.value.drop in ("certificate-crl-missing", "certificate-revoked")


@ROUNDS
@given(mutations(), st.sampled_from([b"\1" + WRAPPED, b"\4" + RICH.der, b"\4"]))
def test_changed_certificate_payloads_are_split_or_refused(mutate: Mutation, body: bytes) -> None:
    with suppress(Failure):
        assert all(isinstance(one, bytes) for one in offered([mutate(body)]))
    assert all(name for name in requested([mutate(body)]))


@ROUNDS
@given(st.integers(0, 255), st.binary(min_size=1, max_size=80))
def test_any_identity_is_borne_or_not(kind: int, data: bytes) -> None:
    identity = Identity(kind, 0, 0, data)
    bears(read_certificate(RICH.der), identity)
    with suppress(Failure):
        assert speaking((RICH.der,), identity).der == RICH.der


@ROUNDS
@given(st.text(max_size=60))
def test_any_name_can_be_asked_for(text: str) -> None:
    assert is_named(read_certificate(RICH.der), text) is False or parse_name(text)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(mutations(), st.sampled_from([0, -1]))
def test_a_changed_payload_of_message_five_ends_in_a_named_drop(mutate: Mutation,
                                                               which: int) -> None:
    whole = certified.proof

    def changed(own: Speaker, octets: bytes) -> list[Payload]:
        payloads = whole(own, octets)
        body = mutate(payloads[which].body)
        if own.path.leaf.subject_text.endswith("gwA"):
            payloads[which] = Payload(payloads[which].type, body)
        return payloads

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(certified, "proof", changed)
        both = pair(credentials(machine("C=US, O=Example, CN=gwA"), root()),
                    credentials(machine("C=US, O=Example, CN=gwB"), root()))
        both.initiate()
        both.run(0.5)
    assert (len(both.installed(A)) == 1) == (len(both.installed(B)) == 1)
    if not both.installed(B):
        assert any(name.startswith(("certificate-", "signature-", "identity-", "authentication-"))
                   for name in both.b.counters)


def test_a_signature_of_another_kind_of_key_is_no_signature() -> None:
    assert not is_signed_by(read_certificate(RICH.der), read_certificate(machine("CN=x").der))


# --- names --------------------------------------------------------------------------------------


@pytest.mark.parametrize(("text", "same"), [
    ("C=US, O=Example, CN=Example Root", True),
    ("CN=Example Root, O=Example, C=US", True),
    ("c=us,o=EXAMPLE,cn=example   root", True),
    ('C=US, O="Example", CN="Example Root"', True),
    (r"C=US, O=Ex\ample, CN=Example Root", True),
    ("Example Root", True),
    ("CN=Example Root", False),
    ("C=US, CN=Example Root", False),
    ("O=Example, C=US, CN=Example Root", False),
    ("C=US, O=Example, CN=Example Root 2", False),
    ("Example", False),
    ("", False),
])
def test_an_authority_is_named_by_its_whole_subject_or_its_common_name(text: str,
                                                                       same: bool) -> None:
    assert is_named(read_certificate(root().der), text) is same


def test_a_comma_in_a_value_stands_in_quotes_or_behind_a_backslash() -> None:
    comma = issue("O=Example, CN=x", None, CA)
    wanted = (("O", "example, inc."), ("CN", "x"))
    assert parse_name('O="Example, Inc.", CN=x') == parse_name(r"O=Example\, Inc., CN=x") == wanted
    assert parse_name("ST=WA, E=a@b") == (("S", "wa"), ("E", "a@b"))
    assert not is_named(read_certificate(comma.der), 'O="Example, CN=x"')


def test_certificate_requests_and_certificates_have_their_own_payloads() -> None:
    own = certified.speaker(credentials(machine("CN=x"), root()), (), WALL)
    kinds = [one.type for one in certified.proof(own, bytes(20))]
    assert kinds == [PayloadType.CERT, PayloadType.SIGNATURE]
