"""`checklist`: the article's sections in order, each with live evidence, a verdict and a fix."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from commands import cells
from commands.answer import Answer, Line, Lines, Warn
from commands.clock import time_cell
from commands.diag.guide import answers as files
from commands.diag.guide import state as kept
from commands.diag.guide.answers import FIX, NO, SKIP, YES, Answers
from commands.diag.guide.printing import again, describe, number_of, paragraph, section, summary
from commands.diag.guide.state import State
from commands.diag.guide.undo import undo
from commands.diag.guide.walk import OPEN, ROUNDS, Walk
from commands.errors import CommandError
from commands.kinds import Choice, Path, YesNo
from commands.session import Session
from commands.spec import Command, tag
from engine.diagnose.finding import FAIL, Finding
from engine.diagnose.guide.all import NAMES, STEPS
from engine.diagnose.look import ALONE, BOTH

if TYPE_CHECKING:
    from commands.diag.guide.state import Mend
    from engine.diagnose.guide.step import Question

CHOICES = "y/n/why/skip/back/undo/quit"
MEANT = {"y": YES, "yes": YES, "n": NO, "no": NO, "s": SKIP, "skip": SKIP, "": SKIP,
         "q": "quit", "quit": "quit", "b": "back", "back": "back", "w": "why", "why": "why",
         "u": "undo", "undo": "undo"}
Ask = Callable[[str], str]
REMARKS = (
    "Without a terminal it prints every step and exits 1 when one fails; fix=yes types the fix of "
    "every failed step and looks again.",
    "answers= is a file of lines such as `hosts = yes` and `fix.route = yes`, for runs that nobody "
    "sits at; save= writes one from the answers that were given.",
    "Each fix can be undone: checklist undo. A run that was left goes on with checklist resume; "
    "checklist report writes it for others.",
    "view=alone asks about the hosts and the other gateway instead of looking at them.",
    "The addresses are those of ${NetA}, ${NetB}, ${W2KextIP}, ${3rdExtIP}; the key of a fix is "
    "${PSK}.")


# --- without a terminal ---------------------------------------------------------------------------


class Unattended:
    """A walk that nobody sits at: what the file of answers says, and `fix` for all other fixes."""

    def __init__(self, walk: Walk, answers: Answers, fix: bool) -> None:
        self.walk, self.answers = walk, answers
        self.fix = answers.get(FIX, YES if fix else NO) == YES
        for name in files.QUESTIONS:
            if answers.get(name) in (YES, NO):
                walk.state = walk.state.answered(name, answers[name])

    def run(self, first: int = 0) -> list[Line]:
        """Every step from `first` on, as it is printed."""
        walk, lines = self.walk, list[Line]()
        for index in range(len(STEPS)):
            walk.stand(index)
            finding = walk.look(index).finding
            if index < first and finding.verdict != FAIL:
                continue
            lines += section(index)
            lines += describe(walk.session, index + 1, finding, index in walk.mended)
            for _ in range(ROUNDS):
                if not self._wanted(index, finding):
                    break
                before, finding = finding, walk.mend(index).finding
                lines += [(), *describe(walk.session, index + 1, finding, index in walk.mended)]
                if finding.verdict not in OPEN or finding.fix == before.fix:
                    break
        if walk.mended:
            lines += again(walk, walk.look_again())
        walk.stand(len(STEPS))
        return lines

    def _wanted(self, index: int, finding: Finding) -> bool:
        """Whether a fix is to be typed: by its own line, else those of failed steps that are safe.
        """
        if not self.walk.can_mend(index) or finding.verdict not in OPEN:
            return False
        own = self.answers.get(f"{FIX}.{NAMES[index]}", "")
        assert finding.fix is not None
        return own == YES or (not own and self.fix and finding.verdict == FAIL
                              and finding.fix.safe)


# --- on a terminal --------------------------------------------------------------------------------


class Guided:
    """One step at a time, a question wherever something is to be decided."""

    def __init__(self, walk: Walk, ask: Ask) -> None:
        self.walk, self.ask = walk, ask

    def run(self, first: int = 0) -> list[Line]:
        """From step `first` on until the end, or until the operator leaves."""
        walk, index, shown = self.walk, first, ""
        for earlier in range(first):
            walk.look(earlier)
        while index < len(STEPS):
            walk.stand(index)
            asked = walk.look(index)
            if STEPS[index].section != shown:
                shown = STEPS[index].section
                walk.session.emit(Lines(((), (shown,))))
            self._show(index, asked.finding)
            step: int | None = 1
            if asked.question is not None:
                step = self._question(asked.question, asked.finding)
            elif asked.finding.verdict in OPEN:
                step = self._decide(index, asked.finding)
            if step is None:
                return []
            index = max(0, index + step)
        lines = again(walk, walk.look_again()) if walk.mended else []
        walk.stand(len(STEPS))
        return lines

    def _show(self, index: int, finding: Finding) -> None:
        walk = self.walk
        walk.session.emit(Lines(describe(walk.session, index + 1, finding,
                                         index in walk.mended)))

    def _say(self, line: Line, error: bool = False) -> None:
        self.walk.session.emit(Lines((line,), error=error))

    def _asked(self, question: str) -> str:
        """What the operator means, asked until it is one of the choices.

        Where the walk stands is kept before: nobody knows whether an answer will come.
        """
        self.walk.save()
        while True:
            answer = MEANT.get(self.ask(f"    {question} [{CHOICES}] ").strip().lower())
            if answer is not None:
                return answer

    def _common(self, answer: str, finding: Finding) -> tuple[bool, int | None]:
        """(whether the answer was one of those that mean the same everywhere, how far to move)."""
        if answer == "quit":
            return True, None
        if answer == "back":
            return True, -1
        if answer == "why":
            self._say(paragraph("", finding.why))
        if answer == "undo":
            self._undo()
            return True, 0
        return answer in ("why", SKIP), 1

    def _question(self, question: "Question", finding: Finding) -> int | None:
        """What only the operator knows: 0 looks at the step again with the answer."""
        while True:
            answer = self._asked(question.text)
            if answer in (YES, NO):
                self.walk.answer(question.name, answer)
                return 0
            common, step = self._common(answer, finding)
            if common and answer != "why":
                return step

    def _decide(self, index: int, finding: Finding) -> int | None:
        """Whether to type the fix: how far to move on, None to leave."""
        walk, name = self.walk, f"{FIX}.{NAMES[index]}"
        while True:
            mendable = walk.can_mend(index)
            if mendable and finding.fix is not None and not finding.fix.safe:
                self._say(("    It concerns more than this tunnel: look at it first.",))
            answer = self._asked("Type the fix now?" if mendable else "Go on?")
            if answer == YES and mendable:
                walk.answer(name, YES)
                finding = self._mend(index) or finding
                if finding.verdict != FAIL or not walk.can_mend(index):
                    return 1
                continue
            if answer == NO or answer == YES:
                walk.answer(name, NO) if mendable else None
                return 1
            common, step = self._common(answer, finding)
            if common and answer != "why":
                return step

    def _mend(self, index: int) -> Finding | None:
        try:
            finding = self.walk.mend(index).finding
        except CommandError as error:
            self._say((f"    not mended: {error.text}",), error=True)
            return None
        self._show(index, finding)
        return finding

    def _undo(self) -> None:
        walk = self.walk
        if not walk.state.mends:
            self._say(("    Nothing was typed that could be undone.",))
            return
        self._say(("    ", *_undo_last(walk)))


def _undo_last(walk: Walk, step: str = "") -> Line:
    """Undoes the newest fix, or that of a step; what is said of it."""
    mends = walk.state.mends
    mend = next(one for one in reversed(mends) if step in ("", one.step))
    left = list(mends)
    left.remove(mend)
    with walk.session.store.transaction():
        walk.state = walk.state._replace(mends=tuple(left))
        walk.save()
        done, made = undo(walk.session, mend)
    walk.session.settle()
    walk.mended.discard(number_of(mend.step) - 1)
    walk.forget()
    return _undone(mend, done, made)


def _undone(mend: "Mend", done: int, made: int) -> Line:
    rest = "all that it had changed is as it was" if done == made else (
        f"{made - done} of its {made} changes had been changed again and stay")
    return (f"Undone: step {number_of(mend.step)}, {mend.code}; {rest}.",)


# --- the commands ---------------------------------------------------------------------------------


def _finish(walk: Walk, lines: list[Line], save: str) -> Answer:
    if walk.keep:
        walk.save()
    session, whole = walk.session, summary(walk)
    session.checklist, walk.generation = walk, session.store.generation()
    warnings: tuple[Warn, ...] = ()
    if save:
        octets = files.written(dict(walk.state.answers)).encode()
        try:
            session.files.write(session.files.full(save, session.folder), octets)
        except (OSError, ValueError) as error:
            why = getattr(error, "strerror", None) or str(error)
            warnings = (Warn("NOT-SAVED", f"{save} cannot be written: {why}"),)
    block = whole._replace(lines=(*lines, *whole.lines))
    return Answer((block,), warnings, exit=int(any(one.verdict == FAIL for one in walk.findings)))


def _run(session: Session, walk: Walk, given: Answers | None, fix: bool, save: str,
         first: int = 0) -> Answer:
    """At a terminal guided, elsewhere (and with a file of answers) unattended."""
    if session.ask is not None and not fix and given is None:
        return _finish(walk, Guided(walk, session.ask).run(first), save)
    return _finish(walk, Unattended(walk, given or {}, fix).run(first), save)


class Checklist(Command, words="checklist",
                help="Walks the article's steps with live evidence, verdicts and fixes.",
                remarks=REMARKS,
                examples=("checklist", "checklist fix=yes", "checklist view=alone")):
    """Every step in the article's order."""

    fix: bool = tag(YesNo(), "Whether failed steps are mended at once.", default=False)
    answers: str = tag(Path(), "A file of answers.", default="")
    save: str = tag(Path(written=True), "A file of answers to write at the end.", default="")
    view: str = tag(Choice(BOTH, ALONE), "Whether the other machines may be looked at.",
                    default=BOTH)

    def run(self, session: Session) -> Answer:
        """Exit 1 when a step fails."""
        given = files.read(session, self.answers) if self.answers else None
        before = kept.load(session.store)
        if session.ask is not None and given is None and not self.fix and before.at:
            session.emit(Lines((_unfinished(before), ())))
        state = State(session.wall(), NAMES[0], self.view, (), before.mends, ())
        return _run(session, Walk(session, state), given, self.fix, self.save)


