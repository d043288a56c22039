"""What stood on the terminal of an asciicast, version 1, 2 or 3, as lines of text.

A terminal is emulated, since what was typed was drawn and drawn again: lines that were edited,
menus that came and went.
"""

from collections.abc import Iterator
from json import loads

from transcripts.model import UnreadableError

COLUMNS_MOST, ROWS_MOST = 2000, 500
COLUMNS, ROWS = 80, 24
VERSIONS = (1, 2, 3)


def is_cast(text: str) -> bool:
    """Whether a text is meant as an asciicast."""
    return text.lstrip()[:1] == "{" and '"version"' in text[:4000]


def screen_lines(text: str, path: str) -> tuple[list[str], frozenset[str]]:
    """All lines that were shown, and the labels of markers.

    Raises UnreadableError with the line that is wrong.
    """
    from transcripts.imports.terminal import Terminal
    head, events = _parts(text, path)
    terminal = Terminal(*_size(head, path))
    labels: set[str] = set()
    for number, code, data in events:
        if code == "o":
            terminal.stream.feed(data)
        elif code == "m":
            labels.add(data)
        elif code == "r":
            wide, cross, high = data.partition("x")
            if not (cross and wide.isdigit() and high.isdigit()):
                raise UnreadableError(path, number, f"'{data[:20]}' is no size of a terminal")
            terminal.resize(_within(int(high), ROWS_MOST), _within(int(wide), COLUMNS_MOST))
    return terminal.shown(), frozenset(labels)


def drawn_lines(text: str) -> list[str]:
    """The lines of a text that steers a terminal, as `script` keeps it."""
    from transcripts.imports.terminal import Terminal
    terminal = Terminal(COLUMNS_MOST, ROWS)
    terminal.stream.feed(text.replace("\r\n", "\n").replace("\n", "\r\n"))
    return terminal.shown()


def _parts(text: str, path: str) -> tuple[dict[str, object], Iterator[tuple[int, str, str]]]:
    """The header, and (line, code, data) of every event."""
    lines = text.split("\n")
    first = next((at for at, line in enumerate(lines) if line.strip()
                  and not line.startswith("#")), 0)
    try:
        head = loads(lines[first])
        whole = head if isinstance(head, dict) and head.get("version") != 1 else loads(text)
    except (ValueError, RecursionError):
        try:
            whole = head = loads(text)
        except (ValueError, RecursionError):
            raise UnreadableError(path, first + 1, "is no asciicast: its header is no JSON"
                                  ) from None
    if not isinstance(whole, dict) or whole.get("version") not in VERSIONS:
        raise UnreadableError(path, first + 1, "is no asciicast of version 1, 2 or 3")
    if whole["version"] == 1:
        return whole, _old(whole, path)
    return whole, _events(lines, first + 1, path)


def _old(whole: dict[str, object], path: str) -> Iterator[tuple[int, str, str]]:
    """The events of version 1, which is one JSON document."""
    frames = whole.get("stdout")
    for frame in frames if isinstance(frames, list) else [None]:
        if not isinstance(frame, list) or len(frame) != 2 or not isinstance(frame[1], str):
            raise UnreadableError(path, 0, "has a frame that is none")
        yield 0, "o", frame[1]


def _events(lines: list[str], start: int, path: str) -> Iterator[tuple[int, str, str]]:
    for number, line in enumerate(lines[start:], start + 1):
        if not line.strip() or line.startswith("#"):
            continue
        try:
            _, code, data = loads(line)
        except (ValueError, TypeError, RecursionError):
            if number >= len(lines) - 1:
                return  # a recording that was cut off ends in the middle of a line
            raise UnreadableError(path, number, "is no event of an asciicast") from None
        if not isinstance(code, str) or not isinstance(data, str):
            raise UnreadableError(path, number, "is no event of an asciicast")
        yield number, code, data


def _size(head: dict[str, object], path: str) -> tuple[int, int]:
    """Columns and rows of the terminal."""
    term = head.get("term")
    source = term if isinstance(term, dict) else head
    columns = source.get("cols", source.get("width", COLUMNS))
    rows = source.get("rows", source.get("height", ROWS))
    if not isinstance(columns, int) or not isinstance(rows, int):
        raise UnreadableError(path, 1, "has a terminal without a size")
    return _within(columns, COLUMNS_MOST), _within(rows, ROWS_MOST)


def _within(number: int, most: int) -> int:
    return max(2, min(number, most))
