"""The line a command was typed as, as revisions and `show changes` keep it.

Full words, where it belongs in front, no pipes, secrets as stars: it can be read years later, and
typed anywhere.
"""

from functools import partial

from commands.words import filled, lookup
from engine.policy.model import Secret
from engine.values import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from commands.parser import Parse
    from commands.session import Session
    from commands.spec import Command


class Typed(NamedTuple):
    """A line being run: its text and its command, and, from the quick reader of scripts, how
    many words the command's name took (0: the whole line was parsed).
    """

    line: str = ""
    command: "Command | None" = None
    used: int = 0

    @property
    def plain(self) -> bool:
        """Whether its text can be told at any time: later the context may be another."""
        return self.used > 0 and self.command is not None and not self.command.has_secret

    def text(self, session: "Session") -> str:
        """The line as it is kept."""
        command = self.command
        if command is None:
            return ""
        words = " ".join(command.words)
        if self.plain:
            rest = self.line.split(None, self.used)[self.used:]
            return f"{words} {rest[0].rstrip()}" if rest else words
        return _masked(words, self.line, session)

    def told(self, session: "Session") -> "Typed":
        """The same, with a line that means what it means now in every context."""
        if self.plain:
            return self
        text = self.text(session)
        return Typed(text, self.command, len(self.command.words) if self.command else 0)


def _masked(words: str, line: str, session: "Session") -> str:
    from commands.masking import mask
    from commands.parser import parse
    parsed = parse(_meant(line, session), session)
    text, moved = mask(parsed)
    end = _end(parsed)
    rest = text[moved(_begin(parsed)):moved(end) if end >= 0 else None].strip()
    return f"{words} {filled(rest, partial(_told, session))}" if rest else words


def _told(session: "Session", name: str) -> str | None:
    """What a variable stands for: another one may have its name when the line is read again."""
    found = lookup(name, session.variables)
    return None if isinstance(found, Secret) else found


def _meant(line: str, session: "Session") -> str:
    """The line with the meaning of its alias."""
    parts = line.split(None, 1)
    meaning = session.aliases.get(parts[0].lower()) if parts else None
    return line if meaning is None else " ".join([meaning, *parts[1:]])


def _begin(parsed: "Parse") -> int:
    """The column behind the command's words."""
    return max((piece.end for piece in parsed.pieces if piece.role in ("context", "command")),
               default=0)


def _end(parsed: "Parse") -> int:
    """The column of the first pipe or redirection, -1 when there is none."""
    return min((piece.start for piece in parsed.pieces if piece.role == "operator"), default=-1)
