"""A dump executed into an empty store gives an equal one, whatever the store holds."""

from collections.abc import Callable
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from commands.run import run_line
from commands.session import Session
from commands.words import split_words
from engine.address import prefix_mask
from engine.policy.methods import KILOBYTES_MAX, SECONDS_MAX
from engine.policy.model import (
    ANY,
    AUDIT_CATEGORIES,
    LOCATIONS,
    ME,
    SERVER_WORDS,
    AuditSetting,
    AuthMethod,
    DefaultRule,
    Filter,
    FilterAction,
    FilterList,
    Policy,
    Route,
    RrasDefault,
    RrasFilter,
    Rule,
    Secret,
    Side,
)
from engine.policy.router import LEVELS, Router
from engine.policy.script import dump, quote
from engine.policy.store import Config
from engine.policy.verify import RESERVED_NAMES, is_control
from engine.suites import MainModeMethod, QuickModeMethod

PLAIN = st.characters(exclude_categories=("Cs", "Cc")).filter(lambda one: not is_control(one))
SIGNS = st.sampled_from(list("ab \"'\\$={}|>#;?/,.&%!") + ["${", "\\'", "\\\\'", "${NetA}"])
TEXT = st.lists(st.one_of(PLAIN, SIGNS), max_size=12).map("".join)
NAME = TEXT.filter(lambda one: one.strip() == one != "" and one.casefold() not in RESERVED_NAMES)
YES = st.booleans()
PREFIX = st.integers(0, 32)
PORT = st.one_of(st.just(0), st.integers(0, 65535))


@given(TEXT.filter(bool), TEXT.filter(bool))
def test_a_quoted_value_is_read_back_as_it_was(first: str, second: str) -> None:
    line = f"add x name={quote(first)} {quote(second)}"
    found = split_words(line, {"NetA": "10.1.0.0/24"})
    assert found.error is None
    assert [word.text for word in found.words] == ["add", "x", "name=" + first, second]


def network(draw: st.DrawFn) -> tuple[int, int]:
    prefix = draw(PREFIX)
    return draw(st.integers(0, 0xFFFFFFFF)) & prefix_mask(prefix), prefix


@st.composite
def sides(draw: st.DrawFn) -> Side:
    address, prefix = network(draw)
    return draw(st.sampled_from([Side("ip", address, prefix), ANY,
                                 Side("dns", address, prefix, "gwB")]))


@st.composite
def filters(draw: st.DrawFn) -> Filter:
    ends = [draw(sides()), draw(st.one_of(sides(), st.just(ME)))]
    if ends[1] is ME and draw(YES):
        ends[0] = Side("server", 0, 32, draw(st.sampled_from(SERVER_WORDS)))
    if draw(YES):
        ends.reverse()
    protocol = draw(st.sampled_from([0, 1, 6, 17, 50, 255]))
    ports = (draw(PORT), draw(PORT)) if protocol in (6, 17) else (0, 0)
    zero = [Side("ip", 0, 32), ME]
    if all(one.kind == "me" or one[:3] == zero[0][:3] for one in ends):
        ends[0] = ANY
    return Filter(ends[0], ends[1], draw(TEXT), protocol, *ports, draw(YES))


AUTH = st.lists(st.one_of(
    TEXT.filter(bool).map(lambda one: AuthMethod("psk", Secret(one))),
    st.just(AuthMethod("kerberos")),
    st.builds(AuthMethod, st.just("rootca"), NAME.filter(lambda one: ":" not in one), YES, YES),
), min_size=1, max_size=4, unique_by=lambda one: one.kind + one.value[:one.kind == "rootca"]
    ).map(tuple)
LIFE = st.sampled_from([(0, 0), (20480, 0), (0, SECONDS_MAX), (KILOBYTES_MAX, 300)])
CIPHERS = st.sampled_from(["DES", "3DES", "AES128", "AES192", "AES256"])
HASHES = st.sampled_from(["MD5", "SHA1", "SHA256"])
MAIN = st.lists(st.builds(MainModeMethod, CIPHERS, HASHES, st.sampled_from([1, 2, 5, 14])),
                min_size=1, max_size=3).map(tuple)


@st.composite
def offers(draw: st.DrawFn) -> tuple[QuickModeMethod, ...]:
    return tuple(QuickModeMethod(draw(st.one_of(st.just(""), CIPHERS)), draw(HASHES),
                                 draw(st.one_of(st.just(""), HASHES)), *draw(LIFE))
                 for _ in range(draw(st.integers(1, 3))))


def names(draw: st.DrawFn) -> list[str]:
    return draw(st.lists(NAME, max_size=3, unique_by=str.casefold))


