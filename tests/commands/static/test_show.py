"""The layouts of show: netsh's fields in netsh's order, tables, and the same as data."""

from collections.abc import Iterator

import pytest

from commands.answer import Cell, Lines
from commands.errors import CommandError
from commands.render import render_text
from commands.run import run_line
from commands.session import Session
from tests.support.article import full_lines

POLICY = """\
Policy Name             : My Policy
Description             : NONE
Last Modified           : 3/17/2004 9:00:00 AM
Assigned                : YES
Master PFS              : NO
Polling Interval        : 180 minutes
"""
FILTERLIST = """\
FilterList Name         : block
Description             : NONE
Store                   : Local Store <gwA>
Last Modified           : 3/17/2004 9:00:00 AM
GUID                    : <guid>
No. of Filters          : 1
"""
FILTER = """\
Filter(s)
---------
Description             : 445
Mirrored                : YES
Source IP Address       : <Any IP Address>
Source Mask             : 0.0.0.0
Source DNS Name         : <Any IP Address>
Destination IP Address  : <My IP Address>
Destination DNS Name    : <My IP Address>
Protocol                : TCP
Source Port             : ANY
Destination Port        : 445
"""
ACTION = """\
FilterAction Name       : FA
Description             : text
Store                   : Local Store <gwA>
Action                  : NEGOTIATE
AllowUnsecure(Fallback) : YES
Inbound Passthrough     : NO
No. of Security Methods : 2
Last Modified           : 3/17/2004 9:00:00 AM
GUID                    : <guid>
"""
METHODS = """\
QMPFS                   : NO
Security Method         : ESP[3DES,SHA1]:100000k/3600s
Security Method         : AH[SHA1]
"""
RULE = """\
Rule Name               : out
Rule ID                 : <guid>
Activated               : YES
Filterlist Name         : block
FilterAction Name       : FA
Tunnel Dest IP Address  : 198.51.100.1
Connection Type         : ALL
Authentication Methods(3)
    Preshared Key       : ********
    Root CA             : CN=CA certmap:yes
    KERBEROS
"""
DEFAULT_RULE = """\
Rule Name               : NONE
Activated               : NO
Filterlist Name         : <Dynamic>
FilterAction Name       : Default Response
Tunnel Dest IP Address  : NONE
Connection Type         : ALL
Authentication Methods(1)
    KERBEROS
"""


@pytest.fixture
def session() -> Iterator[Session]:
    """A session in `ipsec static` with one policy of one rule."""
    one = Session("")
    one.context = ("ipsec", "static")
    for line in ('add policy "My Policy" activatedefaultrule=no assign=yes',
                 "add filter block any me 445 tcp dstport=445",
                 'add filteraction FA text soft=yes qmsec="ESP[3DES,SHA1]:100000k/3600s AH[SHA1]"',
                 'add rule out "My Policy" block FA tunnel=198.51.100.1 psk=hunter2 '
                 'rootca="CN=CA certmap:yes" kerberos=yes'):
        run_line(line, one)
    yield one
    one.close()


def shown(session: Session, line: str) -> str:
    """What a line prints; GUIDs, which change, become <guid>."""
    text = render_text(run_line(line, session), reveal=session.reveal)
    config = session.config
    for guid in (config.policies()[0].guid, config.filterlists()[0].guid,
                 config.filteractions()[0].guid, config.rules("My Policy")[0].guid):
        text = text.replace(guid, "<guid>")
    return text


@pytest.mark.parametrize(("line", "text"), [
    ("show policy all", POLICY + "\nNo. of policies         : 1\n"),
    ('show policy "my policy"', POLICY),
    ("show filterlist all", FILTERLIST + "\nNo. of FilterLists      : 1\n"),
    ("show filterlist block verbose", FILTERLIST + FILTER),
    ("show filterlist all level = Verbose", FILTERLIST + FILTER
     + "\nNo. of FilterLists      : 1\n"),
    ("show filteraction FA", ACTION),
    ("show filteraction all verbose list", ACTION + METHODS + "\nNo. of FilterActions    : 1\n"),
    ('show rule out "My Policy"', RULE),
    ('show rule default "My Policy"', DEFAULT_RULE),
    ('show rule all "My Policy"', RULE + "\n" + DEFAULT_RULE + "\nNo. of Rules            : 2\n"),
    ('show rule all "My Policy" type=tunnel', RULE + "\nNo. of Rules            : 1\n"),
    ('show rule all "My Policy" transport', DEFAULT_RULE + "\nNo. of Rules            : 1\n"),
    ("show store", "Current Store is Local.\n"),
])
def test_lists(session: Session, line: str, text: str) -> None:
    assert shown(session, line) == text


