"""Types a conversation into the real prompt loop, without its terminal, and records it."""

import io
import random
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from prompt_toolkit.input import DummyInput
from prompt_toolkit.output import DummyOutput

from commands import index
from commands.session import Session
from commands.witness import listened
from engine.faults.registry import FAULTS
from shell.repl import Repl
from shell.show import Show
from tests.support.conversations import (
    ACTIONS,
    HOSTS,
    KEYS,
    LISTS,
    MACHINES,
    NETS,
    POLICIES,
    RULES,
    SCRIPTS,
    TINY,
    YES,
    Line,
)
from tests.support.stories import NAMES, PEERS, UNICODE
from transcripts.recording.command import begin, finish, select, sitting_of
from transcripts.recording.compose import Recorded
from transcripts.recording.record import history, make
from transcripts.recording.sitting import listen
from transcripts.rows import ROWS

# A path that reorders does so by chance, as one that loses: how often, only the seed knows.
FAULTS_TYPED = sorted(set(FAULTS) - {"replay-drops-reordering"})


class Typed(NamedTuple):
    """A recorded conversation, the keys that were typed in it, and what the screen showed."""

    made: Recorded
    path: Path
    keys: tuple[str, ...]
    screen: str


class Typist:
    """Types a conversation into a prompt loop that has no terminal."""

    def __init__(self, folder: Path, seed: int, start: Callable[[Session], object] = id) -> None:
        self.folder, self.draw = folder, random.Random(seed)
        self.keys: list[str] = []
        self.answers: list[str] = []
        self.waits = 0
        for row in ROWS:
            index.register(*row)
        self.screen = io.StringIO()
        self.session = session = Session("", seed=self.draw.randint(1, 10**6))
        session.folder, session.user = str(folder), "root (alice)"
        start(session)
        clock = iter(range(1_700_000_000, 1_800_000_000)).__next__
        listen(session, str(folder / "journal.jsonl"), lambda: float(clock()))
        self.repl = Repl(session, Show(session, out=self.screen, err=self.screen), DummyInput(),
                         DummyOutput(), str(folder))
        session.ask = listened(session, self.ask)
        session.ask_hidden = listened(session, self.ask, hidden=True)
        session.wait = self.wait

    def fill(self, text: str) -> str:
        """A template with its blanks filled in."""
        draw = self.draw
        plain, name, spoken = draw.choice(KEYS), draw.choice(NAMES), draw.choice(UNICODE)
        if "{key}" in text or "{plain}" in text:
            self.keys.append(plain)
        quoted = f'"{plain}"' if any(sign in plain for sign in ' "|>') else plain
        script = self.folder / f"script{draw.randint(0, 99)}.{draw.choice(('txt', 'bat'))}"
        if "{script}" in text:
            secret = draw.choice(KEYS[2:5]).replace(" ", "")
            self.keys.append(secret)
            script.write_text(draw.choice(SCRIPTS).replace("{plain}", secret))
        tiny = self.folder / "tiny.transcript"
        tiny.write_text(TINY)
        return text.format(
            policy=draw.choice(POLICIES), list=draw.choice(LISTS), action=draw.choice(ACTIONS),
            rule=draw.choice(RULES), net=draw.choice(NETS), host=draw.choice(HOSTS),
            machine=draw.choice(MACHINES), fault=draw.choice(FAULTS_TYPED), tiny=tiny,
            yes=draw.choice(YES), key=quoted, plain=plain, script=script, name=name, uni=spoken,
            peer=draw.choice(PEERS),
            file=draw.choice((str(self.folder / "out"), "rel")))

    def ask(self, question: str) -> str:
        """The next answer, or Ctrl-C when there is none left."""
        answer = self.answers.pop(0) if self.answers else "^C"
        if answer == "^C":
            raise KeyboardInterrupt
        return answer

    def wait(self, seconds: float) -> None:
        """Ctrl-C comes when its time has come."""
        self.waits -= 1
        if self.waits <= 0:
            if self.session.witness is not None:
                self.session.witness.interrupted()
            raise KeyboardInterrupt

    def type(self, line: Line) -> None:
        """Types one line."""
        self.draw = random.Random(line.seed)
        plain = self.draw.choice(KEYS)
        self.answers = [answer.replace("{plain}", plain) for answer in line.answers]
        if any("{plain}" in answer for answer in line.answers):
            self.keys.append(plain)
        self.waits = line.interrupt or 4
        text = self.fill(line.text)
        self.screen.write(f"> {text}\n")
        session = self.session
        if line.after:
            assert session.witness is not None
            session.lab.interrupt_at(session.lab.now + line.after, session.witness.interrupted)
        self.repl.type(text)
        if line.after:
            session.lab.no_interrupt()

    def save(self, lines: list[Line], last: int) -> Typed:
        """Types a whole conversation, and saves the end of it afterwards: its last lines, or what
        came behind a label.
        """
        path = self.folder / "c.transcript"
        for at, line in enumerate(lines):
            if at == len(lines) - last:
                self.repl.type("transcript label here")
            self.type(line)
        number, since = (last, "") if last % 2 else (None, "here")
        self.repl.type(f"transcript save file={path} verify=no overwrite=yes "
                       + (f"last={last}" if last % 2 else "since=here"))
        sitting = sitting_of(self.session)
        events = select(history(sitting), self.session, number, since, "")
        made = make(events, history(sitting), self.session, sitting.hider)
        self.session.close()
        return Typed(made, path, tuple(self.keys), self.screen.getvalue())

    def record(self, lines: list[Line]) -> Typed:
        """Types and records a whole conversation."""
        path = self.folder / "c.transcript"
        begin(self.session, str(path), "A generated conversation")
        for line in lines:
            self.type(line)
        written, made = finish(self.session)
        self.session.close()
        return Typed(made, Path(written), tuple(self.keys), self.screen.getvalue())
