"""Trouble made up to mislead a diagnosis: on the path, in the middle of exchanges, while it is up.

Each names what both views may say. A view that cannot know says UNKNOWN with the truth among its
candidates.
"""

from collections.abc import Callable
from typing import NamedTuple

from commands.session import Session
from tests.support.article import POLICY
from tests.support.faulty import healthy
from tests.support.harm import ACTION, BACK, OUT, THEIRS
from tests.support.variant import VARIANTS

LAN = 'name="Local Area Connection"'
AFRESH = (("gwA", "ipsec dynamic delete sa"), ("gwB", "ipsec dynamic delete sa"))
SHAPES = {one.name: one.make for one in VARIANTS}


class Trial(NamedTuple):
    """`lines` are (machine, line); `both` is the code named first with both ends in view ("" for
    nothing wrong), `alone` what one end may name or count among its candidates."""

    name: str
    lines: tuple[tuple[str, str], ...]
    both: str
    alone: tuple[str, ...] = ()
    make: Callable[[], Session] = healthy


def _link(**harm: str) -> tuple[str, str]:
    words = " ".join(f"{name}={value}" for name, value in harm.items())
    return "gwA", f"lab set link middle {words}"


def _drop(words: str) -> tuple[str, str]:
    return "gwA", f"lab add drop link=middle {words}"


def _host(machine: str, words: str) -> tuple[str, str]:
    return machine, f"interface ip set address {LAN} source=static {words}"


def _key(machine: str, policy: str) -> tuple[tuple[str, str], ...]:
    return tuple((machine, f'ipsec static set rule {rule} policy="{policy}" psk=another-key')
                 for rule in (OUT, BACK))


def _lost(message: str, *alone: str, both: str = "ike-message-lost") -> Trial:
    return Trial(f"{message} is always lost", (_drop(f"message={message}"), *AFRESH), both, alone)


GATEWAY = "host-default-gateway-wrong"
MESSAGE, ALTERED, KEY = "ike-message-lost", "packets-altered-on-path", "psk-mismatch"

