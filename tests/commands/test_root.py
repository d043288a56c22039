"""The global commands."""

from pathlib import Path

import pytest

from commands.answer import Lines
from commands.errors import CommandError
from commands.render import render_text
from commands.run import run_line
from commands.script import run_script
from commands.session import Session
from tests.commands.conftest import Heard


def say(line: str, session: Session) -> str:
    return render_text(run_line(line, session))


def fails(line: str, session: Session) -> CommandError:
    with pytest.raises(CommandError) as raised:
        run_line(line, session)
    return raised.value


def test_pushd_and_popd_keep_the_contexts_apart(session: Session) -> None:
    session.context = ("routing", "ip")
    run_line("pushd ipsec st", session)
    assert session.context == ("ipsec", "static")
    run_line("pushd", session)
    run_line("..", session)
    run_line("popd", session)
    assert session.context == ("ipsec", "static")
    run_line("popd", session)
    assert session.context == ("routing", "ip")
    assert fails("popd", session).code == "empty-stack"


def test_pushd_refuses_what_is_no_context(session: Session) -> None:
    assert fails("pushd show alias", session).code == "not-found"
    assert fails("pushd bogus", session).code == "unknown-command"
    assert session.stack == [] and session.context == ()


def test_the_stack_has_a_limit(session: Session) -> None:
    for _ in range(64):
        run_line("pushd", session)
    assert fails("pushd", session).code == "too-many"


def test_an_alias_is_made_used_shown_and_forgotten(session: Session) -> None:
    run_line("alias SP ipsec static show policy", session)
    assert session.aliases == {"sp": "ipsec static show policy"}
    assert "ipsec static show policy" in say("alias sp", session)
    assert say("show alias", session) == say("alias", session)
    assert fails("sp all bogus=1", session).code == "unknown-tag"
    run_line("unalias sp", session)
    assert say("alias", session) == "There are no aliases.\n"
    assert fails("unalias sp", session).text == "The following alias was not found: sp."


def test_an_alias_may_hold_a_pipe_in_quotes(session: Session) -> None:
    run_line('alias n "show alias | count"', session)
    assert say("n", session) == "3\n"


def test_an_alias_keeps_the_tags_of_its_line(session: Session) -> None:
    run_line("alias made ipsec static add filterlist name=Made", session)
    assert session.aliases["made"] == "ipsec static add filterlist name=Made"


def test_the_key_in_an_alias_is_not_shown(session: Session) -> None:
    run_line("alias one ipsec static add rule r P L F psk=geheim", session)
    run_line('alias two "ipsec static add rule r P L F psk=${PSK}"', session)
    run_line("alias three ${PSK}", session)
    text = say("alias", session)
    assert "geheim" not in text and "kb252735" not in text
    assert "psk=********" in text


@pytest.mark.parametrize("name", ["show", "ping", "IPSEC", '"a b"'])
def test_an_alias_cannot_hide_a_command(name: str, session: Session) -> None:
    assert fails(f"alias {name} x", session).code == "name-taken"


def test_the_machine_is_changed_by_name_in_any_case(session: Session) -> None:
    run_line("set machine HOSTa", session)
    assert session.machine == "hostA"
    run_line("set machine", session)
    assert session.machine == "gwA"
    error = fails("set machine nowhere", session)
    assert error.code == "not-found" and "gwB" in error.known
    assert session.machine == "gwA"


def test_dump_belongs_to_its_context(session: Session) -> None:
    run_line("ipsec static add filterlist L", session)
    whole = say("dump", session)
    assert "add filterlist name=L" in whole and "pushd routing ip" in whole
    session.context = ("ipsec", "static")
    assert "routing" not in say("dump", session)
    session.context = ("routing", "ip")
    assert "filterlist" not in say("dump", session)


def test_dump_masks_keys_unless_told_to_reveal(session: Session) -> None:
    for line in ("policy P", "filterlist L", "filteraction F",
                 "rule R P L F psk=geheim"):
        run_line("ipsec static add " + line, session)
    assert "geheim" not in say("dump", session)
    assert "psk=geheim" in say("dump reveal=yes", session)


def test_a_dump_run_into_an_empty_store_gives_an_equal_one(session: Session) -> None:
    for line in ('policy "My P" mmpfs=yes', 'filterlist "L \'1\'"', "filteraction F soft=yes",
                 'filter "L \'1\'" me 10.2.0.0 dstmask=24', 'rule R "My P" "L \'1\'" F psk="a=b"'):
        run_line("ipsec static add " + line, session)
    other = Session()
    session.context = ("ipsec",)
    for line in say("dump reveal=yes", session).splitlines():
        run_line(line, other)
    assert other.config.digest() == session.config.digest()
    other.close()


def test_help_for_an_unknown_word_is_an_error(session: Session) -> None:
    assert fails("help bogus", session).code == "unknown-command"
    assert fails("help #", session).exit in (1, 2)


@pytest.mark.parametrize("line", ["ipsec static add rule", "ipsec dynamic add mmpolicy", "ping"])
def test_a_command_without_its_arguments_shows_its_usage_page(line: str,
                                                              session: Session) -> None:
    answer = run_line(line, session)
    assert render_text(answer).splitlines()[1] == "Usage:"
    assert answer.exit == 2
    assert render_text(answer) == render_text(run_line(line + " ?", session))


def test_in_a_script_it_is_a_mistake_with_its_line(session: Heard) -> None:
    assert run_script(["ipsec static add rule"], "script", session) == 1
    block = session.blocks[-1]
    assert isinstance(block, Lines) and block.error
    assert "script:1: ERR missing-tag" in render_text(block)


def test_set_file_is_remembered_and_ended(session: Session, tmp_path: Path) -> None:
    session.folder = str(tmp_path)
    (tmp_path / "old.txt").write_text("before\n")
    run_line("set file append old.txt", session)
    assert session.copy == str(tmp_path / "old.txt")
    assert (tmp_path / "old.txt").read_text() == "before\n"
    run_line("set file mode=open name=old.txt", session)
    assert (tmp_path / "old.txt").read_text() == ""
    run_line("set file close", session)
    assert session.copy == ""


@pytest.mark.parametrize(("line", "code"), [
    ("set file open", "missing-tag"), ("set file close x", "contradiction"),
    ("set file open no/such/folder", "cannot-open"), ("set file bogus x", "bad-value")])
def test_set_file_refuses_what_cannot_be(line: str, code: str, session: Session,
                                         tmp_path: Path) -> None:
    session.folder = str(tmp_path)
    with pytest.raises(CommandError) as refused:
        run_line(line, session)
    assert refused.value.code == code and session.copy == ""
