"""Bad input generated from the declarations: one clear error each, the store unchanged."""

from collections.abc import Iterator
from typing import Any

import pytest

from commands import index
from commands.arguments import switch_word
from commands.errors import CommandError
from commands.layout import plain
from commands.parser import parse
from commands.render import render_error, render_text
from commands.run import EXPLAINED, run_line
from commands.session import Session
from commands.spec import Command, Tag

ALL = [index.load(index.node_at(tuple(path.split()))) for path, *_ in index.ROWS]
NETSH = [command for command in ALL if any(tag.form == "tag" for tag in command.tags)]


@pytest.fixture(scope="module")
def sitting() -> Iterator[Session]:
    session = Session()
    session.store.generation()
    yield session
    session.close()


def each(form: str) -> list[Any]:
    return [pytest.param(command, tag, id=f"{' '.join(command.words)}-{tag.word}")
            for command in ALL for tag in command.tags if tag.form == form]


def sample(tag: Tag[Any], session: Session) -> str:
    """A value that the tag's kind takes."""
    for text in ("1", "10.1.0.1", "x", "10.1.0.0/24", "3DES-SHA1-2", "ESP[3DES,SHA1]",
                 "{D239C599-F945-47A3-A4E3-B37BC12826B9}", "24", "576", r"\\gwA", *tag.kind.words(),
                 *(value for value, _ in tag.kind.complete("", session))):
        try:
            tag.kind.parse(text, session)
        except ValueError:
            continue
        return text
    raise AssertionError(f"no sample for {tag.word}")


def refused(line: str, session: Session) -> CommandError:
    """The one error of a line; nothing may have changed, and its picture must be sound."""
    before = session.store.generation()
    with pytest.raises(CommandError) as raised:
        run_line(line, session)
    error = raised.value
    assert session.store.generation() == before
    assert (error.code != "internal") and error.exit == 2
    shown = [plain(one) for one in render_error(error)]
    assert shown[0].startswith(f"ERR {error.code} : ") and error.text
    assert len(shown) >= 2 and shown[1].strip()
    assert len(error.text) < 260 and all(len(one) < 300 for one in shown)
    return error


def words(command: type[Command]) -> str:
    return " ".join(command.words)


@pytest.mark.parametrize(("command", "tag"), each("tag"))
def test_a_doubled_tag_is_refused(command: type[Command], tag: Tag[Any],
                                  sitting: Session) -> None:
    last = all(one is tag or one.form != "tag" for one in command.tags)
    if tag.many or last and any(one.form == "rest" for one in command.tags):
        parsed = parse(f"{words(command)} {tag.word}=x {tag.word}=x", sitting)
        assert parsed.error is None and len(parsed.bindings) == 2
        return
    value = sample(tag, sitting)
    line = f'{words(command)} {tag.word}="{value}" {tag.word}="{value}"'
    error = refused(line, sitting)
    assert error.code == "doubled-tag" and tag.word in error.text


@pytest.mark.parametrize(("command", "tag"), each("tag"))
def test_a_tag_without_its_value_is_refused(command: type[Command], tag: Tag[Any],
                                            sitting: Session) -> None:
    error = refused(f"{words(command)} {tag.word}=", sitting)
    assert error.code == "missing-value" and tag.word in error.text


@pytest.mark.parametrize(("command", "tag"), each("tag"))
def test_a_missing_tag_is_named(command: type[Command], tag: Tag[Any],
                                sitting: Session) -> None:
    others = " ".join(f'{one.word}="{sample(one, sitting)}"' for one in command.tags
                      if one.required and one.form == "tag" and one is not tag)
    parsed = parse(f"{words(command)} {others}", sitting)
    assert parsed.error is None
    assert (tag in parsed.missing) == tag.required
    if tag.required:
        if others or command.words[0] not in EXPLAINED:
            assert refused(f"{words(command)} {others}", sitting).code == "missing-tag"
        else:
            assert "Usage:" in render_text(run_line(words(command), sitting))


