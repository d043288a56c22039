"""The prompt: read a line, run it, show the answer, again. Only this loop owns the terminal."""

import os
from time import sleep
from typing import TYPE_CHECKING, Protocol

from prompt_toolkit import PromptSession
from prompt_toolkit.formatted_text import StyleAndTextTuples
from prompt_toolkit.history import DummyHistory
from prompt_toolkit.input import Input
from prompt_toolkit.output import ColorDepth, Output
from prompt_toolkit.styles import Style

from commands.answer import Lines
from commands.places import state_folder
from commands.witness import listened
from engine.policy.model import Secret
from shell.completer import LineCompleter
from shell.hints import SafeSuggest
from shell.history import SafeHistory
from shell.keys import make_keys
from shell.lexer import LineLexer
from shell.show import Show, wants_colour
from shell.theme import STYLES
from shell.toolbar import LOOK_AFTER, Toolbar
from transcripts.recording.sitting import Sitting

if TYPE_CHECKING:
    from commands.answer import Block
    from commands.session import Session

HOME_MACHINE = "gwA"
INTERRUPTED = 130
BANNER = "ipsecsh, the tunnel of KB 252735 as a shell. ? for help, bye to leave."
# What a session has from the prompt it is at.
LENT = ("emit", "echo", "nested", "ask", "ask_hidden", "wait", "on_boot", "yes")
# Rows kept free below the prompt for the completion menu.
MENU_ROWS = 6
# Seconds between looks for a probation that has ended.
DEADLINE_LOOK = 1.0


class Options(Protocol):
    """What the prompt needs of the command line."""

    @property
    def color(self) -> str:
        """auto, always or never."""

    @property
    def format(self) -> str:
        """table, json, jsonl or csv."""


def prompt_text(session: "Session") -> str:
    """netsh's prompt: ``ipsecsh ipsec static>``, ``[hostA] ipsecsh>`` on another machine.

    A live machine is always named: nobody should take it for the lab.
    """
    away = session.remote is not None or session.machine != HOME_MACHINE
    machine = f"[{session.machine}] " if away else ""
    return f"{machine}{' '.join(('ipsecsh', *session.context))}>"


class Prompt:
    """The prompt as the terminal shows it. It is asked for several times with each key."""

    def __init__(self, session: "Session", place: str) -> None:
        self.session, self.place = session, place
        self._key: tuple[object, ...] = ()
        self._shown: StyleAndTextTuples = []

    def __call__(self) -> StyleAndTextTuples:
        """Its one fragment."""
        key = self.session.context, self.session.machine, self.session.remote
        if key != self._key:
            self._key = key
            self._shown = [("class:prompt", self.place + prompt_text(self.session))]
        return self._shown


def run_repl(session: "Session", options: Options) -> int:
    """Reads and runs lines until ``bye`` or Ctrl-D at the root; the exit class."""
    return Repl(session, Show(session, options.format, options.color)).run()


