"""ipsec dynamic set config and show config, and what the settings do."""

import pytest

from commands.dynamic.config import PROPERTIES
from commands.run import run_line
from commands.session import Session
from tests.support.typing import data, refused, text, type_article, warned

SHOWN = """\
IPsec Configuration Parameters
------------------------------
IPsecDiagnostics            : 0
IKElogging                  : 0
StrongCRLCheck              : 1
IPsecloginterval            : 60
IPsecexempt                 : 0
Boot Mode                   : permit
Boot Mode Exemptions        : none
NAT Traversal               : yes
Dead Peer Detection(s)      : 30
Commit Bit                  : no
Outer DF                    : copy
Fragmentation               : after
Replay Window               : 64
Own Identity                :
Peer's Identity             :
ESP Offload                 : no
Packets Held                : 1
"""

TAKEN = [
    ("ipsecdiagnostics", "7", "7"), ("ipsecloginterval", "86400", "86400"),
    ("ipsecexempt", "3", "3"), ("bootmode", "BLOCK", "block"), ("strongcrlcheck", "2", "2"),
    ("bootexemptions", '"tcp:0:3389:inbound udp:53:0:outbound"',
     "TCP:0:3389:inbound UDP:53:0:outbound"), ("ikelogging", "0", "0"), ("natt", "no", "no"),
    ("dpd", "0", "0"), ("commit", "YES", "yes"), ("outerdf", "clear", "clear"),
    ("fragmentation", "before", "before"),
    ("replaywindow", "1024", "1024"), ("holdpackets", "32", "32"),
    ("localid", "gw.example.com", "gw.example.com"),
    ("remoteid", "me@example.com", "me@example.com"),
    ("natt", "force", "force"), ("offload", "KERNEL", "kernel"),
]
REFUSED = [
    ("ipsecdiagnostics", "8"), ("ipsecloginterval", "59"), ("ipsecloginterval", "86401"),
    ("ipsecexempt", "4"), ("ipsecexempt", "-1"), ("bootmode", "open"), ("strongcrlcheck", "3"),
    ("bootexemptions", "tcp:1:2"), ("natt", "maybe"),
    ("dpd", "3601"), ("commit", "x"), ("outerdf", "x"), ("fragmentation", "x"),
    ("replaywindow", "31"),
    ("holdpackets", "33"), ("localid", '"two words"'), ("remoteid", "a@b@c"),
    ("offload", "yes"),
]


def test_the_defaults_are_shown() -> None:
    assert text(Session(), "ipsec dynamic show config") == SHOWN


@pytest.mark.parametrize(("name", "typed", "stored"), TAKEN)
def test_a_value_is_stored_shown_and_dumped(name: str, typed: str, stored: str) -> None:
    session = Session()
    run_line(f"ipsec dynamic set config property={name} value={typed}", session)
    assert data(session, "ipsec dynamic show config")[name] == stored
    again = Session()
    again.config.set_setting(name, stored)
    for line in text(session, "dump").splitlines():
        if "set config" in line:
            run_line("ipsec dynamic " + line.strip(), again)
    assert "set config" in text(session, "dump")
    assert again.config.digest() == session.config.digest()


def test_every_property_is_tried() -> None:
    assert {name for name, *_ in TAKEN} == {one.name for one in PROPERTIES}


@pytest.mark.parametrize(("name", "typed"), REFUSED)
def test_what_is_not_honoured_is_refused_by_name(name: str, typed: str) -> None:
    session = Session()
    mistake = refused(session, f"ipsec dynamic set config {name} {typed}")
    assert (mistake.code, mistake.exit) == ("bad-value", 2)
    assert name in str(mistake) and "must be" in str(mistake)
    assert session.config.settings() == ()


def test_a_log_that_is_not_written_is_taken_with_a_warning() -> None:
    session = Session()
    answer = run_line("ipsec dynamic set config ikelogging 1", session)
    assert [one.code for one in answer.warnings] == ["NO-OAKLEY-LOG"]
    assert session.config.settings() == (("ikelogging", "1"),)
    assert run_line("ipsec dynamic set config ikelogging 0", session).warnings == ()


def test_boot_mode_is_stateful_where_a_policy_is_assigned() -> None:
    session = Session()
    type_article(session)
    assert data(session, "ipsec dynamic show config")["bootmode"] == "stateful"


@pytest.mark.parametrize(("line", "codes"), [
    ("ipsecexempt 0", ["EXEMPT-KERBEROS"]), ("ipsecexempt 1", []), ("ipsecexempt 3", []),
    ("bootmode permit", ["BOOT-PERMIT"]), ("bootmode block", [])])
def test_permissive_values_are_warned_of(line: str, codes: list[str]) -> None:
    assert warned(Session(), "ipsec dynamic set config " + line) == codes


def test_diagnostics_log_dropped_packets_of_the_wanted_direction() -> None:
    session = Session()
    run_line("ipsec dynamic set config ipsecdiagnostics 4", session)
    run_line("set machine hostA", session)
    run_line("ping -n 2 hostB", session)
    run_line("set machine gwA", session)
    shown = text(session, "eventlog show last=1")
    assert "The IPSec driver dropped an outbound packet." in shown
    assert "no-route: No route leads to the destination." in shown
    run_line("ipsec dynamic set config ipsecdiagnostics 2", session)
    before = len(session.lab.hosts["gwA"].log)
    run_line("set machine hostA", session)
    run_line("ping -n 1 hostB", session)
    assert len(session.lab.hosts["gwA"].log) == before


def test_at_most_a_hundred_packets_an_interval_are_logged() -> None:
    session = Session()
    run_line("ipsec dynamic set config ipsecdiagnostics 7", session)
    run_line("set machine hostA", session)
    host = session.lab.hosts["gwA"]
    for _ in range(110):
        session.lab.ping("hostA", session.lab.hosts["hostB"].source_for(0), timeout=0.1)
    assert sum(one.title.startswith("The IPSec driver dropped") for one in host.log) == 100


def test_the_drops_are_part_of_the_statistics() -> None:
    session = Session()
    assert text(session, "ipsec dynamic show stats type=drops") == (
        "Drops\n-----\nNo packet was dropped.\n")
    run_line("set machine hostA", session)
    run_line("ping -n 2 hostB", session)
    run_line("set machine gwA", session)
    assert data(session, "ipsec dynamic show stats type=drops") == [
        {"name": "no-route", "count": 2, "meaning": "No route leads to the destination."}]
    assert "no-route" in text(session, "ipsec dynamic show stats")
    assert "Drops" not in text(session, "ipsec dynamic show stats type=ike")


def test_a_restart_is_a_command() -> None:
    session = Session()
    assert text(session, "lab restart gwB boot=30s") == (
        "gwB restarts; its policy is in force in 30s.\n")
    assert not session.lab.hosts["gwB"].agent_running
    run_line("lab run 30s", session)
    assert session.lab.hosts["gwB"].agent_running
    assert refused(session, "lab restart nobody").code == "not-found"
