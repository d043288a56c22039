"""The transcripts that come with the product: each of them is a test."""

import pytest

from transcripts.format import parse, read
from transcripts.replay import Settings, bundled, contexts, find, load, run


@pytest.mark.parametrize("name", bundled())
def test_the_bundled_transcript_replays(name: str) -> None:
    transcript = load(find(name))
    report = run(transcript, Settings(), lambda: 0.0)
    assert not report.failed, "\n".join(
        f"{failure.exchange.line}: {failure.prompt}: {'; '.join(failure.reasons)}"
        for failure in report.failures)
    assert report.commands == len(transcript.exchanges) > 10


def test_the_article_and_its_mistakes_are_bundled() -> None:
    assert {"kb252735", "ping-before-assigning", "wrong-key", "no-ike-allowance", "missing-route",
            "mirrored-filter", "soft-association"} <= set(bundled())


@pytest.mark.parametrize("name", ["missing-route", "mistakes"])
def test_a_changed_line_is_reported_at_its_command_and_nowhere_else(name: str) -> None:
    text = read(find(name))
    lines = text.split("\n")
    for number, line in enumerate(lines):
        if line[:2] not in ("| ", "! ") or line.endswith("<...>"):
            continue
        changed = "\n".join((*lines[:number], line + "#", *lines[number + 1:]))
        transcript = parse(changed, name, contexts())
        failures = run(transcript, Settings(), lambda: 0.0).failures
        after = [one.line for one in transcript.exchanges if one.line < number + 1]
        assert [failure.exchange.line for failure in failures] == [after[-1]], line


def test_another_seed_changes_keys_and_identifiers_but_no_result() -> None:
    transcript = load(find("kb252735"))
    other = transcript._replace(header=transcript.header._replace(seed=7))
    report = run(other, Settings(), lambda: 0.0)
    assert report.failures == ()
