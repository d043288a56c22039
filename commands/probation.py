"""confirm, show revisions, rollback, delete revisions, and what is said of changes on probation."""

from commands import cells
from commands.answer import NOTHING, Answer, Cell, Line, Lines, Table, Warn
from commands.clock import time_cell
from commands.errors import CommandError
from commands.kinds import Number
from commands.layout import lines_of
from commands.render import render_warning
from commands.spec import Command, Kind, tag
from engine.values import TYPE_CHECKING
from engine.wording import Value, words

if TYPE_CHECKING:
    from commands.session import Session
    from engine.policy.revisions import Revision, Unconfirmed
    from engine.policy.store import Store

SHOWN_LINES = 20
SHOWN_REVISIONS = 20


def minutes(count: int) -> Cell:
    """So many minutes."""
    return cells.duration(count * 60.0, f"{count} minute" + ("" if count == 1 else "s"))


def still_unconfirmed(session: "Session") -> Answer:
    """A warning while a change is on probation, else nothing."""
    if session.deadline is None:
        return NOTHING
    return Answer(warnings=(Warn(
        "NOT-CONFIRMED", words("a change is on probation: everything since then is undone at {}",
                               _moment(session.deadline)), "confirm"),))


def _moment(seconds: float) -> Value:
    """A point in time inside a sentence."""
    return Value("time", time_cell(seconds).text)


def announce(waited: "Unconfirmed", undone: "tuple[Revision, ...]", session: "Session") -> None:
    """Says that a change has been undone, and what it was."""
    lines = _typed(undone)
    who = [Value("user", waited.who)] if waited.who else []
    text = words(f"the change of revision {waited.revision}{' by {}' * len(who)} was not confirmed "
                 "by {}; undone: " + "; ".join(["{}"] * len(lines)), *who,
                 _moment(waited.deadline), *(Value("typed", line) for line in lines))
    warning = Warn("REVERTED", text, f"rollback {waited.revision}")
    data = {"warning": warning.code, "text": warning.text, "fix": warning.fix}
    session.emit(lines_of(render_warning(warning), "warning", data))


def _typed(undone: "tuple[Revision, ...]") -> list[str]:
    """The lines of revisions in the order they were typed, the first of very many."""
    lines = [line for one in reversed(undone) for line in one.lines or (f"revision {one.number}",)]
    rest = len(lines) - SHOWN_LINES
    return lines if rest <= 0 else [*lines[:SHOWN_LINES], f"and {rest} more"]


class Confirm(Command, words="confirm", help="Keeps changes that commit confirm= has made.",
              examples=("confirm",)):
    """Ends the probation for good."""

    def run(self, session: "Session") -> Answer:
        """Raises Refused when nothing waits."""
        from engine.policy.revisions import confirm
        one = confirm(session.base)
        session.deadline = None
        return Answer((cells.say(("Revision ", cells.number(one.revision), " is confirmed."),
                                 data={"revision": one.revision}, name="confirm"),))


class ShowRevisions(Command, words="show revisions",
                    help="Shows who changed the store, when, and by which lines.",
                    remarks=("The newest comes first; without a number the newest 20 are shown.",
                             "A revision on probation is named with its deadline."),
                    examples=("show revisions", "show revisions last=5")):
    """The committed transactions."""

    number: int = tag(Number(1), "One revision, with all its lines.", default=0)
    last: int = tag(Number(1), "How many.", default=SHOWN_REVISIONS)

    def run(self, session: "Session") -> Answer:
        """Raises NotFound."""
        from engine.policy.revisions import revision, revisions
        store = session.base
        if self.number:
            return Answer((_whole(revision(store, self.number)),))
        rows = tuple(_row(one) for one in revisions(store, self.last))
        table = Table((("revision", "Revision"), ("time", "Time"), ("who", "Who"),
                       ("machine", "Machine"), ("lines", "Lines"), ("line", "First Line")), rows,
                      name="revisions")
        return Answer((table, *_waiting(store)))


def _waiting(store: "Store") -> tuple[Lines, ...]:
    """What is on probation, as a line."""
    from engine.policy.revisions import unconfirmed
    one = unconfirmed(store)
    if one is None:
        return ()
    data = {"revision": cells.number(one.revision), "base": cells.number(one.base),
            "deadline": time_cell(one.deadline)}
    return (cells.say(("Revision ", data["revision"], " is undone at ", data["deadline"],
                       " unless `confirm` is typed."), data=data, name="unconfirmed"),)


