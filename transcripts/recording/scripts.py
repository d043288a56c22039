"""A script that ran, as the lines that were typed: each is a command of its own.

The script is read again where it lies, as long as it is the same; what its lines said was kept
by their numbers. Contexts, aliases and the rest of what a line means are followed by typing what
moves between contexts into a session that nobody sees.
"""

import os
from collections.abc import Iterator
from copy import copy
from typing import TYPE_CHECKING

from commands.batch import Step, batch_steps, is_batch, plain_steps
from transcripts.hiding import Hider
from transcripts.recording.event import ELIDED, Event, Meaning, Ran, Said
from transcripts.recording.hear import masked, meaning_of

if TYPE_CHECKING:
    from commands.parser import Parse
    from commands.session import Session

MOVES = frozenset({"..", "pushd", "popd", "alias", "unalias"})


class Unknown(Exception):
    """A script that cannot be written line by line; the text says why."""


def expand(event: Event, hider: "Hider") -> list[Event]:
    """The events of a script's lines. Raises Unknown."""
    from commands.session import Session
    scratch = Session("")
    scratch.context, scratch.machine = event.context, event.machine
    return list(_Lines(event, hider, scratch).script(0))


def typed(lines: list[str], like: Event, hider: "Hider") -> list[Event]:
    """The events of lines of which nothing was heard, typed in the place of `like`."""
    from commands.session import Session
    event = copy(like)
    event.scripts = (Ran("-", "", -1, 0.0, -1, 0, len(lines), {}, lines),)
    event.keys = ()
    scratch = Session("")
    scratch.context = event.context
    return list(_Lines(event, hider, scratch).script(0))


class _AsPrinted(Hider):
    """Takes the secrets of a line that was printed for what they are: stars and names."""

    def name(self, value: str) -> str:
        return value

    def hide(self, text: str) -> str:
        return text

    def insert(self, text: str) -> str:
        return text.replace("${", "\\${").replace("\\${secret:", "${secret:")


def meant(text: str) -> Event | None:
    """The event of a line that a command has printed, None when it is no command."""
    from commands.parser import parse
    from commands.session import Session
    scratch = Session("")
    for piece in text.split("${secret:")[1:]:
        name = f"secret:{piece.partition('}')[0]}"
        scratch.variables[name] = f"${{{name}}}"
    parsed = parse(text, scratch)
    if parsed.kind != "command" or parsed.error is not None:
        return None
    meaning = meaning_of(parsed, _AsPrinted(), [], scratch)
    return Event(0.0, "", (), scratch.machine, text, meaning, (), 0)


