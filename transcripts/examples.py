"""The bundled transcripts as pages of the documentation.

``python -m transcripts.examples`` writes docs/examples; a test says when they are not what the
transcripts are. Each page is the transcript as Markdown: its prose is text, its commands and what
they print stand in fences with the info string ``ipsecsh``, so that a page can be run as well.
"""

import os
import sys
from collections.abc import Iterator

from transcripts.format import read
from transcripts.model import Transcript
from transcripts.play import SUFFIX
from transcripts.replay import bundled, find, load

FOLDER = os.path.join("docs", "examples")
PAGE = ".md"
INDEX = "README.md"
SIGILS = "|!?<=~"
FENCE = "```"
LEAD = """# Examples

The transcripts that come with the product, run by the tests: `transcript run NAME` runs one,
`transcript run NAME set=NetA=172.16.0.0/24` at other addresses. `${NetA}` and the article's other
names stand for addresses of the lab. These pages are made of them by
`python -m transcripts.examples`.
"""


def page(transcript: Transcript) -> str:
    """One transcript as Markdown that `transcript run` understands."""
    lines: list[str] = []
    fenced = False
    for line, said in _lines(transcript):
        if said and not fenced:
            lines += [*([""] if lines and lines[-1] else []), f"{FENCE}ipsecsh"]
        elif fenced and not said:
            # Blank lines before the fence's end belong behind it.
            lines += [FENCE, *([""] if line else [])]
        fenced = said
        lines.append(line)
    return "\n".join(lines + [FENCE] * fenced).rstrip("\n") + "\n"


def _lines(transcript: Transcript) -> Iterator[tuple[str, bool]]:
    """(line, whether it belongs into a fence)."""
    commands = {one.line for one in transcript.exchanges if one.path == transcript.path}
    yield f"# {transcript.header.title}", False
    yield "", False
    for number, line in enumerate(transcript.text.rstrip("\n").split("\n"), 1):
        head = line.startswith("# ") and number < min(commands)
        if head and line.startswith("# include:"):
            line = line.replace(SUFFIX, PAGE)
        yield line, number in commands or head or line[:1] != "" and line[0] in SIGILS


def pages() -> dict[str, str]:
    """The text of each page by its file's name."""
    found = {}
    rows = []
    for name in bundled():
        transcript = load(find(name))
        transcript = transcript._replace(text=read(find(name)))
        found[name + PAGE] = page(transcript)
        rows.append(f"| [{name}]({name}{PAGE}) | {transcript.header.title} |")
    found[INDEX] = "\n".join([LEAD, "| name | about |", "| --- | --- |", *rows]) + "\n"
    return found


def write(folder: str) -> None:
    """Writes all pages and removes what is none any more."""
    os.makedirs(folder, exist_ok=True)
    made = pages()
    for name in os.listdir(folder):
        if name not in made:
            os.remove(os.path.join(folder, name))
    for name, text in made.items():
        with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
            file.write(text)


if __name__ == "__main__":
    write(sys.argv[1] if len(sys.argv) > 1 else FOLDER)
