"""The transcript of a conversation that was found on a terminal."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from commands.masking import secret_spans
from commands.parser import parse
from transcripts.clear import NO_SECRETS
from transcripts.hiding import SHORTEST, Hider
from transcripts.imports.session import Typed
from transcripts.recording.render import escape

if TYPE_CHECKING:
    from commands.session import Session

# What a command with a mistake in its words ends with, and any other that fails.
USAGE, FAILED = 2, 1


class Written(NamedTuple):
    """The text, and how many commands it has."""

    text: str
    commands: int


def write(typed: Sequence[Typed], title: str, session: "Session") -> Written:
    """The transcript. Keys get names, files that are written go to the run's own folder."""
    writer = _Writer(session)
    for one in typed:
        writer.learn(one.text)
    lines = [line for one in typed for line in writer.command(one)]
    head = ["# transcript: 1", f"# title: {title}"]
    if writer.names:
        head.append(f"# secrets: {' '.join(writer.names)}")
    return Written("\n".join([*head, "", *lines]) + "\n", len(typed))


class _Writer:
    """Writes one command after the other; mutable: it learns the keys."""

    def __init__(self, session: "Session") -> None:
        self.session = session
        self.hider = Hider()
        self.names: list[str] = []

    def learn(self, text: str) -> None:
        """A key that stands in one line may stand in others before it."""
        for start, end in secret_spans(text):
            value = text[start:end].strip("\"'")
            if value and not value.startswith(NO_SECRETS):
                self._next(value)

    def command(self, one: Typed) -> list[str]:
        """A command and what it said."""
        text = self._named(one.text)
        lines = ["", f"## {one.section}", ""] if one.section else []
        typed = self._bound(self._files(text, one.context))
        lines.append(f"{' '.join(one.context)}> {typed}")
        secret = ""
        for sigil, said in one.said:
            if sigil == "<" and not said:
                secret = self._next("")
                lines.append(f"< ${{{secret}}}")
            elif sigil == "<":
                lines.append(f"< {self._bound(self.hider.hide(said))}")
            else:
                lines.append(f"{sigil} {self._escaped(said)}".rstrip())
        if any(sigil == "!" for sigil, _ in one.said):
            lines.append(f"= {self._exit(text, one)}")
        return lines

    def _named(self, text: str) -> str:
        """The command with names for its keys, whether they stand there or stars do."""
        parts: list[str] = []
        at = 0
        for start, end in secret_spans(text):
            value = text[start:end].strip("\"'")
            if start < at or value.startswith("${"):
                continue
            hidden = not value or value.startswith(NO_SECRETS) and set(value) <= set("*")
            name = self._next("" if hidden else value)
            parts += [text[at:start], f"${{{name}}}"]
            at = end
        return self.hider.hide("".join((*parts, text[at:])))

    def _bound(self, text: str) -> str:
        """The line with an escape before what looks like a name and is none."""
        head, *pieces = text.split("${")
        parts = [head]
        for piece in pieces:
            name, closed, _ = piece.partition("}")
            known = closed and (name.startswith("secret:") or name == "tmp"
                                or name.partition(".")[0] in self.session.variables)
            escaped = parts[-1].endswith("\\")
            parts += ["${" if known or escaped else "\\${", piece]
        return "".join(parts)

    def _next(self, value: str) -> str:
        """The name of a key; one that nobody knows is the same as the last one of its kind."""
        known = self.hider.names.get(value)
        if known:
            return known
        if not value and self.names:
            return f"secret:{self.names[-1]}"
        name = f"psk{len(self.names) + 1}"
        self.names.append(name)
        if value:
            self.hider.learn(value, f"secret:{name}", everywhere=len(value) >= SHORTEST)
        return f"secret:{name}"

    def _escaped(self, text: str) -> str:
        """A printed line as it is expected, with the names of keys in it."""
        return "".join(piece if at % 2 else escape(piece)
                       for at, piece in enumerate(self.hider.pieces(text)))

    def _files(self, text: str, context: tuple[str, ...]) -> str:
        """The command with what it writes in the run's own folder."""
        self.session.context = context
        parsed = parse(text, self.session)
        spans = [(one.start, one.end) for one in parsed.bindings
                 if getattr(one.tag.kind, "written", False) and one.text]
        for stage in parsed.stages:
            if stage.argument and (stage.op in (">", ">>") or stage.name == "save"):
                at = text.rfind(stage.argument, stage.start, stage.end)
                spans += [(at, at + len(stage.argument))] if at >= 0 else []
        for start, end in sorted(spans, reverse=True):
            name = text[start:end].replace("\\", "/").rpartition("/")[2] or "file"
            text = f"{text[:start]}${{tmp}}/{name}{text[end:]}"
        return text

    def _exit(self, text: str, one: Typed) -> int:
        """What a command that reported a mistake ends with."""
        if any("not-confirmed" in said or "needs-yes" in said for _, said in one.said):
            return 5
        self.session.context = one.context
        parsed = parse(text.replace("${secret:", "${PSK:"), self.session)
        if parsed.error is not None and parsed.error.exit == USAGE or parsed.missing:
            return USAGE
        return FAILED


