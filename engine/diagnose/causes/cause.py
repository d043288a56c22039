"""What a code means: the cause in words, how it shows, what looks like it, what mends it."""

from typing import NamedTuple

# What a cause does to the traffic, worst first.
ERROR, WARNING, INFO, NOTICE = "error", "warning", "info", "notice"
ARTICLE = "252735"


class Cause(NamedTuple):
    """One cause. The code is the fault catalogue's where that has one, else of the same form.

    `layer` is where it sits, `severity` whether it stops traffic (error), endangers it (warning),
    explains something that is no fault (info) or could be better (notice). `place` is how far a
    packet from our hosts gets before it meets it, `beyond` the same for the other gateway's end
    (0: as ours). `shows` says what is seen, `apart` how its look-alikes differ, `mend` what to
    do. `articles` are the Knowledge Base articles and RFCs it comes from. `shared` causes are of
    both gateways together: keys, suites, networks that have to agree.
    """

    code: str
    layer: str
    severity: str
    place: int
    title: str
    shows: str
    apart: str
    mend: str
    beyond: int = 0
    articles: tuple[str, ...] = (ARTICLE,)
    shared: bool = False
