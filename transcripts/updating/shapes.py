"""What a target prints has no types: what is another value next time only its shape can tell.

So little is taken for it: times of day with their date, lengths of time as routers write them,
and GUIDs look like nothing else.
"""

import re

from transcripts.pattern import written_tokens
from transcripts.types import LENGTHS, TYPES

_DATED = rf"(?=[0-9]+[-/][0-9]+[-/][0-9]+[ T])(?:{TYPES['time'].shape})"
_SHAPES = re.compile(rf"(?<![\w:.])(?:(?P<time>{_DATED})|(?P<dur>[0-9]+:[0-9]{{2}}:[0-9]{{2}}"
                     rf"|{LENGTHS})|(?P<guid>{TYPES['guid'].shape}))(?![\w:.])")


def general(text: str) -> str:
    """An expected text with placeholders for such values; those that it has stay."""
    return "".join(_SHAPES.sub(lambda found: f"<{found.lastgroup}>", raw)
                   if isinstance(token, str) else raw for token, raw in written_tokens(text))
