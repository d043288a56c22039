"""auditpol reads both of Windows' grammars and shows what is in force."""

import pytest

from commands.parser import complete
from commands.session import Session
from engine.policy.model import AuditSetting
from tests.support.typing import answer, data, refused, text

BARE = """Running ...

(0) Audit Disabled

AuditCategorySystem            = No
AuditCategoryLogon             = No
AuditCategoryObjectAccess      = No
AuditCategoryPrivilegeUse      = No
AuditCategoryDetailedTracking  = No
AuditCategoryPolicyChange      = No
AuditCategoryAccountManagement = No
AuditCategoryDirectoryService  = No
AuditCategoryAccountLogon      = No
"""
LOGON_ALL = AuditSetting("logon", True, True)


@pytest.fixture
def gateway() -> Session:
    """A session on gwA as it is delivered: nothing is audited."""
    return Session()


def stored(session: Session, location: str = "local") -> set[AuditSetting]:
    """What was written."""
    return set(session.config.audit(location))


def test_a_bare_gateway_audits_nothing(gateway: Session) -> None:
    assert text(gateway, "auditpol") == BARE


def test_the_articles_step_audits_logon_events_and_object_access(gateway: Session) -> None:
    shown = text(gateway, "auditpol /enable /logon:all /object:all")
    assert shown.splitlines()[2] == "(X) Audit Enabled"
    assert shown.splitlines()[5:7] == ["AuditCategoryLogon             = Success and Failure",
                                       "AuditCategoryObjectAccess      = Success and Failure"]
    assert stored(gateway) == {LOGON_ALL, AuditSetting("object", True, True)}


WORDS = [("success", True, False), ("failure", False, True), ("all", True, True),
         ("none", False, False), ("s", True, False)]


@pytest.mark.parametrize(("word", "success", "failure"), WORDS)
def test_a_category_takes_one_of_four_types(word: str, success: bool, failure: bool,
                                            gateway: Session) -> None:
    text(gateway, f"auditpol /policy:{word}")
    assert stored(gateway) == {AuditSetting("policy", success, failure)}


def test_disable_switches_everything_off(gateway: Session) -> None:
    text(gateway, "auditpol /logon:all")
    assert text(gateway, "auditpol /disable") == BARE


VISTA = [
    'auditpol /set /category:"Logon" /success:enable /failure:enable',
    'auditpol /set /category:"Logon/Logoff" /success:enable /failure:enable',
    'auditpol /set /subcategory:"IPsec Quick Mode" /success:enable /failure:enable',
]


@pytest.mark.parametrize("line", VISTA)
def test_vistas_grammar_says_the_same(line: str, gateway: Session) -> None:
    assert text(gateway, line) == "The command was successfully executed.\n"
    assert stored(gateway) == {LOGON_ALL}


def test_vistas_set_leaves_alone_what_it_does_not_mention(gateway: Session) -> None:
    text(gateway, "auditpol /set /category:Logon /success:enable")
    text(gateway, "auditpol /set /category:Logon /failure:enable")
    assert stored(gateway) == {LOGON_ALL}
    text(gateway, "auditpol /set /category:* /failure:disable")
    assert AuditSetting("logon", True, False) in stored(gateway)
    assert len(stored(gateway)) == 9


def test_vistas_get_is_a_table(gateway: Session) -> None:
    text(gateway, "auditpol /logon:success")
    assert text(gateway, "auditpol /get /category:Logon") == """System audit policy
-------------------
Category      Setting
------------  -------
Logon/Logoff  Success
"""
    assert len(data(gateway, "auditpol /get /category:*")) == 9


def test_vistas_clear_forgets_all(gateway: Session) -> None:
    text(gateway, "auditpol /logon:all")
    text(gateway, "auditpol /clear")
    assert stored(gateway) == set()


def test_the_domain_policy_overrides_the_local_one_and_the_shell_says_so(
        gateway: Session) -> None:
    text(gateway, "auditpol /domain /logon:none")
    said = answer(gateway, "auditpol /enable /logon:all /object:all")
    (warning,) = said.warnings
    assert (warning.code, warning.fix) == ("AUDIT-DOMAIN", "auditpol /domain /logon:all")
    assert stored(gateway) == {LOGON_ALL, AuditSetting("object", True, True)}
    assert data(gateway, "auditpol")["categories"]["logon"] == {"success": False, "failure": False}
    assert answer(gateway, warning.fix).warnings == ()
    assert data(gateway, "auditpol")["categories"]["logon"] == {"success": True, "failure": True}


BAD = [
    "auditpol /logon:perhaps", "auditpol /logon", "auditpol /logon:", "auditpol /coffee:all",
    "auditpol /set", "auditpol /set /category:Logon", "auditpol /get", "auditpol /get /set",
    "auditpol /get /category:Coffee", "auditpol /get /logon:all", "auditpol /success:enable",
    "auditpol /set /subcategory:Coffee /success:enable", "auditpol /category:Logon",
    "auditpol /disable /enable", "auditpol /disable /logon:all", "auditpol logon",
    "auditpol /logon:all /logon:none", "auditpol /set /category:Logon /success:maybe",
]


@pytest.mark.parametrize("line", BAD)
def test_a_wrong_line_changes_nothing(line: str, gateway: Session) -> None:
    mistake = refused(gateway, line)
    assert (mistake.exit, mistake.code != "internal") == (2, True)
    assert stored(gateway) == stored(gateway, "domain") == set()


def test_another_computer_is_written_with_backslashes(gateway: Session) -> None:
    text(gateway, r"auditpol \\hostA /logon:all")
    assert stored(gateway) == set()
    gateway.machine = "hostA"
    assert stored(gateway) == {LOGON_ALL}
    assert refused(gateway, r"auditpol \\nobody").code == "not-found"
    assert r"\\gwB" in {one.value for one in complete("auditpol computer=", gateway)}


def test_displaying_writes_nothing(gateway: Session) -> None:
    before = gateway.store.generation()
    text(gateway, "auditpol")
    text(gateway, "auditpol /get /category:*")
    assert gateway.store.generation() == before
