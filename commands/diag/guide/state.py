"""A run of the checklist as it is kept in the store: where it stands, what was answered and typed.

It is written with every answer, and with a fix in the fix's own transaction, so that a run goes on
after Ctrl-C, after the program's end and after kill -9, and so that every fix can be undone. A
walk that only looks keeps nothing.
"""

from ast import literal_eval
from typing import TYPE_CHECKING, Any, NamedTuple

from engine.policy.rows import Change

if TYPE_CHECKING:
    from engine.policy.store import Store

SETTING = "checklist"
# The oldest ones cannot be undone any more: what they changed has most likely changed again.
MENDS_MOST, TYPED_MOST = 60, 500


class Mend(NamedTuple):
    """A fix that was typed: by which step, when (Unix seconds), where, and the way back.

    `changes` are the rows of the store, `back` the (machine, line) that undo what the lines did
    to what runs. `code` is what was wrong.
    """

    step: str
    code: str
    wall: float
    machine: str
    lines: tuple[str, ...]
    changes: tuple[Change, ...]
    back: tuple[tuple[str, str], ...]


class Typed(NamedTuple):
    """A line that the checklist typed: when (Unix seconds), on which machine, for which step."""

    wall: float
    machine: str
    line: str
    step: str


class State(NamedTuple):
    """`at` is the name of the step where it stands, "" at the end. `view` is "both" or "alone".

    `answers` are those to questions by their names, and those to fixes as ``fix.STEP``.
    """

    began: float = 0.0
    at: str = ""
    view: str = "both"
    answers: tuple[tuple[str, str], ...] = ()
    mends: tuple[Mend, ...] = ()
    typed: tuple[Typed, ...] = ()

    def answered(self, name: str, answer: str) -> "State":
        """With one more answer, or another one to the same question."""
        return self._replace(answers=tuple((dict(self.answers) | {name: answer}).items()))

    def mended(self, mend: Mend) -> "State":
        """With one more fix."""
        lines = tuple(Typed(mend.wall, mend.machine, line, mend.step) for line in mend.lines)
        return self._replace(mends=(*self.mends, mend)[-MENDS_MOST:],
                             typed=(*self.typed, *lines)[-TYPED_MOST:])


def load(store: "Store") -> State:
    """The run of a store; an empty one when there is none, or none that this program reads."""
    text = store.setting(SETTING)
    if not text:
        return State()
    try:
        began, at, view, answers, mends, typed = literal_eval(text)
        return State(began, at, view, answers, tuple(map(_mend, mends)),
                     tuple(Typed(*one) for one in typed))
    except (ValueError, TypeError, SyntaxError):
        return State()


def _mend(plain: tuple[Any, ...]) -> Mend:
    step, code, wall, machine, lines, changes, back = plain
    return Mend(step, code, wall, machine, lines, tuple(Change(*one) for one in changes), back)


def save(store: "Store", state: State) -> None:
    """Keeps a run. A store that can only be read keeps none. Raises Broken."""
    if store.readonly:
        return
    plain = (*state[:4], tuple((*one[:5], tuple(map(tuple, one[5])), one[6])
                               for one in state.mends), tuple(map(tuple, state.typed)))
    store.set_setting(SETTING, repr(plain))
