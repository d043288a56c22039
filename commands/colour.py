"""Colours of what is printed, by the types of its cells, as on a terminal."""

from commands.layout import SpanLine

# Select Graphic Rendition of what is printed, by cell or span type; other types stay plain.
COLOURS = {
    "title": "1", "heading": "1", "name": "1",
    "ip": "36", "mask": "36", "net": "36", "mac": "36", "port": "36", "protocol": "36",
    "spi": "35", "cookie": "35", "msgid": "35", "guid": "2",
    "time": "32", "dur": "32",
    "count": "33", "bytes": "33", "int": "33", "percent": "33",
    "secret": "2;31",
    "added": "32", "removed": "31",
    "error": "1;31", "caret": "31", "warning": "1;33", "hint": "2", "known": "2",
}
# The same of a verdict, by its word.
VERDICTS = {
    "PASS": "32", "MENDED": "1;32", "PROTECTED": "1;32", "WARN": "33", "FAIL": "1;31",
    "IN CLEAR": "1;31", "SOFT ASSOCIATION": "1;31", "UNKNOWN": "36", "NO TRAFFIC": "36",
    "SKIP": "2",
}


def colour_of(type: str, text: str) -> str:
    """The Select Graphic Rendition of a span, "" for a plain one."""
    return (VERDICTS.get(text, "") if type == "verdict" else COLOURS.get(type, ""))


def coloured(line: SpanLine) -> str:
    """One line with ANSI colours by span type."""
    parts = []
    for span in line:
        code = colour_of(span.type, span.text)
        parts.append(f"\x1b[{code}m{span.text}\x1b[0m" if code and span.text else span.text)
    return "".join(parts).rstrip()
