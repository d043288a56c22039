"""The engine's failures as the operator's: code, exit class, the word to blame."""

import pytest

from commands.spec import Command
from commands.static.errors import engine_error_to_command_error
from commands.static.policy import AddPolicy
from commands.static.rule import AddRule
from engine.errors import Broken, EngineError, NotFound, ParseError, Refused
from engine.policy.model import Secret

RULE = AddRule(name="X", policy="P", filterlist="x", filteraction="A", psk=Secret("key"))


@pytest.mark.parametrize(("error", "code", "exit", "tag"), [
    (NotFound("FilterList", "X", ("L",)), "IPsec[05049]", 1, "filterlist"),
    (NotFound("FilterAction", "a"), "not-found", 1, "filteraction"),
    (NotFound("Rule", "x"), "not-found", 1, "name"),
    (NotFound("Machine", "m"), "not-found", 1, ""),
    (Refused("name-taken", "t", kind="Rule", name="X"), "IPsec[05020]", 1, "name"),
    (Refused("tunnel-end", "t", name="tunnel"), "tunnel-end", 1, "tunnel"),
    (Refused("bad-text", "t", name="key"), "bad-text", 1, ""),
    (Broken("locked", "t"), "store-locked", 6, ""),
    (Broken("full", "t"), "store-full", 3, ""),
    (Broken("readonly", "t"), "store-readonly", 3, ""),
    (Broken("damaged", "t"), "IPsec[05073]", 3, ""),
    (Broken("newer", "t"), "IPsec[05073]", 3, ""),
    (ParseError("short", "length"), "failed", 1, ""),
])
def test_codes_and_the_word_to_blame(error: EngineError, code: str, exit: int,
                                     tag: str) -> None:
    found = engine_error_to_command_error(error, RULE)
    assert (found.code, found.exit, found.tag, found.text) == (code, exit, tag, str(error))


def test_a_new_name_is_blamed_when_it_is_the_taken_one() -> None:
    error = Refused("name-taken", "t", kind="Policy", name="q", hint="choose another")
    command: Command = AddPolicy(name="Q")
    found = engine_error_to_command_error(error, command)
    assert (found.code, found.tag, found.fix) == ("IPsec[05005]", "name", "choose another")
    assert engine_error_to_command_error(error).tag == ""
