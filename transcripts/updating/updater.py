"""Looks on while a transcript runs and says what it should expect of each command that fails."""

from transcripts.deadline import Deadline, TimedOut
from transcripts.model import Exchange, Transcript
from transcripts.play import GO_ON, Watcher
from transcripts.results import ERROR, Result
from transcripts.stage import Stage
from transcripts.updating.propose import (
    CannotUpdate,
    Proposal,
    Scene,
    captures_of,
    propose,
)

# Seconds of wall time for the proposal of one command.
LONGEST = 20.0
MOVING = ("lab add nat", "lab add proxy")


class Updater(Watcher):
    """Makes a proposal for every command that fails; mutable: they are kept until the end."""

    def __init__(self, transcript: Transcript, contexts: frozenset[tuple[str, ...]],
                 inner: Watcher) -> None:
        self.transcript, self.inner = transcript, inner
        self.contexts = contexts | {prompt.context for prompt in transcript.header.prompts}
        self.file = [line.rstrip("\r") for line in transcript.text.split("\n")]
        self.taken = captures_of(transcript.exchanges)
        self.moved = any(MOVING[0] in one.command or MOVING[1] in one.command
                         for one in transcript.exchanges)
        self.proposals: list[Proposal] = []
        self.left: list[tuple[Exchange, str]] = []

    def before(self, exchange: Exchange, prompt: str) -> str:
        """Nothing of its own."""
        return self.inner.before(exchange, prompt)

    def after(self, result: Result, stage: Stage) -> str:
        """A failed command gets a proposal, if it can have one."""
        chosen = self.inner.after(result, stage)
        if result.bad and chosen in (GO_ON, "accept"):
            reason = self._reason(result)
            if not reason:
                reason = self._propose(result, stage)
            if reason:
                self.left.append((result.exchange, reason))
        return chosen

    def _reason(self, result: Result) -> str:
        """Why there is no proposal."""
        if result.exchange.path != self.transcript.path:
            return f"stands in {result.exchange.path}, which is included"
        if result.verdict == ERROR or result.timed_out or not result.lines and not result.reasons:
            return result.reasons[0] if result.reasons else "could not be run"
        if any(reason.startswith("asked '") for reason in result.reasons):
            return result.reasons[0]
        return ""

    def _propose(self, result: Result, stage: Stage) -> str:
        scene = Scene(stage.variables, stage.site, stage.variables.get("tmp", ""),
                      frozenset(stage.hider.names.values()), self.taken, self.contexts, self.moved,
                      not stage.target)
        try:
            with Deadline(LONGEST):
                made = propose(result, self.file, scene)
        except (CannotUpdate, TimedOut) as error:
            return str(error) or "comparing its output takes too long"
        if not made.edits:
            return made.left[0] if made.left else "nothing that can be changed differs"
        self.proposals.append(made)
        return ""