def _when(one: "Revision") -> Cell:
    """The time of a revision; a store's first one has none."""
    return time_cell(one.time) if one.time else cells.text("")


def _row(one: "Revision") -> tuple[Cell, ...]:
    return (cells.number(one.number), _when(one), cells.user(one.who), cells.name(one.machine),
            cells.count(one.typed), cells.typed(one.lines[0] if one.lines else ""))


def _whole(one: "Revision") -> Lines:
    """One revision with its lines, each of which can be typed."""
    lines = [cells.typed(line) for line in one.lines]
    number = cells.number(one.number)
    data = {"revision": number, "time": _when(one), "who": cells.user(one.who),
            "machine": cells.name(one.machine), "lines": lines}
    head: list[Line] = [("Revision ", number, *((", ", _when(one)) if one.time else ()))]
    who = (*(("By ", cells.user(one.who)) if one.who else ()),
           *((" on " if one.who else "On ", cells.name(one.machine)) if one.machine else ()))
    if who:
        head.append(who)
    return Lines((*head, *(("  ", line) for line in lines)), data, "revision")


class RevisionNumber(Kind[int]):
    """The number of a revision, or ``previous``: the one before the newest."""

    cell = "int"
    usage = "<revision> | previous"
    number = Number(1)

    def words(self) -> tuple[str, ...]:
        return ("previous",)

    def parse(self, text: str, session: "Session") -> int:
        return 0 if text.lower() == "previous" else self.number.parse(text, session)

    def complete(self, prefix: str, session: "Session") -> list[tuple[str, str]]:
        from engine.policy.revisions import revisions
        found = [(str(one.number), one.lines[0] if one.lines else "")
                 for one in revisions(session.base, SHOWN_REVISIONS)]
        return [("previous", "undoes the newest revision"), *found]


class Rollback(Command, words="rollback", help="Makes the store what it was at a revision.",
               destructive=True,
               remarks=("Everything that was changed after that revision is undone, on every "
                        "machine, whoever changed it; the undoing is a revision of its own and "
                        "can be undone, too.",
                        "show changes since=N shows beforehand what would be undone.",
                        "Offline changes have to be committed or discarded first."),
               examples=("rollback previous",)):
    """Undoes the later revisions, newest first."""

    revision: int = tag(RevisionNumber(), "The revision to go back to.")

    def run(self, session: "Session") -> Answer:
        """Raises NotFound, CommandError."""
        from engine.policy.revisions import roll_back
        if session.pending is not None and session.pending.edits:
            raise CommandError("not-committed", "Changes made in offline mode are not committed",
                               fix="commit or abort")
        store = session.base
        number = self.revision or store.generation() - 1
        undone = roll_back(store, number)
        if session.pending is not None:
            from commands.pending import renew
            renew(session)
        lines = [cells.typed(line) for line in _typed(undone)]
        head: Line = ("Back at revision ", cells.number(number), "; undone: ",
                      cells.count(len(undone)),
                      " revision." if len(undone) == 1 else " revisions.")
        data = {"revision": number, "undone": [one.number for one in undone], "lines": lines}
        return Answer((cells.say(head, *(("  ", line) for line in lines), data=data,
                                 name="rollback"),))


class DeleteRevisions(Command, words="delete revisions", destructive=True,
                      help="Forgets the revisions before the newest, and the keys in them.",
                      remarks=("What was deleted or replaced is kept with its keys, so that it "
                               "can be brought back; after this it cannot.",),
                      examples=("delete revisions",)):
    """The way back ends here."""

    def run(self, session: "Session") -> Answer:
        """Raises CommandError while a change is on probation."""
        from engine.policy.revisions import forget, unconfirmed
        if unconfirmed(session.base) is not None:
            raise CommandError("not-confirmed", "A change is on probation and may have to go back",
                               fix="confirm")
        count = forget(session.base)
        return Answer((cells.say((cells.count(count), " revisions forgotten."),
                                 data={"forgotten": count}, name="forgotten"),))
