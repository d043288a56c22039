"""Somebody who hears every typed line of a session and all that is said while it runs.

The journal and the recorder listen; the shell tells them what it types and prints. Nothing is
rendered here, so that listening costs next to nothing.
"""

from collections import deque
from collections.abc import Callable
from types import TracebackType

from commands.answer import Answer, Block, Lines
from commands.errors import CommandError
from engine.values import TYPE_CHECKING

if TYPE_CHECKING:
    from commands.parser import Parse
    from commands.session import Session
    from commands.spec import Command
    from engine.policy.model import Secret
    from engine.values import Protocol

    class Keeper(Protocol):
        """Who keeps what was heard."""

        def told(self, heard: "Heard") -> None:
            """A typed line has ended."""


INTERRUPTED = 130
TYPED_MOST = 200


class Script:
    """A script that ran: its lines, its file ("" when it has none), and who ran it.

    `parent` is the number of the script it was called in (-1: it was typed) and `line` the line
    there; `reached` is its last line that was begun.
    """

    __slots__ = ("name", "lines", "path", "parent", "line", "reached")

    def __init__(self, name: str, lines: list[str], path: str, parent: int, line: int) -> None:
        self.name, self.lines, self.path = name, lines, path
        self.parent, self.line, self.reached = parent, line, 0


class Item:
    """Something that was said: a block, an answer, an error, a question, Ctrl-C, an exit class.

    `script` and `line` say where in a script (-1, 0: nowhere); `now` is the lab's time.
    """

    __slots__ = ("kind", "what", "script", "line", "now")

    def __init__(self, kind: str, what: object, script: int, line: int, now: float) -> None:
        self.kind, self.what, self.script, self.line, self.now = kind, what, script, line, now


def _pressed(item: Item) -> bool:
    return item.kind == "interrupt" or (item.kind == "asked" and isinstance(item.what, tuple)
                                        and item.what[1] == "^C")


class Heard:
    """One typed line with all that was said; mutable until it has ended.

    `parsed` is its meaning, None when it has none, and `meant_in` the context that a prompt pasted
    before it names; `secrets` are the keys typed while it ran,
    with the names of their tags; `commits` counts what was written, `generation` is the store's
    afterwards (-1: it was not looked at), `after` the context. Times are Unix seconds.
    """

    def __init__(self, text: str, session: "Session", at: float) -> None:
        self.text, self.began, self.ended = text, at, at
        self.context, self.machine = session.context, session.machine
        self.meant_in = self.after = session.context
        self.parsed: Parse | None = None
        self.items: list[Item] = []
        self.scripts: list[Script] = []
        self.secrets: list[tuple[Secret, str]] = []
        self.exit = 0
        self.lab_began = self.lab_ended = session.world.now if session.booted else 0.0
        self.commits = 0
        self.generation = -1


def _masked(heard: Heard) -> str:
    """The line as it may be kept."""
    from commands.masking import mask
    return mask(heard.parsed)[0] if heard.parsed is not None else heard.text.split(" ")[0]


class Witness:
    """Listens to one session; `clock` gives Unix seconds, `keeper` is told each line's end.

    `typed` are the last lines: when (by the world's clock), on which machine, without secrets.
    """

    def __init__(self, session: "Session", clock: Callable[[], float], keeper: "Keeper") -> None:
        self.session, self.clock, self.keeper = session, clock, keeper
        self.heard: Heard | None = None
        self.typed: deque[tuple[float, str, str]] = deque(maxlen=TYPED_MOST)
        self._scripts: list[int] = []
        self.line = 0

    def begin(self, text: str) -> None:
        """A line is typed."""
        self.heard = Heard(text, self.session, self.clock())
        self._scripts, self.line = [], 0
        self._commits = self.session.commits()

    def end(self, exit: int) -> None:
        """It has ended."""
        heard, self.heard = self.heard, None
        if heard is None:
            return
        session = self.session
        heard.exit, heard.ended, heard.after = exit, self.clock(), session.context
        self.typed.append((session.wall(), heard.machine, _masked(heard)))
        heard.lab_ended = session.world.now if session.booted else heard.lab_began
        heard.commits = session.commits() - self._commits
        if session.opened:
            heard.generation = session.generation()
        self.keeper.told(heard)

    def meant(self, parsed: "Parse") -> None:
        """The meaning of a line; the first one is that of the line that was typed."""
        heard = self.heard
        if heard is not None and heard.parsed is None and not self._scripts:
            heard.parsed = parsed
            heard.meant_in = self.session.context

    def keys(self, command: "Command") -> None:
        """A command with secrets in it is about to run."""
        if self.heard is not None:
            for name in command.secrets:
                value = getattr(command, name)
                if value:
                    self.heard.secrets.append((value, name))

    def _say(self, kind: str, what: object) -> None:
        if self.heard is not None:
            now = self.session.world.now if self.session.booted else 0.0
            script = self._scripts[-1] if self._scripts else -1
            self.heard.items.append(Item(kind, what, script, self.line if self._scripts else 0,
                                         now))

    def block(self, block: Block) -> None:
        """A block is printed; errors are told apart."""
        if not (isinstance(block, Lines) and block.name == "error"):
            self._say("block", block)

    def answer(self, answer: Answer) -> None:
        """What was left to say has been printed."""
        if answer.blocks or answer.warnings:
            self._say("answer", answer)

    def failed(self, error: CommandError) -> None:
        """A mistake is printed."""
        self._say("error", error)

    def asked(self, question: str, answer: str, hidden: bool) -> None:
        """A question was answered; ^C and ^D are the keys."""
        self._say("asked", (question, answer, hidden))

    def interrupted(self) -> None:
        """Ctrl-C was pressed while a command ran; once is enough, also as an answer."""
        if self.heard is not None and not any(map(_pressed, self.heard.items)):
            self._say("interrupt", None)

    def enter(self, name: str, lines: list[str], path: str) -> None:
        """A script begins."""
        if self.heard is not None:
            parent = self._scripts[-1] if self._scripts else -1
            self.heard.scripts.append(Script(name, lines, path, parent, self.line))
            self._scripts.append(len(self.heard.scripts) - 1)

    def leave(self) -> None:
        """It has ended."""
        if self._scripts and self.heard is not None:
            script = self.heard.scripts[self._scripts.pop()]
            script.reached, self.line = self.line, script.line

    def unsuccessful(self, exit: int) -> None:
        """A line of a script has ended without a mistake, and with an exit class."""
        self._say("exit", exit)


class Hearing:
    """A `with` block around a typed line; the block sets `exit` when it knows it."""

    __slots__ = ("exit", "_witness", "_text")

    def __init__(self, session: "Session", text: str) -> None:
        self.exit = 0
        self._witness, self._text = session.witness, text

    def __enter__(self) -> "Hearing":
        if self._witness is not None:
            self._witness.begin(self._text)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        if error is not None:
            self.exit = int(getattr(error, "exit", INTERRUPTED))
        if self._witness is not None:
            if isinstance(error, CommandError):
                self._witness.failed(error)
            self._witness.end(self.exit)


def listened(session: "Session", ask: Callable[[str], str],
             hidden: bool = False) -> Callable[[str], str]:
    """A way to ask of which the session's witness hears."""
    def asking(question: str) -> str:
        try:
            answer = ask(question)
        except KeyboardInterrupt:
            if session.witness is not None:
                session.witness.asked(question, "^C", hidden)
            raise
        if session.witness is not None:
            session.witness.asked(question, answer.rstrip("\r\n"), hidden)
        return answer

    return asking
