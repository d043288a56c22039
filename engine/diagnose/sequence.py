"""A negotiation as a sequence of messages between two gateways: as a picture, and as plain text."""

from collections.abc import Iterable
from typing import NamedTuple

from engine.diagnose import svg
from engine.diagnose.exchange import Exchange, Message
from engine.ike.constants import NotifyType
from engine.ike.proposal import read_phase1

WIDTH = 470
LEFT, RIGHT, TIME = 118, 398, 14
ROW, HEAD = 40, 74
# What a reader takes in; the oldest messages give way.
MESSAGES_MOST, DRAWN_MOST = 60, 4
COLUMNS = 46
# RFC 2408 3.14.1: numbers below are errors.
STATUS = 16384


class Arrow(NamedTuple):
    """One message: seconds since the first one, its name, what can be read of it.

    `tone` is "bad" for an error, "warn" for a repetition, "" else.
    """

    seconds: float
    outgoing: bool
    name: str
    note: str
    tone: str = ""


class Conversation(NamedTuple):
    """One exchange: when it began (engine seconds), its messages, how many came before them.

    `times` is how often the same one came again after it had failed.
    """

    began: float
    arrows: tuple[Arrow, ...]
    left_out: int = 0
    times: int = 1

    @property
    def shape(self) -> tuple[tuple[bool, str, str], ...]:
        """What is the same when the same thing happens again."""
        return tuple((one.outgoing, one.name, one.note) for one in self.arrows)

    @property
    def title(self) -> str:
        """What it is, and how often it was."""
        return "A negotiation" + (f", {self.times} times alike" if self.times > 1 else "")


def sequence(exchange: Exchange, most: int = MESSAGES_MOST) -> Conversation:
    """The messages of an exchange as arrows."""
    messages = exchange.messages[-most:]
    began = exchange.messages[0].time
    return Conversation(began, tuple(_arrow(one, began) for one in messages),
                     len(exchange.messages) - len(messages))


def _arrow(one: Message, began: float) -> Arrow:
    notes = []
    if one.again:
        notes.append("again")
    if one.offers:
        notes.append(_offers(one))
    if one.notify:
        notes.append(notify_name(one.notify))
    if one.port not in (0, 500):
        notes.append(f"UDP {one.port}")
    notes.append("encrypted" if one.encrypted else "")
    tone = "bad" if 0 < one.notify < STATUS else "warn" if one.again else ""
    return Arrow(one.time - began, one.outgoing, one.name,
                 ", ".join(note for note in notes if note), tone)


def _offers(one: Message) -> str:
    """The first offer, and how many more there are."""
    transforms = [each for proposal in one.offers for each in proposal.transforms]
    reading = read_phase1(transforms[0]) if transforms else None
    first = "-".join(list(reading.fields.values())[:3]) if reading is not None else "SA"
    return first + (f" + {len(transforms) - 1} more" if len(transforms) > 1 else "")


def notify_name(number: int) -> str:
    """``NO-PROPOSAL-CHOSEN (14)``, or the number alone."""
    try:
        return f"{NotifyType(number).name.replace('_', '-')} ({number})"
    except ValueError:
        return f"notify {number}"


# --- the picture ----------------------------------------------------------------------------------


def draw(one: Conversation, own: str, peer: str) -> str:
    """Two lifelines and an arrow for each message, our gateway on the left."""
    height = HEAD + ROW * len(one.arrows) + (18 if one.left_out else 0) + 20
    parts = [svg.text(16, 24, one.title, 14, "strong"), *_ends(own, peer, height)]
    y = HEAD
    if one.left_out:
        parts.append(svg.text((LEFT + RIGHT) / 2, y + 4, f"{one.left_out} earlier messages", 12,
                              "soft", "middle"))
        y += 18
    for arrow in one.arrows:
        y += ROW
        parts += _draw_arrow(arrow, y - 12)
    return svg.picture(WIDTH, height, parts, one.title)


def _ends(own: str, peer: str, height: int) -> Iterable[str]:
    for x, name in ((LEFT, own), (RIGHT, peer)):
        yield svg.line(x, HEAD - 8, x, height - 12, "line", 2)
        yield svg.box(x - 64, HEAD - 36, 128, 28, "panel", "line")
        yield svg.text(x, HEAD - 17, name if len(name) <= 17 else name[:16] + "…", 12, "strong",
                       "middle")


def _draw_arrow(arrow: Arrow, y: float) -> Iterable[str]:
    start, end = (LEFT, RIGHT) if arrow.outgoing else (RIGHT, LEFT)
    tip = end - 9 if arrow.outgoing else end + 9
    colour = arrow.tone or "tunnel"
    words = f"{arrow.name}  {arrow.note}".rstrip()
    yield svg.text(TIME, y + 4, f"{arrow.seconds:.3f} s", 11, "soft")
    yield svg.text((LEFT + RIGHT) / 2, y - 6, words if len(words) <= COLUMNS
                   else words[:COLUMNS - 1] + "…", 12, arrow.tone, "middle")
    yield svg.line(start, y, tip, y, colour, 2, "6 4" if arrow.tone == "warn" else "")
    yield svg.head(end, y, 9 if arrow.outgoing else -9, colour)


# --- the text -------------------------------------------------------------------------------------


def written(one: Conversation, own: str, peer: str) -> list[str]:
    """The same in signs, for where no picture can be."""
    width = COLUMNS
    lines = [one.title, f"{'':10}  {own:<{width // 2}}{peer:>{width - width // 2}}"]
    if one.left_out:
        lines.append(f"{'':10}  ({one.left_out} earlier messages)")
    for arrow in one.arrows:
        words = f" {arrow.name} {arrow.note} ".replace("  ", " ")[:width - 4]
        shaft = words.center(width - 2, "-")
        shown = f"{shaft}->" if arrow.outgoing else f"<-{shaft}"
        lines.append(f"{arrow.seconds:8.3f} s  {shown}")
    return lines


def shown(exchanges: Iterable[Exchange], most: int = DRAWN_MOST) -> tuple[list[Conversation], int]:
    """The last exchanges, those that are alike once; and how many came before them."""
    found: list[Conversation] = []
    for one in map(sequence, exchanges):
        last = found[-1] if found else None
        if last is not None and last.shape == one.shape:
            found[-1] = last._replace(times=last.times + 1)
        else:
            found.append(one)
    return found[-most:], max(0, len(found) - most)
