"""A typed line never keeps its key, however wrong the line is."""

import pytest

from commands.masking import mask, mask_text
from commands.parser import parse
from commands.run import run_line
from commands.session import Session

pytestmark = pytest.mark.usefixtures("tried")
KEY = "geheim"


@pytest.mark.parametrize(("line", "masked"), [
    ("try tagged x psk=geheim", "try tagged x psk=********"),
    ("try tagged x psk = geheim yes", "try tagged x psk = ******** yes"),
    ("try tagged x ps= geheim", "try tagged x ps= ********"),
    ('try tagged x psk="geheim mit" no', "try tagged x psk=******** no"),
    ("try tagged a b no 1 permit 10.1.0.1 32 geheim", "try tagged a b no 1 permit 10.1.0.1 32 "
                                                      "********"),
    ("try taged x psk=geheim", "try taged x psk=********"),
    ("try tagged x pks=geheim", "try tagged x pks=********"),
    ("try tagged x pssk = geheim", "try tagged x pssk = ********"),
    ("bogus pasword=geheim", "bogus pasword=********"),
    ("bogus mask=24 task=x", "bogus mask=24 task=x"),
    ("tyr psk = geheim", "tyr psk = ********"),
    ("bogus presharedkey= geheim", "bogus presharedkey= ********"),
    ('bogus psk="geheim', "bogus psk=********"),
    ("try tagged x psk=geheim psk=geheim", "try tagged x psk=******** psk=********"),
    ('alias r "try tagged x psk = geheim"', "alias r ********"),
    ("alias r try tagged x psk=geheim", "alias r try tagged x psk=********"),
    ("try tagged x", "try tagged x"),
    ("", ""),
])
def test_the_key_becomes_stars(line: str, masked: str, session: Session) -> None:
    assert mask_text(line, session) == masked


def test_columns_behind_the_stars_are_moved(session: Session) -> None:
    line = "try tagged x psk=geheim bogus=1"
    text, moved = mask(parse(line, session))
    assert text[moved(line.index("bogus")):] == "bogus=1"
    assert moved(line.index("geheim")) == text.index("*")
    assert moved(line.index("heim")) == text.index("*")
    assert moved(3) == 3


def test_a_key_in_quotation_marks_within_others_is_hidden_to_its_end(session: Session) -> None:
    line = 'alias key "ipsec static set rule x y psk="correct horse battery staple!""'
    assert mask_text(line, session) == "alias key ********"


def test_the_name_of_an_alias_that_holds_a_key_is_no_key(session: Session) -> None:
    run_line('alias key "try tagged x psk=geheim"', session)
    assert mask_text("key", session) == "key"
    assert mask_text("key psk=anders", session) == "key psk=********"
