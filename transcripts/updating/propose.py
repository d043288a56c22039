"""What a transcript should expect of a command whose output is another one now.

A proposal changes the file line by line: what still matches is left as it is written.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from engine.lab.site import DEFAULT, Site
from transcripts.format import parse
from transcripts.lines import Printed
from transcripts.match import Matcher
from transcripts.model import Exchange, Expected, FormatError
from transcripts.pairing import Captures, Mismatch, pair
from transcripts.pattern import Placeholder, parse_pattern
from transcripts.recording.event import NAMED
from transcripts.recording.render import Placeholders, Renderer
from transcripts.recording.rewrite import Names
from transcripts.results import Result
from transcripts.symbols import Symbols
from transcripts.updating.align import ADD, CHANGE, DROP, ELIDE, KEEP, Step, steps
from transcripts.updating.atoms import merged
from transcripts.updating.shapes import general

HEAD = "# transcript: 1\n"


class Edit(NamedTuple):
    """The lines that stand where line `line` of the file was (0 lines: it goes)."""

    line: int
    lines: tuple[str, ...]


class Proposal(NamedTuple):
    """What becomes of the lines of one command; `left` are reasons that no output can mend."""

    result: Result
    edits: tuple[Edit, ...]
    left: tuple[str, ...] = ()


class Scene(NamedTuple):
    """What a transcript's values are called: `variables` and their addresses, the run's own
    folder, the names of its secrets, and the captures that the file has; `typed` unless it is a
    target that printed.
    """

    variables: Mapping[str, str]
    site: Site | None
    folder: str
    secrets: Collection[str]
    taken: Collection[str]
    contexts: Collection[tuple[str, ...]]
    moved: bool = False
    typed: bool = True


class CannotUpdate(Exception):
    """The output of a command cannot be written; the text says why."""


def propose(result: Result, file: Sequence[str], scene: Scene) -> Proposal:
    """The edits that make a failed command match. `file` are the lines of its transcript.

    Raises CannotUpdate.
    """
    exchange = result.exchange
    writer = _Writer(result, scene)
    exit = _exit_edit(result)
    matcher = Matcher(result.known, scene.variables)
    matcher.steps = 1 << 40
    way = [] if exchange.ignore else steps(exchange.expected, result.lines, matcher, result.known)
    for edits in (writer.edits(way), writer.afresh()):
        whole = combined([*edits, *exit], exchange, file)
        if exchange.ignore or _matches(whole, result, file, scene):
            return Proposal(result, whole, _left(result))
    raise CannotUpdate("what it printed cannot be expected, however it is written")


def _left(result: Result) -> tuple[str, ...]:
    """Reasons that other expected lines do not mend: a check, a context, a question."""
    lines = {line.line for line in result.exchange.expected}
    return tuple(reason for reason in result.reasons if not reason.startswith("exit class")
                 and not any(reason.startswith(f"line {line}: ") for line in
                             (*lines, result.exchange.line, 0)))


def _exit_edit(result: Result) -> list[Edit]:
    """The line of the exit class, when that is another one."""
    exchange = result.exchange
    if result.exit == exchange.exit or exchange.check("expect-fail") and not exchange.exit_line:
        return []
    text = (f"= {result.exit}",) if result.exit else ()
    if exchange.exit_line:
        return [Edit(exchange.exit_line, text)]
    return [Edit(-max((line.line for line in exchange.expected), default=exchange.line), text)]


class _Writer:
    """Writes the lines of one command anew."""

    def __init__(self, result: Result, scene: Scene) -> None:
        self.result, self.scene = result, scene
        self.placeholders = Placeholders()
        self.placeholders.know(result.known, scene.taken)
        site = scene.site or DEFAULT
        self.renderer = Renderer(Names(Symbols(site, scene.moved), {}, {}), self.placeholders)

    def edits(self, way: Sequence[Step]) -> list[Edit]:
        """What the way changes; an Edit of line -N stands behind line N."""
        self.placeholders.look(step.shown.spans for step in way
                               if step.shown is not None and step.kind in (CHANGE, ADD))
        found: list[Edit] = []
        captures = self.result.known
        anchor = self.result.exchange.line
        elided: dict[int, int] = {}
        for step in way:
            line, shown = step.wanted, step.shown
            if line is not None:
                anchor = self._behind(line)
            if step.kind == ADD and shown is not None:
                found.append(Edit(-anchor, (self.fresh(shown),)))
            elif step.kind == DROP and line is not None:
                found.append(Edit(line.line, ()))
            elif step.kind == ELIDE and line is not None:
                elided[line.line] = elided.get(line.line, 0) + 1
            elif step.kind in (KEEP, CHANGE) and line is not None and shown is not None:
                after = pair(line, shown, captures, self.scene.variables)
                if isinstance(after, Mismatch):
                    text = self._changed(line, shown, captures)
                    found.append(Edit(line.line, (text,)))
                    after = pair(_expected(text, line), shown, captures, self.scene.variables)
                if not isinstance(after, Mismatch) and len(after) > len(captures):
                    captures = after
                    self.placeholders.know(captures, ())
        return found + self._limits(way, elided)

    def _limits(self, way: Sequence[Step], elided: Mapping[int, int]) -> list[Edit]:
        """Elisions that have to hold more lines than they were meant to."""
        lines = {step.wanted.line: step.wanted for step in way if step.wanted is not None}
        return [Edit(at, (f"{lines[at].sigil} <...{count}>",)) for at, count in elided.items()
                if (one := lines[at].elision) is not None and one.limit is not None
                and one.limit < count]

    def _behind(self, line: Expected) -> int:
        """The line behind which another may stand: an answer belongs to its question."""
        expected = self.result.exchange.expected
        at = next((at for at, one in enumerate(expected) if one.line == line.line), len(expected))
        following = expected[at + 1] if at + 1 < len(expected) else None
        if following is not None and following.sigil == "<":
            return following.line
        return line.line

    def _changed(self, line: Expected, shown: Printed, captures: Captures) -> str:
        """A line with as much of the old one as still holds."""
        text = merged(line, shown, captures, self.scene.variables, self._piece)
        return self.fresh(shown) if text is None else self._line(shown, text)

    def _line(self, shown: Printed, text: str) -> str:
        return f"{shown.sigil} {text if self.scene.typed else general(text)}".rstrip()

    def afresh(self) -> list[Edit]:
        """All of the output as it was printed; questions and answers stay."""
        exchange, lines = self.result.exchange, list(self.result.lines)
        while lines and not lines[0].text:
            lines.pop(0)
        while lines and not lines[-1].text:
            lines.pop()
        self.placeholders.look(shown.spans for shown in lines)
        found = [Edit(line.line, ()) for line in exchange.expected if line.sigil in "|!"]
        anchor = exchange.line
        for shown in lines:
            if shown.sigil in "?<":
                anchor = next((line.line for line in exchange.expected if line.line > anchor
                               and line.sigil == shown.sigil), anchor)
            else:
                found.append(Edit(-anchor, (self.fresh(shown),)))
        return found

    def fresh(self, shown: Printed) -> str:
        """A printed line as a transcript expects it."""
        text = self.renderer.line([(text, kind) for span in shown.spans
                                   for text, kind in self._named(span[0], span[1])])
        return self._line(shown, self._own(text))

    def _piece(self, text: str, kind: str) -> str:
        return self._own("".join(self.renderer.span(*piece) for piece in self._named(text, kind)))

    def _own(self, text: str) -> str:
        folder = self.scene.folder
        return text.replace(folder, "${tmp}") if folder else text

    def _named(self, text: str, kind: str) -> list[tuple[str, str]]:
        """The text cut at the names of secrets that stand in it."""
        if kind == "echo" or "${" not in text:
            return [(text, kind)]
        found, head = [], text
        while "${" in head:
            before, _, rest = head.partition("${")
            name, closed, after = rest.partition("}")
            if not closed or name.partition(".")[0] not in self.scene.secrets:
                before, name, after = f"{before}${{", "", rest
            found.append((before, kind))
            if name:
                found.append((f"${{{name}}}", NAMED))
            head = after
        return [*found, (head, kind)]


def _expected(text: str, like: Expected) -> Expected:
    """A line that has just been written, as it will be read."""
    body = text[2:]
    return like._replace(sigil=text[:1], text=body, tokens=parse_pattern(body))


def combined(edits: Sequence[Edit], exchange: Exchange, file: Sequence[str]) -> tuple[Edit, ...]:
    """One edit a line, in the order of the file: lines behind one come after what it becomes."""
    lines: dict[int, list[str]] = {}
    order = sorted(range(len(edits)), key=lambda at: (abs(edits[at].line), edits[at].line < 0, at))
    for at in order:
        edit = edits[at]
        number = abs(edit.line)
        if edit.line < 0 and number not in lines:
            lines[number] = [file[number - 1]]
        lines.setdefault(number, []).extend(edit.lines)
    return tuple(Edit(number, tuple(some)) for number, some in sorted(lines.items())
                 if some != [file[number - 1]])


def edited(file: Sequence[str], edits: Sequence[Edit]) -> list[str]:
    """The lines of a file with edits in it."""
    changed = {edit.line: edit.lines for edit in edits}
    return [line for number, old in enumerate(file, 1) for line in changed.get(number, (old,))]


def _matches(edits: Sequence[Edit], result: Result, file: Sequence[str], scene: Scene) -> bool:
    """Whether the command matches with the edits."""
    exchange = result.exchange
    last = max([exchange.line, exchange.exit_line, *(line.line for line in exchange.expected),
                *(edit.line for edit in edits)])
    ends = _group_end(file, last)
    block = edited(file[:ends], edits)[exchange.line - 1:]
    kept = [line for line in block[1:] if line[:1] in ("|", "!", "?", "<", "=")
            or line.split()[:2] in (["~", "unordered"], ["~", "end"])]
    text = HEAD + "\n".join((block[0], *kept)) + "\n"
    try:
        again = parse(text, "", scene.contexts, tuple(result.known)).exchanges[0]
    except FormatError:
        return False
    found = Matcher(result.known, scene.variables).compare(again.expected, result.lines)
    any_exit = exchange.check("expect-fail") is not None and not again.exit_line
    return not isinstance(found, Mismatch) and (any_exit or again.exit == result.exit)


def _group_end(file: Sequence[str], last: int) -> int:
    """The line behind the last one that closes its group, when it stands in one."""
    opened = False
    for at in range(last, 0, -1):
        words = file[at - 1].split()[:2]
        if words in (["~", "unordered"], ["~", "end"]):
            opened = words[1] == "unordered"
            break
        if "> " in file[at - 1] and file[at - 1][:1] not in "|!?<=~":
            break
    if not opened:
        return last
    return next((at + 1 for at in range(last, len(file))
                 if file[at].split()[:2] == ["~", "end"]), last)


def captures_of(exchanges: Sequence[Exchange]) -> set[str]:
    """The names of all captures of a transcript."""
    return {token.key for exchange in exchanges for line in exchange.expected
            for token in line.tokens if isinstance(token, Placeholder) and token.name}
