"""All that keeps a file from being a transcript, not only the first of it.

What is wrong is taken out and the rest is read again, so that every mistake has its line.
"""

from collections.abc import Collection
from typing import NamedTuple

from transcripts.format import FENCES, load, read
from transcripts.model import FormatError, Transcript, UnreadableError

MISTAKES_MOST = 50


class Finding(NamedTuple):
    """Something at a line of a file (0: the whole file); `wrong` when it must not stay."""

    path: str
    line: int
    code: str
    text: str
    wrong: bool = False


class Read(NamedTuple):
    """A transcript as far as it can be read, and what is wrong with it."""

    transcript: Transcript | None
    text: str
    found: tuple[Finding, ...]


def read_all(path: str, contexts: Collection[tuple[str, ...]]) -> Read:
    """Reads a file and names all mistakes of its form. Raises nothing."""
    try:
        text = read(path)
    except UnreadableError as error:
        return Read(None, "", (Finding(path, error.line, "unreadable", error.text, True),))
    lines = text.split("\n")
    found: list[Finding] = []
    while len(found) < MISTAKES_MOST:
        try:
            return Read(load(path, contexts, "\n".join(lines)), text, tuple(found))
        except FormatError as error:
            if not found or (found[-1].text, found[-1].line + 1) != (error.text, error.line):
                found.append(Finding(error.path, error.line, "format", error.text, True))
            else:
                found[-1] = found[-1]._replace(line=error.line)
            if error.path != path or not _taken_out(lines, error.line):
                return Read(None, text, tuple(found))
    return Read(None, text, tuple(found))


def _taken_out(lines: list[str], number: int) -> bool:
    """Makes a line one that means nothing, or a command in no context; whether it could be."""
    line = lines[number - 1] if 0 < number <= len(lines) else ""
    context, sign, command = line.partition("> ")
    if not line.strip() or line.strip()[:3] in FENCES:
        return False
    if sign and command.strip() and context and line[0] not in "|!?<=~#":
        lines[number - 1] = f"> {command}"
        return True
    lines[number - 1] = ""
    return True
