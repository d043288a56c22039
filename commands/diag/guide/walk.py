"""One walk through the checklist: what each step found, what was answered, typed and undone."""

from typing import TYPE_CHECKING

from commands.diag.guide import state as kept
from commands.diag.guide.state import Mend, State
from commands.diag.guide.undo import back, running
from commands.diag.probe import Watched, ping_through, view
from commands.lab.typist import type_lines
from engine.diagnose.finding import FAIL, PASS, UNKNOWN, WARN, Finding
from engine.diagnose.guide import traffic
from engine.diagnose.guide.all import NAMES, STEPS
from engine.diagnose.guide.around import NO_REPLY
from engine.diagnose.guide.step import Asked, find, waiting
from engine.policy import rows

if TYPE_CHECKING:
    from commands.session import Session
    from engine.diagnose.guide.view import Probe, View

OPEN = (FAIL, UNKNOWN, WARN)
# A step may need several fixes, as the next cause shows only when the first one is mended.
ROUNDS = 5


class Walk:
    """Mutable: findings by step, the view they were taken in, and the state that is kept.

    `keep` says whether the state goes into the store: from the first answer or fix on. `frames`
    are what crossed the outer interface, `before` is what steps found before they were mended,
    `generation` is the store's at the end of the walk.
    """

    def __init__(self, session: "Session", state: State, keep: bool = False) -> None:
        self.session, self.state, self.keep = session, state, keep
        self.asked: list[Asked] = []
        self.mended: set[int] = set()
        self.before: dict[int, Finding] = {}
        self.traffic = traffic.NO_TRAFFIC
        self.frames: list[Watched] = []
        self.generation = -1
        self._view: View | None = None

    @property
    def findings(self) -> list[Finding]:
        return [one.finding for one in self.asked]

    # --- looking ----------------------------------------------------------------------------------

    def view(self) -> "View":
        """What can be seen now; made anew after each change."""
        if self._view is None:
            self._view = view(self.session, self.state.view == "both", self.frames.extend)
        self._view.answers = dict(self.state.answers)
        return self._view

    @property
    def probe(self) -> "Probe | None":
        """The ping of the walk, None before it was made."""
        return self._view.probe if self._view is not None else None

    def look(self, index: int) -> Asked:
        """Looks at step `index` afresh; the first step about traffic makes the ping."""
        one, seen = STEPS[index], self.view()
        if one.look.__module__ == traffic.__name__ and seen.probe is None:
            self._ping(seen)
        before = self.findings[:index]
        seen.reported = frozenset(finding.code for finding in before if finding.code)
        done = [(NAMES[at], finding.verdict) for at, finding in enumerate(before)]
        asked = waiting(one, done) or find(one, seen)
        if asked.finding.code == NO_REPLY:
            # The diagnosis took its time and found no cause: what was on its way may be there now.
            self._ping(seen)
            asked = find(one, seen)
        self.asked[index:index + 1] = [asked]
        return asked

    def _ping(self, seen: "View") -> None:
        seen.probe = ping_through(self.session)
        self.frames += seen.probe.frames
        self.traffic = traffic.traffic_verdict(seen.probe)

    def look_again(self) -> list[int]:
        """Looks once more at what was not right, since fixes were typed; the steps that differ."""
        changed = []
        for index, old in enumerate(self.findings):
            if old.verdict == PASS:
                continue
            new = self.look(index).finding
            if new.verdict != old.verdict:
                changed.append(index)
                if old.verdict == FAIL and new.verdict == PASS:
                    self.mended.add(index)
        return changed

    def look_at_all(self) -> None:
        """Every step, without typing anything."""
        for index in range(len(STEPS)):
            self.look(index)

    @property
    def whole(self) -> bool:
        """Whether every step was looked at, and nothing was changed in the store since."""
        return (len(self.asked) == len(STEPS)
                and self.generation == self.session.store.generation())

    # --- deciding ---------------------------------------------------------------------------------

    def can_mend(self, index: int) -> bool:
        """Whether there are lines that mend the step."""
        fix = self.findings[index].fix
        return fix is not None and bool(fix.commands)

    def answer(self, name: str, answer: str) -> None:
        """Remembers an answer; it is kept with the fix, or when the next question is asked."""
        self.state = self.state.answered(name, answer)

    def stand(self, index: int) -> None:
        """The walk stands at that step now, for whoever resumes it."""
        self.state = self.state._replace(at=NAMES[index] if index < len(NAMES) else "")

    def save(self) -> None:
        """Keeps the state, if it is not what is kept already."""
        self.keep = True
        store = self.session.store
        if kept.load(store) == self.state:
            return
        with store.transaction():
            store.note("", f"# checklist: at step {self.state.at}" if self.state.at
                       else "# checklist: at the end")
            kept.save(store, self.state)

    # --- mending ----------------------------------------------------------------------------------

    def mend(self, index: int) -> Asked:
        """Types the lines of the step's fix as one change, and looks again.

        Raises CommandError; then nothing was changed.
        """
        before = self.findings[index]
        self.before.setdefault(index, before)
        fix = before.fix
        assert fix is not None
        session, store = self.session, self.session.store
        image, ran = rows.image(store), running(session)
        machine = fix.machine or session.machine
        atomic, session.atomic = session.atomic, True
        try:
            with store.transaction():
                type_lines(session, machine, fix.commands)
                changes = rows.difference(image, rows.image(store))
                self.state = self.state.mended(Mend(
                    NAMES[index], before.code, session.wall(), machine, fix.commands,
                    tuple(changes), tuple(back(ran, running(session)))))
                self.keep = True
                kept.save(store, self.state)
        except BaseException:
            self.state = kept.load(store)._replace(at=self.state.at, view=self.state.view,
                                                   answers=self.state.answers)
            session.world.reload()
            raise
        finally:
            session.atomic = atomic
        session.settle()
        self.forget()
        after = self.look(index)
        if before.verdict == FAIL and after.finding.verdict != FAIL:
            self.mended.add(index)
        return after

    def forget(self) -> None:
        """What was seen is old."""
        self._view = None
