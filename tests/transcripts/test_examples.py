"""docs/examples against the transcripts that the pages are made from."""

from pathlib import Path

import pytest

from transcripts.examples import pages
from transcripts.format import load as load_page
from transcripts.replay import Settings, bundled, contexts, find, load, run

FOLDER = Path(__file__).parents[2] / "docs" / "examples"


def test_the_pages_are_current() -> None:
    made = pages()
    assert {path.name for path in FOLDER.iterdir()} == set(made)
    for name, text in made.items():
        assert (FOLDER / name).read_text(encoding="utf-8") == text, \
            f"{name}: run python -m transcripts.examples"


@pytest.mark.parametrize("name", bundled())
def test_a_page_is_the_transcript(name: str) -> None:
    page, transcript = load_page(str(FOLDER / f"{name}.md"), contexts()), load(find(name))
    assert [(one.context, one.command, [line.text for line in one.expected], one.exit)
            for one in page.exchanges] == [
        (one.context, one.command, [line.text for line in one.expected], one.exit)
        for one in transcript.exchanges]
    assert page.header == transcript.header


def test_a_page_can_be_run() -> None:
    page = load_page(str(FOLDER / "article-3-rules.md"), contexts())
    assert not run(page, Settings(), lambda: 0.0).failed
