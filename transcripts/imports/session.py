"""A conversation as somebody copied it from a terminal: which lines were typed, and what they said.

A line is a command when it stands behind a prompt of the shell, of netsh or of a system shell
that calls one of them, or behind a context as a transcript has it. What comes before the first
command belongs to nothing.
"""

import os
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, NamedTuple

from commands.errors import CommandError
from commands.pasted import PROGRAMS, pasted

if TYPE_CHECKING:
    from commands.session import Session

# Questions whose answers are not echoed, and how a question ends that a letter answers.
HIDDEN = ("pre-shared key:", "password:")
CHOICE = "(y/n)"
SHELLS = ("$ ", "# ", "% ")
HOME = "gwA"  # a prompt that names no machine is this one's
KNOWN, HANGING = "  known: ", " " * 9


class Typed(NamedTuple):
    """A command: its context, its text, the line of the file, what it said as (sigil, text), and
    the section that begins with it.
    """

    context: tuple[str, ...]
    text: str
    line: int
    said: tuple[tuple[str, str], ...] = ()
    section: str = ""


class Heard(NamedTuple):
    """All commands, and the numbers of the lines that belong to none."""

    typed: tuple[Typed, ...]
    lost: tuple[int, ...]


def heard(lines: Sequence[str], contexts: Collection[tuple[str, ...]], session: "Session",
          labels: Collection[str] = ()) -> Heard:
    """The conversation in some lines; `session` says where it stands, `labels` are sections."""
    return _Listener(contexts, session, labels).listen(lines)


class _Listener:
    """Goes through the lines; mutable: the commands so far, and what the last one has said."""

    def __init__(self, contexts: Collection[tuple[str, ...]], session: "Session",
                 labels: Collection[str]) -> None:
        self.contexts, self.session, self.labels = contexts, session, labels
        self.typed: list[Typed] = []
        self.output: list[str] = []
        self.lost: list[int] = []
        self.begun = False
        self.section = ""

    def listen(self, lines: Sequence[str]) -> Heard:
        """All of them, in order."""
        for number, raw in enumerate(lines, 1):
            self._line(raw.rstrip(), number)
        _close(self.typed, self.output)
        return Heard(tuple(self.typed), tuple(self.lost))

    def _line(self, line: str, number: int) -> None:
        if line.startswith("# ") and line[2:] in self.labels:
            self._end()
            self.section = line[2:]
            return
        found = _command(line, self.contexts, self.session)
        if found is None and not _elsewhere(line):
            if self.begun:
                self.output.append(line)
            elif line:
                self.lost.append(number)
            return
        self._end()
        if found is None:
            self.lost.append(number)
        for context, text in found or ():
            if text:
                self._typed(context, text, number)
            self.begun = bool(text)

    def _end(self) -> None:
        """Nothing more is the last command's."""
        _close(self.typed, self.output)
        self.output, self.begun = [], False

    def _typed(self, context: tuple[str, ...], text: str, number: int) -> None:
        for one in (*_moves(context, number, self.session), Typed(context, text, number)):
            self.typed.append(one._replace(section=self.section))
            self.section = ""
        self.session.context = _after(context, text, self.session)


def _elsewhere(line: str) -> bool:
    """Whether something was typed at another program's prompt, as ``bob@gw:~$ ls``."""
    place = line.partition(" ")[0]
    return place[-1:] in ("$", "#", "%") and "@" in place or line[1:3] == ":\\" and ">" in line


def _moves(context: tuple[str, ...], number: int, session: "Session") -> list[Typed]:
    """What leads to a context that nobody was seen to go to."""
    here = session.context
    shared = len(os.path.commonprefix([here, context]))
    moves = [Typed(here[:at], "..", number) for at in range(len(here), shared, -1)]
    rest = context[shared:]
    return moves + ([Typed(context[:shared], " ".join(rest), number)] if rest else [])


def _after(context: tuple[str, ...], text: str, session: "Session") -> tuple[str, ...]:
    """The context in which the next line is typed."""
    from commands.parser import parse
    session.context = context
    parsed = parse(text, session)
    if parsed.kind == "context":
        return parsed.words
    return context[:-1] if parsed.words == ("..",) else context


def _close(typed: list[Typed], output: list[str]) -> None:
    """What was printed belongs to the command before it."""
    while output and not output[-1]:
        output.pop()
    while output and not output[0]:
        output.pop(0)
    if typed and output:
        typed[-1] = typed[-1]._replace(said=tuple(_said(output)))


def _command(line: str, contexts: Collection[tuple[str, ...]],
             session: "Session") -> list[tuple[tuple[str, ...], str]] | None:
    """The commands that a line types, with their contexts; None for a line of output."""
    before, sign, rest = line.partition(">")
    words = tuple(before.split())
    if sign and rest[:1] in ("", " ") and not before.endswith(" ") and before == " ".join(words) \
            and words in contexts:
        return [(words, rest.strip())]
    whole, moved = line, list[tuple[tuple[str, ...], str]]()
    if line.startswith("[") and "] " in line:
        machine, _, after = line[1:].partition("] ")
        if machine.replace("-", "").isalnum() and after.split(">")[0].split(" ")[0] in PROGRAMS:
            if machine.lower() != session.machine.lower():
                moved.append(((), f"set machine {machine}"))
                session.machine = machine
            line = after
    found = _prompted(line, session)
    if found is not None and line is whole and session.machine != HOME:
        moved.append(((), f"set machine {HOME}"))
        session.machine = HOME
    return None if found is None else [*moved, found]


def _prompted(line: str, session: "Session") -> tuple[tuple[str, ...], str] | None:
    for shell in SHELLS:
        start = line.find(shell)
        words = line[start + 2:].split()
        if start >= 0 and words and words[0].rpartition("/")[2].lower() in PROGRAMS \
                and ">" not in line[:start]:
            line = line[start + 2:].strip()
            line = line[line.find(words[0]) + len(words[0]) - len(words[0].rpartition("/")[2]):]
            break
    else:
        if ">" not in line:
            return None
    try:
        found = pasted(line, session)
    except CommandError:
        return None
    return None if found is None else (found.context, found.text.strip())


def _said(lines: Sequence[str]) -> list[tuple[str, str]]:
    """The lines with their sigils: errors with what explains them, questions with their answers."""
    found: list[tuple[str, str]] = []
    error = False
    for line in lines:
        low = line.lower()
        hidden = next((one for one in HIDDEN if low.startswith(one)), "")
        choice = line.find(CHOICE)
        error = line.startswith("ERR ") or error and line.startswith("  ")
        if error and line.startswith(HANGING) and found and found[-1][1].startswith(KNOWN):
            found[-1] = ("!", f"{found[-1][1]} {line.strip()}")  # a terminal is only so wide
            continue
        if hidden:
            found += [("?", line[:len(hidden)]), ("<", "")]
        elif choice >= 0 and line[choice + len(CHOICE):].strip(" ?:"):
            end = choice + len(CHOICE)
            end += len(line[end:]) - len(line[end:].lstrip(" ?:"))
            found += [("?", line[:end].rstrip()), ("<", line[end:].strip())]
        elif line in ("^C", "Control-C") and (not found or found[-1][0] != "<"):
            found += [("<", "^C"), *([("|", line)] if line == "Control-C" else [])]
        else:
            found.append(("!" if error else "|", line))
    return found
