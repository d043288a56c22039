"""Reading transcripts: every line kind, and every mistake with its file and line."""

from pathlib import Path

import pytest

from transcripts.format import (
    MAX_OCTETS,
    Exchange,
    FormatError,
    Header,
    Transcript,
    UnreadableError,
    parse,
    read,
)
from transcripts.pattern import Elision, Placeholder

CONTEXTS = {(), ("ipsec",), ("ipsec", "static")}
HEAD = "# transcript: 1\n"


def load(text: str) -> Transcript:
    return parse(text, "t.transcript", CONTEXTS)


FULL = """#!/usr/bin/env -S ipsecsh transcript run
# transcript: 1
# title: Two filter lists
# clock: virtual 2004-03-17T09:00:00Z
# seed:  7
# bind:  A=10.1.0.0/24 B=10.2.0.0/24
# bind:  C=1
# timeout: 5s

Some prose, with a list:

  * indented> is never a command
1 > 0, and a->b, and x<y are prose

## Build

ipsec static> add filterlist name=${A}
| Ok. <spi:x>
# a remark
~ clock +1h
~ clock +30m
> ping ${spi:x} < 3 > file
~ retry 10s
| <...3>
! no
= 2
> show
~ output ignore
"""


def test_every_line_kind_is_read() -> None:
    got = load(FULL)
    assert got.header == Header("Two filter lists", "empty", 1079514000.0, 7,
                                (("A", "10.1.0.0/24"), ("B", "10.2.0.0/24"), ("C", "1")), 5.0)
    first, second, third = got.exchanges
    assert (first.context, first.command) == (("ipsec", "static"), "add filterlist name=${A}")
    assert (first.line, first.section) == (17, "Build")
    assert first.expected[0].tokens == ("Ok. ", Placeholder("spi", "", None, "x", "<spi:x>"))
    assert (second.context, second.pause, second.retry, second.exit) == ((), 5400.0, 10.0, 2)
    assert [line.sigil for line in second.expected] == ["|", "!"]
    assert second.expected[0].elision == Elision(3)
    assert third == Exchange((), "show", 27, "Build", ignore=True)


