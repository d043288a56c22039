"""online, offline, set mode, show mode, commit, abort, flush, show changes."""

from typing import TYPE_CHECKING

from commands import cells
from commands.answer import NOTHING, Answer, Line, Lines
from commands.clock import time_cell
from commands.errors import CommandError
from commands.kinds import Choice, Number
from commands.probation import minutes, still_unconfirmed
from commands.spec import Command, tag

if TYPE_CHECKING:
    from commands.pending import Edit
    from commands.session import Session

COLLECTED = ("Changes of ipsec static and interface ip are collected; routing ip and the tools "
             "beside netsh act at once, and ipsec dynamic needs online mode.")
MINUTES = Number(1, 1440, "<minutes>")


def go_offline(session: "Session") -> Answer:
    """Makes the copy; being offline already is no mistake."""
    if session.pending is None:
        from commands.pending import Pending
        session.pending = Pending(session.base)
    return NOTHING


def go_online(session: "Session") -> Answer:
    """Applies what was collected, then acts at once again."""
    if session.pending is not None:
        from commands.pending import apply, leave
        if session.pending.edits:
            apply(session)
        leave(session)
    return still_unconfirmed(session)


class Offline(Command, words="offline", help="Sets the current mode to offline.",
              remarks=(COLLECTED, "commit applies them together, abort discards them."),
              examples=("offline",)):
    """set mode offline in one word."""

    def run(self, session: "Session") -> Answer:
        """From now on edits are made on a copy."""
        return go_offline(session)


class Online(Command, words="online", help="Sets the current mode to online.",
             remarks=("What was collected offline is committed first.",), examples=("online",)):
    """set mode online in one word."""

    def run(self, session: "Session") -> Answer:
        """Raises CommandError when the changes cannot be committed; then it stays offline."""
        return go_online(session)


class SetMode(Command, words="set mode", help="Sets the current mode to online or offline.",
              remarks=(COLLECTED, "mode=online commits what was collected."),
              examples=("set mode mode=offline",)):
    """Whether edits take effect one by one or together."""

    mode: str = tag(Choice("online", "offline"), "online or offline.")

    def run(self, session: "Session") -> Answer:
        """As `online` or `offline`."""
        return go_offline(session) if self.mode == "offline" else go_online(session)


class ShowMode(Command, words="show mode", help="Shows the current mode.",
               examples=("show mode",)):
    """One word."""

    def run(self, session: "Session") -> Answer:
        """online, or offline and how much waits."""
        pending = session.pending
        mode = "online" if pending is None else "offline"
        count = len(pending.edits) if pending is not None else 0
        waiting: Line = (" (", cells.count(count), " not committed)") if count else ()
        return Answer((cells.say((cells.enum(mode), *waiting),
                                 data={"mode": mode, "changes": count}, name="mode"),))


class Commit(Command, words="commit", help="Commits changes made while in offline mode.",
             remarks=("All changes take effect in one transaction, or none.",
                      "With confirm= they go back by themselves after that many minutes unless "
                      "confirm is typed: what locks you out ends by itself. The deadline is in "
                      "the store and outlives this program.",
                      "In online mode there is nothing to commit."),
             examples=("commit", "commit confirm=10")):
    """What was collected takes effect."""

    confirm: int = tag(MINUTES, "Minutes until the changes are undone unless confirmed.",
                       default=0)

    def run(self, session: "Session") -> Answer:
        """Raises CommandError when a line no longer fits; then nothing is changed or lost."""
        pending = session.pending
        if pending is None or not pending.edits:
            if self.confirm:
                raise CommandError("nothing-to-commit", "There is nothing to put on probation",
                                   tag="confirm",
                                   fix="offline, then the changes, then commit confirm=")
            return Answer((cells.say("There is nothing to commit."),))
        from commands.pending import apply
        count = len(pending.edits)
        apply(session, self.confirm * 60)
        what: Line = (cells.count(count), " change" if count == 1 else " changes",
                      " committed as revision ", cells.number(session.base.generation()), ".")
        data = {"changes": count, "revision": session.base.generation(),
                "deadline": time_cell(session.deadline) if self.confirm and session.deadline
                else None}
        if not self.confirm or session.deadline is None:
            return still_unconfirmed(session)._replace(
                blocks=(cells.say(what, data=data, name="commit"),))
        until: Line = ("Undone at ", time_cell(session.deadline), " UTC (in ",
                       minutes(self.confirm), ") unless `confirm` is typed.")
        return Answer((cells.say(what, until, data=data, name="commit"),))


class Abort(Command, words="abort", help="Discards changes made while in offline mode.",
            remarks=("The mode stays offline.",), examples=("abort",)):
    """What was collected is forgotten."""

    def run(self, session: "Session") -> Answer:
        """Says how much it was."""
        pending = session.pending
        count = len(pending.edits) if pending is not None else 0
        if not count:
            return Answer((cells.say("There is nothing to discard."),))
        from commands.pending import renew
        renew(session)
        return Answer((cells.say((cells.count(count),
                                  " change discarded." if count == 1 else " changes discarded."),
                                 data={"discarded": count}, name="abort"),))


class Flush(Abort, words="flush", help="Discards changes made while in offline mode.",
            remarks=("The mode stays offline.",), examples=("flush",)):
    """The same under its other name."""


class ShowChanges(Command, words="show changes",
                  help="Shows changes made while in offline mode, as commands.",
                  remarks=("as=diff shows the lines of the dump that would go and come.",
                           "since=N compares the store of revision N with what is now."),
                  examples=("show changes", "show changes as=diff")):
    """What commit would do."""

    form: str = tag(Choice("commands", "diff"), "commands or diff.", default="commands",
                    word="as")
    since: int = tag(Number(1), "Revision to compare with; it implies as=diff.", default=0)

    def run(self, session: "Session") -> Answer:
        """Raises NotFound for a revision that is not kept."""
        if self.since:
            from commands.difference import since
            return Answer((since(self.since, session),))
        edits = session.pending.edits if session.pending is not None else []
        if not edits:
            return Answer((Lines((("There are no changes to commit.",),), [], "changes"),))
        if self.form == "diff":
            from commands.difference import pending
            return Answer((pending(session),))
        typed = [cells.typed(text) for text in _lines(edits, session)]
        return Answer((Lines(tuple((one,) for one in typed), typed, "changes"),))


def _lines(edits: "list[Edit]", session: "Session") -> list[str]:
    """The edits as lines that can be typed, with what changes the machine and the store."""
    lines: list[str] = []
    machine, location = session.machine, session.location
    for edit in edits:
        if edit.machine != machine:
            machine = edit.machine
            lines.append(f"set machine name={machine}")
        if edit.location != location:
            location = edit.location
            lines.append(f"ipsec static set store location={location}")
        lines.append(edit.text(session))
    return lines