def _unfinished(state: State) -> Line:
    return (f"A run stands at step {number_of(state.at)}: ", cells.line("checklist resume"),
            " goes on with it. This one begins anew.")


class ChecklistResume(Command, words="checklist resume",
                      help="Goes on with a checklist that was left.",
                      remarks=("What was answered and typed is in the store; what came before is "
                               "looked at again without a word.",),
                      examples=("checklist resume",)):
    """After quit, Ctrl-C, the end of the program, or kill -9."""

    answers: str = tag(Path(), "A file of answers.", default="")
    save: str = tag(Path(written=True), "A file of answers to write at the end.", default="")

    def run(self, session: Session) -> Answer:
        """Raises CommandError when no run was left."""
        state = kept.load(session.store)
        if not state.at:
            raise CommandError("no-checklist", "No checklist was left in the middle",
                               fix="checklist")
        given = files.read(session, self.answers) if self.answers else None
        first = number_of(state.at) - 1
        session.emit(Lines(((f"Goes on at step {first + 1}; begun ",
                             time_cell(state.began), "."),)))
        return _run(session, Walk(session, state, keep=True), given, False, self.save, first)


class ChecklistUndo(Command, words="checklist undo",
                    help="Undoes a fix that the checklist has typed.",
                    remarks=("Without step= the newest one. What was changed again since stays as "
                             "it is.",),
                    examples=("checklist undo", "checklist undo step=route")):
    """Row by row in the store, line by line in what runs."""

    step: str = tag(Choice(*NAMES, usage="<step>"), "The step whose fix it is.", default="")

    def run(self, session: Session) -> Answer:
        """One line. Raises CommandError when there is nothing to undo."""
        state = kept.load(session.store)
        known = tuple(dict.fromkeys(one.step for one in state.mends))
        if not known or self.step not in ("", *known):
            what = f"The checklist typed no fix for '{self.step}'" if self.step \
                else "The checklist typed nothing that could be undone"
            raise CommandError("nothing-to-undo", what, tag="step", known=known)
        walk = Walk(session, state, keep=True)
        mend = next(one for one in reversed(state.mends) if self.step in ("", one.step))
        line = _undo_last(walk, self.step)
        return Answer((Lines((line,), {"step": mend.step, "code": mend.code,
                                       "left": len(walk.state.mends)}, "undone"),))


class DiagChecklist(Checklist, words="diag checklist",
                    help="Walks the article's steps with live evidence, verdicts and fixes.",
                    remarks=REMARKS, examples=("diag checklist",)):
    """The same in the diag context."""


class DiagChecklistResume(ChecklistResume, words="diag checklist resume",
                          help="Goes on with a checklist that was left.",
                          examples=("diag checklist resume",)):
    """The same in the diag context."""


class DiagChecklistUndo(ChecklistUndo, words="diag checklist undo",
                        help="Undoes a fix that the checklist has typed.",
                        examples=("diag checklist undo",)):
    """The same in the diag context."""
