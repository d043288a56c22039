"""Why a transcript is not run, as the operator is told it."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from commands.errors import CommandError
from transcripts.model import FormatError, Transcript, UnreadableError
from transcripts.stage import CannotPlay

NO_TRANSCRIPT = 2
COULD_NOT_RUN = 3
NOTHING_RUN = 4


@contextmanager
def refusals(path: str, fix: str = "") -> Iterator[None]:
    """A `with` block whose mistakes in a transcript become CommandErrors with their exit classes.

    `fix` is the way around what cannot run here.
    """
    from transcripts.replay import bundled
    try:
        yield
    except UnreadableError as error:
        known = () if os.path.exists(path) else bundled()
        raise CommandError("transcript", str(error), tag="file", known=known,
                           exit=COULD_NOT_RUN) from None
    except FormatError as error:
        raise CommandError("transcript", str(error), tag="file", exit=NO_TRANSCRIPT) from None
    except CannotPlay as error:
        raise CommandError("cannot-run", f"{path}: {error}", tag="file", fix=fix,
                           exit=COULD_NOT_RUN) from None


def loaded(path: str) -> Transcript:
    """A transcript that holds commands. Raises FormatError, CommandError."""
    from transcripts.replay import load
    transcript = load(path)
    if not transcript.exchanges:
        raise CommandError("nothing-run", f"{path}: holds no command", tag="file",
                           exit=NOTHING_RUN)
    return transcript
