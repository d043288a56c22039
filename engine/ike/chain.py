"""Whether a certificate may speak for a machine: its chain to an authority that a rule names.

RFC 5280 6.1 as far as IKE needs it, RFC 4945 for the usages. Every refusal is a `Failure` with a
stable name and Windows' code. Time is Unix seconds, given by the caller.
"""

from collections.abc import Iterable
from typing import NamedTuple

from engine.ike.constants import Win32
from engine.ike.credentials import CRL_OFF, CRL_STRICT, Trust
from engine.ike.failure import Failure
from engine.ike.x509 import (
    Certificate,
    RevocationList,
    crl_signed_by,
    is_listed,
    is_signed_by,
    read_certificate,
    read_crl,
    refused,
)

LONGEST_PATH = 8
MOST_CERTIFICATES = 8
MOST_SIGNATURES = 32

# Which extended key usages an IKE peer may have, and why.
PURPOSES = {
    "1.3.6.1.5.5.7.3.17": "id-kp-ipsecIKE: made for this (RFC 4945 5.1.3.12)",
    "1.3.6.1.5.5.8.2.2": "iKEIntermediate: what Windows' IPSec templates carry",
    "1.3.6.1.5.5.7.3.5": "ipsecEndSystem: retired by RFC 4945, still common in old certificates",
    "1.3.6.1.5.5.7.3.6": "ipsecTunnel: retired by RFC 4945, still common in old certificates",
    "1.3.6.1.5.5.7.3.7": "ipsecUser: retired by RFC 4945, still common in old certificates",
    "2.5.29.37.0": "anyExtendedKeyUsage: no restriction",
    "1.3.6.1.5.5.7.3.1": "serverAuth: Windows' Computer template authenticates machines by it",
    "1.3.6.1.5.5.7.3.2": "clientAuth: Windows' Computer template, the other half",
}
# RFC 4945 5.1.3.2: either of them lets a key sign HASH_I and HASH_R.
SIGNING = frozenset({"digital_signature", "content_commitment"})


class Path(NamedTuple):
    """A proven chain, the peer's own certificate first and the trusted authority last."""

    certificates: tuple[Certificate, ...]

    @property
    def leaf(self) -> Certificate:
        """The certificate that speaks for the machine."""
        return self.certificates[0]

    @property
    def root(self) -> Certificate:
        """The authority that a rule names."""
        return self.certificates[-1]

    @property
    def weaknesses(self) -> tuple[str, ...]:
        """Weak keys and hashes of the chain, each once; an anchor's own signature proves nothing.
        """
        found = [one for each in self.certificates[:-1] for one in each.weaknesses]
        found += [one for one in self.root.weaknesses if one.startswith("RSA")]
        return tuple(dict.fromkeys(found))


def readable(ders: Iterable[bytes]) -> list[Certificate]:
    """The certificates that can be read and used; what cannot is no help and no harm."""
    found = []
    for der in ders:
        try:
            found.append(read_certificate(der))
        except Failure:
            continue
    return found


def validate(leaf: Certificate, offered: tuple[bytes, ...], trust: Trust, wall: float) -> Path:
    """The chain from `leaf` to one of the anchors, through what the peer offered or we have.

    Raises Failure: "certificate-untrusted", "certificate-expired", "certificate-not-yet-valid",
    "certificate-not-ca", "certificate-path-length", "certificate-usage", "certificate-purpose",
    "certificate-extension", "certificate-revoked", "certificate-crl-missing",
    "certificate-crl-expired", "certificate-too-many".
    """
    if len(offered) > MOST_CERTIFICATES:
        raise refused("certificate-too-many", f"at most {MOST_CERTIFICATES}", str(len(offered)))
    check_end(leaf)
    anchors = readable(trust.anchors)
    middle = readable((*offered, *trust.others))
    path = Path(_Search(anchors, middle).climb(leaf))
    _check_dates(path, wall)
    _check_authorities(path)
    _check_revocation(path, trust, wall)
    return path


def check_end(leaf: Certificate) -> None:
    """What the certificate may be used for. Raises Failure."""
    if leaf.usage is not None and not leaf.usage & SIGNING:
        raise refused("certificate-usage", "key usage digitalSignature",
                      ", ".join(sorted(leaf.usage)) or "none", Win32.KEY_USAGE)
    if leaf.purposes is not None and not leaf.purposes & PURPOSES.keys():
        raise refused("certificate-purpose", "an IPsec or machine purpose",
                      ", ".join(sorted(leaf.purposes)), Win32.CERTIFICATE_TYPE)


