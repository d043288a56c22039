"""Harm that no catalogue lists: one small thing wrong somewhere, as lines on a machine.

Each has a name, the machine it is typed on, and the lines. They are tried one by one and together
against what the diagnosis says.
"""

from typing import NamedTuple

from tests.support.article import POLICY

THEIRS = "IPSec tunnel with Windows 2000 gateway"
OUT, BACK = 'name="NetA to NetB"', 'name="NetB to NetA"'
ACTION = '"IPSec tunnel: ESP DES/MD5"'


class Harm(NamedTuple):
    """One thing wrong; `breaks` says whether a ping between the hosts fails (or goes bare)."""

    name: str
    machine: str
    lines: tuple[str, ...]
    breaks: bool = True
    codes: tuple[str, ...] = ()


def _replace(listed: str, old: str, new: str) -> tuple[str, ...]:
    return (f"ipsec static delete filter filterlist={listed} {old}",
            f"ipsec static add filter filterlist={listed} {new} mirrored=no")


A24 = "srcaddr=10.1.0.0 srcmask=24 dstaddr=10.2.0.0 dstmask=24"
B24 = "srcaddr=10.2.0.0 srcmask=24 dstaddr=10.1.0.0 dstmask=24"

HARMS = (
    Harm("their policy is not assigned", "gwB",
         (f'ipsec static set policy name="{THEIRS}" assign=no',), codes=("policy-not-assigned",)),
    Harm("their rule out is off", "gwB",
         (f'ipsec static set rule {BACK} policy="{THEIRS}" activate=no',),
         codes=("rule-disabled",)),
    Harm("their rule back is off", "gwB",
         (f'ipsec static set rule {OUT} policy="{THEIRS}" activate=no',), codes=("rule-disabled",)),
    Harm("their rule back is gone", "gwB",
         (f'ipsec static delete rule {OUT} policy="{THEIRS}"',), codes=("missing-second-rule",)),
    Harm("their tunnel ends elsewhere", "gwB",
         (f'ipsec static set rule {BACK} policy="{THEIRS}" tunnel=192.0.2.99',),
         codes=("wrong-tunnel-endpoint",)),
    Harm("their key differs", "gwB", (
        f'ipsec static set rule {BACK} policy="{THEIRS}" psk=x',
        f'ipsec static set rule {OUT} policy="{THEIRS}" psk=x'), codes=("psk-mismatch",)),
    Harm("they have no route to us", "gwB",
         ("routing ip delete persistentroute 10.1.0.0 255.255.255.0 External",),
         codes=("missing-route-to-netb",)),
    Harm("they have no route to our gateway", "gwB",
         ("routing ip delete persistentroute 192.0.2.0 255.255.255.0 External",)),
    Harm("they do not forward", "gwB", ("net stop remoteaccess",), codes=("ip-forwarding-off",)),
    Harm("their agent is stopped", "gwB", ("net stop policyagent",),
         codes=("peer-service-down",)),
    Harm("they fence IKE out", "gwB", (
        "routing ip add filter External output 10.2.0.0 255.255.255.0 10.1.0.0 255.255.255.0 any",
        "routing ip set filter External output drop"), codes=("rras-filter-drops-ike",)),
    Harm("they block our net behind the tunnel", "gwB", (
        "routing ip add filter External input 10.1.0.0 255.255.255.0 10.2.0.0 255.255.255.0 any",),
        codes=("rras-input-filter-missing-netb-neta",)),
    Harm("their inner interface drops everything out", "gwB",
         ("routing ip set filter Internal output drop",), codes=("rras-filter-drops-traffic",)),
    Harm("their inner interface blocks the answers", "gwB", (
        "routing ip add filter Internal input 10.2.0.10 255.255.255.255 0.0.0.0 0.0.0.0 any",),
        codes=("rras-filter-drops-traffic",)),
    Harm("our inner interface blocks one host", "gwA", (
        "routing ip add filter Internal input 10.1.0.10 255.255.255.255 0.0.0.0 0.0.0.0 any",),
        codes=("rras-filter-drops-traffic",)),
    Harm("our inner interface blocks another host", "gwA", (
        "routing ip add filter Internal input 10.1.0.77 255.255.255.255 0.0.0.0 0.0.0.0 any",),
        breaks=False),
    Harm("our fence lets TCP only through", "gwA", (
        "routing ip delete filter External output 10.1.0.0 255.255.255.0 10.2.0.0 255.255.255.0 "
        "any",
        "routing ip add filter External output 10.1.0.0 255.255.255.0 10.2.0.0 255.255.255.0 tcp "
        "0 0"), codes=("rras-output-filter-missing-neta-netb",)),
    Harm("our rule is for dial-up", "gwA",
         (f'ipsec static set rule {OUT} policy="{POLICY}" conntype=dialup',),
         codes=("rule-for-dialup-only",)),
    Harm("our action permits", "gwA",
         (f"ipsec static set filteraction name={ACTION} action=permit",),
         codes=("action-not-negotiate",)),
    Harm("our action blocks", "gwA",
         (f"ipsec static set filteraction name={ACTION} action=block",),
         codes=("action-not-negotiate",)),
    Harm("a block rule for the other network", "gwA", (
        'ipsec static add filterlist name="No B"',
        'ipsec static add filter filterlist="No B" srcaddr=10.1.0.10 dstaddr=10.2.0.0 '
        "dstmask=24 mirrored=yes",
        'ipsec static add filteraction name=Block action=block',
        f'ipsec static add rule name="No B" policy="{POLICY}" filterlist="No B" '
        "filteraction=Block"), codes=("overlapping-filters-shadow", "filter-blocks-traffic")),
    Harm("a permit rule for another host", "gwA", (
        'ipsec static add filterlist name="One B"',
        'ipsec static add filter filterlist="One B" srcaddr=10.1.0.55 dstaddr=10.2.0.0 '
        "dstmask=24 mirrored=no",
        'ipsec static add filteraction name=Pass action=permit',
        f'ipsec static add rule name="One B" policy="{POLICY}" filterlist="One B" '
        "filteraction=Pass"), breaks=False, codes=("overlapping-filters-shadow",)),
    Harm("our filters name the upper half", "gwA", (
        *_replace('"NetA to NetB"', A24, "srcaddr=10.1.0.128 srcmask=25 dstaddr=10.2.0.0 "
                                         "dstmask=24"),
        *_replace('"NetB to NetA"', B24, "srcaddr=10.2.0.0 srcmask=24 dstaddr=10.1.0.128 "
                                         "dstmask=25")), codes=("filter-misses-traffic",)),
    Harm("our filters name the lower half", "gwA", (
        *_replace('"NetA to NetB"', A24, "srcaddr=10.1.0.0 srcmask=25 dstaddr=10.2.0.0 "
                                         "dstmask=24"),
        *_replace('"NetB to NetA"', B24, "srcaddr=10.2.0.0 srcmask=24 dstaddr=10.1.0.0 "
                                         "dstmask=25")), codes=("peer-filter-not-mirrored",)),
    Harm("one filter has the wrong mask", "gwA",
         _replace('"NetB to NetA"', B24, "srcaddr=10.2.0.0 srcmask=16 dstaddr=10.1.0.0 "
                                         "dstmask=24"),
         breaks=False, codes=("half-mirrored-filters",)),
    Harm("a filter is mistyped", "gwA",
         _replace('"NetA to NetB"', A24, "srcaddr=10.1.0.0 srcmask=24 dstaddr=10.3.0.0 "
                                         "dstmask=24"), codes=("filter-misses-traffic",)),
    Harm("their suites are others", "gwB", (
        'ipsec static set filteraction name="Tunnel security" qmsecmethods="ESP[3DES,MD5]"',),
        codes=("phase2-proposal-mismatch",)),
    Harm("their main mode is another", "gwB",
         (f'ipsec static set policy name="{THEIRS}" mmsecmethods="3DES-MD5-2"',),
         codes=("phase1-proposal-mismatch",)),
    Harm("their PFS has another group", "gwB", (
        'ipsec static set filteraction name="Tunnel security" qmpfs=yes',
        f'ipsec static set policy name="{THEIRS}" mmsecmethods="AES256-SHA256-2 '
        'AES256-SHA256-3"'), codes=("pfs-mismatch",)),
    Harm("we alone use PFS", "gwA",
         (f"ipsec static set filteraction name={ACTION} qmpfs=yes",), breaks=False),
    Harm("our rules use Kerberos only", "gwA", (
        f'ipsec static set rule {OUT} policy="{POLICY}" kerberos=yes',
        f'ipsec static set rule {BACK} policy="{POLICY}" kerberos=yes'),
        codes=("auth-method-unusable",)),
    Harm("our route has a metric and a twin inside", "gwA", (
        "routing ip add persistentroute 10.2.0.0 255.255.255.0 Internal 10.1.0.10 metric=1",
        "routing ip set persistentroute 10.2.0.0 255.255.255.0 External 198.51.100.1 metric=5"),
        codes=("route-wrong-egress-interface",)),
    Harm("our route is more specific inside", "gwA", (
        "routing ip add persistentroute 10.2.0.10 255.255.255.255 Internal 10.1.0.10",),
        codes=("route-wrong-egress-interface",)),
    Harm("our gateway to the outside is gone", "gwA", (
        "routing ip delete persistentroute 198.51.100.0 255.255.255.0 External",),
        codes=("route-next-hop-unreachable", "no-route-to-peer")),
    Harm("their host has a wrong gateway", "hostB", (
        'interface ip set address name="Local Area Connection" gateway=10.2.0.254',),
        codes=("host-default-gateway-wrong",)),
    Harm("our host thinks everything is near", "hostA", (
        'interface ip set address name="Local Area Connection" source=static addr=10.1.0.10 '
        "mask=255.0.0.0",), codes=("host-default-gateway-wrong",)),
    Harm("our host has no gateway", "hostA", (
        'interface ip delete address name="Local Area Connection" gateway=all',),
        codes=("host-default-gateway-wrong",)),
    Harm("their host has no gateway", "hostB", (
        'interface ip delete address name="Local Area Connection" gateway=all',),
        codes=("host-default-gateway-wrong",)),
    Harm("a router has lost its way", "r2", (
        "routing ip delete persistentroute 192.0.2.0 255.255.255.0 Middle",)),
    Harm("a router does not forward", "r1", ("net stop remoteaccess",)),
    Harm("a link is down", "gwA", ("lab set link transitB state=down",)),
    Harm("ESP is lost one way", "gwA", ("lab add drop link=middle protocol=50 direction=r2",),
         codes=("esp-blocked-ike-passes",)),
    Harm("IKE is lost one way", "gwA", (
        "lab add drop link=transitA protocol=UDP port=500 direction=r1",
        "ipsec dynamic delete sa"), codes=("udp500-blocked-on-path",)),
    Harm("our action lets traffic in unsecured", "gwA",
         (f"ipsec static set filteraction name={ACTION} inpass=yes",), breaks=False,
         codes=("soft-association-allowed", "inpass-allowed")),
    Harm("other objects that nobody uses", "gwA", (
        "ipsec static add filterlist name=spare", "ipsec static add policy name=spare"),
        breaks=False),
)
