"""What a command says: data whose cells carry their type.

A command never formats a string with a value in it. It returns blocks made of typed `Cell`s, and
rendering, JSON, colour, masking and transcripts read the type from the cell: nobody guesses with
regular expressions later.
"""

from engine.values import NamedTuple

# Every cell type of the product. What a cell stands for decides what becomes of it elsewhere:
# a recorded transcript writes a placeholder for what the next run will have otherwise (VOLATILE),
# a name for an address of the lab, a secret's name for a secret, and all else as it is.
TYPES = frozenset({
    "text",    # words that mean themselves
    "name",    # an object of the store or an interface
    "ip", "mask", "net", "port", "mac", "protocol",
    "spi", "cookie", "guid", "msgid", "seed",
    "int", "count", "bytes", "percent",
    "size",    # octets of a file that was made: packed, they are others next time
    "dur",     # a length of time that was measured
    "period",  # a length of time that somebody configured
    "time",    # a point in time
    "yesno", "enum", "method",
    "verdict",  # PASS, FAIL, WARN, SKIP, UNKNOWN, and what becomes of them
    "path", "secret",
    "place",   # a file that the program has named itself
    "hash",    # the digest of something that is made afresh
    "added", "removed",  # the words of a diff that only one of its sides has
    "fill",    # one sign repeated to the width of what it stands beside
    "typed",   # a line as somebody typed it: its tags by name or by place, cut short or in full
    "user",    # who uses this machine
    "line",    # words with values in them that are not taken apart: a script's line, a finding
    "hits",    # how many lines a filter met, some of them perhaps by chance
    "chance",  # no text: another run need not have the line, a filter met it by chance
    "sorted",  # no text: the line is one of several in the order of their own values
    "hang",    # no text: what does not fit into the line goes on below, so many columns in
})
VOLATILE = frozenset({"spi", "cookie", "guid", "msgid", "seed", "time", "dur", "size",
                      "hits", "user", "place", "hash"})


class Cell(NamedTuple):
    """One value with its type: `text` is what is printed, `value` what JSON gives."""

    type: str
    value: object
    text: str


Part = str | Cell
Line = tuple[Part, ...]


class Lines(NamedTuple):
    """Lines as they are printed, each a tuple of literal words and cells; `data` is the JSON.

    `error` True sends them to standard error and to the `!` lines of a transcript. Where `data`
    has a string with a value in it, it is `Joined`.
    """

    lines: tuple[Line, ...]
    data: object = None
    name: str = ""
    error: bool = False


class Joined(NamedTuple):
    """One string of JSON made of words and cells, which keep their types in it."""

    parts: Line


# An empty line between blocks that are printed one by one; no part of the data.
GAP = Lines(((),), None, "gap")


class Table(NamedTuple):
    """Columns and rows; `columns` are (key, heading) with key the JSON name.

    `order` has the numbers of the rows as a layout shows them, when that is the order of their own
    values and so says nothing more; as data they are as they come.
    """

    columns: tuple[tuple[str, str], ...]
    rows: tuple[tuple[Cell, ...], ...]
    title: str = ""
    name: str = ""
    empty: str = ""
    order: tuple[int, ...] = ()


class Record(NamedTuple):
    """netsh's aligned list ``Label       : value`` of one object; fields are (key, label, cell)."""

    fields: tuple[tuple[str, str, Cell], ...]
    title: str = ""
    name: str = ""
    width: int = 24


class Records(NamedTuple):
    """Several records of one kind, a blank line between them, and a count line at the end."""

    records: tuple[Record, ...]
    count_label: str = ""
    name: str = ""


Block = Lines | Table | Record | Records


class Answer(NamedTuple):
    """All a command says: blocks for standard output, warnings, and its exit class.

    `warnings` are printed after the blocks, each as ``WARN CODE: text`` (and a fix line).
    `exit` 0 done, 1 a check says FAIL; errors are raised as CommandError, never returned.
    """

    blocks: tuple[Block, ...] = ()
    warnings: tuple["Warn", ...] = ()
    exit: int = 0


class Warn(NamedTuple):
    """What Windows accepts and the article calls wrong; `fix` is command lines or a sentence."""

    code: str
    text: str
    fix: str = ""


NOTHING = Answer()
