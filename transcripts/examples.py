"""The bundled transcripts as pages of the documentation.

``python -m transcripts.examples`` writes docs/examples; a test says when they are not what the
transcripts are. Each page is the transcript as Markdown: its prose is text, its commands and what
they print stand in fences with the info string ``ipsecsh``, so that a page can be run as well.
"""

import os
import sys

from transcripts.exports.document import document
from transcripts.exports.markdown import markdown
from transcripts.replay import bundled, find, load

FOLDER = os.path.join("docs", "examples")
PAGE = ".md"
INDEX = "README.md"
LEAD = """# Examples

The transcripts that come with the product, run by the tests: `transcript run NAME` runs one,
`transcript run NAME set=NetA=172.16.0.0/24` at other addresses. `${NetA}` and the article's other
names stand for addresses of the lab. These pages are made of them by
`python -m transcripts.examples`.
"""


def pages() -> dict[str, str]:
    """The text of each page by its file's name."""
    found = {}
    rows = []
    for name in bundled():
        found[name + PAGE] = markdown(document(load(find(name))))
        rows.append(f"| [{name}]({name}{PAGE}) | {load(find(name)).header.title} |")
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
