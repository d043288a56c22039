"""What Windows accepts and the article calls wrong."""

import pytest

from engine.policy import lint
from engine.policy.model import (
    ANY,
    ME,
    AuthMethod,
    DefaultRule,
    Filter,
    FilterAction,
    FilterList,
    Policy,
    Rule,
    Secret,
)
from engine.suites import MainModeMethod, QuickModeMethod
from tests.support.stores import KEY, NET_A, NET_B, OWN, REMOTE

STRONG = Policy("P", default_rule=DefaultRule(False),
                methods=(MainModeMethod("AES256", "SHA256", 14),))
ACTION = FilterAction("A", methods=(QuickModeMethod("AES256", "SHA256"),))
AB, BA = Filter(NET_A, NET_B, mirrored=False), Filter(NET_B, NET_A, mirrored=False)
HARD = (AuthMethod("psk", Secret("x7RkQ2mZp9LwT4vBn8Yd")),)
OUT = Rule("out", "P", "AB", "A", REMOTE, auth=HARD)
IN = Rule("in", "P", "BA", "A", OWN, auth=HARD)
PLAIN = Rule("plain", "P", "AB", "A", auth=(AuthMethod("kerberos"),))


def codes(policy: Policy = STRONG, rules: tuple[Rule, ...] = (OUT, IN), *, ab: Filter = AB,
          action: FilterAction = ACTION) -> list[str]:
    lists = {"AB": FilterList("AB", filters=(ab,)), "BA": FilterList("BA", filters=(BA,))}
    return [one.code for one in lint.check(policy, rules, lists, {"A": action})]


@pytest.mark.parametrize(("found", "expected"), [
    (codes(), []),
    (codes(rules=(PLAIN,)), []),
    (codes(rules=(PLAIN,), ab=AB._replace(mirrored=True, protocol=6)), []),
    (codes(rules=(PLAIN,), action=ACTION._replace(soft=True)), []),
    (codes(ab=AB._replace(mirrored=True)), ["TUN-MIRRORED"]),
    (codes(ab=AB._replace(protocol=1)), ["TUN-PORT"]),
    (codes(ab=AB._replace(protocol=6, destination_port=80)), ["TUN-PORT"]),
    (codes(action=ACTION._replace(inpass=True)), ["TUN-INPASS"] * 2),
    (codes(action=ACTION._replace(soft=True)), ["TUN-SOFT"] * 2),
    (codes(action=ACTION._replace(action="permit")), []),
    (codes(rules=(OUT,)), ["TUN-ONE-RULE"]),
    (codes(rules=(OUT, IN._replace(tunnel=REMOTE))), ["TUN-ONE-RULE"]),
    (codes(rules=(OUT, IN._replace(active=False))), ["TUN-ONE-RULE"]),
    (codes(rules=(OUT, IN._replace(auth=PLAIN.auth))), ["TUN-AUTH-DIFFERS"]),
    (codes(rules=(OUT, IN._replace(auth=(AuthMethod("psk", Secret("other")),)))),
     ["TUN-AUTH-DIFFERS", "WEAK-KEY"]),
    (codes(rules=(OUT._replace(auth=KEY), IN._replace(auth=KEY))), ["WEAK-KEY"]),
    (codes(STRONG._replace(default_rule=DefaultRule())), ["DEFAULT-RESPONSE"]),
    (codes(STRONG._replace(methods=(MainModeMethod("AES256", "SHA256", 2),))), ["WEAK-SUITE"]),
    (codes(STRONG._replace(methods=(MainModeMethod("AES256", "MD5", 14),))), ["WEAK-SUITE"]),
    (codes(STRONG._replace(methods=(MainModeMethod("DES", "SHA1", 14),))), ["WEAK-SUITE"]),
    (codes(action=ACTION._replace(methods=(QuickModeMethod("DES", "SHA1"),))), ["WEAK-SUITE"]),
    (codes(action=ACTION._replace(methods=(QuickModeMethod("", "", "MD5"),))), ["WEAK-SUITE"]),
])
def test_complaints(found: list[str], expected: list[str]) -> None:
    assert found == expected


def test_rules_of_several_tunnels_are_paired_by_their_reversed_filters() -> None:
    third = Rule("third", "P", "C", "A", REMOTE + 1, auth=PLAIN.auth)
    lists = {"AB": FilterList("AB", filters=(AB,)), "BA": FilterList("BA", filters=(BA,)),
             "C": FilterList("C", filters=(Filter(ME, ANY),))}
    assert lint.tunnel_pairs((OUT, third, IN), lists) == [(OUT, IN)]
    assert lint.tunnel_auth((OUT, third, IN), lists) == []


def test_no_complaint_shows_a_key() -> None:
    rules = (OUT, IN._replace(auth=(AuthMethod("psk", Secret("hunter2")),)))
    lists = {"AB": FilterList("AB", filters=(AB,)), "BA": FilterList("BA", filters=(BA,))}
    said = repr(lint.check(STRONG, rules, lists, {"A": ACTION}))
    assert "TUN-AUTH-DIFFERS" in said
    assert "hunter2" not in said and "kb252735" not in said