@pytest.mark.parametrize(("command", "tag"), each("tag"))
def test_a_value_of_the_wrong_type_is_refused(command: type[Command], tag: Tag[Any],
                                              sitting: Session) -> None:
    wrong = "+" * 4000
    try:
        tag.kind.parse(wrong, sitting)
    except ValueError:
        error = refused(f"{words(command)} {tag.word}={wrong}", sitting)
        assert error.code == "bad-value" and error.tag == tag.name
        assert error.span is not None and len(error.text) < 260
    else:
        assert tag.kind.cell in ("path", "text", "name"), "a kind that takes everything"


@pytest.mark.parametrize("command", NETSH, ids=words)
def test_an_unknown_tag_is_refused_with_the_known_ones(command: type[Command],
                                                       sitting: Session) -> None:
    error = refused(f"{words(command)} qqqqq=1", sitting)
    assert error.code == "unknown-tag"
    assert set(error.known) == {tag.word for tag in command.tags
                                if tag.form == "tag" and not tag.hidden}


@pytest.mark.parametrize(("command", "tag"),
                         each("dash") + each("flag") + each("slash") + each("colon"))
def test_a_doubled_or_unknown_option_is_refused(command: type[Command], tag: Tag[Any],
                                                sitting: Session) -> None:
    value = {"dash": " 1", "colon": sample(tag, sitting)}.get(tag.form, "")
    option = switch_word(tag) + value
    assert refused(f"{words(command)} /qqqq", sitting).code == "unknown-option"
    if not tag.many:
        assert refused(f"{words(command)} {option} {option}", sitting).code in (
            "doubled-tag", "bad-value")


@pytest.mark.parametrize("command", [one for one in ALL if not one.tags], ids=words)
def test_a_command_without_tags_takes_nothing(command: type[Command], sitting: Session) -> None:
    assert refused(f"{words(command)} surplus", sitting).code == "extra-value"


@pytest.mark.parametrize(("line", "code"), [
    ("bogus", "unknown-command"),
    ("ipsec static bogus", "unknown-command"),
    ("ipsec static add polcy name=x", "unknown-command"),
    ("ipsec static add filter filterlist=L", "missing-tag"),
    ('ipsec static add policy name="x', "unclosed-quote"),
    ("ipsec static add policy name=x\0", "control-character"),
    ("ipsec static add policy name=\x1b[31mx", "control-character"),
    ("ipsec static add policy name=" + "x" * 10_000, "bad-value"),
    ("x" * 10_000, "unknown-command"),
    ("ipsec static " + "add " * 2_500, "unknown-command"),
    ("x" * 40_000, "line-too-long"),
    ("ipsec static add filter L 10.1.0.1 10.2.0.1 srcmask=255.0.255.0", "bad-value"),
    ("ipsec static add filter L 10.1.0.256 10.2.0.1", "bad-value"),
    ("ipsec static add filter L ${Nowhere} 10.2.0.1", "unknown-variable"),
    ("ipsec static add policy name = ", "missing-value"),
    ("ipsec static add policy = x", "unknown-tag"),
    ("ipsec static add policy =x", "unknown-tag"),
    ("ipsec static show policy all | bogus", "unknown-filter"),
])
def test_a_bad_line_is_one_error(line: str, code: str, sitting: Session) -> None:
    assert refused(line, sitting).code == code


@pytest.mark.parametrize("line", ["psk=geheim ipsec", "psk = geheim", "ipsec psk=geheim",
                                  "ipsec static add rule psk=geheim psk=geheim",
                                  "ipsec static add rule a b c d psk=geheim bogus=1",
                                  'ipsec static add rule psk="geheim'])
def test_no_error_repeats_a_key(line: str, sitting: Session) -> None:
    error = refused(line, sitting)
    assert "geheim" not in "".join(plain(one) for one in render_error(error))


def test_a_name_may_be_non_ascii(sitting: Session) -> None:
    run_line('ipsec static add filterlist name="Büro → Zürich 日本"', sitting)
    run_line('ipsec static delete filterlist name="BÜRO → zürich 日本"', sitting)
