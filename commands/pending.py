"""Offline mode: edits are made on a copy of the store and applied together by `commit`.

What netsh documents: changes are collected, `routing` applies at once even offline. Here `ipsec
static` and `interface ip` are collected; whatever else writes (`routing ip`, the tools beside
netsh) acts at once and is made on the copy, too. The live edits of `ipsec dynamic` need online
mode, as they are no part of the store.
"""

from typing import TYPE_CHECKING, NamedTuple

from commands.answer import Answer
from commands.errors import CommandError
from commands.typed import Typed
from engine.errors import EngineError
from engine.policy.transactions import Change

if TYPE_CHECKING:
    from commands.session import Session
    from commands.spec import Command
    from engine.policy.store import Store

# What acts on the running machine, so that it can be neither collected nor made on a copy.
LIVE_VERBS = frozenset({"add", "set", "delete"})
STORED_DYNAMIC = ("ipsec", "dynamic", "set", "config")
OTHER_MASTERS = frozenset({"dump"})


class Edit(NamedTuple):
    """One line that changed the copy: what it was, and where it was typed."""

    command: "Command"
    typed: Typed
    machine: str
    location: str

    def text(self, session: "Session") -> str:
        """The line, full words and no secrets."""
        return self.typed.line if self.command.has_secret else self.typed.text(session)


class Pending:
    """The copy with its edits. Mutable; one as long as a session is offline."""

    def __init__(self, base: "Store") -> None:
        self.base = base
        self.generation = base.generation()
        self.store = base.copy()
        self.edits: list[Edit] = []
        self.changes: list[Change] = self.store.record()
        # One transaction for all of them: what one line has looked up the next one knows.
        self.store.begin(True)

    @property
    def stale(self) -> bool:
        """Whether somebody has changed the store that the copy was made from."""
        return self.generation != self.base.generation()

    def add(self, command: "Command", session: "Session") -> Answer:
        """Runs a command on the copy; its line is kept when it changed something."""
        before = len(self.changes)
        with self.store.joining() if command.single else self.store.transaction():
            answer = command.run(session)
        if len(self.changes) > before:
            self.edits.append(Edit(command, session.typed.told(session), session.machine,
                                   session.location))
        return answer

    def follow(self, changes: list[Change], current: bool) -> None:
        """Makes changes that took effect at once on the copy, too."""
        if not changes:
            return
        if current:
            self.generation = self.base.generation()
        try:
            self.store.follow(changes)
        except Exception:
            # The copy has parted from the store (`lab reset`): commit starts from a new copy.
            self.generation = -1

    def again(self, session: "Session") -> "Pending":
        """The same edits made on a copy of the store as it is now.

        Raises CommandError naming the line that no longer fits.
        """
        fresh = Pending(self.base)
        place, held = (session.machine, session.location), session.pending
        session.pending = fresh
        try:
            for edit in self.edits:
                session.machine, session.location = edit.machine, edit.location
                with fresh.store.transaction():
                    edit.command.run(session)
                fresh.edits.append(edit)
        except (CommandError, EngineError) as failure:
            fresh.close()
            raise CommandError(
                "changed-meanwhile", "The store was changed meanwhile, and this line no longer "
                f"fits: {edit.text(session)}: {failure}",
                fix="abort, or mend it and commit") from None
        finally:
            session.machine, session.location = place
            session.pending = held
        return fresh

    def close(self) -> None:
        """Forgets the copy."""
        self.store.close()


def collected(words: tuple[str, ...]) -> bool:
    """Whether offline mode collects the edits of a command (or shows the copy)."""
    if words[:2] == ("ipsec", "dynamic"):
        return words == STORED_DYNAMIC
    return words[0] in ("ipsec", "interface") or words[-1] in OTHER_MASTERS


def perform(command: "Command", session: "Session") -> Answer:
    """Runs a command in offline mode."""
    pending, words = session.pending, command.words
    assert pending is not None
    if collected(words):
        return pending.add(command, session)
    if words[:2] == ("ipsec", "dynamic") and words[2] in LIVE_VERBS:
        raise CommandError("online-only", f"'{' '.join(words)}' acts on the running machine and "
                           "is only valid in online mode", fix="online")
    if session.direct:
        return command.run(session)
    session.direct = True
    current = not pending.stale
    changes = pending.base.record()
    try:
        return command.run(session)
    finally:
        pending.base.record(False)
        session.direct = False
        if session.pending is pending:
            pending.follow(changes, current)


def apply(session: "Session", seconds: float = 0) -> None:
    """Applies the collected edits in one transaction, on probation for `seconds` if not 0.

    The session stays offline, with nothing collected. Raises CommandError, EngineError; then the
    store is unchanged and the edits are still there.
    """
    pending = session.pending
    assert pending is not None
    base = pending.base
    with base.transaction():
        made = pending.again(session) if pending.stale else pending
        if seconds:
            from engine.policy.revisions import guard
            session.deadline = guard(base, seconds).deadline
        for edit in made.edits:
            base.note(edit.machine, edit.text(session) if base.listening else "")
        base.replay(made.changes)
    renew(session)


def renew(session: "Session") -> None:
    """Forgets what was collected; the session goes on offline."""
    assert session.pending is not None
    base = session.pending.base
    session.pending.close()
    session.pending = Pending(base)


def leave(session: "Session") -> None:
    """Goes online without applying anything."""
    assert session.pending is not None
    session.pending.close()
    session.pending = None


def may_leave(session: "Session") -> bool:
    """Asks what becomes of collected edits: commit and leave, abort and leave, or stay.

    Where nobody can be asked they stay pending, and whoever ends the program says that they are
    lost. Raises CommandError when they cannot be committed.
    """
    if session.ask is None:
        return True
    from commands.run import run_line
    count = session.uncommitted
    lines = "1 change is" if count == 1 else f"{count} changes are"
    said = session.ask(f"{lines} not committed: commit, abort or stay? ").strip().lower()
    for word in ("commit", "abort"):
        if said and word.startswith(said):
            run_line(word, session)
            return True
    return False


def lost(count: int) -> CommandError:
    """What is said when a program ends with edits that nobody committed."""
    lines = "1 change" if count == 1 else f"{count} changes"
    return CommandError("not-committed", f"{lines} made in offline mode and not committed: "
                        "discarded", fix="end with commit, or with online")
