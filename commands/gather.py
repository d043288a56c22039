"""Lines of a script that each add one row are held back, and their rows added one after the other.

In one go inside a larger transaction (`--atomic`), and on the copy that offline mode works on;
elsewhere each in a transaction of its own, as if it had been read just then. Whatever else runs
finds them in the store. A line whose row is refused runs by itself, and fails as it would have
failed alone.
"""

from typing import TYPE_CHECKING, Any, NamedTuple

from commands.batch import Step
from commands.errors import CommandError
from commands.pending import Edit
from commands.plain import PlainReader
from commands.typed import Typed
from engine.errors import EngineError

if TYPE_CHECKING:
    from commands.session import Session
    from commands.spec import Command
    from engine.policy.statements import Added
    from engine.policy.transactions import Row

# How many lines are held back at most.
MOST = 250


class Refused(NamedTuple):
    """A step whose row was not added, and why not, where it is more than a rule of the table."""

    step: Step
    failure: EngineError | None


class Meaning(NamedTuple):
    """What a step was read as: its command, the words that name it, its fields."""

    command: "type[Command]"
    used: int
    fields: dict[str, Any]

    def typed(self, step: Step) -> Typed:
        """The step as a line that is run."""
        return Typed(step.text, self.command.read(self.fields), self.used)


class Gathering:
    """The steps of one script that wait. Mutable.

    Their rows are good as long as nobody else changes the store.
    """

    def __init__(self, session: "Session", read: PlainReader) -> None:
        self.session, self.read = session, read
        self.steps: list[Step] = []
        self._meanings: list[Meaning] = []
        self._rows: list[Row] = []
        # What was looked up, None until somebody looks; the newest revision then, and how many
        # this program had made. Whether one transaction holds all that waits.
        self._known: dict[str, Any] | None = None
        self._generation = self._commits = 0
        self._together = False

    def take(self, step: Step) -> bool:
        """Holds a step back; False when it has to run now."""
        text, problem, when, _, ends = step[1:]
        if problem or when or ends:
            return False
        read = self.read
        try:
            fields = read.fields(text)
            if fields is None or not read.command.rows:
                return False
            if self._known is None and not self._look():
                return False
            assert self._known is not None
            row = read.command.row(fields, self.session, self._known)
        except (CommandError, EngineError):
            return False  # what is wrong with it is said when it runs
        if row is None:
            return False
        self.steps.append(step)
        self._rows.append(row)
        # As Meaning(...), which takes three times as long.
        self._meanings.append(tuple.__new__(Meaning, (read.command, read.used, fields)))
        return True

    def _look(self) -> bool:
        """Whether lines may be held back now, and what for."""
        session = self.session
        store = session.base
        if session.deadline is not None or session.direct or store.readonly:
            return False
        self._together = session.offline or session.atomic and store.writing
        if not self._together:
            if store.writing:
                return False
            self._generation, self._commits = store.generation(), store.commits
        self._known = {}
        return True

    def forget(self) -> None:
        """Something else has run: whether lines may wait, and in which lists, is open again."""
        self._known = None

    def stale(self) -> list[Step]:
        """The steps that have to be held back anew, as the store is not what it was to them."""
        if not self._together:
            store = self.session.base
            own = self._generation + store.commits - self._commits
            self._generation, self._commits = store.generation(), store.commits
            if own != self._generation:
                self.session.config.unused_rows(self._rows)
                steps, self.steps = self.steps, []
                self._meanings, self._rows, self._known = [], [], None
                return steps
        return []

    def release(self) -> Refused | None:
        """Adds what waits, up to a step that is refused: it is given, the rest goes on waiting."""
        added = self._add()
        done = added.done
        if done:
            self._added(self.steps[done - 1], self._meanings[done - 1])
        refused = Refused(self.steps[done], added.failure) if done < len(self.steps) else None
        self.session.config.unused_rows(self._rows[done:done + 1])
        for waiting in (self.steps, self._meanings, self._rows):
            del waiting[:done + 1]
        return refused

    def _add(self) -> "Added":
        session = self.session
        lines = (meaning.typed(step)
                 for step, meaning in zip(self.steps, self._meanings, strict=True))
        notes = ((session.machine, line.text(session)) for line in lines)
        if not self._together:
            added = session.config.append_each(self._rows, notes, self._generation)
            self._generation += added.done
            self._commits += added.done
            return added
        added = session.config.append_rows(self._rows)
        if session.pending is not None:
            session.pending.edits += [Edit(line.command, line, session.machine, session.location)
                                      for line, _ in zip(lines, range(added.done), strict=False)
                                      if line.command is not None]
            return added
        for at in range(added.done):
            if not session.base.listening:
                session.base.note_more(added.done - at)
                break
            session.base.note(*next(notes))
        return added

    def _added(self, step: Step, meaning: Meaning) -> None:
        """The last line whose row was added has run."""
        session = self.session
        session.reveal, session.typed = False, meaning.typed(step)
        if session.witness is not None:
            session.witness.line = step.number
        session.settle()
