"""What the other gateway accepts, asked of itself: one offer at a time, slowly, with consent.

Only the gateway that a tunnel rule names is asked. Main mode is tried with one suite a time until
one is taken; quick mode under it with one suite and one group a time. What an answer makes is
deleted at once, and the machine's own associations are not touched.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from engine.address import Address
from engine.diagnose import repair
from engine.diagnose.finding import Fix
from engine.diagnose.look import Look
from engine.history import MAIN, QUICK
from engine.ike.interface import Phase1Policy, Phase2Policy
from engine.policy.methods import parse_main_mode, parse_quick_mode
from engine.prober import Prober
from engine.spd import SpdEntry
from engine.suites import (
    MainModeMethod,
    QuickModeMethod,
    format_main_mode,
    format_quick_mode,
)
from engine.world import World

# At most one offer in this many seconds, and so many offers in all.
GAP, MOST = 2.0, 64
MAIN_WAIT, QUICK_WAIT = 8.0, 4.0
ACCEPTED, REFUSED, SILENT = "accepted", "refused", "no answer"
USUAL_MAIN = tuple(MainModeMethod(cipher, hash_, group) for cipher, hash_ in (
    ("AES256", "SHA256"), ("AES256", "SHA1"), ("AES128", "SHA256"), ("AES128", "SHA1"),
    ("3DES", "SHA1"), ("3DES", "MD5"), ("DES", "SHA1"), ("DES", "MD5"))
    for group in (14, 5, 2, 1))
USUAL_QUICK = tuple(QuickModeMethod(cipher, auth) for cipher, auth in (
    ("AES256", "SHA256"), ("AES256", "SHA1"), ("AES128", "SHA256"), ("AES128", "SHA1"),
    ("3DES", "SHA1"), ("3DES", "MD5"), ("DES", "SHA1"), ("DES", "MD5")))


class Asked(NamedTuple):
    """One offer and what came of it. `group` is quick mode's PFS group, 0 for none.

    `ours` says that it is what we are configured to offer; `notify` the number of a refusal.
    """

    mode: str
    offer: str
    group: int
    ours: bool
    answer: str
    notify: int = 0


class Learnt(NamedTuple):
    """What the offers have told: `code` is a cause that is settled by it, "" for none, `fix`
    what mends it here."""

    asked: tuple[Asked, ...]
    code: str
    text: str
    fix: Fix | None = None

    def accepted(self, mode: str) -> tuple[Asked, ...]:
        return tuple(one for one in self.asked if one.mode == mode and one.answer == ACCEPTED)


class Probing:
    """One series of questions; mutable while it runs. `tell` hears of each answer."""

    def __init__(self, world: World, look: Look, entry: SpdEntry, every: bool = False,
                 tell: Callable[[Asked], None] = lambda asked: None) -> None:
        """`entry` is the tunnel filter to ask for. `every` goes on after the first that is
        accepted."""
        self.world, self.look, self.entry, self.every, self.tell = world, look, entry, every, tell
        self.host = world.hosts[look.own.name]
        intent = look.intent
        assert intent is not None and entry.tunnel is not None
        self.local: Address = intent.own
        self.peer: Address = entry.tunnel
        self.asked: list[Asked] = []

    def run(self) -> Learnt:
        """Main mode first, then quick mode if one main mode came up."""
        policy = self.host.agent.phase1(self.local, self.peer)
        wanted = self.host.agent.wanted(self.entry, self.local, self.peer)
        if policy is None:
            return Learnt((), "", "No rule concerns that gateway.")
        main = self._main(policy, wanted)
        if main is not None:
            self._quick(policy._replace(methods=(main,)), wanted)
        return self._learnt(policy, wanted)

    # --- main mode --------------------------------------------------------------------------------

    def _main(self, policy: Phase1Policy, wanted: Phase2Policy) -> MainModeMethod | None:
        """The first suite that is taken."""
        taken = None
        for method in _once((*policy.methods, *USUAL_MAIN)):
            if len(self.asked) >= MOST or (taken is not None and not self.every):
                break
            prober = self._prober(policy._replace(methods=(method,)))
            self._try(prober, wanted, MAIN_WAIT, MAIN)
            notify, chosen = _notify(prober), prober.chosen
            answer = ACCEPTED if chosen else REFUSED if notify else SILENT
            self._note(Asked(MAIN, format_main_mode(method), 0, method in policy.methods, answer,
                             0 if chosen else notify))
            self._leave(prober)
            if chosen and taken is None:
                taken = method
            if answer == SILENT:
                break
        return taken

    def _quick(self, policy: Phase1Policy, wanted: Phase2Policy) -> None:
        """Suites and groups, each by itself; the networks are always the rule's."""
        for method, group in _offers(wanted, policy):
            if len(self.asked) >= MOST:
                return
            prober = self._prober(policy)
            one = wanted._replace(methods=(method,), pfs_group=group)
            self._try(prober, one, MAIN_WAIT + QUICK_WAIT, QUICK)
            if not prober.up:
                self._leave(prober)
                return
            notify = _notify(prober)
            answer = ACCEPTED if prober.pairs else REFUSED if notify else SILENT
            ours = method in wanted.methods and group == wanted.pfs_group
            self._note(Asked(QUICK, format_quick_mode(method), group, ours, answer, notify))
            self._leave(prober)
            if answer == ACCEPTED and not self.every or notify == 18:
                return

    # --- one offer --------------------------------------------------------------------------------

    def _prober(self, policy: Phase1Policy) -> Prober:
        self._wait()
        prober = Prober(policy, self.host.keying.entropy, self.host.keying.epoch)
        self.host.keying.prober = prober
        return prober

    def _wait(self) -> None:
        """Not more often than once in GAP seconds, whoever asked last."""
        earliest = self.host.keying.probed + GAP
        if self.world.now < earliest:
            self.world.run(earliest)
        self.host.keying.probed = self.world.now

    def _try(self, prober: Prober, wanted: Phase2Policy, wait: float, mode: str) -> None:
        """Asks, and waits for the end of that mode."""
        def open_() -> bool:
            ended = prober.up if mode == MAIN else bool(prober.pairs)
            return not (ended or prober.failures)
        self.world.perform(self.host.name, lambda host, now: host.keying.ask(
            prober.begin(self.local, self.peer, wanted, now), now))
        self.world.run_while(open_, self.world.now + wait)

    def _leave(self, prober: Prober) -> None:
        """Deletes at the peer what the offer has made."""
        self.world.perform(self.host.name, lambda host, now: host.keying.ask(
            prober.leave(now), now))
        self.host.keying.prober = None

    def _note(self, one: Asked) -> None:
        self.asked.append(one)
        self.tell(one)

    # --- what it means ----------------------------------------------------------------------------

    def _learnt(self, policy: Phase1Policy, wanted: Phase2Policy) -> Learnt:
        asked = tuple(self.asked)
        mains = [one for one in asked if one.mode == MAIN]
        quicks = [one for one in asked if one.mode == QUICK]
        taken = next((one for one in mains if one.answer == ACCEPTED), None)
        if taken is None:
            silent = any(one.answer == SILENT for one in mains)
            return Learnt(asked, "", "It does not answer." if silent else
                          "None of these main mode offers is accepted.")
        if not taken.ours:
            return Learnt(asked, "phase1-proposal-mismatch", "It takes none of our main mode "
                          f"offers, and it takes {taken.offer}.", self._main_fix(taken))
        if not quicks:
            return Learnt(asked, "", f"It takes {taken.offer}, and main mode does not come up: "
                          "keys, identities or certificates.")
        learnt = _quick_learnt(asked, quicks, wanted)
        best = next((one for one in quicks if one.answer == ACCEPTED), None)
        if learnt.code in ("pfs-mismatch", "phase2-proposal-mismatch") and best is not None:
            return learnt._replace(fix=self._quick_fix(best, learnt.code))
        return learnt

    def _main_fix(self, taken: Asked) -> Fix | None:
        judged = self.look.policy
        return repair.main_methods(self.look.own, judged[0], judged[1],
                                   parse_main_mode(taken.offer), "Offer what it takes.") \
            if judged is not None else None

    def _quick_fix(self, taken: Asked, code: str) -> Fix | None:
        """The suite that is taken, and PFS as it is taken."""
        judged, actions = self.look.policy, self.look.own.actions
        if judged is None or not actions:
            return None
        station, (location, policy) = self.look.own, judged
        name, (place, _) = next(iter(actions.items()))
        commands: list[str] = []
        if code == "phase2-proposal-mismatch":
            commands += repair.quick_methods(station, place, name, parse_quick_mode(taken.offer),
                                             "").commands
        if taken.group and policy.methods and policy.methods[0].group != taken.group:
            alike = [one for one in policy.methods if one.group == taken.group] or [
                policy.methods[0]._replace(group=taken.group)]
            rest = [one for one in policy.methods if one not in alike]
            commands += repair.main_methods(station, location, policy, (*alike, *rest),
                                            "").commands
        change = f"qmpfs={'yes' if taken.group else 'no'}"
        commands += repair.set_action(station, place, name, "", change).commands
        return repair.fix(station, "Offer what it takes.", *dict.fromkeys(
            one for one in commands if one != repair.FRESH), repair.FRESH)


