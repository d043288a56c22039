"""What add, set and delete of `ipsec static` do to the store."""

from collections.abc import Iterator

import pytest

from commands.answer import Answer
from commands.errors import CommandError
from commands.run import run_line
from commands.session import Session
from engine.address import parse_address
from engine.policy.model import ANY, ME, AuthMethod, Secret, Side
from engine.suites import MainModeMethod, QuickModeMethod


@pytest.fixture
def session() -> Iterator[Session]:
    """A session in `ipsec static` with a policy, a list, an action and a rule."""
    one = Session("", yes=True)
    one.context = ("ipsec", "static")
    for line in ("add policy P activatedefaultrule=no", "add filterlist L",
                 "add filter L 10.1.0.0/24 10.2.0.0/24 mirrored=no",
                 'add filteraction A qmsec="ESP[AES256,SHA256]"',
                 "add rule R P L A psk=secret"):
        run_line(line, one)
    yield one
    one.close()


def go(session: Session, *lines: str) -> Answer:
    """Runs lines; the answer of the last one."""
    answer = Answer()
    for line in lines:
        answer = run_line(line, session)
    return answer


def code(session: Session, line: str) -> str:
    """The code of the error that a line makes; the store is as it was."""
    before = session.config.digest()
    with pytest.raises(CommandError) as caught:
        run_line(line, session)
    assert session.config.digest() == before
    return caught.value.code


def test_success_says_nothing(session: Session) -> None:
    assert go(session, "add policy Q activatedefaultrule=no") == Answer()


def test_add_policy_takes_every_tag(session: Session) -> None:
    go(session, 'add policy "My Policy" "a text" mmpfs=yes qmperm=9 mmlife=60 activate=no '
                'poll=30 assign=y mmsec="AES256-SHA256-14 3DES-SHA1-3"')
    policy = session.config.policy("my policy")
    assert policy[1:7] == ("a text", True, 1, 60, 30, (
        MainModeMethod("AES256", "SHA256", 14), MainModeMethod("3DES", "SHA1", 14)))
    assert policy.assigned and not policy.default_rule.active


def test_add_policy_has_windows_defaults(session: Session) -> None:
    go(session, "add policy D")
    policy = session.config.policy("D")
    assert (policy.mmpfs, policy.qmpermm, policy.mmlifetime, policy.pollinginterval,
            policy.default_rule.active, policy.assigned) == (False, 0, 480, 180, True, False)


def test_set_policy_changes_what_is_given_only(session: Session) -> None:
    before = session.config.policy("P")
    go(session, "set policy P newname=Q mmlifetime=60 activatedefaultrule=yes")
    after = session.config.policy("Q")
    assert after == before._replace(name="Q", mmlifetime=60, modified=after.modified,
                                    default_rule=before.default_rule._replace(active=True))
    go(session, f"set policy guid={after.guid} description=text assign=yes")
    assert session.config.policy("Q").description == "text"
    go(session, "set policy Q assign=n description=\"\"")
    assert session.config.active_policy() is None


def test_a_filter_list_is_created_by_its_first_filter(session: Session) -> None:
    go(session, "add filter New me any protocol=udp dstport=53 description=dns")
    (one,) = session.config.filterlist("New").filters
    assert one._replace(guid="") == (ME, ANY, "dns", 17, 0, 53, True, "")


@pytest.mark.parametrize(("typed", "source", "destination"), [
    ("192.168.1.0 192.168.2.45 srcmask=24 dstmask=32", "192.168.1.0/24", "192.168.2.45/32"),
    ("192.168.1.0 192.168.2.45 srcmask=255.255.255.0", "192.168.1.0/24", "192.168.2.45/32"),
    ("${NetA} ${NetB}", "10.1.0.0/24", "10.2.0.0/24"),
    ("10.0.0.0/255.0.0.0 10.0.0.0/8 srcmask=8", "10.0.0.0/8", "10.0.0.0/8"),
    ("ME any", "me", "any"),
    ("0.0.0.0 10.0.0.0 dstmask=8", "me", "10.0.0.0/8"),
    ("0.0.0.0 10.0.0.0 srcmask=0.0.0.0 dstmask=8", "any", "10.0.0.0/8"),
    ("me dns", "me", "DNS"),
    ("DHCP 0.0.0.0 srcmask=255.255.255.255 dstmask=255.255.255.255", "DHCP", "me"),
    ("me localhost", "me", "127.0.0.1/32"),
    ("hostA any", "10.1.0.10/32", "any"),
])
def test_addresses_and_masks_of_a_filter(session: Session, typed: str, source: str,
                                         destination: str) -> None:
    go(session, f"add filter New {typed}")

    def shown(side: Side) -> str:
        text = ".".join(str(octet) for octet in side.address.to_bytes(4, "big"))
        known = {"me": "me", "any": "any", "server": side.name}
        return known.get(side.kind, f"{text}/{side.prefix}")

    (one,) = session.config.filterlist("New").filters
    assert (shown(one.source), shown(one.destination)) == (source, destination)


