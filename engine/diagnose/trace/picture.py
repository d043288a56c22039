"""A trace as a picture: the packet's line through the machines, one row a stage."""

from itertools import groupby

from engine.diagnose import svg
from engine.diagnose.trace.stage import CLEAR, DROP, PROTECT, UNKNOWN, Stage, Trace

WIDTH = 470
RAIL, TEXT = 34, 58
ROW, SMALL = 17, 15
COLUMNS = 58
COLOURS = {DROP: "bad", CLEAR: "warn", UNKNOWN: "soft", PROTECT: "tunnel", "open": "tunnel"}


class _Drawing:
    """The parts so far and where the next one goes."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        self.y = 0.0
        self.rails: list[list[tuple[float, str]]] = []

    def text(self, words: str, size: float = 13, kind: str = "", x: float = TEXT) -> None:
        self.parts.append(svg.text(x, self.y, words, size, kind))


def draw(trace: Trace, title: str) -> str:
    """The picture as an SVG document."""
    drawing = _Drawing()
    drawing.y = 28
    drawing.text(title, 16, "strong", 16)
    for row in svg.wrapped(trace.packet, COLUMNS):
        drawing.y += 20
        drawing.text(row, 13, "soft", 16)
    drawing.y += 24
    kind = {"PROTECTED": "good", "DROPPED": "bad", "IN CLEAR": "warn"}.get(trace.verdict, "soft")
    drawing.text(trace.verdict, 14, f"strong {kind}", 16)
    for reply, stages in groupby(trace.stages, lambda one: one.reply):
        drawing.y += 30
        drawing.rails.append([])
        drawing.text("The answer" if reply else "The packet", 14, "strong", 16)
        for (machine, about), block in groupby(stages, lambda one: (one.machine, one.about)):
            _machine(drawing, machine, about, list(block))
    _blockers(drawing, trace)
    rails = _rails(drawing)
    return svg.picture(WIDTH, int(drawing.y + 24), [*rails, *drawing.parts], title)


def _machine(drawing: _Drawing, machine: str, about: str, stages: list[Stage]) -> None:
    drawing.y += 26
    drawing.parts.append(svg.dot(RAIL, drawing.y - 5, 7, "paper", "ink"))
    drawing.text(machine + (f"  ({about})" if about else ""), 14, "strong")
    drawing.rails[-1].append((drawing.y - 5, about))
    for one in stages:
        colour = COLOURS.get(one.verdict, "good")
        rows = svg.wrapped(one.what, COLUMNS)
        drawing.y += ROW + 2
        drawing.parts.append(svg.dot(RAIL, drawing.y - 4, 5, colour, "paper"))
        number = f" [{one.blocker}]" if one.blocker else ""
        shade = "soft" if one.assumed and not one.blocker else \
            {"bad": "bad", "warn": "warn"}.get(colour, "")
        drawing.text(f"{one.stage}: {one.verdict}{number}", 12, f"strong {shade}".strip())
        for row in rows:
            drawing.y += SMALL
            drawing.text(row, 12, "soft" if one.assumed and not one.blocker else "")
    drawing.rails[-1].append((drawing.y - 4, about))


def _rails(drawing: _Drawing) -> list[str]:
    """The line behind the dots: thick in the tunnel's colour while the packet is inside."""
    parts = []
    for rail in drawing.rails:
        for (top, about), (bottom, _) in zip(rail, rail[1:], strict=False):
            inside = about in ("ESP", "AH")
            parts.append(svg.line(RAIL, top, RAIL, bottom, "tunnel" if inside else "line",
                                  12 if inside else 3))
    return parts


def _blockers(drawing: _Drawing, trace: Trace) -> None:
    if not trace.blockers:
        return
    drawing.y += 34
    drawing.text("What stands in the way", 14, "strong", 16)
    for one in trace.blockers:
        drawing.y += 22
        drawing.text(f"[{one.number}] {one.code}", 13, "strong bad", 16)
        for row in svg.wrapped(one.text, COLUMNS + 4):
            drawing.y += SMALL + 1
            drawing.text(row, 12, "", 16)
