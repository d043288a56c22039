"""The report: self-contained, escaped, masked, in both formats, whatever the findings are."""

import os
import re
from contextlib import suppress
from html.parser import HTMLParser
from pathlib import Path

import pytest

from commands.diag.guide.walk import Walk
from commands.errors import CommandError
from commands.report.command import last_walk
from commands.report.facts import Facts, collect, masker
from commands.report.markdown import code, fence, markdown
from commands.report.markdown import text as plain_text
from commands.report.page import page
from commands.run import run_line
from commands.session import Session
from engine.diagnose.finding import FAIL, Evidence, Finding, Fix
from engine.diagnose.sequence import draw, sequence, written
from engine.diagnose.svg import DARK, LIGHT
from engine.faults.registry import FAULTS
from engine.policy.model import Secret
from tests.support.faulty import healthy, make
from tests.support.typing import data, refused, text
from transcripts.recording.sitting import listen

VOID = frozenset({"meta", "br"})
HOSTILE = ("</script><script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "<b>&amp;",
           "'); DROP TABLE policy;--", "\u202egnp.exe", "`;rm -rf /`", "a\u0000b", "](http://x)",
           "| a | b |", "<!--", "]]>", "x" * 300)


class Page(HTMLParser):
    """A page as a browser reads it: its text, its tags, what is never closed."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.open: list[str] = []
        self.words: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open.pop() == tag, tag

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def facts_of(session: Session) -> Facts:
    return collect(session, last_walk(session), masker(session))


def harmless(html: str) -> Page:
    """A page that is well formed, has no script and refers to nothing outside."""
    found = Page(html)
    assert not found.open
    assert not {"script", "link", "iframe", "img", "object", "embed", "form"} & set(found.tags)
    for name, value in found.attributes:
        assert not name.startswith("on"), name
        if name in ("href", "src", "xlink:href", "action"):
            assert value.startswith("#"), value
        assert name == "xmlns" or "//" not in value, (name, value)
    assert "url(" not in html and "@import" not in html
    return found


@pytest.mark.parametrize("name", ["", "healthy", "psk-mismatch", "esp-blocked-ike-passes",
                                  "policy-not-assigned", "soft-association-allowed"])
def test_a_page_is_whole_and_refers_to_nothing(name: str) -> None:
    session = Session() if not name else healthy()
    if name in FAULTS:
        make(session, FAULTS[name])
    facts = facts_of(session)
    found = harmless(page(facts))
    words = "".join(found.words)
    assert facts.traffic in words and f"{len(facts.steps)}" in words
    for one in facts.steps:
        assert one.finding.title in words
    assert "#" in markdown(facts)


def test_addresses_and_keys_are_masked_and_the_map_is_private(tmp_path: Path) -> None:
    session = Session()
    session.folder = str(tmp_path)
    run_line("checklist fix=yes", session)
    for file in ("r.html", "r.md"):
        said = text(session, f"checklist report file={file}")
        assert f"Report written to {file}." in said and "keep it to yourself" in said
        content = (tmp_path / file).read_text()
        for secret in ("10.1.0.", "10.2.0.", "192.0.2.", "198.51.100.", "203.0.113.",
                       "kb252735"):
            assert secret not in content, secret
        assert "W2KextIP" in content and "psk=${PSK}" in content
        private = tmp_path / f"{file}.map"
        assert "W2KextIP = 192.0.2.1\n" in private.read_text()
        assert "kb252735" not in private.read_text()
        for one in (private, tmp_path / file):
            assert os.stat(one).st_mode & 0o777 == 0o600


def test_a_key_that_somebody_wrote_into_a_description_is_masked_too(tmp_path: Path) -> None:
    session = healthy()
    session.folder = str(tmp_path)
    key = "Correct-Horse-7"
    for rule in ("NetA to NetB", "NetB to NetA"):
        run_line(f'ipsec static set rule name="{rule}" policy="IPSec tunnel with third-party '
                 f'gateway" psk={key}', session)
    run_line(f'ipsec static add policy name="my {key}"', session)
    run_line("checklist report file=r.html", session)
    run_line("checklist report file=r.md mask=no", session)
    assert key not in (tmp_path / "r.html").read_text() + (tmp_path / "r.md").read_text()
    assert "10.1.0.0" in (tmp_path / "r.md").read_text()
    assert not (tmp_path / "r.md.map").exists()


@pytest.mark.parametrize("name", HOSTILE)
def test_names_from_a_policy_are_words_and_nothing_else(name: str) -> None:
    session = healthy()
    finding = Finding(name, name, name, FAIL, (name,), (Evidence(name, (name, name), name),),
                      Fix(name, (name,), True, "gwA"), name, name, (name,), "", (name,),
                      (name,), name)
    walk = last_walk(session)
    walk.asked[3] = walk.asked[3]._replace(finding=finding)
    facts = collect(session, walk, masker(session))
    facts = facts._replace(machine=name, peer=name, moments=tuple(
        one._replace(text=name, machine=name) for one in facts.moments))
    found = harmless(page(facts))
    assert "onerror" not in [attribute for attribute, _ in found.attributes]
    written_ = markdown(facts)
    outside = re.sub(r"(?ms)^(`{3,})$.*?^\1$|(`+).*?\2", "", written_)
    assert not re.search(r"(?<!\\)<[a-z/!]", outside)


def test_forty_findings_and_none() -> None:
    session = healthy()
    facts = facts_of(session)
    one = next(step for step in facts.steps if not step.open)
    bad = tuple(one._replace(number=number, lines=(f"line {number}",), finding=one.finding._replace(
        verdict=FAIL, code=f"code-{number}", title=f"Question {number}?")) for number in range(40))
    many = facts._replace(steps=bad)
    assert len(many.open) == 40 and "Nothing fails" not in page(many)
    assert page(many).count('<section class="step bad">') == 40
    none = facts._replace(steps=(), moments=(), typed=(), operator=(), drawn=(), trace=None)
    assert "Nothing fails." in page(none) and "Nothing fails." in markdown(none)
    harmless(page(none)), harmless(page(many))


def test_what_follows_from_a_cause_is_folded_beneath_it() -> None:
    session = healthy()
    make(session, FAULTS["phase1-proposal-mismatch"])
    facts = facts_of(session)
    assert [one.finding.code for one in facts.open] == ["phase1-proposal-mismatch"]
    assert len(facts.consequences) >= 2


def test_the_negotiation_is_drawn_and_written() -> None:
    session = healthy()
    make(session, FAULTS["phase1-proposal-mismatch"])
    facts = facts_of(session)
    assert facts.drawn and facts.drawn[0].times > 1
    html = page(facts)
    assert "NO-PROPOSAL-CHOSEN (14)" in html and "times alike" in html
    lines = written(facts.drawn[0], "gwA", "peer")
    assert lines[2].rstrip().endswith("->") and "<-" in lines[3]


def test_a_very_long_exchange_is_cut() -> None:
    session = healthy()
    make(session, FAULTS["udp500-blocked-on-path"])
    from engine.diagnose.exchange import exchanges
    walk = last_walk(session)
    found = exchanges(walk.frames)[0]
    long = found._replace(messages=found.messages * 50)
    drawn = sequence(long)
    assert drawn.left_out and len(drawn.arrows) == 60
    assert "earlier messages" in draw(drawn, "a" * 80, "b" * 80)


def test_a_mended_step_says_what_it_was() -> None:
    session = Session()
    run_line("checklist fix=yes", session)
    facts = facts_of(session)
    assert len(facts.repaired) == 10 and facts.traffic == "PROTECTED"
    assert "The store holds no policy." in page(facts) and "no-policy" in page(facts)
    assert "### Mended: 1." in markdown(facts)


def test_a_new_walk_is_made_when_something_was_changed() -> None:
    session = Session()
    run_line("checklist fix=yes", session)
    first = last_walk(session)
    assert last_walk(session) is first
    run_line("routing ip delete persistentroute 10.2.0.0 255.255.255.0 External", session)
    second = last_walk(session)
    assert isinstance(second, Walk) and second is not first
    assert facts_of(session).typed  # what was typed before is still known


def test_what_the_operator_typed_is_told_without_its_keys(tmp_path: Path) -> None:
    session = Session()
    listen(session, "", lambda: 0.0)
    key = "Correct-Horse-7"
    for line in ("ipsec static", "add policy P", "..", "ping 10.1.0.10", f"nonsense psk={key}",
                 f'ipsec static set rule name=x policy=P psk="{key}"'):
        with suppress(CommandError), session.heard(line):
            run_line(line, session)
    facts = facts_of(session)
    assert [one.line for one in facts.operator][:2] == ["ipsec static", "add policy P"]
    for written_ in (page(facts), markdown(facts)):
        assert "By the operator" in written_ and "add policy P" in written_
        assert key not in written_ and "ping NetA-host1" in written_


def test_files_are_not_replaced_unasked_and_mistakes_are_named(tmp_path: Path) -> None:
    session = healthy()
    session.folder = str(tmp_path)
    (tmp_path / "there.md").write_text("mine")
    assert refused(session, "checklist report file=there.md").code == "exists"
    assert (tmp_path / "there.md").read_text() == "mine"
    assert refused(session, "checklist report file=x.pdf").known == ("x.html", "x.md")
    assert "No such file" in refused(session, "checklist report file=nowhere/x.md").text
    found = data(session, "checklist report file=there.md overwrite=yes map=private")
    assert found["map"] == "private" and (tmp_path / "private").exists()
    assert refused(session, "checklist report file=y.md map=private").code == "exists"


def test_code_spans_and_fences_hold_any_backquotes() -> None:
    assert code("a`b``c") == "```a`b``c```" and code("`x") == "`` `x ``"
    assert fence(["```", "x"])[0] == "````"
    assert plain_text("*a* <b> [c](d) | #") == r"\*a\* \<b\> \[c\](d) \| \#"


# --- colours --------------------------------------------------------------------------------------


def luminance(colour: str) -> float:
    """WCAG 2.1: relative luminance of #rrggbb."""
    parts = [int(colour[at:at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [one / 12.92 if one <= 0.03928 else ((one + 0.055) / 1.055) ** 2.4 for one in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("colours", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("role", ["ink", "soft", "good", "bad", "warn", "tunnel"])
@pytest.mark.parametrize("ground", ["paper", "panel"])
def test_text_can_be_read_on_its_ground(colours: dict[str, str], role: str, ground: str) -> None:
    one, other = sorted((luminance(colours[role]), luminance(colours[ground])))
    assert (other + 0.05) / (one + 0.05) >= 4.5


def test_secrets_of_every_location_are_known() -> None:
    session = Session()
    run_line("ipsec static set store location=domain", session)
    for line in ('add policy D', 'add filterlist L', 'add filter L 1.2.3.4 5.6.7.8',
                 'add filteraction F', 'add rule R D L F psk="in the domain 1"'):
        run_line(f"ipsec static {line}", session)
    assert masker(session).text("x in the domain 1 x") == f"x {Secret.MASK} x"
