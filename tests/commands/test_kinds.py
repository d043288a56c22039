"""Values: what each kind takes, gives and refuses."""

from typing import Any

import pytest

from commands.arguments import parse_value
from commands.kinds import (
    Address,
    Choice,
    EnableDisable,
    Endpoint,
    Guid,
    Key,
    Mask,
    Number,
    Path,
    Port,
    Protocol,
    Subnet,
    Text,
    YesNo,
)
from commands.methods import MainModeMethods, QuickModeMethods
from commands.names import FilterActionName, InterfaceName, PolicyName, RuleName
from commands.run import run_line
from commands.session import Session
from commands.spec import Kind
from engine.address import Network
from engine.policy.model import ANY, ME, Secret, Side
from engine.suites import MainModeMethod, QuickModeMethod

GUID = "{D239C599-F945-47A3-A4E3-B37BC12826B9}"


@pytest.mark.parametrize(("kind", "text", "value"), [
    (Text(), "", ""), (Text(), "x y", "x y"),
    (YesNo(), "YES", True), (YesNo(), "n", False),
    (EnableDisable(), "en", True), (EnableDisable(), "disable", False),
    (Choice("local", "persistent"), "p", "persistent"),
    (Choice("TCP", "TCP-EST"), "tcp", "TCP"),
    (Number(0, 10), "007", 7),
    (Address(), "10.1.0.1", 0x0A010001), (Address(words={"none": 0}), "NONE", 0),
    (Mask(), "24", 24), (Mask(), "255.255.255.0", 24), (Mask(), "0", 0),
    (Subnet(), "10.1.0.0/24", Network(0x0A010000, 24)),
    (Protocol(), "icmp", 1), (Protocol(), "50", 50), (Protocol(), "u", 17),
    (Port(), "500", 500),
    (Guid(), GUID.lower(), GUID), (Guid(), GUID[1:-1], GUID),
    (Key(), "k", Secret("k")),
    (Path(), "x", "x"),
    (Endpoint(), "Me", ME), (Endpoint(), "any", ANY), (Endpoint(), "dhcp",
                                                      Side("server", 0, 32, "DHCP")),
    (Endpoint(), "10.1.0.1", Side("ip", 0x0A010001, 32)),
    (Endpoint(), "gw.example.com", Side("dns", 0, 32, "gw.example.com")),
    (PolicyName(all=True), "ALL", "all"), (PolicyName(), "all", "all"),
    (PolicyName(all=True), "a", "a"),
    (MainModeMethods(), "3DES-SHA1-2", (MainModeMethod("3DES", "SHA1", 2),)),
    (QuickModeMethods(), "ESP[3DES,SHA1]", (QuickModeMethod("3DES", "SHA1"),)),
])
def test_a_kind_takes_its_values(kind: Kind[Any], text: str, value: object,
                                 session: Session) -> None:
    assert parse_value(kind, text, session) == value


@pytest.mark.parametrize(("kind", "text", "problem"), [
    (Text(limit=3), "four", "at most 3"), (Text(empty=False), " ", "empty"),
    (YesNo(), "", "yes or no"), (YesNo(), "yess", "yes or no"),
    (Choice("drop", "disable"), "d", "ambiguous: drop, disable"),
    (Choice("drop"), "x", "drop"),
    (Number(1, 9), "0", "from 1 to 9"), (Number(), "-1", "whole number"),
    (Number(), "9" * 400, "whole number"), (Number(), "²", "whole number"),
    (Address(), "10.1.0", "IPv4"), (Address(), "1.2.3.4.5", "IPv4"), (Address(), "", "IPv4"),
    (Mask(), "255.0.255.0", "contiguous"), (Mask(), "33", "mask"), (Mask(), "x", "mask"),
    (Subnet(), "10.1.0.1/24", "host bits"),
    (Protocol(), "256", "0 to 255"), (Protocol(), "x", "ICMP"),
    (Port(), "65536", "65535"),
    (Guid(), "{1}", "GUID"), (Guid(), GUID[:-2] + "X}", "GUID"), (Guid(), GUID[1:], "GUID"),
    (Key(), "", "empty"), (Key(), "k" * 1025, "1024"),
    (Path(), "", "file"),
    (Endpoint(), "10.1.0.256", "IPv4"), (Endpoint(), "a/b", "address"), (Endpoint(), "", "address"),
    (PolicyName(), " ", "name"), (PolicyName(), "x" * 256, "255"),
    (MainModeMethods(), "bogus", "must"), (QuickModeMethods(), "ESP[None,None]", "must"),
])
def test_a_kind_refuses_what_is_wrong(kind: Kind[Any], text: str, problem: str,
                                      session: Session) -> None:
    with pytest.raises(ValueError, match=problem):
        parse_value(kind, text, session)


def test_names_are_offered_from_the_store(session: Session) -> None:
    for line in ("add policy name=P", "add filterlist L", "add filteraction F action=permit",
                 "add rule R P L F"):
        run_line("ipsec static " + line, session)
    assert list(PolicyName().complete("", session)) == [("P", "")]
    assert list(PolicyName(all=True).complete("", session)) == [("all", "every policy"),
                                                                ("P", "")]
    assert list(FilterActionName().complete("", session)) == [("F", "permit")]
    assert list(RuleName().complete("", session)) == [("R", "of policy P")]
    assert ("External", "192.0.2.1") in list(InterfaceName().complete("", session))
    assert list(PolicyName(new=True).complete("", session)) == []


def test_a_machine_that_is_gone_offers_nothing(session: Session) -> None:
    session.machine = "nowhere"
    assert list(PolicyName().complete("", session)) == []
