"""ipsec dynamic: policies and rules of the running machine, which the store never sees."""

import pytest

from commands.run import run_line
from commands.session import Session
from tests.support.typing import data, refused, text, type_article

KEY = "kb252735"
MAIN = 'add mmpolicy name=mmp qmpermm=10 mmlifetime=300 softsa=20 mmsec="3DES-SHA1-2"'
QUICK = 'add qmpolicy name=qmp qmsec="ESP[DES,MD5]"'
TUNNEL = (
    MAIN, QUICK,
    "add rule srcaddr=10.1.0.0 dstaddr=10.2.0.0 mmpolicy=mmp qmpolicy=qmp mirrored=no "
    f"srcmask=24 dstmask=24 tunneldst=198.51.100.1 psk={KEY}",
    "add rule srca=10.2.0.0 dsta=10.1.0.0 mmp=mmp qmp=qmp mir=no srcmask=24 dstmask=24 "
    f"tunneldst=192.0.2.1 psk={KEY}",
)
ROUTE = ("routing ip add persistentroute 10.2.0.0 255.255.255.0 External 198.51.100.1",)


def typed(*lines: str) -> Session:
    session = Session()
    for line in ROUTE:
        run_line(line, session)
    for line in lines:
        run_line("ipsec dynamic " + line, session)
    return session


def ping(session: Session) -> int:
    machine, session.machine = session.machine, "hostA"
    try:
        return run_line("ping -n 4 hostB", session).exit
    finally:
        session.machine = machine


def test_the_articles_tunnel_can_be_made_of_live_rules_alone() -> None:
    session = typed(*TUNNEL)
    before = session.store.generation()
    assert ping(session) == 0
    sas = data(session, "ipsec dynamic show qmsas")
    assert len(sas) >= 1
    assert "3DES/SHA1/2" in text(session, "ipsec dynamic show mmsas")
    assert session.store.generation() == before and session.config.policies() == ()


def test_live_edits_vanish_with_the_policy_agent() -> None:
    session = typed(*TUNNEL)
    for line in ("net stop policyagent", "net start policyagent"):
        run_line(line, session)
    assert not session.lab.hosts["gwA"].spd.entries
    assert data(session, "ipsec dynamic show rule") == []
    assert data(session, "ipsec dynamic show qmpolicy all") == []


def test_a_stored_policy_and_live_rules_are_in_force_together() -> None:
    session = Session()
    type_article(session)
    host = session.lab.hosts["gwA"]
    stored = set(host.spd.entries)
    run_line("ipsec dynamic add qmpolicy web pfsgroup=GRP2", session)
    policy = session.config.policies()[0].name
    run_line(f'ipsec dynamic add rule me 192.0.2.99 "{policy}" web TCP dstport=80 psk=x', session)
    assert stored < set(host.spd.entries) and len(host.spd.entries) == len(stored) + 4
    run_line("ipsec static add policy Other", session)
    assert len(host.spd.entries) == len(stored) + 4
    assert ping(session) == 0
    run_line("ipsec dynamic delete all", session)
    assert set(host.spd.entries) == stored
    assert len(data(session, "ipsec dynamic show qmsas")) >= 1


def test_each_direction_may_have_its_own_action() -> None:
    session = typed(MAIN, "add rule me any mmp protocol=UDP dstport=69 actioninbound=block "
                          "actionoutbound=permit")
    assert {(one.direction, one.action) for one in session.lab.hosts["gwA"].spd.entries} == {
        ("inbound", "block"), ("outbound", "permit")}


def test_pfs_of_a_live_policy_names_its_own_group() -> None:
    session = typed(MAIN, "add qmpolicy q pfsgroup=GRP3", "add rule me 192.0.2.99 mmp q psk=x")
    host = session.lab.hosts["gwA"]
    entry = next(one for one in host.spd.entries if one.direction == "outbound")
    assert host.agent.wanted(entry, entry.source.address, 0xC0000263).pfs_group == 14
    run_line("ipsec dynamic set qmpolicy q pfsgroup=GRPMM", session)
    assert host.agent.wanted(entry, entry.source.address, 0xC0000263).pfs_group == 2


