"""Lines of a language as output: they can be typed as they stand, and their keys are typed."""

from commands import cells
from commands.answer import Cell, Joined, Line, Lines, Part
from commands.words import split_words
from engine.policy.model import Secret
from engine.values import TYPE_CHECKING

# Tags whose values are free text.
FREE = frozenset({"name", "newname", "description", "policy", "filterlist", "filteraction",
                  "mmpolicy", "qmpolicy"})

if TYPE_CHECKING:
    from engine.policy.store import Config


def dumped(config: "Config", sections: tuple[str, ...], reveal: bool) -> Lines:
    """The configuration script of a machine's sections as a block."""
    from engine.policy.script import dump
    lines = dump(config, sections, reveal=reveal)
    if not reveal:
        return _block([free(line) for line in lines], "dump")
    from commands.masking import secret_spans
    return _block([_cut(line, [_bare(line, span) for span in secret_spans(line)])
                   for line in lines], "dump")


def written(lines: list[str], masked: list[str], name: str) -> Lines:
    """Lines as a block; where they differ from their `masked` twins they show a secret."""
    pairs = zip(lines, masked, strict=True)
    return _block([_cut(line, _places(line, twin)) for line, twin in pairs], name)


def free(line: str) -> Line:
    """A line whose names and descriptions mean themselves, whatever they look like."""
    parts: list[Cell] = []
    at = 0
    for word in split_words(line).words:
        if not word.quoted and word.equals > 0 and word.text[:word.equals] in FREE:
            parts += [cells.line(line[at:word.cut]), cells.text(line[word.cut:word.end])]
            at = word.end
        elif not word.quoted and word.equals > 0 and cells.file(
                word.text[word.equals + 1:]).type == "place":
            parts += [cells.line(line[at:word.cut]), cells.file(line[word.cut:word.end])]
            at = word.end
    return tuple(part for part in (*parts, cells.line(line[at:])) if part.text)


def _bare(line: str, span: tuple[int, int]) -> tuple[int, int]:
    """The value without its quotation marks."""
    quotes = int(line[span[0]] == '"' == line[span[1] - 1] and span[1] - span[0] > 1)
    return span[0] + quotes, span[1] - quotes


def _places(line: str, twin: str) -> list[tuple[int, int]]:
    """Where a line has what its twin has stars for, in whatever spelling its language asks for."""
    before, _, after = twin.partition(Secret.MASK)
    if line == twin:
        return []
    # A key that cannot stand between the same quotation marks is written without them.
    while not line.startswith(before):
        before = before[:-1]
    while not line.endswith(after):
        after = after[1:]
    return [(len(before), len(line) - len(after))]


def _cut(line: str, places: list[tuple[int, int]]) -> Line:
    parts: list[Part] = []
    at = 0
    for start, end in places:
        if start < at:
            continue
        # The command that gives the line has been told to reveal it.
        parts += [*free(line[at:start]), Cell("secret", None, line[start:end])]
        at = end
    return (*parts, *free(line[at:]))


def _block(lines: list[Line], name: str) -> Lines:
    return Lines(tuple(lines), [Joined(line) for line in lines], name)