class _Lines:
    """Reads the scripts of one event; mutable: the scratch session moves along."""

    def __init__(self, event: Event, hider: "Hider", scratch: "Session") -> None:
        self.event, self.hider, self.scratch = event, hider, scratch
        self.keys = list(event.keys)

    def script(self, index: int) -> Iterator[Event]:
        """The lines of one script that were begun, those of the scripts it called among them."""
        ran = self.event.scripts[index]
        lines = _read(ran, self.hider)
        steps = list(batch_steps(lines) if is_batch(lines, ran.name) else plain_steps(lines))
        last = 0
        for at, step in enumerate(steps):
            if step.skipped(last):
                continue
            if step.ends or step.number > ran.reached:
                return
            said = ran.said.get(step.number, [])
            shared = any(other.number == step.number for other in steps[at + 1:at + 2])
            if shared and said:
                raise Unknown(f"line {step.number} of {ran.name} holds several commands")
            inner = self._called(index, step)
            if inner >= 0:
                yield from self.script(inner)
                continue
            one = self._event(step, said)
            last = one.exit
            if one.meaning.kind or one.said and step.text.strip():
                yield one

    def _called(self, index: int, step: Step) -> int:
        """The script that a line called, -1 when it called none."""
        return next((at for at, one in enumerate(self.event.scripts)
                     if one.parent == index and one.line == step.number), -1)

    def _event(self, step: Step, said: list[Said]) -> Event:
        """One line as if it had been typed."""
        parsed, context = self._parsed(step.text)
        self.name_keys(parsed)
        text, moves = masked(parsed.text, parsed, self.hider)
        meaning = Meaning()
        if not step.problem:
            meaning = meaning_of(parsed, self.hider, moves, self.scratch)
        stands = self.scratch.context if meaning.kind else context
        shown = tuple(one for one in said if one.sigil != "=")
        exit = next((int(one.spans[0][0]) for one in said if one.sigil == "="), 0)
        for one in said:
            if one.error is not None:
                exit = int(str(one.error["exit"]))
        if self.event.meaning.tail:
            # What it printed went into the pipe of the whole script.
            shown = (*(one for one in shown if one.error is not None), Said(ELIDED))
        elif step.quiet and not exit:
            shown = (Said(ELIDED),)
        event = Event(self.event.at, self.event.sitting, stands, self.scratch.machine, text,
                      meaning, shown, exit)
        self._move(parsed, context)
        event.after = self.scratch.context if meaning.kind else context
        event.store = self.event.store
        return event

    def _parsed(self, text: str) -> "tuple[Parse, tuple[str, ...]]":
        """The meaning of a line, behind a prompt or ``netsh`` that was pasted before it."""
        from commands.errors import CommandError
        from commands.parser import parse
        from commands.pasted import pasted
        try:
            found = pasted(text, self.scratch)
        except CommandError:
            found = None
        if found is None:
            return parse(text, self.scratch), self.scratch.context
        here, self.scratch.context = self.scratch.context, found.context
        try:
            return parse(found.text, self.scratch), found.context
        finally:
            self.scratch.context = here

    def name_keys(self, parsed: "Parse") -> None:
        """The keys of a line have the names that they were given when it ran."""
        ran = parsed.kind == "command" and parsed.error is None and not parsed.missing
        for one in parsed.bindings:
            if one.tag.kind.secret and one.text:
                name = self.keys.pop(0) if ran and self.keys else ""
                if name and one.text not in self.hider.names:
                    self.hider.learn(one.text, name)
                else:
                    self.hider.fresh(one.text, one.tag.name)

    def _move(self, parsed: "Parse", context: tuple[str, ...]) -> None:
        """Follows a line to another context or machine."""
        from commands.errors import CommandError
        from commands.run import run_line
        moves = parsed.kind == "context" or parsed.words[:1] != () and (
            parsed.words[0] in MOVES or parsed.words[:2] == ("set", "machine"))
        if not moves or parsed.error is not None or parsed.missing:
            return
        here = self.scratch.context
        self.scratch.context = context
        try:
            run_line(parsed.text, self.scratch)
        except CommandError:
            pass
        if self.scratch.context == context != here:
            self.scratch.context = here


def _read(ran: Ran, hider: "Hider") -> list[str]:
    """The lines of a script. Raises Unknown when they are not what they were."""
    from commands.errors import CommandError
    from commands.script import script_lines
    if ran.lines is not None:
        return ran.lines
    if ran.kept is not None:
        return [_filled(line, hider) for line in ran.kept]
    if not ran.path:
        raise Unknown(f"{ran.name} was no file, and its lines were not kept")
    try:
        status = os.stat(ran.path)
        with open(ran.path, "rb") as file:
            content = file.read()
        lines = script_lines(content, ran.name)
    except (OSError, CommandError) as error:
        raise Unknown(f"{ran.name} cannot be read again: {error}") from None
    if (status.st_size, round(status.st_mtime, 3)) != (ran.size, round(ran.changed, 3)):
        raise Unknown(f"{ran.name} has been changed since it ran")
    return lines


def _filled(line: str, hider: "Hider") -> str:
    """A line that was kept, with other keys in the places of those that had been there."""
    head, *pieces = line.split("${secret:")
    parts = [head]
    for piece in pieces:
        name, _, rest = piece.partition("}")
        key = f"Kept-{name}-{id(hider):x}"
        hider.learn(key, f"secret:{name}")
        parts += [key, rest]
    return "".join(parts)
