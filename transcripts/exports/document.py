"""A transcript as a reader meets it: headings, prose, and commands with what they printed."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

from commands.layout import Span, SpanLine, plain
from engine.policy.model import Secret
from transcripts.clear import hider_of
from transcripts.format import FENCES, MARKDOWN, numbered
from transcripts.masks import header_masks
from transcripts.model import Exchange, Transcript
from transcripts.play import GO_ON, Watcher
from transcripts.results import Report, Result
from transcripts.stage import Stage, expand

SECTION, PROSE, CODE, STEP = "section", "prose", "code", "step"
SIGILS = "|!?<=~#"


Place = tuple[str, int]  # a file, and a line of it


class Step(NamedTuple):
    """A command: the prompt before it, the line as it was typed (without secrets), what it said
    as (sigil, line), and its result, None when it was not run.
    """

    exchange: Exchange
    prompt: str
    command: str
    lines: tuple[tuple[str, SpanLine], ...] = ()
    result: Result | None = None


class Part(NamedTuple):
    """One part: `kind` with its `text`, or a step. Lines of prose end with line feeds."""

    kind: str
    text: str = ""
    step: Step | None = None


class Document(NamedTuple):
    """All parts in the order of the file, with the report of the run, if there was one."""

    title: str
    transcript: Transcript
    parts: tuple[Part, ...]
    report: Report | None = None

    @property
    def steps(self) -> list[Step]:
        """The commands, in order."""
        return [part.step for part in self.parts if part.step is not None]


class Typist(Watcher):
    """Looks on and keeps each command as it was typed, names replaced, secrets not; mutable."""

    def __init__(self) -> None:
        self.typed: dict[Place, str] = {}

    def before(self, exchange: Exchange, prompt: str) -> str:
        """The command, with the names of secrets and of all else."""
        self.typed[exchange.path, exchange.line] = _with_names(exchange.command,
                                                               prompt.partition("> ")[2])
        return GO_ON

    def after(self, result: Result, stage: Stage) -> str:
        """The names have their values now; a secret keeps its name."""
        place = result.exchange.path, result.exchange.line
        text = self.typed.get(place, "")
        # A mistake shows the line as it was typed.
        if "${" in text and not any(line.sigil == "!" for line in result.lines):
            self.typed[place] = expand(text, {
                name: value for name, value in stage.variables.items()
                if not isinstance(value, Secret)})
        return GO_ON


def _with_names(command: str, masked: str) -> str:
    """The masked command; where stars hide a name, as ``${secret:psk}``, the name."""
    parts: list[str] = []
    pieces = masked.split(Secret.MASK)
    at = 0
    for number, piece in enumerate(pieces):
        if not command.startswith(piece, at):
            return masked
        parts.append(piece)
        at += len(piece)
        if number == len(pieces) - 1:
            break
        following = pieces[number + 1]
        end = command.find(following, at) if following else len(command)
        if end < 0:
            return masked
        value = command[at:end]
        bare = value.strip('"')
        parts.append(value if bare.startswith("${") and bare.find("}") == len(bare) - 1
                     else Secret.MASK)
        at = end
    return "".join(parts) if at == len(command) else masked


def document(transcript: Transcript, report: Report | None = None,
             typed: Mapping[Place, str] | None = None) -> Document:
    """The parts of a file; what it includes comes first."""
    results = {(one.exchange.path, one.exchange.line): one
               for one in (report.results if report is not None else ())}
    steps = {(one.path, one.line): _step(one, results.get((one.path, one.line)), typed or {})
             for one in transcript.exchanges}
    own = transcript.path
    included = [Part(STEP, "", step) for (path, _), step in steps.items() if path != own]
    parts = [*included, *_parts(transcript, {line: step for (path, line), step in steps.items()
                                             if path == own})]
    title = transcript.header.title or own.rpartition("/")[2].removesuffix(".transcript")
    return Document(title, transcript, tuple(parts), report)


def _step(exchange: Exchange, result: Result | None, typed: Mapping[Place, str]) -> Step:
    prompt = " ".join(exchange.context) + ">"
    command = typed.get((exchange.path, exchange.line), exchange.command)
    lines: list[tuple[str, SpanLine]] = []
    if result is None:
        lines += [(line.sigil, (Span(line.text),)) for line in exchange.expected]
    else:
        lines += [(line.sigil, tuple(Span(*span) for span in line.spans) or (Span(line.text),))
                  for line in result.lines]
    return Step(exchange, prompt, command, tuple(lines), result)


def hidden(document: Document) -> Document:
    """The document without what its header masks, and without keys that stand in it in clear."""
    transcript = document.transcript
    masks, hider = header_masks(transcript.header), hider_of(transcript.exchanges)
    if not masks.names and not hider.names:
        return document

    def hide(text: str) -> str:
        for value, name in hider.names.items():
            text = text.replace(f"={value}", f"=${{{name}}}").replace(f'="{value}"',
                                                                      f"=${{{name}}}")
        return masks.hide(hider.hide(text))

    text = "\n".join(hide(line) for line in transcript.text.split("\n")
                     if not line.replace(" ", "").startswith("#mask:"))
    parts = [part._replace(text=hide(part.text), step=part.step and part.step._replace(
        command=hide(part.step.command), lines=tuple(
            (sigil, _hidden(line, hide)) for sigil, line in part.step.lines)))
             for part in document.parts]
    header = transcript.header._replace(masks=())
    return Document(hide(document.title), transcript._replace(text=text, header=header),
                    tuple(parts), document.report)


def _hidden(line: SpanLine, hide: Callable[[str], str]) -> SpanLine:
    """A line by its cells, or whole where what is hidden goes across them."""
    spans = tuple(Span(hide(span.text), span.type) for span in line)
    whole = hide(plain(line))
    return spans if plain(spans) == whole else (Span(whole),)


def _parts(transcript: Transcript, steps: Mapping[int, Step]) -> Iterator[Part]:
    """Prose, headings and steps as they stand in the file."""
    prose: list[str] = []
    for number, line, inside in _lines(transcript):
        step = steps.get(number)
        heading = _heading(line, inside)
        if step is not None or heading:
            yield from _paragraphs(prose)
            prose = []
            yield Part(STEP, "", step) if step is not None else Part(SECTION, heading)
        elif not (inside and line[:1] and line[0] in SIGILS) and not line.startswith("#!"):
            prose.append(line)
    yield from _paragraphs(prose)


def _lines(transcript: Transcript) -> Iterator[tuple[int, str, bool]]:
    """(number, line, whether it belongs to the transcript): an article has others as well."""
    path = transcript.path
    inside = dict(numbered(transcript.text, path))
    if not path.lower().endswith(MARKDOWN):
        yield from ((number, line, True) for number, line in inside.items())
        return
    for number, line in enumerate(transcript.text.split("\n"), 1):
        bare = line.rstrip("\r")
        if number in inside:
            yield number, bare, True
        elif not bare.strip().startswith(FENCES):
            yield number, bare, False


def _heading(line: str, inside: bool) -> str:
    if inside:
        return line[3:].strip() if line.startswith("## ") else ""
    return line.lstrip("#").strip() if line.startswith("#") else ""


def _paragraphs(lines: Sequence[str]) -> Iterator[Part]:
    """Paragraphs of prose; indented lines are shown as they are written."""
    run: list[str] = []
    for line in [*lines, ""]:
        if run and (not line.strip() or line[:1].isspace() != run[0][:1].isspace()):
            yield Part(CODE if run[0][:1].isspace() else PROSE, "\n".join(run))
            run = []
        if line.strip():
            run.append(line.rstrip())
