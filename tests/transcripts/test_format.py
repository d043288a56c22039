"""Reading transcripts: every line kind, and every mistake with its file and line."""

from pathlib import Path

import pytest

from transcripts.conditions import Comparison, Condition
from transcripts.directives import Skip, Wait
from transcripts.format import MAX_OCTETS, parse, read
from transcripts.format import load as load_file
from transcripts.model import (
    Directive,
    Exchange,
    FormatError,
    Header,
    Login,
    Prompt,
    Transcript,
    UnreadableError,
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
# bind:  C="a b"
# secrets: psk=env:KEY other
# mask: host=gw1 → <host:1>
# requires: lab linux
# timeout: 5s total 2m

Some prose, with a list:

  * indented> is never a command
1 > 0, and a->b, and x<y are prose

## Build

~ skip if target
ipsec static> add filterlist name=${A}
| Ok. <spi:x>
# a remark
~ clock +1h
~ clock +30m
~ label here
> ping ${spi:x} < 3 > file
~ retry 10s
~ within 2s
| <...3>
! no
= 2
> show
~ output ignore
## Ask
~ inject link middle loss=10%
~ wait state(toB)=up 10s
> add rule psk
~ unordered
| b
| a
~ end
? Key:
< ${secret:psk}
< ^C
~ json .[0].bytes >= 64
~ assert ${spi:x} != 0
~ skip if ${A} == 10.1.0.0/24
~ expect-fail X
| <rows>
| one
"""


def test_every_line_kind_is_read() -> None:
    got = load(FULL)
    assert got.header == Header(
        "Two filter lists", "empty", 1079514000.0, False, 7,
        (("A", "10.1.0.0/24"), ("B", "10.2.0.0/24"), ("C", "a b")),
        (("psk", "env:KEY"), ("other", "generate")), (("host", "gw1"),), ("lab", "linux"), (),
        5.0, 120.0)
    first, second, third, fourth = got.exchanges
    assert (first.context, first.command) == (("ipsec", "static"), "add filterlist name=${A}")
    assert (first.line, first.section) == (21, "Build")
    assert first.expected[0].tokens == ("Ok. ", Placeholder("spi", "", None, "x", "<spi:x>"))
    assert first.checks == (Directive("skip", "if target", 20,
                                      Skip(Condition(False, "target"), "target")),)
    assert [(one.name, one.value) for one in second.before] == [
        ("clock", 3600.0), ("clock", 1800.0), ("label", "here")]
    assert [(one.name, one.value) for one in second.checks[1:]] == [("retry", 10.0),
                                                                    ("within", 2.0)]
    assert (second.context, second.label, second.exit, second.exit_line) == ((), "here", 2, 32)
    assert [line.sigil for line in second.expected] == ["|", "!"]
    assert second.expected[0].elision == Elision(3)
    assert third == Exchange((), "show", 33, "Build", checks=(
        first.checks[0], Directive("output", "ignore", 34)), path="t.transcript")
    assert third.ignore and not second.ignore


def test_questions_checks_and_groups_are_read() -> None:
    one = load(FULL).exchanges[3]
    assert [(each.name, each.value) for each in one.before] == [
        ("inject", "lab set link middle loss=10%"),
        ("wait", Wait("state", "toB", "=", "up", 10.0))]
    assert [(line.sigil, line.text, line.group, line.rows) for line in one.expected] == [
        ("|", "b", 1, False), ("|", "a", 1, False), ("?", "Key:", 0, False),
        ("<", "${secret:psk}", 0, False), ("<", "^C", 0, False), ("|", "<rows>", 0, True),
        ("|", "one", 0, False)]
    assert [line.text for line in one.answers] == ["${secret:psk}", "^C"]
    assert [each.name for each in one.checks] == ["json", "assert", "skip", "expect-fail"]
    assert one.checks[1].value == Comparison("${spi:x}", "!=", "0")


def test_the_header_of_a_target_says_how_it_talks() -> None:
    got = load(HEAD + "# prompt: = <host># \n# prompt: config if = <host>(config-if)#\n"
                      "# login: Password: = ${secret:pw}\n# error: % <*>\n# pager: --More--\n"
                      "> show\nconfig if> exit\n")
    assert [one.context for one in got.header.prompts] == [(), ("config", "if")]
    assert got.header.prompts[0] == Prompt((), (Placeholder("host", "", None, "", "<host>"), "#"))
    assert got.header.logins == (Login(("Password:",), "${secret:pw}"),)
    assert got.header.pagers == (("--More--",),)
    assert [one.context for one in got.exchanges] == [(), ("config", "if")]
    with pytest.raises(FormatError, match="unknown context 'ipsec'"):
        load(HEAD + "# prompt: = >\nipsec> show\n")


def test_in_markdown_the_fences_of_the_shell_are_the_transcript() -> None:
    text = ("# An article\n\nipsec> is prose here\n\n```ipsecsh\n# transcript: 1\n> one\n```\n"
            "| no output\n```sh\n> two\n```\n~~~ ipsecsh session\n> three\n| x\n~~~\n")
    got = parse(text, "article.md", CONTEXTS)
    assert [(one.command, one.line) for one in got.exchanges] == [("one", 7), ("three", 14)]


@pytest.mark.parametrize(("text", "line", "reason"), [
    ("", 1, "begins with '# transcript: 1'"),
    ("# title: x", 1, "begins with '# transcript: 1'"),
    ("> show", 1, "begins with '# transcript: 1'"),
    ("# transcript: 2", 1, "is version 2; this shell reads version 1"),
    (HEAD + "# colour: red", 2, "unknown header 'colour'"),
    (HEAD + "# secrets: p!", 2, "has 'p!' where a secret's name belongs"),
    (HEAD + "# secrets: psk=plain", 2, "has the source 'plain'"),
    (HEAD + "# secrets: psk=env:", 2, "has the source 'env:'"),
    (HEAD + "# mask: colour=red", 2, "has 'colour', which is no placeholder type"),
    (HEAD + "# requires: magic", 2, "'magic' is no condition"),
    (HEAD + "# include:", 2, "must name a transcript"),
    (HEAD + "# seed: x", 2, "header 'seed' must be a whole number"),
    (HEAD + "# seed: 1\n# seed: 2", 3, "header 'seed' has already been given"),
    (HEAD + "# clock: virtual yesterday", 2, "must be 'virtual YYYY-MM-DDTHH:MM:SSZ' or 'real'"),
    (HEAD + "# clock: fast", 2, "must be 'virtual YYYY-MM-DDTHH:MM:SSZ' or 'real'"),
    (HEAD + "# bind: x", 2, "has 'x' where NAME=VALUE belongs"),
    (HEAD + '# bind: x="a', 2, 'has an unclosed "'),
    (HEAD + "# timeout: 5 parsecs", 2, "is no unit of time"),
    (HEAD + "# prompt: x", 2, "must be CONTEXT = PATTERN"),
    (HEAD + "# prompt: x =", 2, "must be a pattern"),
    (HEAD + "# login: x", 2, "must be PATTERN = ANSWER"),
    (HEAD + "# error: <wat>", 2, "<wat> is no placeholder type"),
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
    (HEAD + "? out", 2, "a question before the first command"),
    (HEAD + "= 1", 2, "an exit class before the first command"),
    (HEAD + "~ retry 1s", 2, "retry before the first command"),
    (HEAD + "~ unordered", 2, "unordered before the first command"),
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
    (HEAD + "> x\n| ${a", 3, "unclosed ${"),
    (HEAD + "> x\n| ${spi:a} <spi:a>", 3, "capture ${spi:a} is used before it is bound"),
    (HEAD + "> show ${spi:a}\n| <spi:a>", 2, "capture ${spi:a} is used before it is bound"),
    (HEAD + "> x\n= two", 3, "exit class 'two' must be a number from 0 to 255"),
    (HEAD + "> x\n= 256", 3, "must be a number from 0 to 255"),
    (HEAD + "> x\n< y", 3, "an answer without a question; only ^C stands alone"),
    (HEAD + "> x\n? a\n< ${spi:a}", 4, "capture ${spi:a} is used before it is bound"),
    (HEAD + "> x\n~ sleep 5", 3, "unknown directive 'sleep'"),
    (HEAD + "> x\n~ output away", 3, "must be 'output ignore'"),
    (HEAD + "> x\n~ clock 1h", 3, "must be a step such as +1h"),
    (HEAD + "> x\n~ clock +1h", 3, "directive 'clock' after the last command"),
    (HEAD + "> x\n~ clock +1h\n| y", 4, "output behind '~ clock', which belongs to the next"),
    (HEAD + "> x\n| y\n~ output ignore", 3, "output is expected and ignored at once"),
    (HEAD + "> x\n~ unordered\n| y\n> z", 5, "directive 'unordered' without 'end'"),
    (HEAD + "> x\n~ end", 3, "directive 'end' without 'unordered'"),
    (HEAD + "> x\n~ end here", 3, "takes nothing behind it"),
    (HEAD + "> x\n~ skip when", 3, "must be 'skip if CONDITION'"),
    (HEAD + "> x\n~ skip if magic", 3, "'magic' is no condition"),
    (HEAD + "> x\n~ skip if a ? b", 3, "must be two values and an operator"),
    (HEAD + "> x\n~ assert ${n}", 3, "must be two values and an operator"),
    (HEAD + "> x\n~ json bytes == 1", 3, "must be a path, an operator and a value"),
    (HEAD + "> x\n~ json .a[ == 1", 3, "path .a[ has an unclosed ["),
    (HEAD + "> x\n~ json .a[b] == 1", 3, "[b] is no index"),
    (HEAD + "> x\n~ json .a..b == 1", 3, "has an empty name"),
    (HEAD + "> x\n~ json .a[0]b == 1", 3, "is not understood at 'b'"),
    (HEAD + "> x\n~ json .a is 1", 3, "'is' is no operator"),
    (HEAD + "> x\n~ json .a ==", 3, "'==' needs a value"),
    (HEAD + "> x\n~ json .a exists 1", 3, "'exists' takes no value"),
    (HEAD + "> x\n~ within soon", 3, "directive 'within'"),
    (HEAD + "> x\n~ expect-fail", 3, "must be one word"),
    (HEAD + "~ wait soon\n> x", 2, "must be two values and an operator"),
    (HEAD + "~ wait speed >= 3\n> x", 2, "must be state(NAME)=up, event(NUMBER) or sas >="),
    (HEAD + "~ wait state(x\n> x", 2, "must be state(NAME)=up, event(NUMBER) or sas >="),
    (HEAD + "~ wait state(x)=sideways\n> x", 2, "must be state(NAME)=up or state(NAME)=down"),
    (HEAD + "~ wait event(x)\n> x", 2, "must be event(NUMBER)"),
    (HEAD + "~ inject\n> x", 2, "must name what is to happen"),
    (HEAD + "~ inject off\n> x", 2, "must name what is to end"),
    (HEAD + "> " + "x" * 30_000, 2, "longer than 20000 characters"),
], ids=lambda value: value[-40:].replace("\n", " ") if isinstance(value, str) else value)
def test_a_mistake_is_named_with_its_file_and_line(text: str, line: int, reason: str) -> None:
    with pytest.raises(FormatError) as caught:
        load(text)
    assert reason in caught.value.text
    assert (caught.value.line, caught.value.path) == (line, "t.transcript")
    assert str(caught.value).startswith(f"t.transcript:{line}: ")


def write(folder: Path, name: str, text: str) -> str:
    (folder / name).write_text(HEAD + text)
    return str(folder / name)


def test_an_included_file_comes_first_with_its_captures(tmp_path: Path) -> None:
    write(tmp_path, "setup.transcript", "# bind: a=1 b=1\n# secrets: k\n> one\n| <spi:x>\n")
    path = write(tmp_path, "main.transcript", "# include: setup.transcript\n# bind: a=2\n"
                                              "> two ${spi:x}\n")
    got = load_file(path, CONTEXTS)
    assert [(one.command, one.path) for one in got.exchanges] == [
        ("one", str(tmp_path / "setup.transcript")), ("two ${spi:x}", path)]
    assert dict(got.header.bind) == {"a": "2", "b": "1"}
    assert got.header.secrets == (("k", "generate"),)


def test_includes_end(tmp_path: Path) -> None:
    path = write(tmp_path, "a.transcript", "# include: b.transcript\n> a\n")
    with pytest.raises(FormatError, match=r"a.transcript:2: includes b.transcript, which cannot"):
        load_file(path, CONTEXTS)
    write(tmp_path, "b.transcript", "# include: a.transcript\n> b\n")
    with pytest.raises(FormatError, match=r"b.transcript:2: includes a.transcript, which incl"):
        load_file(path, CONTEXTS)
    for number in range(12):
        write(tmp_path, f"{number}.transcript", f"# include: {number + 1}.transcript\n> x\n")
    with pytest.raises(FormatError, match="includes more than 8 deep"):
        load_file(str(tmp_path / "0.transcript"), CONTEXTS)
    for number in range(8):
        write(tmp_path, f"{number}.transcript",
              f"# include: {number + 1}.transcript\n" * 8 * (number < 7) + "> x\n")
    with pytest.raises(FormatError, match="or more than 64 files"):
        load_file(str(tmp_path / "0.transcript"), CONTEXTS)


@pytest.mark.parametrize(("octets", "reason"), [
    (None, "cannot be read: No such file"),
    (b"# transcript: 1\n\xff\xfe", "2: is not UTF-8 text"),
    (b"# transcript: 1\n\n\0", "3: is binary, not text"),
    (b"x" * (MAX_OCTETS + 1), "is larger than 16 MiB"),
], ids=["missing", "not UTF-8", "NUL", "huge"])
def test_an_unreadable_file_is_named(tmp_path: Path, octets: bytes | None, reason: str) -> None:
    path = tmp_path / "t.transcript"
    if octets is not None:
        path.write_bytes(octets)
    with pytest.raises(UnreadableError) as caught:
        read(str(path))
    assert reason in str(caught.value)
    assert str(path) in str(caught.value)