def test_a_name_with_several_addresses_gives_several_filters(session: Session) -> None:
    go(session, "add filter New gwA hostB mirrored=no")
    filters = session.config.filterlist("New").filters
    assert [one.source.address for one in filters] == [
        one.address for one in session.store.on("gwA").interfaces()]
    assert {one.source.name for one in filters} == {"gwA"}


def test_delete_filter_deletes_all_that_match(session: Session) -> None:
    for port in (25, 80, 443):
        go(session, f"add filter N me any protocol=tcp dstport={port}")
    go(session, "add filter N me any protocol=udp mirrored=no")
    go(session, "delete filter N me any protocol=tcp dstport=80")
    assert [one.destination_port for one in session.config.filterlist("N").filters] == [25, 443, 0]
    go(session, "delete filter N me any mirrored=yes")
    assert [one.protocol for one in session.config.filterlist("N").filters] == [17]
    assert code(session, "delete filter N me any dstport=9") == "not-found"
    assert code(session, "delete filter L 10.1.0.0 10.2.0.0 srcmask=25") == "not-found"
    go(session, "delete filter L 10.1.0.0 10.2.0.0")
    assert session.config.filterlist("L").filters == ()


def test_set_filteraction_changes_what_is_given_only(session: Session) -> None:
    go(session, "set filteraction A qmpfs=yes soft=yes inpass=yes newname=B")
    action = session.config.filteraction("B")
    assert (action.qmpfs, action.soft, action.inpass) == (True, True, True)
    go(session, 'set filteraction B action=block qmsec="AH[MD5]:204800k/300s"')
    action = session.config.filteraction("B")
    assert action[2:7] == ("block", False, False, False, (
        QuickModeMethod("", "", "MD5", 204800, 300),))
    assert code(session, "set filteraction B soft=yes") == "contradiction"


def test_keys_stay_in_the_typed_order(session: Session) -> None:
    go(session, 'add rule M P L A rootca="CN=\\\'A, B\\\' certmap:yes" psk="a b" '
                'rootca="CN=C excludecaname:yes certmap:no" kerberos=yes')
    assert session.config.rule("P", "M").auth == (
        AuthMethod("rootca", 'CN="A, B"', certmap=True), AuthMethod("psk", Secret("a b")),
        AuthMethod("rootca", "CN=C", excludecaname=True), AuthMethod("kerberos"))


def test_a_rule_without_keys_uses_kerberos(session: Session) -> None:
    go(session, "add rule K P L A tunnel=no conntype=lan activate=no description=text")
    rule = session.config.rule("P", "K")
    assert rule[4:9] == (None, "lan", False, "text", (AuthMethod("kerberos"),))
    assert code(session, "add rule N P L A kerberos=no") == "no-auth"


def test_set_rule_replaces_all_keys_or_none(session: Session) -> None:
    go(session, "set rule R P newname=S tunnel=198.51.100.1")
    rule = session.config.rule("P", "S")
    assert (rule.tunnel, rule.auth) == (parse_address("198.51.100.1"),
                                        (AuthMethod("psk", Secret("secret")),))
    go(session, f"set rule policy=P id={rule.guid} kerberos=yes tunnel=no")
    rule = session.config.rule("P", "S")
    assert (rule.tunnel, rule.auth) == (None, (AuthMethod("kerberos"),))


def test_delete_rule_by_name_id_and_all(session: Session) -> None:
    go(session, "add rule S P L A", "add rule T P L A", "add rule U P L A")
    go(session, "delete rule R P")
    go(session, f"delete rule policy=P id={session.config.rule('P', 'S').guid}")
    assert [rule.name for rule in session.config.rules("P")] == ["T", "U"]
    go(session, "del rule all P")
    assert session.config.rules("P") == ()
    with pytest.raises(CommandError) as caught:
        go(session, "delete rule default P")
    assert (caught.value.code, caught.value.fix) == (
        "default-rule", 'ipsec static set defaultrule policy="P" activate=no')


def test_set_defaultrule(session: Session) -> None:
    go(session, 'set defaultrule P qmpfs=yes activate=yes qmsec="ESP[AES256,SHA256]" psk=x '
                "kerberos=yes")
    rule = session.config.policy("P").default_rule
    assert tuple(rule) == (True, True, (QuickModeMethod("AES256", "SHA256"),),
                    (AuthMethod("psk", Secret("x")), AuthMethod("kerberos")))
    go(session, "set defaultrule P activate=no")
    assert session.config.policy("P").default_rule == rule._replace(active=False)


