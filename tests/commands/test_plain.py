"""The quick reader of scripts: it gives what `parse` gives, or nothing at all."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from commands import index
from commands.parser import parse
from commands.plain import PlainReader
from commands.session import Session

PLAIN = [
    "add filter L 10.1.0.0 10.2.0.0",
    "add filter filterlist=L srcaddr=me dstaddr=any desc=x mir=no srcm=32",
    'ADD FILTER FilterList="My list" Srcaddr=10.1.0.0/24 DSTADDR=any description="a = b" prot=tcp',
    "  ipsec static add filter L me any dstport=53   protocol=UDP ",
    'add filter "My list" 10.1.0.0 10.2.0.0 "a text" any no',
    'set policy name="P" assign=y',
    "add rule r p l a psk=abc kerberos=yes",
    "set store local",
    'add filteraction name=A qmpfs="no" qmsec="ESP[3DES,SHA1]:100000k/1000s ESP[DES,MD5]"',
    "delete filterlist name=L",
]
LEFT = [
    "", "   ", "# note", "rem add filter L me any", "add", "add filter ?", "add filter L help",
    "add filter L me", "add filter L me any bogus=1", "add filter L me any srcaddr=me",
    "add filter L me any protocol=bogus", 'add filter "L me any', 'add filter "L"me any',
    'add filter L me any desc = x', "add filter L me any desc= x", "add filter L me any =x",
    "add filter ${NetA} me any", "show policy all | json", "show policy all > file",
    "add filter L me any desc=", 'add filter L me any d"esc"=x', "add filter\tL me any",
    'set policy name="a\\\'b"', "add filt L me any", '"add" filter L me any', "pushd ipsec",
    "route print", "ping 10.1.0.1 -n 1", "add rule r p l a soft=no", "dump reveal=yes",
    "add filter L me any d=x", "show bogus", "ipsec static", "add filter L me any x\0y",
    'add filter L me any desc="a"b', "nonsense add filter",
]


def read_both(line: str, session: Session) -> tuple[object, object]:
    """Class, fields and typed order by both readers; None where there is no command."""
    quick, parsed = PlainReader(session)(line), parse(line, session)
    whole = parsed.command is not None and parsed.error is None and not parsed.missing
    slow = parsed.build() if whole else None
    return (None if quick is None else (type(quick), vars(quick)),
            None if slow is None else (type(slow), vars(slow)))


@pytest.mark.parametrize("line", PLAIN)
def test_a_plain_line_is_read_as_the_full_reader_reads_it(line: str, session: Session) -> None:
    session.context = ("ipsec", "static")
    quick, slow = read_both(line, session)
    assert quick is not None and quick == slow


@pytest.mark.parametrize("line", LEFT)
def test_anything_else_is_left_to_the_full_reader(line: str, session: Session) -> None:
    session.context = ("ipsec", "static")
    assert read_both(line, session)[0] is None


def test_examples_of_every_command_mean_the_same_to_both(session: Session) -> None:
    read = 0
    for row in list(index.ROWS):
        command = index.load(index.node_at(tuple(row[0].split())))
        for example in command.examples:
            quick, slow = read_both(example, session)
            assert quick in (None, slow), example
            read += quick is not None
    assert read > 10


def test_a_line_is_read_in_the_context_where_it_stands(session: Session) -> None:
    read = PlainReader(session)
    assert read("add filter L me any") is None
    session.context = ("ipsec", "static")
    first = read("add filter L me any")
    session.context = ("routing", "ip")
    second = read("add filter EXT input 10.1.0.0 255.255.0.0 10.2.0.0 255.255.0.0 any")
    assert first is not None and first.words == ("ipsec", "static", "add", "filter")
    assert second is None or second.words == ("routing", "ip", "add", "filter")


def test_an_alias_may_change_what_any_word_means(session: Session) -> None:
    read = PlainReader(session)
    session.context = ("ipsec", "static")
    assert read("set store local") is not None
    session.aliases["set"] = "show"
    assert read("set store local") is None


WORDS = ["filterlist=L", 'filterlist="a b"', "L", '"a b"', "srcaddr=10.1.0.0/24", "srca=me",
         "dstaddr=any", "dstaddr=10.2.0.0", "10.1.0.0", "me", "srcmask=24", "srcmask=", "=",
         "mir=no", "mirrored=yes", "description=x", 'description="x=1 y"', "description=", "help",
         "protocol=TCP", "protocol=9999", "dstport=80", 'desc="?"', "bogus=1"]


@settings(max_examples=400)
@given(st.lists(st.lists(st.sampled_from(WORDS), max_size=7), min_size=2, max_size=8))
def test_what_a_reader_remembers_never_changes_what_a_line_means(
        lines: list[list[str]]) -> None:
    session = Session()
    session.context = ("ipsec", "static")
    read = PlainReader(session)
    for words in lines:
        line = " ".join(["add filter", *words])
        quick = read(line)
        parsed = parse(line, session)
        whole = parsed.kind == "command" and parsed.error is None and not parsed.missing
        if quick is not None:
            assert whole, line
            assert (type(quick), vars(quick)) == (type(parsed.build()), vars(parsed.build())), line
    session.close()
