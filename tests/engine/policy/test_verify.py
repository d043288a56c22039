"""Each rule a change must satisfy, with a value it refuses and a neighbour that it lets pass."""

from collections.abc import Callable

import pytest

from engine.address import parse_address
from engine.errors import Refused
from engine.policy import verify, verify_machine
from engine.policy.model import (
    ANY,
    DEFAULT_QUICK_MODE,
    ME,
    AuditSetting,
    AuthMethod,
    DefaultRule,
    Filter,
    FilterAction,
    FilterList,
    Interface,
    Machine,
    Policy,
    Route,
    RrasDefault,
    RrasFilter,
    Rule,
    Secret,
    Side,
)
from engine.suites import QuickModeMethod

P = Policy("P")
R = Rule("r", "P", "L", "A")
FA = FilterAction("A")
F = Filter(Side("ip", 0x0A010000, 24), ANY)
I = Interface("Internal", 0x0A010001, 24)  # noqa: E741
RF = RrasFilter("External", "input")
RT = Route(0x0A020000, 24, "External", 0xC6336401)
DNS = Side("server", 0, 32, "DNS")
KERBEROS = AuthMethod("kerberos")
PSK = AuthMethod("psk", Secret("k"))
NO_ICV = QuickModeMethod("3DES")


def lifetime(kilobytes: int = 0, seconds: int = 0) -> FilterAction:
    return FA._replace(methods=(QuickModeMethod("3DES", "SHA1", "", kilobytes, seconds),))


@pytest.mark.parametrize(("check", "value", "rule"), [
    (verify.policy, P._replace(name=""), "bad-name"),
    (verify.policy, P._replace(name=" \u2003"), "bad-name"),
    (verify.policy, P._replace(name="x" * 256), "bad-name"),
    (verify.policy, P._replace(name=" x"), "bad-name"),
    (verify.policy, P._replace(name="ALL"), "bad-name"),
    (verify.policy, P._replace(name="a\0b"), "bad-text"),
    (verify.policy, P._replace(name="a\nb"), "bad-text"),
    (verify.policy, P._replace(name="a\x1bb"), "bad-text"),
    (verify.policy, P._replace(name="a\x9fb"), "bad-text"),
    (verify.policy, P._replace(name="a\ud800b"), "bad-text"),
    (verify.policy, P._replace(name="a\u2028b"), "bad-text"),
    (verify.policy, P._replace(description="x" * 256), "bad-text"),
    (verify.policy, P._replace(description="a\tb"), "bad-text"),
    (verify.policy, P._replace(qmpermm=-1), "range"),
    (verify.policy, P._replace(qmpermm=1 << 31), "range"),
    (verify.policy, P._replace(mmlifetime=0), "range"),
    (verify.policy, P._replace(mmlifetime=71582789), "range"),
    (verify.policy, P._replace(pollinginterval=0), "range"),
    (verify.policy, P._replace(methods=()), "range"),
    (verify.policy, P._replace(methods=P.methods * 9), "range"),
    (verify.policy, P._replace(default_rule=DefaultRule(methods=())), "range"),
    (verify.policy, P._replace(default_rule=DefaultRule(auth=())), "no-auth"),
    (verify.rule, R._replace(name="default"), "bad-name"),
    (verify.rule, R._replace(description="\x7f"), "bad-text"),
    (verify.rule, R._replace(conntype="wan"), "bad-value"),
    (verify.rule, R._replace(tunnel=0), "tunnel-end"),
    (verify.rule, R._replace(tunnel=0xE0000001), "tunnel-end"),
    (verify.rule, R._replace(tunnel=0xFFFFFFFF), "tunnel-end"),
    (verify.rule, R._replace(tunnel=0x7F000001), "tunnel-end"),
    (verify.rule, R._replace(auth=()), "no-auth"),
    (verify.rule, R._replace(auth=(KERBEROS, PSK, KERBEROS)), "doubled"),
    (verify.rule, R._replace(auth=(PSK, PSK)), "doubled"),
    (verify.rule, R._replace(auth=(AuthMethod("password", "x"),)), "bad-value"),
    (verify.rule, R._replace(auth=(AuthMethod("kerberos", "x"),)), "contradiction"),
    (verify.rule, R._replace(auth=(PSK._replace(certmap=True),)), "contradiction"),
    (verify.rule, R._replace(auth=(PSK._replace(excludecaname=True),)), "contradiction"),
    (verify.rule, R._replace(auth=(AuthMethod("psk", Secret("")),)), "range"),
    (verify.rule, R._replace(auth=(AuthMethod("psk", Secret("x" * 1025)),)), "range"),
    (verify.rule, R._replace(auth=(AuthMethod("psk", Secret("a\0b")),)), "bad-text"),
    (verify.rule, R._replace(auth=(AuthMethod("rootca", ""),)), "range"),
    (verify.rule, R._replace(auth=(AuthMethod("rootca", "a\nb"),)), "bad-text"),
    (verify.rule, R._replace(auth=(AuthMethod("rootca", "a"),) * 33), "range"),
    (verify.filterlist, FilterList("all"), "bad-name"),
    (verify.filter, F._replace(source=Side("ip", 0x0A010005, 24)), "host-bits"),
    (verify.filter, F._replace(destination=Side("dns", 0x0A010005, 24, "x")), "host-bits"),
    (verify.filter, F._replace(source=Side("ip", 1 << 32, 32)), "range"),
    (verify.filter, F._replace(source=Side("ip", 0, 33)), "range"),
    (verify.filter, F._replace(source=Side("net", 0, 0)), "bad-value"),
    (verify.filter, F._replace(source=Side("server", 0, 32, "NTP")), "bad-value"),
    (verify.filter, F._replace(source=DNS), "server-me"),
    (verify.filter, F._replace(destination=DNS), "server-me"),
    (verify.filter, F._replace(source=ME, destination=ME), "contradiction"),
    (verify.filter, F._replace(protocol=256), "range"),
    (verify.filter, F._replace(protocol=6, source_port=65536), "range"),
    (verify.filter, F._replace(protocol=17, destination_port=-1), "range"),
    (verify.filter, F._replace(source_port=80), "ports"),
    (verify.filter, F._replace(protocol=1, destination_port=8), "ports"),
    (verify.filteraction, FA._replace(name=""), "bad-name"),
    (verify.filteraction, FA._replace(action="drop"), "bad-value"),
    (verify.filteraction, FA._replace(methods=()), "range"),
    (verify.filteraction, FA._replace(methods=(NO_ICV,)), "no-integrity"),
    (verify.filteraction, lifetime(kilobytes=20479), "range"),
    (verify.filteraction, lifetime(kilobytes=2147483648), "range"),
    (verify.filteraction, lifetime(seconds=299), "range"),
    (verify.filteraction, lifetime(seconds=172800), "range"),
    (verify.filteraction, FA._replace(action="block", soft=True), "contradiction"),
    (verify.filteraction, FA._replace(action="permit", inpass=True), "contradiction"),
    (verify.filteraction, FA._replace(action="permit", qmpfs=True), "contradiction"),
    (verify_machine.machine, Machine("m", "firewall"), "bad-value"),
    (verify_machine.interface, I._replace(name=""), "bad-name"),
    (verify_machine.interface, I._replace(address=-1), "range"),
    (verify_machine.interface, I._replace(prefix=33), "range"),
    (verify_machine.interface, I._replace(mtu=67), "range"),
    (verify_machine.interface, I._replace(gateway=0), "range"),
    (verify_machine.interface, I._replace(mac="\n"), "bad-text"),
    (verify_machine.rras_filter, RF._replace(direction="dial"), "bad-value"),
    (verify_machine.rras_filter, RF._replace(source=1), "host-bits"),
    (verify_machine.rras_filter, RF._replace(destination=1), "host-bits"),
    (verify_machine.rras_filter, RF._replace(source_prefix=33), "range"),
    (verify_machine.rras_filter, RF._replace(source_port=1), "ports"),
    (verify_machine.rras_filter, RF._replace(protocol=1, source_port=256), "range"),
    (verify_machine.rras_filter, RF._replace(protocol=17, established=True), "contradiction"),
    (verify_machine.rras_default, RrasDefault("External", "both"), "bad-value"),
    (verify_machine.rras_default, RrasDefault("External", "input", "reject"), "bad-value"),
    (verify_machine.route, RT._replace(destination=0x0A020001), "host-bits"),
    (verify_machine.route, RT._replace(prefix=33), "range"),
    (verify_machine.route, RT._replace(metric=0), "range"),
    (verify_machine.route, RT._replace(metric=10000), "range"),
    (verify_machine.route, RT._replace(view="all"), "bad-value"),
    (verify_machine.audit, AuditSetting("network"), "bad-value"),
])
def test_what_is_refused(check: Callable[[object], object], value: object, rule: str) -> None:
    with pytest.raises(Refused) as caught:
        check(value)
    assert caught.value.rule == rule


