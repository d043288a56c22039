"""Healthy labs of other shapes: nothing in them is wrong, so nothing may be called a failure."""

from collections.abc import Callable
from typing import NamedTuple

from commands.lab.typist import type_lines
from commands.run import run_line
from commands.session import Session
from tests.support.article import POLICY, full_lines
from tests.support.faulty import STRONG, replies

THEIRS = "IPSec tunnel with Windows 2000 gateway"
ACTION, THEIR_ACTION = '"IPSec tunnel: ESP DES/MD5"', '"Tunnel security"'
ROOT = 'rootca="CN=Lab Root"'
OUT, BACK = 'name="NetA to NetB"', 'name="NetB to NetA"'


class Variant(NamedTuple):
    """One shape: how its session is made."""

    name: str
    make: Callable[[], Session]


def _typed(session: Session, *more: tuple[str, str]) -> Session:
    """The article with strong suites, then further lines on a machine each; the tunnel up."""
    for line in (*full_lines(), *STRONG):
        run_line(named(line), session)
    for machine, line in more:
        type_lines(session, machine, (line,))
    session.settle()
    assert replies(session, 4) >= 2
    return session


def named(line: str) -> str:
    """A line of the article with the names in the place of its addresses."""
    for address, name in (("10.1.0.0", "NetAId"), ("10.2.0.0", "NetBId"),
                          ("198.51.100.1", "3rdExtIP"), ("192.0.2.1", "W2KextIP")):
        line = line.replace(address, f"${{{name}}}")
    return line


def _addresses() -> Session:
    session = Session()
    session.bind({"NetA": "172.20.4.0/24", "NetB": "192.168.77.0/24", "W2KextIP": "203.0.114.9",
                  "3rdExtIP": "198.18.5.7"})
    return _typed(session)


def _suites() -> Session:
    return _typed(Session(), (
        "gwA", f'ipsec static set policy name="{POLICY}" mmsecmethods="AES256-SHA512-16 '
               'AES128-SHA256-14"'),
        ("gwB", f'ipsec static set policy name="{THEIRS}" mmsecmethods="AES128-SHA256-14"'),
        ("gwA", f'ipsec static set filteraction name={ACTION} qmsecmethods="ESP[AESGCM256,None] '
                'ESP[AES128,SHA384]"'),
        ("gwB", f'ipsec static set filteraction name={THEIR_ACTION} '
                'qmsecmethods="ESP[AES128,SHA384]"'))


def _pfs() -> Session:
    return _typed(Session(), ("gwA", f"ipsec static set filteraction name={ACTION} qmpfs=yes"),
                  ("gwB", f"ipsec static set filteraction name={THEIR_ACTION} qmpfs=yes"),
                  ("gwB", f'ipsec static set policy name="{THEIRS}" '
                          'mmsecmethods="AES256-SHA256-14"'))


def _certificates() -> Session:
    return _typed(
        Session(), ("gwA", "lab issue certificate gwA"), ("gwB", "lab issue certificate gwB"),
        *((machine, f'ipsec static set rule {rule} policy="{policy}" {ROOT}')
          for machine, policy in (("gwA", POLICY), ("gwB", THEIRS)) for rule in (OUT, BACK)),
        ("gwA", "ipsec dynamic delete sa"), ("gwB", "ipsec dynamic delete sa"))


def _nat() -> Session:
    session = Session()
    run_line("lab add nat", session)
    return _typed(session)


def _unrelated() -> Session:
    return _typed(
        Session(),
        ("gwA", "ipsec static add policy name=Servers activatedefaultrule=no"),
        ("gwA", "ipsec static add filterlist name=Printers"),
        ("gwA", "ipsec static add filter filterlist=Printers srcaddr=10.1.0.0 srcmask=24 "
                "dstaddr=10.99.0.0 dstmask=16 mirrored=yes"),
        ("gwA", "ipsec static add filteraction name=Pass action=permit"),
        ("gwA", "ipsec static add rule name=Printers policy=Servers filterlist=Printers "
                "filteraction=Pass"),
        ("gwA", f'ipsec static add rule name=Printers policy="{POLICY}" filterlist=Printers '
                "filteraction=Pass"))


def _two_tunnels() -> Session:
    lines: list[tuple[str, str]] = []
    third = ("10.3.0.0", "24")
    for machine, policy, near, far, own, peer, action in (
            ("gwA", POLICY, ("10.1.0.0", "24"), third, "192.0.2.1", "198.51.100.1", ACTION),
            ("gwB", THEIRS, third, ("10.1.0.0", "24"), "198.51.100.1", "192.0.2.1",
             THEIR_ACTION)):
        for name, source, target, end in (("second out", near, far, peer),
                                          ("second back", far, near, own)):
            lines += [(machine, f'ipsec static add filterlist name="{name}"'),
                      (machine, f'ipsec static add filter filterlist="{name}" '
                                f"srcaddr={source[0]} srcmask={source[1]} dstaddr={target[0]} "
                                f"dstmask={target[1]} mirrored=no"),
                      (machine, f'ipsec static add rule name="{name}" policy="{policy}" '
                                f'filterlist="{name}" filteraction={action} tunnel={end} '
                                "psk=${PSK}")]
    return _typed(Session(), *lines, (
        "gwA", "routing ip add persistentroute 10.3.0.0 255.255.255.0 External 198.51.100.1"))


def _larger_nets() -> Session:
    """Both policies are for /16s that hold the hosts' /24s."""
    session = Session()
    for line in (*full_lines(), *STRONG):
        wide = line.replace("srcmask=255.255.255.0", "srcmask=255.255.0.0").replace(
            "dstmask=255.255.255.0", "dstmask=255.255.0.0").replace("mask=24", "mask=16")
        run_line(wide.replace("10.2.0.0 255.255.255.0 External", "10.2.0.0 255.255.0.0 External"),
                 session)
    for source, target, name in (("10.1.0.0", "10.2.0.0", '"NetA to NetB"'),
                                 ("10.2.0.0", "10.1.0.0", '"NetB to NetA"')):
        type_lines(session, "gwB", (
            f"ipsec static delete filter filterlist={name} srcaddr={source} srcmask=24 "
            f"dstaddr={target} dstmask=24",
            f"ipsec static add filter filterlist={name} srcaddr={source} srcmask=16 "
            f"dstaddr={target} dstmask=16 mirrored=no"))
    session.settle()
    assert replies(session, 4) >= 2
    return session


def _lossy() -> Session:
    return _typed(Session(), ("gwA", "lab set link middle loss=5%"))


def _unaudited() -> Session:
    return _typed(Session(), ("gwA", "auditpol /disable"))


def _open() -> Session:
    """No RRAS filters at all."""
    session = Session()
    for line in (*full_lines(), *STRONG):
        if "filtertype" not in line:
            run_line(line, session)
    assert replies(session, 4) >= 2
    return session


def _proxy() -> Session:
    session = Session()
    run_line("lab add proxy ike=yes", session)
    return _typed(session)


VARIANTS = (
    Variant("other addresses", _addresses), Variant("other suites", _suites),
    Variant("PFS on", _pfs), Variant("certificates", _certificates),
    Variant("NAT with NAT-T", _nat), Variant("unrelated policy and rules", _unrelated),
    Variant("two tunnels", _two_tunnels), Variant("larger nets", _larger_nets),
    Variant("lossy link", _lossy), Variant("no auditing wanted", _unaudited),
    Variant("no fence", _open), Variant("a proxy that relays IKE", _proxy))
