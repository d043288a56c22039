"""eventlog show: the events of IKE in the layout of the message table, values typed."""

import re

import pytest

from commands.answer import Cell
from commands.run import run_line
from commands.session import Session
from commands.tools.eventlog import typed_line
from tests.support.typing import answer, data, refused, text, tunnel

QUICK_MODE = """\
Event Type:     Success Audit
Event Source:   Security
Event Category: Logon/Logoff
Event ID:       541
Date:           3/17/2004
Time:           9:00:00 AM
User:           NT AUTHORITY\\SYSTEM
Computer:       gwA
Description:
IKE security association established.
Mode:
Data Protection Mode (Quick Mode)
Peer Identity:
Preshared key ID.
Peer IP Address: 198.51.100.1
Filter:
Source IP Address 10.1.0.0
Source IP Address Mask 255.255.255.0
Destination IP Address 10.2.0.0
Destination IP Address Mask 255.255.255.0
Protocol 0
Source Port 0
Destination Port 0
Parameters:
ESP Algorithm  DES CBC
HMAC Algorithm  MD5
AH Algorithm  None
Encapsulation  Tunnel Mode
InboundSpi  <spi>
OutBoundSpi  <spi>
Lifetime (sec)  3600
Lifetime (kb)  100000

No. of events : 1
"""


def test_event_541_of_the_quick_mode_has_each_value_on_its_line() -> None:
    shown = text(tunnel(), "eventlog show id=541 last=1")
    assert re.sub(r"[0-9]+ \(0x[0-9a-f]+\)", "<spi>", shown) == QUICK_MODE


def test_id_and_last_select_events() -> None:
    session = tunnel()
    assert [one["id"] for one in data(session, "eventlog show")] == [541, 541]
    assert len(data(session, "eventlog show last=1")) == 1
    run_line("net stop policyagent", session)
    assert {one["id"] for one in data(session, "eventlog show")} == {541, 542, 543}
    assert all(one["id"] == 542 for one in data(session, "eventlog show id=542"))


def test_a_failed_negotiation_is_a_failure_audit() -> None:
    session = tunnel()
    run_line('ipsec static set rule name="NetA to NetB" '
             'policy="IPSec tunnel with third-party gateway" psk=wrong', session)
    run_line('ipsec static set rule name="NetB to NetA" '
             'policy="IPSec tunnel with third-party gateway" psk=wrong', session)
    session.machine = "hostA"
    run_line("ping -n 70 hostB", session)
    session.machine = "gwA"
    failures = [one for one in data(session, "eventlog show") if not one["success"]]
    assert failures
    assert "Event Type:     Failure Audit\n" in text(session, "eventlog show last=5")
    assert "wrong" not in text(session, "eventlog show")


def test_an_empty_log_without_auditing_says_how_to_enable_it() -> None:
    said = answer(Session(), "eventlog show id=541")
    (warning,) = said.warnings
    assert (warning.code, warning.fix) == ("AUDIT-OFF", "auditpol /enable /logon:all /object:all")
    assert text(Session(), "eventlog show id=541") == (
        "There are no events with ID 541 in the log of gwA.\n")
    assert data(Session(), "eventlog show") == []


def test_an_empty_log_with_auditing_is_just_empty() -> None:
    session = Session()
    run_line("auditpol /enable /logon:all", session)
    assert answer(session, "eventlog show").warnings == ()
    assert text(session, "eventlog show") == "There are no events in the log of gwA.\n"


LINES = [
    ("Source IP Address 10.1.0.0", "", "ip", "10.1.0.0"),
    ("Source IP Address Mask 255.255.255.0", "", "mask", "255.255.255.0"),
    ("Peer IP Address: 198.51.100.1", "", "ip", "198.51.100.1"),
    ("InboundSpi  258 (0x102)", "", "spi", "0x00000102"),
    ("258", "Inbound SPI", "spi", "0x00000102"),
    ("258 (0x102)", "Outbound SPI", "spi", "0x00000102"),
    ("Lifetime (kb)  100000", "", "int", 100000),
    ("Destination Port 500", "", "port", 500),
]


@pytest.mark.parametrize(("line", "heading", "kind", "value"), LINES)
def test_a_value_behind_a_known_label_is_typed(line: str, heading: str, kind: str,
                                               value: object) -> None:
    cell = typed_line(line, heading)[-1]
    assert isinstance(cell, Cell)
    assert (cell.type, cell.value) == (kind, value)


@pytest.mark.parametrize("line", ["Preshared key ID.", "Source IP Address me", "InboundSpi  x",
                                  "Source IP Addresses 1", ""])
def test_other_lines_stay_words(line: str) -> None:
    assert typed_line(line, "") == (line,)
    assert typed_line("soon", "Inbound SPI") == ("soon",)


@pytest.mark.parametrize("words", ["id=abc", "id=70000", "last=0", "541 1 2", "newest=1"])
def test_a_wrong_selection_is_refused(words: str) -> None:
    assert refused(Session(), "eventlog show " + words).exit == 2
