"""An event log read back: the text that `eventlog show` prints, or its JSON.

Events become the records that they were, and those of IKE the ends of negotiations that they tell
of: 541 one that succeeded, 544 to 547 one that failed.
"""

from calendar import timegm
from collections.abc import Iterable, Iterator
from time import strptime

from engine.address import Address, Network, parse_address, parse_mask
from engine.audit import CIPHERS, HASHES, MAIN_MODE, REASONS
from engine.errors import ParseError
from engine.events import LogEvent
from engine.history import MAIN, QUICK, Outcome
from engine.ike.constants import Win32
from engine.ike.interface import NegotiationFailed, TrafficSelector
from engine.suites import QuickModeMethod, format_quick_mode

_CODES = {text: code for code, text in REASONS.items()}
_TYPED_CIPHER = {words: typed for typed, words in CIPHERS.items()}
_TYPED_HASH = {words: typed for typed, words in HASHES.items()}
# What the other gateway said by a notify, as its reason in our log tells it.
_NOTIFIED = {(MAIN, 13868): "NO-PROPOSAL-CHOSEN (14)", (MAIN, 13802): "NO-PROPOSAL-CHOSEN (14)",
             (QUICK, 13825): "INVALID-ID-INFORMATION (18)",
             (MAIN, 13801): "AUTHENTICATION-FAILED (24)"}
FAILED = (544, 545, 546, 547)


def read_events(text: str, epoch: float) -> list[LogEvent]:
    """The events of a log, oldest first; `epoch` is Unix seconds of engine time 0.

    Raises ParseError for what is none.
    """
    found = list(_of_json(text, epoch) if text.lstrip()[:1] in ("[", "{")
                 else _of_text(text, epoch))
    if not found:
        raise ParseError("log", "no event in the text that eventlog show prints, nor in its JSON")
    return sorted(found, key=lambda one: one.time)


# --- the text of the Event Viewer -----------------------------------------------------------------


def _of_text(text: str, epoch: float) -> Iterator[LogEvent]:
    block: list[str] = []
    for raw in text.splitlines():
        line = raw.rstrip()
        if line.startswith("Event Type:") and block:
            yield from _block(block, epoch)
            block = []
        if block or line.startswith("Event Type:"):
            block.append(line)
    if block:
        yield from _block(block, epoch)


def _block(lines: list[str], epoch: float) -> Iterator[LogEvent]:
    split = next((at for at, line in enumerate(lines) if line.startswith("Description:")),
                 len(lines))
    heads = {label: value.strip() for label, _, value in (
        line.partition(":") for line in lines[:split])}
    body = [line for line in lines[split + 1:] if line.strip() and not line.startswith("No. of")]
    try:
        when = timegm(strptime(f"{heads['Date']} {heads['Time']}", "%m/%d/%Y %I:%M:%S %p"))
        number = int(heads.get("Event ID", "0"))
    except (KeyError, ValueError):
        return
    yield LogEvent(when - epoch, heads.get("Event Source", "Security"), number,
                   heads.get("Event Type", "") == "Success Audit", body[0].strip() if body else "",
                   tuple(_fields(body[1:])), "logon", "ike")


def _fields(lines: Iterable[str]) -> Iterator[tuple[str, str]]:
    """A label ends in a colon; the lines under it are its value."""
    label, values = "", list[str]()
    for line in lines:
        if line.strip().endswith(":"):
            if label:
                yield label, "\n".join(values)
            label, values = line.strip().rstrip(":"), []
        else:
            values.append(line.strip())
    if label:
        yield label, "\n".join(values)


# --- JSON -----------------------------------------------------------------------------------------


def _of_json(text: str, epoch: float) -> Iterator[LogEvent]:
    from json import JSONDecodeError, loads
    try:
        found = loads(text)
    except (JSONDecodeError, RecursionError):
        raise ParseError("log", "its JSON is broken") from None
    rows = found.get("events", []) if isinstance(found, dict) else found
    for one in rows if isinstance(rows, list) else []:
        if not isinstance(one, dict) or not isinstance(one.get("fields"), dict):
            continue
        try:
            when = timegm(strptime(str(one["time"])[:19], "%Y-%m-%dT%H:%M:%S"))
            number = int(one["id"])
        except (KeyError, ValueError, TypeError):
            continue
        yield LogEvent(when - epoch, str(one.get("source", "")), number,
                       one.get("success") is True, str(one.get("title", "")), tuple(
                           (str(label), "\n".join(_value(value)))
                           for label, value in one["fields"].items()),
                       str(one.get("category", "logon")), str(one.get("name", "")))