class _Search:
    """A walk from a certificate to an anchor, depth first, with a bound on signatures checked."""

    def __init__(self, anchors: list[Certificate], middle: list[Certificate]) -> None:
        self._anchors, self._middle = anchors, middle
        self._left = MOST_SIGNATURES

    def climb(self, leaf: Certificate) -> tuple[Certificate, ...]:
        """The chain. Raises Failure "certificate-untrusted"."""
        found = self._climb((leaf,))
        if found is None:
            names = ", ".join(one.subject_text for one in self._anchors) or "no authority at hand"
            raise refused("certificate-untrusted", f"issued under {names}", leaf.issuer_text)
        return found

    def _climb(self, path: tuple[Certificate, ...]) -> tuple[Certificate, ...] | None:
        last = path[-1]
        for anchor in self._anchors:
            if self._issued(last, anchor):
                return path if last == anchor else (*path, anchor)
        if len(path) >= LONGEST_PATH:
            return None
        for one in self._middle:
            if one not in path and self._issued(last, one):
                found = self._climb((*path, one))
                if found:
                    return found
        return None

    def _issued(self, child: Certificate, issuer: Certificate) -> bool:
        if child.issuer != issuer.subject or not self._left:
            return False
        self._left -= 1
        return is_signed_by(child, issuer)


def _check_dates(path: Path, wall: float) -> None:
    for one in path.certificates:
        if wall < one.begins:
            raise refused("certificate-not-yet-valid", f"a valid {one.subject_text}",
                          "one that is not valid yet")
        if wall > one.ends:
            raise refused("certificate-expired", f"a valid {one.subject_text}", "an expired one")


def _check_authorities(path: Path) -> None:
    """Basic constraints and key usage of every issuer; extensions of all."""
    for one in path.certificates:
        if one.strange:
            raise refused("certificate-extension", "extensions we know", ", ".join(one.strange))
    for depth, one in enumerate(path.certificates[1:]):
        if not one.is_ca:
            raise refused("certificate-not-ca", "issued by an authority", one.subject_text)
        if one.usage is not None and "key_cert_sign" not in one.usage:
            raise refused("certificate-usage", "an authority that may sign certificates",
                          one.subject_text, Win32.KEY_USAGE)
        # `depth` authorities stand between this one and the end (RFC 5280 4.2.1.9).
        if one.path_length is not None and depth > one.path_length:
            raise refused("certificate-path-length", f"at most {one.path_length} under "
                          f"{one.subject_text}", str(depth))


# --- revocation ---------------------------------------------------------------------------------


def _check_revocation(path: Path, trust: Trust, wall: float) -> None:
    """strongcrlcheck: 0 asks no CRL, 1 refuses what one lists, 2 also what none vouches for."""
    if trust.crl_check == CRL_OFF:
        return
    crls = [crl for crl in map(_readable_crl, trust.crls) if crl is not None]
    for one, issuer in zip(path.certificates, path.certificates[1:], strict=False):
        known = [crl for crl in crls if _speaks_for(crl, issuer)]
        if any(is_listed(crl, one) for crl in known):
            raise _revocation("certificate-revoked", "a certificate that is not revoked",
                              one.subject_text)
        if trust.crl_check < CRL_STRICT:
            continue
        if not known:
            raise _revocation("certificate-crl-missing", f"a CRL of {issuer.subject_text}", "none")
        if not any(_is_current(crl, wall) for crl in known):
            raise _revocation("certificate-crl-expired", f"a current CRL of {issuer.subject_text}",
                              "an old one")


def _revocation(drop: str, expected: str, received: str) -> Failure:
    return refused(drop, expected, received, Win32.PEER_REVOCATION)


def _readable_crl(der: bytes) -> RevocationList | None:
    try:
        return read_crl(der)
    except Failure:
        return None


def _speaks_for(crl: RevocationList, issuer: Certificate) -> bool:
    may_sign = issuer.usage is None or "crl_sign" in issuer.usage
    return (crl.understood and may_sign and crl.issuer == issuer.subject
            and crl_signed_by(crl, issuer))


def _is_current(crl: RevocationList, wall: float) -> bool:
    return crl.made <= wall and (crl.due is None or wall <= crl.due)