class Repl:
    """One sitting at the prompt; `input` and `output` are the terminal unless a test has others."""

    def __init__(self, session: "Session", show: Show, input: Input | None = None,
                 output: Output | None = None, folder: str = "", place: str = "",
                 words: tuple[str, ...] = ()) -> None:
        self.session, self.show = session, show
        self.input, self.output = input, output
        self.place, self.words, self.word = f"({place}) " if place else "", words, ""
        self.folder = folder or state_folder(os.environ)
        self.toolbar = Toolbar(session)
        self.exit = 0
        colour = wants_colour(show.color, show.out)
        self.depth = None if colour else ColorDepth.DEPTH_1_BIT
        self.prompt = self._make_prompt()
        session.emit, session.echo, session.nested = show.emit, show.echo, self.nested
        session.ask, session.wait = listened(session, self.ask), sleep
        session.ask_hidden = listened(session, self.ask_hidden, hidden=True)

    def _make_prompt(self) -> PromptSession[str]:
        session = self.session
        return PromptSession(
            Prompt(session, self.place),
            lexer=LineLexer(session), completer=LineCompleter(session),
            complete_while_typing=False, reserve_space_for_menu=MENU_ROWS,
            auto_suggest=SafeSuggest(session), enable_suspend=False,
            history=SafeHistory(os.path.join(self.folder, "history"), self._mask),
            key_bindings=make_keys(session, lambda: self.place + prompt_text(session),
                                   self.write),
            bottom_toolbar=self.toolbar, style=Style.from_dict(STYLES), color_depth=self.depth,
            include_default_pygments_style=False, input=self.input, output=self.output)

    def write(self, line: str) -> None:
        """One plain line of the shell's own."""
        self.show.out.write(line + "\n")
        self.show.out.flush()

    def _mask(self, line: str) -> str:
        """A line as it may be kept: no key where one belongs, nor one that is known elsewhere."""
        from commands.masking import mask_text
        shown = mask_text(line, self.session)
        keeper = self.session.witness.keeper if self.session.witness is not None else None
        if not isinstance(keeper, Sitting):
            return shown
        return "".join(Secret.MASK if at % 2 else piece
                       for at, piece in enumerate(keeper.hider.pieces(shown)))

    def run(self) -> int:
        """The loop."""
        self.write(f"{', '.join(self.words)} leave this prompt." if self.words else BANNER)
        first = True
        while True:
            try:
                text = self.prompt.prompt(pre_run=self._look_later if first
                                          else self._watch_deadline)
            except KeyboardInterrupt:
                continue
            except EOFError:
                if not self.session.context and self._may_end():
                    return 0
                self.session.context = self.session.context[:-1]
                continue
            finally:
                first = False
            # Pasted text may hold several lines: they are typed one after the other.
            if not all(self.type(line) for line in text.splitlines()):
                return self.exit

    def _look_later(self) -> None:
        """Lets the bar name the policy of an existing store once the prompt stands."""
        from asyncio import get_running_loop

        def look() -> None:
            if self.toolbar.look():
                self.prompt.app.invalidate()
            self._watch_deadline()

        get_running_loop().call_later(LOOK_AFTER, look)

    def _watch_deadline(self) -> None:
        """While this prompt stands: a change whose probation ends now goes back now."""
        from asyncio import get_running_loop

        from prompt_toolkit.application import run_in_terminal

        from shell.hints import calmly
        loop = get_running_loop()
        heard: list[Block] = []

        def look() -> None:
            self.session.emit = heard.append
            try:
                self.session.look_due()
                self.session.settle()
            finally:
                self.session.emit = self.show.emit

        def tell() -> None:
            while heard:
                self.show.emit(heard.pop(0))

        def watch() -> None:
            if self.session.deadline is not None:
                calmly(None, look)
                loop.call_later(DEADLINE_LOOK, watch)
            if heard:
                run_in_terminal(tell)

        loop.call_later(DEADLINE_LOOK, watch)

    def _may_end(self) -> bool:
        """Ctrl-D at the root: with uncommitted offline changes it asks what becomes of them."""
        return not self.session.uncommitted or not self.type("bye")

    def type(self, text: str) -> bool:
        """Runs one line and shows what it says; False after ``bye``."""
        from commands.errors import Leave
        if not text.strip():
            return True
        if text.strip().lower() in self.words:
            self.word = text.strip().lower()
            return False
        self.show.failed = False
        if self.session.copy:
            self.show.copy(f"{prompt_text(self.session)}{self._mask(text)}\n")
        try:
            with self.session.heard(text) as ended:
                ended.exit = self._run(text)
        except Leave as leave:
            self.exit = leave.exit
            return False
        return True

    def _run(self, text: str) -> int:
        """The exit class of one line. Raises Leave."""
        from commands.errors import CommandError, Interrupted, Leave
        from commands.run import run_line
        try:
            self.session.look_due()
            answer = run_line(text, self.session)
            self.show.answer(answer)
            return answer.exit or int(self.show.failed)
        except CommandError as error:
            self.show.error(error)
            return error.exit
        except Leave:
            raise
        except Interrupted:
            return INTERRUPTED
        except KeyboardInterrupt:
            if self.session.witness is not None:
                self.session.witness.interrupted()
            self.show.emit(Lines((("Control-C",),)))
            return INTERRUPTED
        except Exception as bug:
            from commands.failures import report_bug
            from commands.parser import Parse
            self.show.error(report_bug(bug, Parse(text, "unknown")))
            return 1

    def nested(self, session: "Session", place: str, words: tuple[str, ...]) -> str:
        """A prompt on another session until one of the words is typed, or it is left ("")."""
        return nested(self.session, self.show, session, place, words)

    def ask(self, question: str) -> str:
        """Asks the operator; Ctrl-D is no answer."""
        return self._ask(question, False)

    def _ask(self, question: str, hidden: bool) -> str:
        asking: PromptSession[str] = PromptSession(
            history=DummyHistory(), color_depth=self.depth, input=self.input, output=self.output)
        try:
            return asking.prompt(question, is_password=hidden)
        except EOFError:
            return ""

    def ask_hidden(self, question: str) -> str:
        """Asks for a secret, which is not echoed."""
        return self._ask(question, True)


def nested(outer: "Session", show: Show, session: "Session", place: str,
           words: tuple[str, ...]) -> str:
    """A prompt on a session while a command of the `outer` one runs; the word that left it."""
    from shell.interrupt import shield, unshield
    kept = {name: getattr(session, name) for name in LENT}
    if session.booted:
        shield(session.lab, session)
    else:
        session.on_boot = shield
    session.yes = False
    inner = Repl(session, Show(session, show.format, show.color, show.out, show.err),
                 place=place, words=words)
    try:
        inner.run()
    finally:
        for name, value in kept.items():
            setattr(session, name, value)
        unshield()
        if outer.booted and not outer.live:
            shield(outer.lab, outer)
    return inner.word
