"""Free text that nobody else is to see: ``# mask: host=gw1`` makes it ``<host:1>`` in every report.

The numbers are the same wherever a file is reported. What was hidden is told only to whom asks
for it, in a file of its own.
"""

from collections.abc import Mapping, Sequence
from json import dumps, loads

from transcripts.lines import Printed
from transcripts.model import Header
from transcripts.results import Change, Report, Result

# A shorter stretch of what is masked tells nothing.
SHORTEST_PART = 3


class Masks:
    """The masks of a file, in the order of its header; of two that overlap the longer one holds."""

    def __init__(self, pairs: Sequence[tuple[str, str]]) -> None:
        self.names: dict[str, str] = {}  # what is hidden -> what is shown
        counts: dict[str, int] = {}
        for kind, text in pairs:
            if text and text not in self.names:
                counts[kind] = counts.get(kind, 0) + 1
                self.names[text] = f"<{kind}:{counts[kind]}>"
        self._order = sorted(self.names, key=len, reverse=True)

    def hide(self, text: str) -> str:
        """The text without what is masked."""
        for one in self._order:
            if one in text:
                text = text.replace(one, self.names[one])
        return text

    def reason(self, text: str) -> str:
        """A reason, which quotes stretches of lines and may have cut through what is masked."""
        for one in self._order:
            for size in range(len(one) - 1, SHORTEST_PART - 1, -1):
                text = text.replace(f"{one[:size]}'", f"{self.names[one]}'")
                text = text.replace(f"'{one[-size:]}", f"'{self.names[one]}")
        return self.hide(text)

    def line(self, line: Printed) -> Printed:
        """A printed line; when a cell's end stands inside what is masked, it has no cells."""
        text = self.hide(line.text)
        if text == line.text:
            return line
        spans = tuple((self.hide(shown), kind, None) for shown, kind, _ in line.spans)
        if "".join(shown for shown, _, _ in spans).rstrip() != text:
            spans = ((text, "", None),)
        return line._replace(text=text, folded=self.hide(line.folded), spans=spans, cells=())

    def table(self) -> str:
        """What is hidden behind each name, as JSON."""
        return dumps({shown: text for text, shown in self.names.items()}, indent=1,
                     ensure_ascii=False) + "\n"


def masked(report: Report) -> Report:
    """A report as others may see it."""
    masks = Masks(report.header.masks)
    if not masks.names:
        return report
    hide = masks.hide
    header = report.header._replace(title=hide(report.header.title), masks=(), bind=tuple(
        (name, hide(value)) for name, value in report.header.bind))
    return report._replace(
        header=header, results=tuple(_result(one, masks) for one in report.results),
        incomplete=hide(report.incomplete),
        variables=tuple((name, hide(value)) for name, value in report.variables))


def _result(result: Result, masks: Masks) -> Result:
    hide = masks.hide
    exchange = result.exchange._replace(command=hide(result.exchange.command),
                                        section=hide(result.exchange.section))
    return result._replace(
        exchange=exchange, prompt=hide(result.prompt),
        reasons=tuple(map(masks.reason, result.reasons)),
        diff=tuple(Change(one.mark, hide(one.text), one.line, masks.reason(one.reason))
                   for one in result.diff),
        lines=tuple(masks.line(one) for one in result.lines))


def unmasked(text: str, table: str) -> str:
    """A masked text as it was. Raises ValueError when the table is none."""
    names: object = loads(table)
    if not isinstance(names, Mapping) or not all(isinstance(one, str) for one in names.values()):
        raise ValueError("is no table of masks")
    for shown, plain in names.items():
        text = text.replace(shown, plain)
        # HTML and XML write the sign otherwise.
        escaped = shown.replace("<", "&lt;").replace(">", "&gt;")
        text = text.replace(escaped, plain.replace("&", "&amp;").replace("<", "&lt;"))
    return text


def header_masks(header: Header) -> Masks:
    """The masks that a header declares."""
    return Masks(header.masks)