TRIALS = (
    Trial("every packet is altered", (_link(corrupt="100%"), *AFRESH), ALTERED, (ALTERED,)),
    Trial("every packet is altered, the tunnel being up", (_link(corrupt="100%"),), ALTERED,
          (ALTERED,)),
    Trial("some packets are altered", (_link(corrupt="30%"),), ALTERED, (ALTERED,)),
    _lost("MM1", MESSAGE, "udp500-blocked-on-path", both="udp500-blocked-on-path"),
    _lost("MM2", MESSAGE, "udp500-blocked-on-path", both="udp500-blocked-on-path"),
    _lost("MM3", MESSAGE), _lost("MM4", MESSAGE), _lost("MM5", KEY), _lost("MM6", KEY),
    _lost("QM1", MESSAGE), _lost("QM2", MESSAGE), _lost("QM3", MESSAGE),
    Trial("their host has a narrow mask and a wrong gateway",
          (_host("hostB", "addr=10.2.0.10 mask=255.255.255.252 gateway=10.2.0.9"),), GATEWAY,
          (GATEWAY,)),
    Trial("their host has a narrow mask",
          (_host("hostB", "addr=10.2.0.10 mask=255.255.255.252 gateway=10.2.0.1"),), GATEWAY,
          (GATEWAY,)),
    Trial("our host has a narrow mask and a wrong gateway",
          (_host("hostA", "addr=10.1.0.10 mask=255.255.255.252 gateway=10.1.0.9"),), GATEWAY,
          ("near-host-unreachable",)),
    Trial("our host has an address of another network",
          (_host("hostA", "addr=10.9.0.10 mask=255.255.255.0 gateway=10.9.0.1"),),
          "host-address-wrong", ("host-address-wrong",)),
    Trial("two packets in three are lost", (_link(loss="60%"),), "path-loss", ("path-loss",)),
    Trial("packets come twice", (_link(duplicate="100%"),), "packets-duplicated-on-path",
          ("packets-duplicated-on-path",)),
    Trial("the path takes two seconds", (_link(delay="2s"), *AFRESH), "path-slow",
          ("path-slow",)),
    Trial("ESP is lost where echoes are as well", (_drop("protocol=1"), _drop("protocol=50")),
          "esp-blocked-ike-passes", ("esp-blocked-ike-passes",)),
    Trial("nothing comes back", (_drop("direction=r2"), *AFRESH), "path-down", ("path-down",)),
    Trial("only echoes in the clear are lost", (_drop("protocol=1"),), ""),
    Trial("messages of IKE are too long for the path",
          (("gwA", "lab set link transitB mtu=120"), *AFRESH), "pmtu-blackhole",
          ("pmtu-blackhole",)),
    Trial("a message with certificates is too long for the path",
          (_link(mtu="1000"), *AFRESH), "pmtu-blackhole", ("pmtu-blackhole",),
          SHAPES["certificates"]),
    Trial("behind a NAT UDP 4500 is lost", (_drop("protocol=UDP port=4500"), *AFRESH),
          "udp4500-blocked-on-path", ("udp4500-blocked-on-path",), SHAPES["NAT with NAT-T"]),
    Trial("behind a NAT traversal is switched off",
          (("gwA", "ipsec dynamic set config natt no"), *AFRESH), "nat-in-path-no-natt",
          ("nat-in-path-no-natt",), SHAPES["NAT with NAT-T"]),
    Trial("their certificate is over", (("gwB", "lab issue certificate gwB state=expired"),
                                        *AFRESH), "cert-expired-or-not-yet-valid",
          ("cert-expired-or-not-yet-valid",), SHAPES["certificates"]),
    Trial("our certificate is from the future", (("gwA", "lab issue certificate gwA state=future"),
                                                 *AFRESH), "cert-expired-or-not-yet-valid",
          ("cert-expired-or-not-yet-valid",), SHAPES["certificates"]),
    Trial("they use a key and we use certificates",
          (*(("gwB", f'ipsec static set rule {rule} policy="{THEIRS}" psk=kb252735')
             for rule in (OUT, BACK)), *AFRESH), "auth-method-mismatch",
          ("auth-method-mismatch",), SHAPES["certificates"]),
    Trial("they want PFS from the next negotiation on",
          (("gwB", 'ipsec static set filteraction name="Tunnel security" qmpfs=yes'),),
          "pfs-mismatch", ("pfs-mismatch",)),
    Trial("they change the key while the tunnel is up", _key("gwB", THEIRS), KEY, (KEY,)),
    Trial("the key is wrong and nothing is logged",
          (("gwA", "auditpol /disable"), *_key("gwA", POLICY)), KEY, (KEY,)),
    Trial("the second tunnel has no way back at their end",
          (("gwB", 'ipsec static delete filter filterlist="second back" srcaddr=10.1.0.0 '
                   "srcmask=24 dstaddr=10.3.0.0 dstmask=24"),), "filter-misses-traffic", (),
          SHAPES["two tunnels"]),
    Trial("the other gateway loses its memory", (("gwA", "lab restart gwB boot=1s"),),
          "stale-sa-after-peer-reboot", ("stale-sa-after-peer-reboot",)),
    Trial("we lose our memory", (("gwA", "lab restart gwA boot=1s"),), ""),
    Trial("the other gateway has moved", (
        ("gwB", "interface ip set address name=External source=static addr=198.51.100.2 "
                "mask=255.255.255.0 gateway=198.51.100.254"),), "wrong-tunnel-endpoint",
          ("wrong-tunnel-endpoint",)),
    Trial("our gateway has moved inside", (
        ("gwA", "interface ip set address name=Internal source=static addr=10.1.0.2 "
                "mask=255.255.255.0"),), GATEWAY, (GATEWAY,)),
    Trial("a router has lost our network", (
        ("r2", "routing ip delete persistentroute 192.0.2.0 255.255.255.0 Middle"), *AFRESH),
          "router-has-no-route", ("path-down",)),
    Trial("the path is slow by chance", (_link(jitter="3s"), *AFRESH), "path-slow", ("path-slow",)),
    Trial("our identity is another", (
        ("gwA", "ipsec dynamic set config property=localid value=me.example.com"), *AFRESH),
          "peer-identity-mismatch", ("peer-identity-mismatch",)),
    Trial("they use Kerberos from the next negotiation on", (
        *(("gwB", f'ipsec static set rule {rule} policy="{THEIRS}" kerberos=yes')
          for rule in (OUT, BACK)), *AFRESH), "auth-method-unusable", ("auth-method-unusable",)),
    Trial("their suites are AH only", (
        ("gwB", 'ipsec static set filteraction name="Tunnel security" qmsecmethods="AH[SHA1]"'),
        *AFRESH), "phase2-proposal-mismatch", ("phase2-proposal-mismatch",)),
    Trial("their fence passes IKE and not the networks", (
        ("gwB", "routing ip set filter External input drop"),
        ("gwB", "routing ip add filter External input 192.0.2.1 255.255.255.255 198.51.100.1 "
                "255.255.255.255 any")), "rras-input-filter-missing-netb-neta",
          ("rras-input-filter-missing-netb-neta",)),
    Trial("their fence lets no echo in in the clear", (
        ("gwB", "routing ip set filter External input drop"),
        ("gwB", "routing ip add filter External input 10.1.0.0 255.255.255.0 10.2.0.0 "
                "255.255.255.0 any"),
        ("gwB", "routing ip add filter External input 192.0.2.1 255.255.255.255 198.51.100.1 "
                "255.255.255.255 any")), ""),
    Trial("a router's link is narrow and nothing says so", (
        ("r1", "interface ip set subinterface interface=Middle mtu=1000"),), "pmtu-blackhole",
          ("pmtu-blackhole",)),
    Trial("UDP 500 is lost when we start again", (
        _drop("protocol=UDP port=500"), ("gwA", "lab restart gwA boot=1s")),
          "udp500-blocked-on-path", ("udp500-blocked-on-path",)),
    Trial("their host has their gateway's address", (
        _host("hostB", "addr=10.2.0.1 mask=255.255.255.0 gateway=10.2.0.1"),),
          "host-address-wrong", ()),
    Trial("their gateway has moved inside", (
        ("gwB", "interface ip set address name=Internal source=static addr=10.2.0.2 "
                "mask=255.255.255.0"),), GATEWAY, (GATEWAY,)),
    Trial("they take the policy off", (
        ("gwB", f'ipsec static set policy name="{THEIRS}" assign=no'),), "policy-not-assigned",
          ("policy-not-assigned",)),
    Trial("clear traffic is allowed and they are gone", (
        ("gwA", f"ipsec static set filteraction name={ACTION} soft=yes"),
        ("gwB", "net stop policyagent"), AFRESH[0]), "soft-association-allowed",
          ("soft-association-allowed",)),
)
