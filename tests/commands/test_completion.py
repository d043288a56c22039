"""Completion from the same parse: words, tags, values, filters, files."""

from pathlib import Path

import pytest

from commands import index
from commands.parser import complete, parse
from commands.session import Session

pytestmark = pytest.mark.usefixtures("tried")


def values(text: str, session: Session) -> list[str]:
    return [value for _, value, _ in complete(text, session)]


@pytest.mark.parametrize(("context", "text", "some", "none"), [
    ((), "", ["ipsec", "ping", ".."], ["?"]),
    ((), "ip", ["ipsec", "ipconfig"], ["ping"]),
    ((), "ipsec ", ["static", "dynamic"], ["ping"]),
    ((), "ipsec st", ["static"], ["dynamic"]),
    (("ipsec", "static"), "", ["add", "show", "ping", "dynamic"], []),
    (("ipsec", "static"), "show ", ["policy", "alias"], ["stats"]),
    ((), "help sh", ["show"], ["ping"]),
    ((), "help show ", ["alias"], []),
    ((), "try tagged ", ["name=", "mmpfs="], ["ca="]),
    ((), "try tagged x ", ["mmpfs="], ["name="]),
    ((), "try tagged m", ["mmpfs="], ["name="]),
    ((), "try tagged mmpfs=", ["yes", "no"], []),
    ((), "try tagged mmpfs=y", ["yes"], ["no"]),
    ((), "try tagged mm=y", ["yes"], []),
    ((), "try tagged mmpfs= ", ["yes", "no"], ["name="]),
    ((), "try tagged x action=b", ["block"], ["permit"]),
    ((), "try tagged x action = b", [], []),
    ((), "try tagged x psk=", [], ["********"]),
    ((), "try tool ", ["-n", "-t", "/all", "/test:", "mask"], []),
    ((), "try tool /", ["/n", "/t", "/all", "/test:"], []),
    ((), "try tool -n ", [], ["-t"]),
    ((), "show alias | ", ["include", "json"], []),
    ((), "show alias | in", ["include"], ["json"]),
    ((), "show alias | include ", [], ["json"]),
    ((), "# ", [], ["ipsec"]),
    ((), "bogus ", [], ["ipsec"]),
    ((), "try tagged srcaddr=10.1.0.", ["10.1.0.1"], []),
])
def test_what_may_come_next_is_offered(context: tuple[str, ...], text: str, some: list[str],
                                       none: list[str], session: Session) -> None:
    session.context = context
    found = values(text, session)
    assert set(some) <= set(found)
    assert not set(none) & set(found)


def test_a_candidate_replaces_the_word_under_the_cursor(session: Session) -> None:
    assert complete("ipsec st", session)[0][:2] == (6, "static")
    assert complete("try tagged mmpfs=y", session)[0][:2] == (17, "yes")


def test_own_words_come_before_inherited_ones(session: Session) -> None:
    session.context = ("ipsec", "static")
    found = values("", session)
    assert found.index("add") < found.index("dynamic") < found.index("ping")


def test_every_candidate_has_a_line_of_help(session: Session) -> None:
    for text in ("", "ipsec ", "try tagged ", "show alias | "):
        assert all(help for _, _, help in complete(text, session))


def test_files_are_offered_for_redirection_and_scripts(session: Session, tmp_path: Path) -> None:
    (tmp_path / "my file.txt").touch()
    (tmp_path / "sub").mkdir()
    session.folder = str(tmp_path)
    for text in ("exec ", "show alias > ", "show alias | save ", "show alias >> "):
        assert {'"my file.txt"', "sub/"} <= set(values(text, session))


def test_the_values_of_an_only_tag_are_offered_beside_it(session: Session) -> None:
    assert {"name=", "gwA", "hostB"} <= set(values("set machine ", session))


def test_machines_are_looked_up_in_the_store(session: Session) -> None:
    assert values("set machine h", session) == ["hostA", "hostB"]


@pytest.mark.parametrize("path", [path for path, *_ in index.ROWS])
def test_every_value_that_is_offered_is_taken(path: str, session: Session) -> None:
    for tag in index.load(index.node_at(tuple(path.split()))).tags:
        if tag.form == "tag" and not tag.kind.secret:
            for start, value, _ in complete(f"{path} {tag.word}=", session):
                line = f"{path} {tag.word}="[:start] + value
                assert parse(line, session).error is None, line
