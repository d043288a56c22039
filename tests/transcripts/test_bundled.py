"""The transcripts that come with the product: each of them is a test."""

import pytest

from transcripts.replay import bundled, find, load, make_session, run


@pytest.mark.parametrize("name", bundled())
def test_the_bundled_transcript_replays(name: str) -> None:
    transcript = load(find(name))
    session = make_session(transcript.header, "")
    report = run(transcript, session, lambda: 0.0)
    session.close()
    assert not report.failed, "\n".join(
        f"{failure.line}: {failure.prompt}: {'; '.join(failure.reasons)}"
        for failure in report.failures)
    assert report.commands == len(transcript.exchanges) > 10


def test_the_article_and_its_mistakes_are_bundled() -> None:
    assert {"kb252735", "ping-before-assigning", "wrong-key", "no-ike-allowance", "missing-route",
            "mirrored-filter", "soft-association"} <= set(bundled())


def test_another_seed_changes_keys_and_identifiers_but_no_result() -> None:
    transcript = load(find("kb252735"))
    session = make_session(transcript.header._replace(seed=7), "")
    report = run(transcript, session, lambda: 0.0)
    session.close()
    assert report.failures == ()
