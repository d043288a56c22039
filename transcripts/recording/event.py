"""A typed line with all that was said, as it may be kept: no secret in it, every cell typed.

Made when a line has ended, for the journal that is always on and for a recording; both keep the
same. Where a secret stood, its name stands.
"""

LINES_MOST = 400  # of one command, in the journal; a recording keeps all
ELIDED = "..."
NAMED = "named"  # the type of a span that is the name of a secret
FLAG = "flag"  # the type of an argument without a value
REST = "rest"  # the type of one that is all that was left of the line


# Plain classes and no NamedTuples: this is on the path of every one-shot command, and making
# five of those takes longer than all the rest of the journal.


class Argument:
    """A value of a typed line: what stands before it (``name=``, ``-n ``), its cell type, its
    text in full, its columns in the masked line, and whether it names a file that is written.
    """

    __slots__ = ("head", "type", "text", "start", "end", "written")

    def __init__(self, head: str, type: str, text: str, start: int, end: int,
                 written: bool = False) -> None:
        self.head, self.type, self.text = head, type, text
        self.start, self.end, self.written = start, end, written

    def values(self) -> list[object]:
        """All of it, in order."""
        return [self.head, self.type, self.text, self.start, self.end, self.written]


class Said:
    """One line that was printed: its sigil and its spans as (text, type).

    The sigil "e" stands for a whole mistake, which is `error`.
    """

    __slots__ = ("sigil", "spans", "error")

    def __init__(self, sigil: str, spans: tuple[tuple[str, str], ...] = (),
                 error: dict[str, object] | None = None) -> None:
        self.sigil, self.spans, self.error = sigil, spans, error


class Ran:
    """A script that ran: where from, who called it, and what its lines said, by their number.

    `size` and `changed` are the file's, so that it is known again; `reached` is its last line
    that was begun. `lines` are the script itself, in memory only; `kept` are those of one that
    was no file, without its secrets.
    """

    __slots__ = ("name", "path", "size", "changed", "parent", "line", "reached", "said", "lines",
                 "kept")

    def __init__(self, name: str, path: str, size: int, changed: float, parent: int, line: int,
                 reached: int, said: dict[int, list[Said]], lines: list[str] | None = None,
                 kept: list[str] | None = None) -> None:
        self.name, self.path, self.size, self.changed = name, path, size, changed
        self.parent, self.line, self.reached = parent, line, reached
        self.said, self.lines, self.kept = said, lines, kept


class Meaning:
    """What a line meant, as far as it was understood: the parts it can be written anew from.

    `kind` is "" when it was not; `ends` are where its words and its arguments end and `tail` what
    follows, pipes and files.
    """

    __slots__ = ("kind", "words", "ends", "arguments", "tail")

    def __init__(self, kind: str = "", words: tuple[str, ...] = (),
                 ends: tuple[int, int] = (0, 0), arguments: tuple[Argument, ...] = (),
                 tail: str = "") -> None:
        self.kind, self.words, self.ends = kind, words, ends
        self.arguments, self.tail = arguments, tail


class Event:
    """One typed line: where (`context`, `machine`), its `text` and meaning, what it `said`.

    `after` is the context it led to; `lab` the lab's time before and after, `seconds` of wall
    time; `commits` and `generation` are those of `store`. `keys` are the names of the secrets in
    scripts in the order in which they were typed, `start` what the sitting stands on (only in its
    first event), `label` a name for the place.
    """

    __slots__ = ("at", "sitting", "context", "machine", "text", "meaning", "said", "exit",
                 "seconds", "lab", "commits", "generation", "store", "after", "scripts", "start",
                 "label", "keys")

    def __init__(self, at: float, sitting: str, context: tuple[str, ...], machine: str, text: str,
                 meaning: Meaning, said: tuple[Said, ...], exit: int) -> None:
        self.at, self.sitting, self.context, self.machine = at, sitting, context, machine
        self.text, self.meaning, self.said, self.exit = text, meaning, said, exit
        self.seconds = 0.0
        self.lab = (0.0, 0.0)
        self.commits, self.generation, self.store = 0, -1, ""
        self.after = context
        self.scripts: tuple[Ran, ...] = ()
        self.start: dict[str, object] | None = None
        self.label = ""
        self.keys: tuple[str, ...] = ()

    def shortened(self, most: int) -> "Event":
        """The event with at most so many lines of its output."""
        count = len(self.said) + sum(len(lines) for ran in self.scripts
                                     for lines in ran.said.values())
        if count <= most:
            return self
        from copy import copy
        budget = Budget(most)
        short = copy(self)
        short.said = tuple(budget.take(list(self.said)))
        short.scripts = tuple(copy(ran) for ran in self.scripts)
        for ran in short.scripts:
            ran.said = {number: budget.take(lines) for number, lines in ran.said.items()}
        return short


class Budget:
    """How many lines may still be kept; mutable."""

    def __init__(self, most: int) -> None:
        self.left = most

    def take(self, lines: list[Said]) -> list[Said]:
        """As many as there is room for, and what says that some are missing."""
        kept = lines[:self.left]
        self.left -= len(kept)
        if len(kept) < len(lines) and (not kept or kept[-1].sigil != ELIDED):
            kept.append(Said(ELIDED))
        return kept