def test_delete_all_is_all_or_nothing(session: Session) -> None:
    go(session, "set policy P assign=yes", "add policy Q activatedefaultrule=no")
    assert code(session, "delete policy all") == "assigned"
    assert code(session, "delete all") == "assigned"
    assert code(session, "delete filterlist all") == "in-use"
    assert code(session, "delete filteraction all") == "in-use"
    go(session, "set policy P assign=no", "delete policy all", "delete filterlist all",
       "delete filteraction all")
    go(session, "add policy Q activatedefaultrule=no", "add filterlist L", "add filteraction A",
       "add rule R Q L A", "delete all")
    config = session.config
    assert (config.policies(), config.filterlists(), config.filteractions()) == ((), (), ())


def test_delete_all_wants_a_yes(session: Session) -> None:
    session.yes = False
    assert code(session, "delete all") == "needs-yes"


def test_each_store_has_objects_of_its_own(session: Session) -> None:
    go(session, "set store domain", "add policy P activatedefaultrule=no assign=yes")
    assert session.config.active_policy() == ("domain", session.config.policy("P", "domain"))
    assert code(session, "add rule R P L A") == "IPsec[05049]"
    go(session, "set store location=local")
    assert [rule.name for rule in session.config.rules("P")] == ["R"]


@pytest.mark.parametrize(("line", "expected"), [
    ("add policy p", "IPsec[05005]"),
    ("add filterlist l", "IPsec[05010]"),
    ("add filteraction a", "IPsec[05014]"),
    ("add rule r P L A", "IPsec[05020]"),
    ("add rule N P X A", "IPsec[05049]"),
    ("add rule N P L X", "not-found"),
    ("add rule N X L A", "not-found"),
    ("set filterlist X newname=Y", "IPsec[05049]"),
    ("delete filterlist X", "IPsec[05049]"),
    ("show filterlist X", "IPsec[05049]"),
    ("delete filterlist L", "in-use"),
    ("delete filteraction A", "in-use"),
    ("delete policy X", "not-found"),
    ("set policy X assign=yes", "not-found"),
    ("set policy mmpfs=yes", "missing-tag"),
    ("set policy P guid={00000000-0000-4000-8000-000000000000}", "contradiction"),
    ("delete rule policy=P", "missing-tag"),
    ("add filter L 10.1.0.5 any srcmask=24", "host-bits"),
    ("add filter L 10.1.0.0/24 any srcmask=16", "contradiction"),
    ("add filter L me any srcmask=24", "contradiction"),
    ("add filter L me me", "contradiction"),
    ("add filter L DNS 10.0.0.1", "server-me"),
    ("add filter L me nowhere.example", "dns-name"),
    ("add filter L me any srcport=80", "ports"),
    ("add filter L me any protocol=icmp dstport=80", "ports"),
    ("add filter L me any srcmask=255.0.255.0", "bad-value"),
    ("add filter L me any dstport=70000 protocol=tcp", "bad-value"),
    ("add filter L 10.1.0.0/24 10.2.0.0/24 mirrored=no", "exists"),
    ("add filteraction B action=block soft=yes", "contradiction"),
    ("add filteraction B qmsec=ESP[3DES,None]", "bad-value"),
    ("add filteraction B qmsec=ESP[3DES,SHA1]:1k", "bad-value"),
    ("add policy B mmsec=3DES-SHA1-4", "bad-value"),
    ("add policy B mmlifetime=0", "bad-value"),
    ("add policy all", "bad-name"),
    ("add rule default P L A", "bad-name"),
    ("add rule N P L A tunnel=127.0.0.1", "tunnel-end"),
    ("add rule N P L A tunnel=224.0.0.1", "tunnel-end"),
    ("add rule N P L A rootca=\"X certmap:maybe\"", "bad-value"),
    ("set store location=remote", "bad-value"),
])
def test_mistakes_have_a_code_and_change_nothing(session: Session, line: str,
                                                 expected: str) -> None:
    assert code(session, line) == expected


def test_the_caret_stands_under_the_word_that_is_wrong(session: Session) -> None:
    for line, word in (("add rule N P X A psk=secret", "X"), ("add rule P P L X", "X"),
                       ("add filter L me 10.0.0.1 dstmask=8", "10.0.0.1"),
                       ("add filter L me any protocol=6 srcport=1 dstmask=1", "any"),
                       ("set policy P newname=Q description=x guid={}", "{}")):
        with pytest.raises(CommandError) as caught:
            run_line(line, session)
        span = caught.value.span
        assert span is not None
        assert caught.value.line[span.start:span.end] == word
        assert "secret" not in caught.value.line
