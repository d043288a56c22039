"""Pieces of self-contained SVG pictures: text, boxes, colours for light and dark, no reference."""

from collections.abc import Iterable

# One set of colours for each scheme, by role.
LIGHT = {"ink": "#1b1f24", "soft": "#57606a", "paper": "#ffffff", "panel": "#f3f5f8",
         "line": "#c4ccd6", "good": "#1a7f37", "bad": "#c62828", "warn": "#a15c00",
         "tunnel": "#1f5fbf"}
DARK = {"ink": "#e6edf3", "soft": "#9aa7b4", "paper": "#0f141a", "panel": "#1a212a",
        "line": "#3b4653", "good": "#4cc36b", "bad": "#ff7b72", "warn": "#e3a23b",
        "tunnel": "#6cb0ff"}


_WIDE = frozenset("WM@%")
_FIRST_WIDE = 0x1100  # from here on many scripts have square letters


def escape(text: str) -> str:
    """Text as it may stand in SVG and HTML."""
    return (text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
            .replace('"', "&quot;"))


def variables(colours: dict[str, str]) -> str:
    """The colours as CSS variables."""
    return "".join(f"--{name}:{value};" for name, value in colours.items())


def style(extra: str = "") -> str:
    """The style sheet of a picture: the reader's colour scheme decides."""
    return (f"<style>svg{{{variables(LIGHT)}background:var(--paper);color-scheme:light dark}}"
            f"@media (prefers-color-scheme:dark){{svg{{{variables(DARK)}}}}}"
            "text{font-family:system-ui,'Segoe UI',Roboto,'DejaVu Sans',sans-serif;"
            "fill:var(--ink)}.soft{fill:var(--soft)}.good{fill:var(--good)}"
            ".bad{fill:var(--bad)}.warn{fill:var(--warn)}.tunnel{fill:var(--tunnel)}"
            ".strong{font-weight:600}.code{font-family:ui-monospace,Consolas,'DejaVu Sans Mono',"
            f"monospace}}{extra}</style>")


def picture(width: int, height: int, parts: Iterable[str], title: str, extra: str = "") -> str:
    """A whole SVG document; it grows and shrinks with the page it is shown on."""
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
            f'width="{width}" height="{height}" role="img" aria-label="{escape(title)}" '
            'style="max-width:100%;height:auto">'
            f"<title>{escape(title)}</title>{style(extra)}{''.join(parts)}</svg>")


def text(x: float, y: float, words: str, size: float = 13, kind: str = "",
         anchor: str = "start") -> str:
    """A line of text."""
    shown = f' class="{kind}"' if kind else ""
    where = f' text-anchor="{anchor}"' if anchor != "start" else ""
    return f'<text x="{x:g}" y="{y:g}" font-size="{size:g}"{shown}{where}>{escape(words)}</text>'


def box(x: float, y: float, width: float, height: float, fill: str, stroke: str = "",
        radius: float = 6) -> str:
    """A rectangle with round corners; colours are roles."""
    line = f' stroke="var(--{stroke})"' if stroke else ""
    return (f'<rect x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" rx="{radius:g}" '
            f'fill="var(--{fill})"{line}/>')


def line(x1: float, y1: float, x2: float, y2: float, colour: str, width: float = 1,
         dash: str = "") -> str:
    """A straight line; the colour is a role."""
    dashed = f' stroke-dasharray="{dash}"' if dash else ""
    return (f'<line x1="{x1:g}" y1="{y1:g}" x2="{x2:g}" y2="{y2:g}" '
            f'stroke="var(--{colour})" stroke-width="{width:g}"{dashed}/>')


def head(x: float, y: float, length: float, colour: str) -> str:
    """The head of an arrow whose tip is there; `length` is negative for one to the left."""
    return (f'<path d="M{x:g} {y:g}L{x - length:g} {y - 5:g}L{x - length:g} {y + 5:g}Z" '
            f'fill="var(--{colour})"/>')


def dot(x: float, y: float, radius: float, fill: str, stroke: str = "") -> str:
    """A filled circle; colours are roles."""
    edge = f' stroke="var(--{stroke})" stroke-width="2"' if stroke else ""
    return f'<circle cx="{x:g}" cy="{y:g}" r="{radius:g}" fill="var(--{fill})"{edge}/>'


def wrapped(words: str, columns: int) -> list[str]:
    """Text in lines of about `columns` characters, broken at blanks where it can be.

    Wide letters count for more, so that a line of them stays inside the picture.
    """
    lines: list[str] = []
    while (most := _fitting(words, columns)) < len(words):
        at = words.rfind(" ", 1, most + 1)
        at = at if at > 0 else most
        lines.append(words[:at].rstrip())
        words = words[at:].lstrip()
    return [*lines, words]


def _fitting(words: str, columns: int) -> int:
    """How many characters fit into a line, at least one."""
    width = 0.0
    for at, sign in enumerate(words):
        width += _width(sign)
        if width > columns:
            return max(at, 1)
    return len(words)


def _width(sign: str) -> float:
    if sign in _WIDE or ord(sign) >= _FIRST_WIDE:
        return 1.9
    return 1.25 if sign.isupper() else 1.0
