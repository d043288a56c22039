"""Bad objects generated from the declarations: each one absent, or in use, or out of range."""

from collections.abc import Iterator
from typing import Any

import pytest

from commands.errors import CommandError
from commands.kinds import Number, YesNo
from commands.layout import plain
from commands.names import (
    CertificateName,
    FilterActionName,
    FilterListName,
    InterfaceName,
    MachineName,
    ObjectName,
    PolicyName,
    RuleName,
)
from commands.render import render_error
from commands.run import run_line
from commands.session import Session
from commands.spec import Command, Tag
from tests.commands.test_bad_input import ALL, sample, words
from tests.support.article import POLICY, full_lines

ACTION = "IPSec tunnel: ESP DES/MD5"
# What exists in the article's world, by the kind of the name.
EXISTING = {PolicyName: POLICY, FilterListName: "NetA to NetB", FilterActionName: ACTION,
            RuleName: "NetA to NetB", InterfaceName: "External", MachineName: "gwA",
            CertificateName: "nobody's"}
ABSENT = "Nobody knows it"
CONTEXTS = ("ipsec", "routing", "interface", "set")


@pytest.fixture(scope="module")
def world() -> Iterator[Session]:
    session = Session("", yes=True)
    for line in full_lines():
        run_line(line, session)
    for line in ("add mmpolicy used", "add qmpolicy used",
                 "add rule 192.0.2.1 198.51.100.7 used used psk=k"):
        run_line("ipsec dynamic " + line, session)
    yield session
    session.close()


# What other parameters are given, so that the bad one is the first mistake.
OTHERS = {"srcaddr": "192.0.2.1", "dstaddr": "198.51.100.9", "dest": "10.2.0.0",
          "mask": "255.255.255.0"}


def value(tag: Tag[Any], session: Session) -> str:
    """A value that the tag takes: an object that exists, where it names one."""
    if tag.word in OTHERS and not isinstance(tag.kind, YesNo):
        return OTHERS[tag.word]
    for kind, name in EXISTING.items():
        if isinstance(tag.kind, kind) and not getattr(tag.kind, "new", False):
            return name
    if isinstance(tag.kind, ObjectName):
        return "fresh" if tag.kind.new else "used"
    return sample(tag, session)


def line(command: type[Command], given: dict[str, str], session: Session) -> str:
    """The command with its required tags, and what is given."""
    filled = {tag.word: value(tag, session) for tag in command.tags if tag.form == "tag" and (
        tag.required or tag.word in ("name", "mask") and "rule" not in given)} | given
    if command.words == ("ipsec", "dynamic", "set", "rule"):
        filled["dstaddr"] = "198.51.100.7"  # the rule that is there
    return " ".join([words(command), *(f'{name}="{text}"' for name, text in filled.items())])


def refused(text: str, session: Session) -> CommandError:
    before = session.store.generation(), session.config.digest()
    with pytest.raises(CommandError) as raised:
        run_line(text, session)
    error = raised.value
    assert (session.store.generation(), session.config.digest()) == before
    assert error.code != "internal" and error.exit in (1, 2)
    shown = [plain(one) for one in render_error(error)]
    assert "^" in "".join(shown), f"no caret: {shown}"
    assert error.known or error.fix or " must " in error.text, f"no way out: {shown}"
    return error


NAMED = [pytest.param(command, tag, id=f"{words(command)}-{tag.word}")
         for command in ALL for tag in command.tags
         if tag.form == "tag" and isinstance(tag.kind, ObjectName) and not tag.kind.new
         and command.words[0] in CONTEXTS
         and command.words != ("ipsec", "static", "add", "filter")]  # it makes the list


@pytest.mark.parametrize(("command", "tag"), NAMED)
def test_an_object_that_is_not_there_is_named_with_those_that_are(
        command: type[Command], tag: Tag[Any], world: Session) -> None:
    error = refused(line(command, {tag.word: ABSENT}, world), world)
    assert ABSENT in error.text
    assert error.exit == 1


IN_USE = [
    f'ipsec static delete policy "{POLICY}"', "ipsec static delete policy all",
    'ipsec static delete filterlist "NetA to NetB"', "ipsec static delete filterlist all",
    f'ipsec static delete filteraction "{ACTION}"', "ipsec static delete filteraction all",
    f'ipsec static delete rule default "{POLICY}"', "ipsec static delete all",
    "ipsec dynamic delete mmpolicy used", "ipsec dynamic delete mmpolicy all",
    "ipsec dynamic delete qmpolicy used", "ipsec dynamic delete qmpolicy all",
]


@pytest.mark.parametrize("text", IN_USE)
def test_what_is_in_use_is_not_deleted(text: str, world: Session) -> None:
    before = world.config.digest()
    with pytest.raises(CommandError) as raised:
        run_line(text, world)
    error = raised.value
    assert error.code in ("in-use", "assigned", "default-rule") and error.fix
    assert world.config.digest() == before


TAKEN = [pytest.param(command, tag, id=f"{words(command)}-{tag.word}")
         for command in ALL for tag in command.tags
         if tag.form == "tag" and isinstance(tag.kind, ObjectName) and tag.kind.new
         and command.words[:2] == ("ipsec", "static") and tag.word == "name"
         and type(tag.kind) in EXISTING and not isinstance(tag.kind, CertificateName)]


@pytest.mark.parametrize(("command", "tag"), TAKEN)
def test_a_name_that_is_taken_is_refused(command: type[Command], tag: Tag[Any],
                                         world: Session) -> None:
    taken = next(name for kind, name in EXISTING.items() if isinstance(tag.kind, kind))
    error = refused(line(command, {tag.word: taken.upper()}, world), world)
    assert "already exists" in error.text


RANGES = [pytest.param(command, tag, text, id=f"{words(command)}-{tag.word}-{text}")
          for command in ALL for tag in command.tags
          if tag.form == "tag" and isinstance(tag.kind, Number)
          for text in (str(tag.kind.low - 1), str(tag.kind.high + 1), "9" * 30, "1.5", "0x10")]


@pytest.mark.parametrize(("command", "tag", "text"), RANGES)
def test_a_number_out_of_its_range_is_refused(command: type[Command], tag: Tag[Any], text: str,
                                              world: Session) -> None:
    error = refused(line(command, {tag.word: text}, world), world)
    assert error.code == "bad-value" and error.exit == 2
    assert error.tag == tag.name
