"""Colours: one table from cell types to terminal attributes, one for the typed line.

Nothing here imports prompt_toolkit, so that a one-shot command can colour its output too.
"""

from collections.abc import Iterable, Mapping, Sequence

# Select Graphic Rendition of what is printed, by cell or span type; other types stay plain.
PRINTED = {
    "title": "1", "heading": "1", "name": "1",
    "ip": "36", "mask": "36", "net": "36", "mac": "36", "port": "36", "protocol": "36",
    "spi": "35", "cookie": "35", "msgid": "35", "guid": "2",
    "time": "32", "dur": "32",
    "count": "33", "bytes": "33", "int": "33", "percent": "33",
    "secret": "2;31",
    "error": "1;31", "caret": "31", "warning": "1;33", "hint": "2",
}
# Styles of the prompt, the typed line (by the role of each piece) and the bars.
STYLES = {
    "prompt": "bold",
    "typed.context": "ansicyan",
    "typed.command": "bold",
    "typed.tag": "ansigreen",
    "typed.value": "",
    "typed.secret": "ansired",
    "typed.option": "ansigreen",
    "typed.operator": "ansiyellow",
    "typed.filter": "bold",
    "typed.error": "ansired underline",
    "typed.comment": "ansibrightblack",
    "auto-suggestion": "ansibrightblack",
    "bottom-toolbar": "reverse",
    "bottom-toolbar.text": "",
}
RESET = "\x1b[0m"


def wants_colour(option: str, environment: Mapping[str, str], tty: bool) -> bool:
    """Whether to colour: --color, then NO_COLOR, CLICOLOR_FORCE, TERM=dumb, then the terminal.

    `option` is "auto", "always" or "never". A variable counts when it is not empty.
    """
    if option != "auto":
        return option == "always"
    if environment.get("NO_COLOR"):
        return False
    if environment.get("CLICOLOR_FORCE", "0") not in ("", "0"):
        return True
    return tty and environment.get("TERM", "dumb") not in ("", "dumb")


def paint(line: Iterable[Sequence[object]], colour: bool) -> str:
    """One rendered line, spans of (text, type, ...), as text for a terminal."""
    parts: list[str] = []
    for span in line:
        text, kind = str(span[0]), str(span[1])
        code = PRINTED.get(kind, "") if colour and text.strip() else ""
        parts.append(f"\x1b[{code}m{text}{RESET}" if code else text)
    return "".join(parts).rstrip()
