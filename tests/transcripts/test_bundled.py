"""The transcripts that come with the product: each of them is a test, and so is that they are all.

LEFT_OUT are the commands that no transcript can run, with the reason.
"""

import pytest

from commands import index
from commands.parser import parse
from commands.session import Session
from transcripts.format import parse as parse_text
from transcripts.format import read
from transcripts.play import SUFFIX
from transcripts.replay import Settings, bundled, contexts, find, load, run

ELSEWHERE = (("NetA", "172.16.108.0/24"), ("NetB", "192.168.7.0/24"), ("W2KextIP", "100.64.3.5"),
             ("3rdExtIP", "203.0.114.5"))
RECORDER = "it is about the journal of a prompt, which a replay has none of"
LEFT_OUT = {
    "transcript start": RECORDER, "transcript stop": RECORDER, "transcript save": RECORDER,
    "transcript label": RECORDER, "history": RECORDER,
    "lab issue certificate": "its file has another name in another place each time",
}
# A few words of the article's order.
SECTIONS = ("policy", "filter-lists", "rules", "assign", "rras-filters", "static-route", "auditing",
            "test")
BEFORE = "## What stands before this section"
STORIES = {"kb252735", "ping-before-assigning", "wrong-key", "no-ike-allowance", "missing-route",
           "mirrored-filter", "soft-association", "inpass", "port-filter", "one-rule-only",
           "default-response"}


@pytest.mark.parametrize("name", bundled())
def test_the_bundled_transcript_replays(name: str) -> None:
    transcript = load(find(name))
    report = run(transcript, Settings(), lambda: 0.0)
    assert not report.failed, "\n".join(
        f"{failure.exchange.line}: {failure.prompt}: {'; '.join(failure.reasons)}"
        for failure in report.failures)
    assert report.commands == len(transcript.exchanges) > 3


# Sections are replayed as the article.
@pytest.mark.parametrize("name", [name for name in bundled() if not name.startswith("article-")])
def test_it_replays_at_other_addresses_and_with_another_seed(name: str) -> None:
    transcript = load(find(name))
    other = transcript._replace(header=transcript.header._replace(seed=7))
    report = run(other, Settings(bind=ELSEWHERE), lambda: 0.0)
    assert not report.failed, "\n".join(
        f"{failure.exchange.line}: {failure.prompt}: {'; '.join(failure.reasons)}"
        for failure in report.failures)


def test_the_article_its_sections_and_its_warnings_are_bundled() -> None:
    assert set(bundled()) >= STORIES
    assert [name for name in bundled() if name.startswith("article-")] == [
        f"article-{number}-{name}" for number, name in enumerate(SECTIONS, 1)]


def test_the_sections_are_the_article() -> None:
    article = load(find("kb252735"))
    last = load(find(f"article-{len(SECTIONS)}-{SECTIONS[-1]}"))
    assert [one.command for one in last.exchanges] == [one.command for one in article.exchanges]
    heads = [line for line in read(find("kb252735")).split("\n") if line.startswith("## ")]
    alone = [line for name in bundled() if name.startswith("article-")
             for line in read(find(name)).split("\n") if line.startswith("## ") and line != BEFORE]
    assert alone == heads


def test_every_command_is_run_at_least_once() -> None:
    typed = set()
    for name in bundled():
        session = Session("")
        for exchange in load(find(name)).exchanges:
            session.context = exchange.context
            typed.add(" ".join(parse(exchange.command, session).words))
    every = {row[0] for row in index.ROWS}
    assert every - typed == set(LEFT_OUT)


@pytest.mark.parametrize("name", ["missing-route", "mistakes"])
def test_a_changed_line_is_reported_at_its_command_and_nowhere_else(name: str) -> None:
    text = read(find(name))
    lines = text.split("\n")
    for number, line in enumerate(lines):
        if line[:2] not in ("| ", "! ") or line.endswith("<...>"):
            continue
        changed = "\n".join((*lines[:number], line + "#", *lines[number + 1:]))
        transcript = parse_text(changed, name + SUFFIX, contexts())
        failures = run(transcript, Settings(), lambda: 0.0).failures
        after = [one.line for one in transcript.exchanges if one.line < number + 1]
        assert [failure.exchange.line for failure in failures] == [after[-1]], line
