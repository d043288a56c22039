"""Where a transcript plays: in this process on a lab of its own, or in another program.

`Play` tells a stage what is to be typed and what is to happen before it; a stage knows how.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

from commands.layout import SpanLine, plain
from commands.masking import SECRET_WORDS, secret_spans
from engine.policy.model import Secret
from transcripts.hiding import TYPED, Hider
from transcripts.lines import Printed, printed
from transcripts.model import Exchange, Expected
from transcripts.said import Answers, Said, say

if TYPE_CHECKING:
    from commands.session import Nested, Session
    from engine.lab.site import Site
    from transcripts.directives import Wait

# Seconds of the lab's time between two attempts of a command under `~ retry`.
RETRY_STEP = 1.0
# Seconds of wall time between two looks at something that is waited for.
LOOK_STEP = 0.05
REFUSED = 5


class CannotPlay(Exception):
    """What the transcript asks for is impossible here; the text says why."""


class Gone(CannotPlay):
    """Nothing more can be typed there: a target that has ended, or does not prompt."""


class Stage(Protocol):
    """A place where commands can be typed."""

    target: bool
    virtual: bool  # whether its time is the lab's, not the wall's
    hider: Hider

    @property
    def variables(self) -> Mapping[str, str]:
        """What ``${...}`` stands for."""

    @property
    def site(self) -> "Site | None":
        """The addresses of the lab, None for the article's."""

    def bind(self, name: str, value: str) -> None:
        """Gives a name a value."""

    def enter(self, context: tuple[str, ...]) -> str:
        """Makes the context the one that is expected; why it was not, or ""."""

    def say(self, exchange: Exchange, limit: float) -> Said:
        """Types a command; at most `limit` seconds of wall time."""

    def pass_time(self, seconds: float) -> None:
        """Lets time pass. Raises CannotPlay."""

    def await_state(self, wait: "Wait", limit: float) -> str:
        """Waits until something is so, at most `limit` seconds of wall time; why it is not."""

    def inject(self, line: str, limit: float) -> None:
        """Breaks something of the lab, or mends it. Raises CannotPlay."""

    def restart(self) -> None:
        """Ends the shell and starts it again on the same store. Raises CannotPlay."""

    def mask(self, exchange: Exchange) -> str:
        """The command as a report may show it."""

    def talk(self, nested: "Nested", place: str, words: tuple[str, ...]) -> str:
        """Hands the prompt to somebody; the word they leave it with, "" for none."""

    def close(self) -> None:
        """Nothing is typed any more."""


def shown(lines: Sequence[tuple[str, SpanLine]], hider: Hider) -> tuple[Printed, ...]:
    """Lines ready to be compared: in the place of each secret that was shown stands its name."""
    return tuple(printed(sigil, hidden(line, hider)) for sigil, line in lines)


def hidden(line: SpanLine, hider: Hider) -> SpanLine:
    """The same line with the names of secrets in their places."""
    if any(span.type == "secret" and span.text != Secret.MASK for span in line):
        line = tuple(span._replace(text=hider.name(span.text), value=None)
                     if span.type == "secret" and span.text != Secret.MASK else span
                     for span in line)
    if hider.holds(plain(line)):
        return tuple(span._replace(text="".join(hider.pieces(span.text, span.type not in TYPED)))
                     for span in line)
    return line


def answers_of(expected: Sequence[Expected], expand: Callable[[str], str]) -> Answers:
    """What is typed while a command runs, with the number of printed lines before each."""
    given, count = [], 0
    for at, line in enumerate(expected):
        if line.sigil == "<":
            asked = at > 0 and expected[at - 1].sigil == "?"
            given.append((line.text, -1 if asked else count))
        elif line.text and line.elision is None:
            count += 1
    return Answers(given, expand)


def expand(text: str, variables: Mapping[str, str]) -> str:
    """The text with every ``${name}`` in it replaced; what is not bound stays."""
    from commands.words import filled, lookup

    def value(name: str) -> str | None:
        found = lookup(name, variables)
        return found.reveal() if isinstance(found, Secret) else found

    return filled(text, value)