def fill_location(draw: st.DrawFn, config: Config, location: str) -> None:
    lists, actions = names(draw), names(draw)
    for name in lists:
        config.add_filterlist(FilterList(name, draw(TEXT)), location)
        for one in draw(st.lists(filters(), max_size=3, unique_by=lambda one: one[3:6])):
            config.add_filter(name, one, location)
    for name in actions:
        action = draw(st.sampled_from(["permit", "block", "negotiate"]))
        qmpfs, inpass, soft = (draw(YES) and action == "negotiate" for _ in range(3))
        config.add_filteraction(FilterAction(name, draw(TEXT), action, qmpfs, inpass, soft,
                                             draw(offers())), location)
    for name in names(draw):
        policy = Policy(name, draw(TEXT), draw(YES), draw(st.integers(0, 9)),
                        draw(st.integers(1, 999)), draw(st.integers(1, 999)), draw(MAIN),
                        DefaultRule(draw(YES), draw(YES), draw(offers()), draw(AUTH)), draw(YES))
        config.add_policy(policy, location)
        for rule in names(draw) if lists and actions else []:
            end = draw(st.one_of(st.none(), st.just(0xC6336401)))
            config.add_rule(Rule(rule, name, draw(st.sampled_from(lists)),
                                 draw(st.sampled_from(actions)), end,
                                 draw(st.sampled_from(["all", "lan", "dialup"])), draw(YES),
                                 draw(TEXT), draw(AUTH)), location)


def fill_router(draw: st.DrawFn, config: Config) -> None:
    router = Router(config)
    router.set_loglevel(draw(st.sampled_from(["error", "warn", "info", "none"])))
    for protocol in draw(st.sets(st.sampled_from(sorted(LEVELS)), max_size=3)):
        router.set_preference(protocol, draw(st.integers(1, 255)))
    for one in config.interfaces():
        gateway = draw(st.one_of(st.none(), st.just(0xC0000264)))
        config.set_interface(one._replace(address=one.address + draw(st.integers(0, 9)),
                                          gateway=gateway))
        if draw(YES):
            router.set_interface(one.name, {"state": "disable", "level": str(draw(PREFIX))})


def fill_machine(draw: st.DrawFn, config: Config) -> None:
    interfaces = [one.name for one in config.interfaces()]
    fill_router(draw, config)
    for name in interfaces:
        config.set_fragcheck(name, draw(YES))
        for way in ("input", "output"):
            config.set_rras_default(RrasDefault(name, way,
                                                draw(st.sampled_from(["drop", "forward"]))))
            protocol = draw(st.sampled_from([0, 1, 6, 17, 89]))
            top = {1: 255, 6: 65535, 17: 65535}.get(protocol, 0)
            config.add_rras_filter(RrasFilter(
                name, way, *network(draw), *network(draw), protocol, draw(st.integers(0, top)),
                draw(st.integers(0, top)), protocol == 6 and draw(YES)))
    destination = network(draw)
    config.add_route(Route(*destination, draw(st.sampled_from(interfaces)),
                           draw(st.integers(1, 0xDFFFFFFF)), draw(st.integers(1, 9999))))
    for location in ("local", "domain"):
        for category in draw(st.sets(st.sampled_from(AUDIT_CATEGORIES), max_size=3)):
            config.set_audit(AuditSetting(category, draw(YES), draw(YES)), location)


def bare() -> Session:
    """A session whose machine has interfaces and nothing else."""
    session = Session("")
    for route in session.config.routes():
        session.config.delete_route(route.destination, route.prefix)
    return session


def reread(config: Config, sections: tuple[str, ...]) -> tuple[str, str]:
    """The digest of a configuration and of what its dump makes of an empty store."""
    copy = bare()
    copy.yes = True
    for line in dump(config, sections, reveal=True):
        run_line(line, copy)
    found = config.digest(), copy.config.digest()
    copy.close()
    return found


def round_trip(data: st.DataObject, sections: tuple[str, ...],
               fill: Callable[[Any, Config], None]) -> None:
    session = bare()
    with session.store.transaction():
        fill(data.draw, session.config)
    before, after = reread(session.config, sections)
    session.close()
    assert before == after


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_dumped_policies_give_an_equal_store(data: st.DataObject) -> None:
    def fill(draw: st.DrawFn, config: Config) -> None:
        for location in LOCATIONS:
            if draw(YES):
                fill_location(draw, config, location)

    round_trip(data, ("ipsec",), fill)


@settings(max_examples=20, deadline=None)
@given(st.data())
def test_dumped_routing_and_auditing_give_an_equal_store(data: st.DataObject) -> None:
    round_trip(data, ("interface", "routing", "audit"), fill_machine)


def test_a_hidden_key_leaves_a_comment_and_nothing_of_itself() -> None:
    session = Session("")
    for line in ("ipsec static add policy P", "ipsec static add filteraction A",
                 "ipsec static add filter L me any",
                 "ipsec static add rule R P L A psk=hunter2 kerberos=yes",
                 "ipsec static set defaultrule P psk=hunter3"):
        run_line(line, session)
    lines = dump(session.config)
    assert '# key of rule "R" is not shown: add psk="..."' in lines
    assert '# key of default rule of policy "P" is not shown: add psk="..."' in lines
    assert "hunter" not in "\n".join(lines)
    shown = "\n".join(dump(session.config, reveal=True))
    assert "psk=hunter2 kerberos=yes" in shown and "psk=hunter3" in shown
    session.close()
