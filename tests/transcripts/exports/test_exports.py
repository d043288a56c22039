"""A transcript in other forms: a page, an article, a recording of a terminal, a script."""

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from commands.answer import Answer
from commands.errors import CommandError
from commands.render import render_text
from commands.run import run_line
from commands.session import Session
from transcripts import replay

KEY = "Zq8XvB2LmK9pR4"
TEXT = f"""# transcript: 1
# title: A <try> & more
# clock: virtual 2004-03-17T09:00:00Z
# seed: 3
# bind: NetA=172.16.5.0/24
# mask: host=hostB

Prose with <b>signs</b> about hostB.

    indented   as it is

## One "quoted"

> ipsec static
ipsec static> add policy name="</script><script>alert(1)</script>" activatedefaultrule=no
ipsec static> add rule name=r policy=x filterlist=l filteraction=a psk=${{secret:psk}}
! ERR not-found : Policy with name 'x' does not exist
! <...>
= 1
ipsec static> add rule name=r policy=x filterlist=l filteraction=a psk={KEY}
= 1
! <...>

## Two

~ clock +1h
~ inject link middle loss=10%
> ping -n 1 ${{NetA.host}}
~ output ignore
= 1
> set machine hostA
> lab reset
? lab reset: are you sure? (y/n)
< n
! <...>
= 5
> set machine nobody
~ skip if lab
> lab show clock
| nothing like it
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "t.transcript").write_text(TEXT)
    return tmp_path


def export(folder: Path, more: str) -> Answer:
    session = Session("")
    session.folder = str(folder)
    return run_line(f"transcript export {more}", session)


# --- the page -----------------------------------------------------------------------------------


class Tags(HTMLParser):
    """Checks that every tag is closed in its turn; keeps all attributes."""

    VOID = frozenset({"meta", "input", "br"})

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.feed(text)
        self.close()
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.fixture
def page(folder: Path) -> str:
    answer = export(folder, "t.transcript to=html")
    assert "WARN RUN-FAILED: the run that is shown did not pass" in render_text(answer)
    return (folder / "t.html").read_text()


def test_a_page_fetches_nothing(page: str) -> None:
    tags = Tags(page)
    assert not [one for one in tags.attributes if one[1] in ("src", "srcset", "action", "data")]
    assert all(value.startswith("#") for _, name, value in tags.attributes if name == "href")
    assert not re.search(r"https?:|url\(|@import|fetch\(|XMLHttp|//[a-z]+\.", page)
    assert "default-src 'none'" in page


def test_a_page_shows_every_command_with_its_verdict_and_a_button(page: str) -> None:
    tags = Tags(page)
    copies = [value for _, name, value in tags.attributes if name == "data-copy"]
    assert copies[0] == "ipsec static" and copies[2].endswith("psk=${secret:psk}")
    assert copies[4] == "ping -n 1 172.16.5.10" and len(copies) == 9
    steps = [value.split()[1] for tag, name, value in tags.attributes
             if name == "class" and value.startswith("step ")]
    assert (steps.count("failed"), steps.count("skipped")) == (2, 1)
    assert ("details", "open", "") in tags.attributes
    assert '<span class="badge failed">failed</span>' in page
    assert page.count("<h2 ") == 2 and "One &quot;quoted&quot;" in page


def test_a_page_shows_signs_and_runs_none(page: str) -> None:
    assert page.count("<script>") == 1 and "&lt;/script&gt;&lt;script&gt;alert(1)" in page
    assert "<title>A &lt;try&gt; &amp; more</title>" in page
    assert "Prose with &lt;b&gt;signs&lt;/b&gt; about &lt;host:1&gt;." in page
    assert '<pre class="code">    indented   as it is</pre>' in page


@pytest.mark.parametrize("form", ["html", "cast", "cast2", "md", "script"])
def test_no_form_has_a_secret_in_it(form: str, folder: Path) -> None:
    export(folder, f"t.transcript to={form} out=o run=yes")
    text = (folder / "o").read_text()
    assert "hostB" not in text and "<host:1>" in text.replace("&lt;", "<").replace("&gt;", ">") \
        or form.startswith("cast")
    assert KEY not in text
    assert (folder / "o").stat().st_mode & 0o777 == 0o600


def test_an_expected_page_has_no_verdicts(folder: Path) -> None:
    export(folder, "t.transcript to=html run=no")
    page = (folder / "t.html").read_text()
    Tags(page)
    assert "as they are expected" in page and 'class="step shown"' in page
    assert "ERR not-found : Policy with name" in page


# --- recordings of a terminal -------------------------------------------------------------------


def events(folder: Path, form: str) -> tuple[dict[str, object], list[tuple[float, str, str]]]:
    export(folder, f"t.transcript to={form} out=o overwrite=yes")
    head, *lines = [json.loads(line) for line in (folder / "o").read_text().split("\n") if line]
    return head, [(at, code, text) for at, code, text in lines]


def test_a_cast_of_version_3_has_intervals_markers_and_the_exit_class(folder: Path) -> None:
    head, found = events(folder, "cast")
    assert head["version"] == 3 and head["term"] == {"cols": 80, "rows": 30,
                                                     "type": "xterm-256color"}
    assert head["title"] == "A <try> & more" and head["timestamp"] == 1079514000
    assert all(0 <= at <= 10 for at, _, _ in found) and found[-1][1:] == ("x", "1")
    marks = [text for _, code, text in found if code == "m"]
    assert marks[:2] == ['One "quoted"', "> ipsec static"] and len(marks) == 11
    screen = "".join(text for _, code, text in found if code == "o")
    assert "ipsec static> add policy" in screen and "172.16.5.10\r\n" in screen
    assert "sure? (y/n) n\r\n" in screen and "\x1b[1;31mERR not-found : " in screen


def test_a_cast_of_version_2_has_times(folder: Path) -> None:
    head, found = events(folder, "cast2")
    assert head["version"] == 2 and (head["width"], head["height"]) == (80, 30)
    times = [at for at, _, _ in found]
    assert times == sorted(times) and {code for _, code, _ in found} == {"o", "m"}
    _, other = events(folder, "cast")
    assert times[-1] == pytest.approx(sum(at for at, code, _ in other[:-1]), abs=0.2)


def test_what_a_peer_prints_steers_no_terminal(tmp_path: Path) -> None:
    (tmp_path / "t.transcript").write_text(
        '# transcript: 1\n## a\x1b[2Jb\n> set machine "\x1b]0;x\x07"\n! <...>\n= 1\n')
    export(tmp_path, "t.transcript to=cast out=o")
    lines = [json.loads(line) for line in (tmp_path / "o").read_text().split("\n")[1:] if line]
    text = "".join(line[2] for line in lines if line[1] == "o")
    assert not re.search(r"\x1b(?!\[[0-9;]*m)", text) and "\x07" not in text


# --- articles and scripts -----------------------------------------------------------------------


@pytest.mark.parametrize("name", replay.bundled())
def test_an_article_has_the_same_commands_and_expects_the_same(name: str, tmp_path: Path) -> None:
    export(tmp_path, f"{name} to=md")
    one, two = replay.load(replay.find(name)), replay.load(str(tmp_path / f"{name}.md"))
    assert two.header == one.header
    assert [(each.context, each.command, each.section, each.exit, each.label,
             [(line.sigil, line.text, line.group) for line in each.expected],
             [(check.name, check.argument) for check in (*each.before, *each.checks)])
            for each in two.exchanges] == [
        (each.context, each.command, each.section, each.exit, each.label,
         [(line.sigil, line.text, line.group) for line in each.expected],
         [(check.name, check.argument) for check in (*each.before, *each.checks)])
        for each in one.exchanges]


def test_an_article_replays(tmp_path: Path) -> None:
    export(tmp_path, "mirrored-filter to=md")
    session = Session("")
    session.folder = str(tmp_path)
    assert run_line("transcript run mirrored-filter.md", session).exit == 0
    export(tmp_path, "mirrored-filter.md to=html")
    assert "<h2 " in (tmp_path / "mirrored-filter.html").read_text()


def test_a_script_does_the_same(folder: Path) -> None:
    export(folder, "t.transcript to=script")
    lines = (folder / "t.txt").read_text().split("\n")
    assert "# meant to fail: ipsec static add rule name=r policy=x filterlist=l filteraction=a " \
        "psk" in lines
    assert "lab run 3600s" in lines and "lab set link middle loss=10%" in lines
    assert "# --- Two ---" in lines and "ipsec static" not in lines
    assert "# meant to fail: ping -n 1 172.16.5.10" in lines and "# ~ skip if lab" in lines


def test_the_script_of_the_article_builds_its_tunnel(tmp_path: Path) -> None:
    export(tmp_path, "kb252735 to=script out=kb.txt")
    asked: list[str] = []
    session = Session("", yes=True)
    session.folder = str(tmp_path)


    def answer(question: str) -> str:
        asked.append(question)
        return "kb252735"

    session.ask_hidden = answer
    assert run_line("exec kb.txt", session).exit == 0 and len(asked) == 2
    assert "PROTECTED" in render_text(run_line("checklist", session))


# --- what goes wrong ----------------------------------------------------------------------------


@pytest.mark.parametrize(("more", "code", "exit"), [
    ("t.transcript to=html out=nowhere/o", "cannot-write", 1),
    ("t.transcript to=html out=t.transcript", "exists", 1),
    ("nothing.transcript to=html", "transcript", 3), ("bad.transcript to=md", "transcript", 2),
    ("none.transcript to=md", "nothing-run", 4), ("t.transcript to=pdf", "bad-value", 2),
    ("here.transcript to=cast", "cannot-run", 3),
])
def test_what_cannot_be_exported_is_named(more: str, code: str, exit: int, folder: Path) -> None:
    (folder / "bad.transcript").write_text("# transcript: 1\n~ x\n")
    (folder / "none.transcript").write_text("# transcript: 1\n")
    (folder / "here.transcript").write_text("# transcript: 1\n# requires: target\n> bye\n")
    with pytest.raises(CommandError) as error:
        export(folder, more)
    assert (error.value.code, error.value.exit) == (code, exit)
    assert sorted(path.name for path in folder.iterdir()) == [
        "bad.transcript", "here.transcript", "none.transcript", "t.transcript"]
