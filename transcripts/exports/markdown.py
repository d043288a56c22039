"""A transcript as an article: prose as prose, and its lines in fences that can still be run."""

from collections.abc import Iterator

from transcripts.exports.document import Document
from transcripts.format import MARKDOWN

OPENED, CLOSED = "```ipsecsh", "```"
SIGILS = "|!?<=~"


def markdown(document: Document) -> str:
    """The article. A fence holds lines as they stand in the transcript, so it replays."""
    transcript = document.transcript
    if transcript.path.lower().endswith(MARKDOWN):
        return transcript.text
    lines = list(_lines([line.rstrip("\r") for line in transcript.text.split("\n")],
                        {one.line for one in transcript.exchanges
                         if one.path == transcript.path}))
    return "\n".join([f"# {document.title}", "", *lines]).rstrip("\n") + "\n"


def _lines(source: list[str], commands: set[int]) -> Iterator[str]:
    """Each line, with fences around those that are the transcript's."""
    fenced, blank = False, True
    before = True  # no command has come yet: `#` lines are the header
    for number, line in enumerate(source, 1):
        command = number in commands
        before = before and not command
        mine = command or line[:1] != "" and line[0] in SIGILS or before and (
            line.startswith("#") and not line.startswith(("## ", "#!")))
        if mine and not fenced:
            yield from ("", OPENED) if not blank else (OPENED,)
        if fenced and not mine:
            yield CLOSED
            if line:
                yield ""
        fenced = mine
        if line.startswith("#!"):
            continue
        if line or not blank:
            yield line
        blank = not line
    if fenced:
        yield CLOSED