@pytest.mark.parametrize(("check", "value"), [
    (verify.policy, P._replace(name="x" * 255, description="x" * 255)),
    (verify.policy, P._replace(name="Política \"ä\" 策略 ${x} \\' #")),
    (verify.policy, P._replace(qmpermm=0, mmlifetime=71582788, pollinginterval=1)),
    (verify.rule, R._replace(name="all of it", tunnel=parse_address("198.51.100.1"))),
    (verify.rule, R._replace(auth=(KERBEROS, PSK, AuthMethod("rootca", "CN=\"A, B\"")))),
    (verify.filterlist, FilterList("default")),
    (verify.filter, F._replace(source=ME, destination=DNS)),
    (verify.filter, F._replace(source=DNS, destination=ME)),
    (verify.filter, F._replace(source=ANY, destination=ANY)),
    (verify.filter, F._replace(protocol=6, source_port=65535, destination_port=1)),
    (verify.filter, F._replace(protocol=255)),
    (verify.filteraction, lifetime(20480, 300)),
    (verify.filteraction, lifetime(2147483647, 172799)),
    (verify.filteraction, FA._replace(qmpfs=True, inpass=True, soft=True)),
    (verify.filteraction, FA._replace(action="block", methods=DEFAULT_QUICK_MODE)),
    (verify_machine.machine, Machine("ÄÖ", "router")),
    (verify_machine.interface, I._replace(mtu=68, gateway=None)),
    (verify_machine.rras_filter, RF._replace(protocol=6, established=True, source_port=25)),
    (verify_machine.rras_filter, RF._replace(protocol=1, source_port=255, destination_port=255)),
    (verify_machine.route, RT._replace(gateway=0, metric=9999)),
])
def test_what_passes(check: Callable[[object], object], value: object) -> None:
    check(value)


def test_a_refused_key_is_not_in_the_message() -> None:
    with pytest.raises(Refused) as caught:
        verify.rule(R._replace(auth=(AuthMethod("psk", Secret("hunter2\n")),)))
    assert "hunter2" not in str(caught.value) + repr(caught.value.__dict__)