def _value(value: object) -> Iterator[str]:
    """The lines of a field: words, numbers, or one label with its value."""
    for one in value if isinstance(value, list) else [value]:
        if isinstance(one, dict):
            yield from (f"{label} {each}" for label, each in one.items())
        else:
            yield str(one)


# --- what they tell -------------------------------------------------------------------------------


def outcomes(events: Iterable[LogEvent], own: Address, peer: Address) -> Iterator[Outcome]:
    """The ends of negotiations; where an event does not say with whom, it is `peer`."""
    for one in events:
        fields = dict(one.fields)
        main = fields.get("Mode", MAIN_MODE) == MAIN_MODE
        selector = _selector(fields.get("Filter", ""))
        other = _peer(fields, selector if main else None) or peer
        if one.event_id == 541:
            yield _succeeded(one, fields, main, own, other, selector)
        elif one.event_id in FAILED:
            failure = _failure(one, fields, MAIN if main else QUICK, own, other, selector)
            yield Outcome(one.time, failure.mode, own, other, True, failure, selector=selector)


def _succeeded(one: LogEvent, fields: dict[str, str], main: bool, own: Address, peer: Address,
               selector: TrafficSelector | None) -> Outcome:
    words = labelled(fields.get("Parameters", ""))
    cipher = _TYPED_CIPHER.get(words.get("ESP Algorithm", ""), "")
    hash_ = _TYPED_HASH.get(words.get("HMAC Algorithm", ""), "")
    # Event 541 of main mode does not say the group, so it is no whole method.
    method = format_quick_mode(QuickModeMethod(cipher, hash_)) if cipher and not main else ""
    life = words.get("Lifetime (sec)", "0")
    return Outcome(one.time, MAIN if main else QUICK, own, peer, True, None, method,
                   int(life) if life.isdigit() else 0, selector=selector)


def _failure(one: LogEvent, fields: dict[str, str], mode: str, own: Address, peer: Address,
             selector: TrafficSelector | None) -> NegotiationFailed:
    code = _CODES.get(fields.get("Failure Reason", ""), 0)
    point = fields.get("Failure Point", "Me")
    detail: tuple[str, ...] = ()
    if one.event_id == 544:
        code, detail = 13847, ("certificate", "", "")
    elif one.event_id == 545:
        code = 13801
    elif one.event_id == 546:
        code, detail = 13868, (fields.get("Attribute", ""), fields.get("Expected value", ""),
                               fields.get("Received value", ""))
    elif point == "Peer" and (mode, code) in _NOTIFIED:
        detail = ("Notify", "", _NOTIFIED[mode, code])
    answered = code != Win32.NO_RESPONSE
    return NegotiationFailed(mode, own, peer, "", code, point, detail, "", True, answered,
                             selector=selector)


def labelled(text: str) -> dict[str, str]:
    """``Lifetime (sec)  3600`` line by line; two blanks part label and value, or the last one."""
    found = {}
    for line in text.splitlines():
        label, sign, value = line.partition("  ")
        if not sign:
            label, _, value = line.rpartition(" ")
        found[label.strip()] = value.strip()
    return found


def spi_of(text: str) -> int:
    """The number of ``305419896 (0x12345678)`` or ``0x12345678``; 0 when there is none."""
    word = text.split()[0] if text.split() else ""
    try:
        return int(word, 0)
    except ValueError:
        return 0


def _selector(text: str) -> TrafficSelector | None:
    words = {line.rpartition(" ")[0].strip(" :"): line.rpartition(" ")[2]
             for line in text.splitlines()}
    try:
        ends = [Network(parse_address(words[f"{end} IP Address"]),
                        parse_mask(words[f"{end} IP Address Mask"]))
                for end in ("Source", "Destination")]
    except (KeyError, ValueError):
        return None
    protocol = words.get("Protocol", "0")
    return TrafficSelector(ends[0], ends[1], int(protocol) if protocol.isdigit() else 0)


def _peer(fields: dict[str, str], selector: TrafficSelector | None) -> Address:
    for line in fields.get("Peer Identity", "").splitlines():
        if line.startswith("Peer IP Address"):
            try:
                return parse_address(line.split()[-1])
            except ValueError:
                return 0
    return selector.remote.address if selector is not None else 0
