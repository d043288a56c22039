"""The commands of a transcript as a script that netsh's `-f` and `exec` read."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from commands.parser import parse
from engine.policy.model import Secret
from transcripts.exports.document import CODE, PROSE, SECTION, Document, Step
from transcripts.model import Directive
from transcripts.replay import make_session
from transcripts.stage import expand

if TYPE_CHECKING:
    from commands.session import Session

# Directives that are commands of the lab.
LAB = frozenset({"clock", "inject"})


def script(document: Document) -> str:
    """One line a command, each in full from the root; all else is a comment.

    A command that is meant to fail is a comment, too. A key is asked for.
    """
    session = make_session(document.transcript.header._replace(store="empty"), "")
    # A script has no folder of its own, it stands in this one.
    names = {name: value for name, value in session.variables.items()
             if not isinstance(value, Secret)} | {"tmp": "."}
    lines = [f"# {document.title}", ""]
    for part in document.parts:
        if part.kind == SECTION:
            lines += ["", f"# --- {part.text} ---", ""]
        elif part.kind in (PROSE, CODE):
            lines += [f"# {line}".rstrip() for line in part.text.split("\n")]
        elif part.step is not None:
            lines += _step(part.step, names, session)
    session.close()
    return "\n".join(lines).strip("\n") + "\n"


def _step(step: Step, names: Mapping[str, str], session: "Session") -> Iterator[str]:
    exchange = step.exchange
    for one in exchange.before:
        command = _directive(one)
        yield command or f"# ~ {one.name} {one.argument}".rstrip()
    for one in exchange.checks:
        if one.name == "skip":
            yield f"# ~ skip {one.argument}"
    line = expand(_asked(step.command), names)
    session.context = exchange.context
    parsed = parse(line, session)
    if parsed.kind == "context" or parsed.words == ("..",):
        return  # every line says where it belongs
    here = len(exchange.context)
    if parsed.words[:here] == exchange.context:
        line = " ".join((*exchange.context, line))
    fails = exchange.exit or exchange.check("expect-fail") is not None or any(
        one.sigil == "!" for one in exchange.expected)
    if ":" in line.partition("${")[2].partition("}")[0]:
        yield f"# needs a value that only a run has: {line}"
    else:
        yield f"# meant to fail: {line}" if fails else line


def _directive(one: Directive) -> str:
    """The command of the lab that does the same, "" for what only a transcript can do."""
    if one.name == "clock" and isinstance(one.value, float):
        return f"lab run {one.value:g}s"
    return str(one.value) if one.name == "inject" else ""


def _asked(command: str) -> str:
    """The command with a key's tag alone, so that the key is asked for."""
    words = []
    for word in command.split(" "):
        name, equals, value = word.partition("=")
        bare = value.strip('"')
        secret = bare.startswith("${secret:") and bare.endswith("}") or bare in (
            "${PSK}", Secret.MASK)
        words.append(name if equals and secret else word)
    return " ".join(words)
