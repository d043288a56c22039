"""Which of the lines that were typed are meant: the last ones, since a place, a range."""

from calendar import timegm
from collections.abc import Sequence

from transcripts.recording.event import Event
from transcripts.types import seconds

DAY = 86400.0


class NoSuch(Exception):
    """No such place; `tag` is what named it, `known` what there is."""

    def __init__(self, text: str, tag: str, known: tuple[str, ...] = ()) -> None:
        super().__init__(text)
        self.tag, self.known = tag, known


def chosen(events: Sequence[Event], last: int | None, since: str, range: str,
           now: float) -> list[Event]:
    """The events that are meant. Raises NoSuch."""
    found = list(events)
    if range:
        found = _range(found, range)
    if since:
        found = _since(found, since, now)
    return found[-last:] if last else found


def _range(events: list[Event], text: str) -> list[Event]:
    """``5:12``, ``5:``, ``:12``, ``5``; numbers count from 1, negative ones from the end."""
    first, colon, last = text.partition(":")
    try:
        low = _place(first, len(events)) if first else 1
        high = (_place(last, len(events)) if last else len(events)) if colon else low
    except ValueError:
        raise NoSuch(f"'{text}' is no range such as 5:12", "range") from None
    found = events[max(low, 1) - 1:high]
    if not found:
        raise NoSuch(f"there is nothing from {text}; the newest number is {len(events)}", "range")
    return found


def _place(text: str, count: int) -> int:
    number = int(text)
    return number if number > 0 else count + 1 + number


def _since(events: list[Event], text: str, now: float) -> list[Event]:
    """From a label (its newest place), a time of day (UTC), or a length of time ago."""
    labelled = [at for at, event in enumerate(events) if event.label == text]
    if labelled:
        return events[labelled[-1]:]
    moment = _moment(text, now)
    if moment is None:
        labels = tuple(dict.fromkeys(event.label for event in events if event.label))
        raise NoSuch(f"'{text}' is no label, no time such as 14:05 and no length of time such as "
                     "10m", "since", labels)
    found = [event for event in events if event.at >= moment]
    if not found:
        raise NoSuch(f"nothing was typed since {text}", "since")
    return found


def _moment(text: str, now: float) -> float | None:
    hour, colon, minute = text.partition(":")
    if colon and hour.isdigit() and minute[:2].isdigit() and int(hour) < 24:
        today = now - now % DAY
        at = today + int(hour) * 3600 + sum(
            int(part) * unit for part, unit in zip(minute.split(":"), (60, 1), strict=False))
        return at if at <= now else at - DAY
    if text[:4].isdigit() and text[4:5] == "-":
        return _stamp(text)
    try:
        return now - seconds(text) if text[:1].isdigit() and text[-1:].isalpha() else None
    except ValueError:
        return None


def _stamp(text: str) -> float | None:
    from time import strptime
    for form in ("%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%dT%H:%M", "%Y-%m-%d"):
        try:
            return float(timegm(strptime(text, form)))
        except ValueError:
            continue
    return None

