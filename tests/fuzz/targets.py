"""What a fuzz target is: one surface that strangers reach, with the inputs it starts from.

`execute` gives one input to the surface and returns a short label of what came of it (the name
of the drop, the kinds of outputs). It raises only when the engine broke a promise: an exception
that is not a named drop, a table over its bound, an established tunnel that changed.
"""

from collections.abc import Callable
from random import Random

from engine.errors import ParseError


class Target:
    """One surface. `rounds` counts executions since `setup`; `check` runs now and then.

    `mend` repairs what a mutation broke on the outside (length fields, checksums), so that most
    inputs get past the first check; `every` is how many executions lie between two checks.
    """

    name = ""
    every = 2_000

    def seeds(self) -> list[bytes]:
        """Valid inputs, the same in every run."""
        raise NotImplementedError

    def execute(self, data: bytes) -> str:
        """Gives one input to the engine; a label of the outcome."""
        raise NotImplementedError

    def mend(self, data: bytes, draw: Random) -> bytes:
        """The input with its outer length fields and checksums put right, most of the time."""
        del draw
        return data

    def check(self) -> None:
        """What must hold however many inputs there were: bounds, and traffic that still flows."""


def refusal(read: Callable[[bytes], object], data: bytes) -> str:
    """The name under which `read` refuses `data`, "read" when it does not.

    Every other exception escapes: it is a finding.
    """
    try:
        read(data)
    except ParseError as error:
        return error.drop
    return "read"


def registry() -> dict[str, Callable[[], Target]]:
    """Every target by name; making one sets its surface up."""
    from tests.fuzz import (
        ike_targets,
        packet_targets,
        script_targets,
        transcript_targets,
        x509_targets,
    )
    return {one.name: one for one in (
        *ike_targets.TARGETS, *packet_targets.TARGETS, *script_targets.TARGETS,
        *transcript_targets.TARGETS, *x509_targets.TARGETS)}