class LabStage:
    """A session in this process. `clock` and `sleep` are the wall's, for ``# clock: real``."""

    target = False

    def __init__(self, session: "Session", real: bool = False,
                 clock: Callable[[], float] = lambda: 0.0,
                 sleep: Callable[[float], None] = lambda seconds: None) -> None:
        self.session, self.real, self.clock, self.sleep = session, real, clock, sleep
        self.hider = Hider()
        for name, value in session.variables.items():
            if isinstance(value, Secret):
                self.hider.learn(value, name, everywhere=False)
        self.virtual = not real
        self._synced = clock()
        self._yes = session.yes

    @property
    def variables(self) -> Mapping[str, str]:
        return self.session.variables

    @property
    def site(self) -> "Site | None":
        return self.session.site

    def bind(self, name: str, value: str) -> None:
        self.session.variables[name] = value
        if isinstance(value, Secret):
            self.hider.learn(value, name)

    def enter(self, context: tuple[str, ...]) -> str:
        if self.session.context == context:
            return ""
        here = " ".join(self.session.context) or "the root"
        self.session.context = context
        return f"the context is {here}, not {' '.join(context) or 'the root'}"

    def say(self, exchange: Exchange, limit: float) -> Said:
        """A command that asks is answered by the transcript, or with yes when it has no answers
        (unless it expects to be refused).
        """
        self._follow()
        session = self.session
        self._learn(exchange.command)
        answers = answers_of(exchange.expected, lambda text: expand(text, session.variables))
        session.yes = self._yes and not answers.left and exchange.exit != REFUSED
        return say(exchange.command, session, answers, limit)

    def _learn(self, command: str) -> None:
        """A key that is typed in the clear is one wherever it is printed."""
        if not any(word in command.lower() for word in SECRET_WORDS) and not (
                "=" in command and secret_spans(command)):
            return
        from commands.parser import parse
        for one in parse(command, self.session).bindings:
            if one.tag.kind.secret:
                self.hider.learn(one.text, "secret")

    def pass_time(self, seconds: float) -> None:
        lab = self.session.lab
        if self.real:
            self.sleep(seconds)
            self._synced = self.clock()
        lab.run(lab.now + seconds)

    def _follow(self) -> None:
        """On a real clock the lab's time is as much later as the wall's is."""
        if self.real and self.session.booted:
            now = self.clock()
            passed, self._synced = now - self._synced, now
            self.session.lab.run(self.session.lab.now + max(passed, 0.0))

    def await_state(self, wait: "Wait", limit: float) -> str:
        from transcripts.waiting import is_so
        lab = self.session.lab
        end = lab.now + wait.limit
        if not self.real:
            lab.run_while(lambda: not is_so(wait, self.session), end)
        while self.real and not is_so(wait, self.session) and lab.now < end:
            self.pass_time(LOOK_STEP)
        return "" if is_so(wait, self.session) else f"it is not so after {wait.limit:g} s"

    def inject(self, line: str, limit: float) -> None:
        here, self.session.context = self.session.context, ()
        yes, self.session.yes = self.session.yes, True
        try:
            said = say(line, self.session, None, limit)
        finally:
            self.session.context, self.session.yes = here, yes
        if said.timed_out or said.error is not None or said.exit:
            reason = said.error.text if said.error is not None else f"exit class {said.exit}"
            raise CannotPlay(f"'{line}' did not work: {reason}")

    def restart(self) -> None:
        session = self.session
        session.reset_lab()
        session.context, session.stack, session.machine = (), [], "gwA"
        session.aliases, session.location, session.batch = {}, "local", False
        if session.store_path:
            session.close()

    def mask(self, exchange: Exchange) -> str:
        from commands.masking import mask_text
        here, self.session.context = self.session.context, exchange.context
        try:
            return self.hider.hide(mask_text(exchange.command, self.session))
        finally:
            self.session.context = here

    def talk(self, nested: "Nested", place: str, words: tuple[str, ...]) -> str:
        return nested(self.session, place, words)

    def close(self) -> None:
        self.session.close()