def test_a_verbose_policy_has_everything_inside(session: Session) -> None:
    text = shown(session, "show policy all verbose")
    titles = [line for line in text.splitlines() if line.endswith(" Details")]
    assert titles == ["Rule Details", "FilterList Details", "FilterAction Details",
                      "Rule Details"]
    rule = RULE.replace("Authentication", "Description             : NONE\n"
                        "Last Modified           : 3/17/2004 9:00:00 AM\nAuthentication")
    for part in (rule, FILTERLIST + FILTER, ACTION + METHODS, DEFAULT_RULE,
                 "No. of Rules            : 2\n", "MainMode LifeTime       : 480 minutes\n",
                 "Main Mode Method        : DES-MD5-1\n"):
        assert part in text


def test_tables(session: Session) -> None:
    assert shown(session, "show policy all format=table").splitlines()[2].split() == [
        "My", "Policy", "2", "3/17/2004", "9:00:00", "AM", "YES"]
    lists = shown(session, "show filterlist all format=table").splitlines()
    assert lists[2].split() == ["block", "1"]
    assert shown(session, "show filteraction all format=table").splitlines()[2].split() == [
        "FA", "NEGOTIATE"]
    rules = shown(session, 'show rule all policy="My Policy" format=table').splitlines()
    assert [line.split()[:2] for line in rules[2:]] == [["YES", "out"], ["NO", "NONE"]]


def test_a_verbose_table_of_rules_has_a_line_for_each_filter(session: Session) -> None:
    for command in ('show rule all policy="My Policy" level=verbose format=table wide=yes',
                    "show filterlist all verbose format=table"):
        lines = shown(session, command).splitlines()
        assert [line.split()[:2] for line in lines if line[:3] in ("YES", "NO ")] == [
            ["YES", "445"]]
    rules = shown(session, 'show rule all policy="My Policy" level=verbose format=table')
    assert [line for line in rules.splitlines() if line.startswith("Rule Name :")] == [
        "Rule Name : out", "Rule Name : NONE"]


def test_keys_are_shown_only_when_asked_for(session: Session) -> None:
    for line in ("show all", "show policy all verbose", 'show rule all "My Policy"'):
        assert "hunter2" not in shown(session, line)
        assert "Preshared Key       : hunter2\n" in shown(session, line + " reveal=yes")


def test_show_all_shows_shared_objects_that_no_rule_uses(session: Session) -> None:
    run_line("add filterlist spare", session)
    text = shown(session, "show all")
    assert text.count("FilterList Name         : spare") == 1
    assert text.count("FilterList Name         : block") == 2
    assert "spare" in shown(session, "show all table")


def test_data_is_nested_and_typed(session: Session) -> None:
    (block,) = run_line("show policy all verbose", session).blocks
    assert isinstance(block, Lines) and isinstance(block.data, list)
    (policy,) = block.data
    rule = policy["rules"][0]
    assert rule["tunnel"] == Cell("ip", "198.51.100.1", "198.51.100.1")
    assert [cell.type for cell in rule["auth"]] == ["secret", "text", "enum"]
    assert rule["filterlist"]["filters"][0]["destination_port"] == Cell("port", 445, "445")
    assert policy["default_rule"]["active"] == Cell("yesno", False, "NO")
    assert policy["description"] == Cell("text", None, "NONE")
    text = render_text(run_line("show policy all | json", session))
    assert '"description": null' in text


@pytest.mark.parametrize(("line", "code"), [
    ("show policy all", "IPsec[05072]"), ("show filterlist all", "IPsec[05067]"),
    ("show filteraction all", "IPsec[05068]"), ("show all", "IPsec[05072]"),
    ("show rule all P", "not-found"),
])
def test_an_empty_store_says_so(line: str, code: str) -> None:
    session = Session("")
    with pytest.raises(CommandError) as caught:
        run_line("ipsec static " + line, session)
    assert caught.value.code == code
    session.close()


def test_lists_and_actions_may_be_asked_for_by_the_rule_that_uses_them() -> None:
    session = Session()
    for line in full_lines():
        run_line(line, session)
    run_line("ipsec static add filterlist unused", session)
    for what, name in (("filterlist", "NetA to NetB"),
                       ("filteraction", "IPSec tunnel: ESP DES/MD5")):
        shown = render_text(run_line(f'ipsec static show {what} rule="neta to netb"', session))
        assert name in shown and "unused" not in shown and "NetB to NetA" not in shown
    with pytest.raises(CommandError) as missing:
        run_line("ipsec static show filterlist rule=nobody", session)
    assert (missing.value.code, missing.value.tag) == ("not-found", "rule")
    with pytest.raises(CommandError, match="one is enough"):
        run_line("ipsec static show filterlist all rule=x", session)
