"""What the lab prints otherwise from run to run becomes placeholders in an imported transcript.

The commands run on a lab. Where a line that was found on the terminal is the same but for values
whose types say that they change, it is made to expect such values; a line that says something
else stays as it was found.
"""

from collections.abc import Sequence

from transcripts.lines import Printed, fold
from transcripts.model import Expected, Transcript
from transcripts.pairing import Mismatch, pair
from transcripts.pattern import PatternError, parse_pattern
from transcripts.updating.propose import Edit, Proposal


def accept_same(transcript: Transcript, proposal: Proposal) -> Sequence[Edit] | None:
    """The edits that only say more generally what is expected, None when there are none.

    An exit class, which nobody can see on a terminal, is taken over when all else agrees, and
    behind an error.
    """
    file = [line.rstrip("\r") for line in transcript.text.split("\n")]
    exits = [edit for edit in proposal.edits if edit.lines[-1:] and _exit(edit.lines[-1])
             and edit.lines[:-1] in ((), (file[edit.line - 1],))]
    others = [edit for edit in proposal.edits if edit not in exits]
    kept = [one for edit in others if (one := _narrowed(edit, file[edit.line - 1]))]
    whole = kept == others
    kept += [edit for edit in exits if whole or file[edit.line - 1][:1] in ("!", "=")]
    return kept or None


def _exit(line: str) -> bool:
    return line.startswith("= ")


def _narrowed(edit: Edit, old: str) -> Edit | None:
    """As much of an edit as the old line agrees with."""
    first = edit.lines[:1]
    if first == (old,) or not first or old[:2] not in ("| ", "! ") or first[0][:2] != old[:2]:
        return None
    return Edit(edit.line, first) if _agrees(old, first[0], edit.line) else None


def _agrees(old: str, new: str, number: int) -> bool:
    """Whether a line that was found would match what would be expected of it."""
    try:
        tokens, literal = parse_pattern(new[2:]), parse_pattern(old[2:])
    except PatternError:
        return False
    if not all(isinstance(token, str) for token in literal):
        return False
    text = "".join(map(str, literal))
    shown = Printed(old[0], text, fold(text), padded=True)
    line = Expected(old[0], new[2:], number, tokens)
    return not isinstance(pair(line, shown, {}, {}), Mismatch)