def test_set_changes_what_was_given_and_keeps_the_rest() -> None:
    session = typed(MAIN, QUICK, "add rule me 192.0.2.99 mmp qmp psk=x",
                    "set mmpolicy mmp mmlifetime=60", "set qmpolicy qmp soft=yes",
                    "set rule me 192.0.2.99 actioninbound=permit actionoutbound=permit")
    main, quick, rule = session.lab.hosts["gwA"].live
    assert (main[0].mmlifetime, main[0].qmpermm) == (60, 10)
    assert quick[0].soft and quick[0].pfsgroup == "NOPFS"
    assert (rule[0].inbound, rule[0].main) == ("permit", "mmp")
    assert "Preshared Key" in text(session, "ipsec dynamic show rule")
    for line in ("delete rule me 192.0.2.99", "delete qmpolicy all", "delete mmpolicy mmp"):
        run_line("ipsec dynamic " + line, session)
    assert session.lab.hosts["gwA"].live == ((), (), ())


REFUSED = [
    (MAIN, "name-taken"), (QUICK, "name-taken"),
    ("add rule me 192.0.2.99 nobody", "not-found"),
    ("add rule me 192.0.2.99 mmp nothing", "not-found"),
    ("add rule me 198.51.100.7 mmp", "exists"),
    ("add rule me 192.0.2.99 mmp dstport=80", "contradiction"),
    ("add rule me me mmp", "contradiction"),
    ("add rule gwA 10.9.0.1 mmp", "ambiguous"),
    ("set rule me 192.0.2.99 mmpolicy=mmp", "not-found"),
    ("set rule me 198.51.100.7 mmpolicy=none", "not-found"),
    ("set mmpolicy none mmlifetime=1", "not-found"),
    ("set qmpolicy none soft=yes", "not-found"),
    ("delete rule me 198.51.100.7 mirrored=no", "not-found"),
    ("delete mmpolicy mmp", "in-use"), ("delete mmpolicy all", "in-use"),
    ("delete qmpolicy qmp", "in-use"), ("delete qmpolicy none", "not-found"),
    ("show mmpolicy none", "not-found"), ("show qmpolicy none", "not-found"),
]


@pytest.mark.parametrize(("line", "code"), REFUSED)
def test_what_is_missing_taken_or_in_use_is_refused(line: str, code: str) -> None:
    session = typed(MAIN, QUICK, "add rule me 198.51.100.7 mmp qmp psk=x")
    before = session.lab.hosts["gwA"].live
    assert refused(session, "ipsec dynamic " + line).code == code
    assert session.lab.hosts["gwA"].live == before


def test_nothing_is_added_while_the_policy_agent_is_stopped() -> None:
    session = typed()
    run_line("net stop policyagent", session)
    assert refused(session, "ipsec dynamic " + MAIN).code == "agent-stopped"


def test_deleted_associations_are_negotiated_anew(up: Session) -> None:
    session = typed(*TUNNEL)
    assert ping(session) == 0
    run_line("ipsec dynamic delete sa", session)
    assert data(session, "ipsec dynamic show qmsas") == []
    assert len(session.lab.hosts["gwA"].live.rules) == 2
    assert ping(session) == 0


def test_all_is_shown_without_a_key(up: Session) -> None:
    shown = text(up, "ipsec dynamic show all")
    for part in ("Mainmode Policy Name", "Main Mode Filters: Generic", "Quick Mode Filters",
                 "IKE Statistics"):
        assert part in shown
    assert KEY not in shown and KEY not in text(typed(*TUNNEL), "ipsec dynamic show rule")


def test_a_mirrored_filter_is_one_generic_and_two_specific() -> None:
    session = typed(MAIN, "add rule 10.1.0.0/24 10.9.0.0/24 mmp psk=x")
    assert len(data(session, "ipsec dynamic show qmfilter type=generic")) == 1
    assert len(data(session, "ipsec dynamic show qmfilter")) == 4


@pytest.mark.parametrize("line", ["show mmpolicy all", "show qmpolicy all",
                                  "show rule type=tunnel", MAIN, QUICK])
def test_examples_run(line: str) -> None:
    run_line("ipsec dynamic " + line, typed())