@pytest.mark.parametrize(("text", "line", "reason"), [
    ("", 1, "begins with '# transcript: 1'"),
    ("# title: x", 1, "begins with '# transcript: 1'"),
    ("> show", 1, "begins with '# transcript: 1'"),
    ("# transcript: 2", 1, "is version 2; this shell reads version 1"),
    (HEAD + "# colour: red", 2, "unknown header 'colour'"),
    (HEAD + "# secrets: psk", 2, "header 'secrets' is not supported yet"),
    (HEAD + "# include: x", 2, "header 'include' is not supported yet"),
    (HEAD + "# seed: x", 2, "header 'seed' must be a whole number"),
    (HEAD + "# seed: 1\n# seed: 2", 3, "header 'seed' has already been given"),
    (HEAD + "# clock: real", 2, "must be 'virtual YYYY-MM-DDTHH:MM:SSZ'"),
    (HEAD + "# clock: virtual yesterday", 2, "must be 'virtual YYYY-MM-DDTHH:MM:SSZ'"),
    (HEAD + "# bind: x", 2, "has 'x' where NAME=VALUE belongs"),
    (HEAD + "# timeout: 5 parsecs", 2, "is no unit of time"),
    (HEAD + "ipsec dynamc> show", 2, "unknown context 'ipsec dynamc'"),
    (HEAD + "The way -> is long", 2, "unknown context"),
    (HEAD + "ipsec>", 2, "a prompt without a command"),
    (HEAD + "ipsec static>show", 2, "a command is written 'context> command'"),
    (HEAD + "ipsec static > show", 2, "a command is written 'context> command'"),
    (HEAD + ">show", 2, "a command is written 'context> command'"),
    (HEAD + "> x\n| ${}", 3, "${} names nothing"),
    (HEAD + "> x\n| <re>", 3, "<re> needs an argument"),
    (HEAD + "> x\n| <int4..5>", 3, "<int4..5> is no placeholder type"),
    (HEAD + "> x\n| <enum(a)4..5>", 3, "stray text"),
    (HEAD + "| out", 2, "output before the first command"),
    (HEAD + "= 1", 2, "an exit class before the first command"),
    (HEAD + "~ retry 1s", 2, "retry before the first command"),
    (HEAD + "> x\n|out", 3, "a blank belongs after '|'"),
    (HEAD + "> x\n| <spi", 3, "unclosed placeholder"),
    (HEAD + "> x\n| <spi:x", 3, "unclosed placeholder"),
    (HEAD + "> x\n| <re(a", 3, "unclosed placeholder"),
    (HEAD + "> x\n| <re([)>", 3, "is no regular expression"),
    (HEAD + "> x\n| <re((a))>", 3, "must group with (?:...)"),
    (HEAD + "> x\n| <wat>", 3, "<wat> is no placeholder type"),
    (HEAD + "> x\n| 1 < 2", 3, "a literal < is written \\<"),
    (HEAD + "> x\n| <int a..b>", 3, "range of <int a..b>"),
    (HEAD + "> x\n| <ip 1..2>", 3, "has no order"),
    (HEAD + "> x\n| <int ~3>", 3, "must be a range"),
    (HEAD + "> x\n| <int:>", 3, "a capture is <int:name>"),
    (HEAD + "> x\n| <...x>", 3, "must be <...> or <...N>"),
    (HEAD + "> x\n| <rows>", 3, "<rows> is not supported yet"),
    (HEAD + "> x\n| ${a", 3, "unclosed ${"),
    (HEAD + "> x\n| ${spi:a} <spi:a>", 3, "capture ${spi:a} is used before it is bound"),
    (HEAD + "> show ${spi:a}\n| <spi:a>", 2, "capture ${spi:a} is used before it is bound"),
    (HEAD + "> add psk=${secret:psk}", 2, "${secret:psk} is not supported yet"),
    (HEAD + "> x\n= two", 3, "exit class 'two' must be a number from 0 to 255"),
    (HEAD + "> x\n= 256", 3, "must be a number from 0 to 255"),
    (HEAD + "> x\n? Key:", 3, "answers to prompts (?) are not supported yet"),
    (HEAD + "> x\n< y", 3, "answers to prompts (<) are not supported yet"),
    (HEAD + "> x\n~ wait state(toB)=up", 3, "directive 'wait' is not supported yet"),
    (HEAD + "> x\n~ sleep 5", 3, "unknown directive 'sleep'"),
    (HEAD + "> x\n~ output away", 3, "must be 'output ignore'"),
    (HEAD + "> x\n~ clock 1h", 3, "must be a step such as +1h"),
    (HEAD + "> x\n~ clock +1h", 3, "after the last command"),
    (HEAD + "> x\n| y\n~ output ignore", 3, "output is expected and ignored at once"),
    (HEAD + "> " + "x" * 30_000, 2, "longer than 20000 characters"),
])
def test_a_mistake_is_named_with_its_file_and_line(text: str, line: int, reason: str) -> None:
    with pytest.raises(FormatError) as caught:
        load(text)
    assert reason in caught.value.text
    assert (caught.value.line, caught.value.path) == (line, "t.transcript")
    assert str(caught.value).startswith(f"t.transcript:{line}: ")


@pytest.mark.parametrize(("octets", "reason"), [
    (None, "cannot be read: No such file"),
    (b"# transcript: 1\n\xff\xfe", "2: is not UTF-8 text"),
    (b"# transcript: 1\n\n\0", "3: is binary, not text"),
    (b"x" * (MAX_OCTETS + 1), "is larger than 4 MiB"),
], ids=["missing", "not UTF-8", "NUL", "huge"])
def test_an_unreadable_file_is_named(tmp_path: Path, octets: bytes | None, reason: str) -> None:
    path = tmp_path / "t.transcript"
    if octets is not None:
        path.write_bytes(octets)
    with pytest.raises(UnreadableError) as caught:
        read(str(path))
    assert reason in str(caught.value)
    assert str(path) in str(caught.value)
