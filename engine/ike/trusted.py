"""Credentials from what the store holds: which authorities a rule names, what a machine shows."""

from typing import NamedTuple

from engine.ike.chain import readable
from engine.ike.credentials import Credentials, OwnCertificate, PrivateKey, Trust
from engine.ike.dn import is_named


class Authority(NamedTuple):
    """One rootca of a rule: a name as typed, and whether requests leave it out."""

    name: str
    excluded: bool = False


class Stock(NamedTuple):
    """All certificates a machine has, in DER: its own chains with their keys (PKCS #8), the
    authorities, the revocation lists; and how strictly those are asked (strongcrlcheck)."""

    own: tuple[tuple[tuple[bytes, ...], bytes], ...] = ()
    authorities: tuple[bytes, ...] = ()
    crls: tuple[bytes, ...] = ()
    crl_check: int = 1


def make_credentials(wanted: tuple[Authority, ...], stock: Stock) -> Credentials:
    """What a machine with this stock proves itself with under a rule that wants these.

    An authority of the stock that the rule does not name is no anchor, but may stand between.
    """
    known = readable(stock.authorities)
    anchors: list[bytes] = []
    named: list[bytes] = []
    for one in wanted:
        for authority in known:
            if is_named(authority, one.name) and authority.der not in anchors:
                anchors.append(authority.der)
                if not one.excluded:
                    named.append(authority.der)
    others = tuple(one.der for one in known if one.der not in anchors)
    return Credentials(
        Trust(tuple(anchors), others, stock.crls, stock.crl_check),
        tuple(OwnCertificate(chain, PrivateKey(key)) for chain, key in stock.own),
        tuple(named), tuple(one.name for one in wanted))