def _quick_learnt(asked: tuple[Asked, ...], quicks: list[Asked], wanted: Phase2Policy) -> Learnt:
    taken = next((one for one in quicks if one.answer == ACCEPTED), None)
    if taken is None:
        if any(one.notify == 18 for one in quicks):
            return Learnt(asked, "peer-filter-not-mirrored", "It refuses the networks, whatever "
                          "the suite.")
        return Learnt(asked, "", "None of these quick mode offers is accepted.")
    if taken.ours:
        return Learnt(asked, "", f"It takes what we offer: {taken.offer}.")
    same = taken.offer in {format_quick_mode(one) for one in wanted.methods}
    if same and taken.group != wanted.pfs_group:
        what = f"group {taken.group}" if taken.group else "none"
        return Learnt(asked, "pfs-mismatch", f"It takes {taken.offer} with PFS {what}, and we "
                      f"offer {f'group {wanted.pfs_group}' if wanted.pfs_group else 'none'}.")
    return Learnt(asked, "phase2-proposal-mismatch", f"It takes none of our quick mode offers, "
                  f"and it takes {taken.offer}.")


def _notify(prober: Prober) -> int:
    """The number of the notify that refused it, 0 for none."""
    return next((one.notify for one in prober.failures if one.notify), 0)


def _once(methods: Iterable[MainModeMethod]) -> Iterator[MainModeMethod]:
    yield from dict.fromkeys(methods)


def _offers(wanted: Phase2Policy, policy: Phase1Policy) -> Iterator[tuple[QuickModeMethod, int]]:
    """Ours as they are, ours with the other answer to PFS, then the usual suites."""
    group = wanted.pfs_group or (policy.methods[0].group if policy.methods else 0)
    other = 0 if wanted.pfs_group else group
    usual = tuple(one for one in USUAL_QUICK if one not in wanted.methods)
    seen = set()
    for methods, used in ((wanted.methods, wanted.pfs_group), (wanted.methods, other),
                          (wanted.methods, 14), (usual, wanted.pfs_group), (usual, other)):
        for one in methods:
            if (one, used) not in seen:
                seen.add((one, used))
                yield one, used
