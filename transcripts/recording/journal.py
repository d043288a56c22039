"""The journal: every typed line and what it said, one JSON object a line, in the state folder.

It is always on, so it must cost next to nothing: a line is written without the json module and
without a lock, in one append. Two files of a bounded size are kept, 0600 in a folder 0700; what
cannot be written is left out without a word.
"""

import os
from collections.abc import Iterator

from transcripts.recording.event import Argument, Event, Meaning, Ran, Said

NAME = "journal.jsonl"
SIZE_MOST = 4 << 20
ENTRY_MOST = 1 << 20
_ESCAPES = {code: f"\\u{code:04x}" for code in (*range(32), 127, 0x2028, 0x2029)} | {
    ord('"'): '\\"', ord("\\"): "\\\\", 10: "\\n", 9: "\\t"}


def journal_path(folder: str) -> str:
    """The newer one of the two files in the program's state folder."""
    return os.path.join(folder, NAME)


def append(path: str, event: Event) -> bool:
    """Adds an event; False when it could not be."""
    octets = (dumps(encode(event)) + "\n").encode("utf-8", "backslashreplace")
    if len(octets) > ENTRY_MOST:
        octets = (dumps(encode(event.shortened(0))) + "\n").encode("utf-8", "backslashreplace")
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT
    try:
        try:
            file = os.open(path, flags, 0o600)
        except FileNotFoundError:
            os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
            file = os.open(path, flags, 0o600)
        try:
            if os.fstat(file).st_size > SIZE_MOST:
                os.replace(path, path + ".1")
                os.close(file)
                file = os.open(path, flags, 0o600)
            os.write(file, octets)
        finally:
            os.close(file)
    except OSError:
        return False
    return True


def dumps(value: object) -> str:
    """JSON of plain values, as short as it can be."""
    if isinstance(value, str):
        return '"' + value.translate(_ESCAPES) + '"'
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return f"{value:.6f}".rstrip("0").rstrip(".")
    if isinstance(value, int):
        return str(value)
    if isinstance(value, dict):
        return "{" + ",".join(f"{dumps(str(key))}:{dumps(one)}" for key, one in value.items()) + "}"
    assert isinstance(value, (list, tuple)), value
    return "[" + ",".join(map(dumps, value)) + "]"


def encode(event: Event) -> dict[str, object]:
    """An event as JSON values; what is empty is left out."""
    data: dict[str, object] = {
        "v": 1, "at": event.at, "sit": event.sitting, "ctx": " ".join(event.context),
        "on": event.machine, "in": event.text, "out": [_line(one) for one in event.said],
        "exit": event.exit, "sec": event.seconds}
    if event.after != event.context:
        data["then"] = " ".join(event.after)
    meaning = event.meaning
    if meaning.kind:
        data["cmd"] = [meaning.kind, " ".join(meaning.words), *meaning.ends, meaning.tail,
                       *(one.values() for one in meaning.arguments)]
    if event.lab[1]:
        data["lab"] = list(event.lab)
    if event.generation >= 0:
        data["gen"] = [event.commits, event.generation, event.store]
    if event.scripts:
        data["ran"] = [[one.name, one.path, one.size, one.changed, one.parent, one.line,
                        one.reached, [[number, [_line(line) for line in said]]
                         for number, said in one.said.items()], one.kept]
                       for one in event.scripts]
    if event.start is not None:
        data["start"] = event.start
    if event.label:
        data["label"] = event.label
    if event.keys:
        data["keys"] = event.keys
    return data


def _line(one: Said) -> object:
    """``["|", "text", ["ip", "10.1.0.1"]]``; a mistake is an object."""
    if one.error is not None:
        return one.error
    return [one.sigil, *(text if not type else [type, text] for text, type in one.spans)]


def decode(data: dict[str, object]) -> Event:
    """The event of `encode`. Raises ValueError, TypeError, KeyError for anything else."""
    if data["v"] != 1:
        raise ValueError(f"a journal of version {data['v']}")
    kind, words, first, end, tail, *arguments = _list(data.get("cmd", ["", "", 0, 0, ""]))
    meaning = Meaning(str(kind), _words(words), (int(first), int(end)),
                      tuple(Argument(*_list(one)) for one in arguments), str(tail))
    event = Event(float(str(data["at"])), str(data["sit"]), _words(data["ctx"]), str(data["on"]),
                  str(data["in"]), meaning, tuple(_said(one) for one in _list(data["out"])),
                  int(str(data["exit"])))
    event.seconds, event.after = float(str(data["sec"])), _words(data.get("then", data["ctx"]))
    began, ended = _list(data.get("lab", [0.0, 0.0]))
    event.lab = (float(began), float(ended))
    event.commits, event.generation, event.store = _list(data.get("gen", [0, -1, ""]))
    event.scripts = tuple(_ran(one) for one in _list(data.get("ran", [])))
    start = data.get("start")
    event.start = start if isinstance(start, dict) else None
    event.label = str(data.get("label", ""))
    event.keys = tuple(map(str, _list(data.get("keys", []))))
    return event


def _list(value: object) -> list:  # type: ignore[type-arg]
    if not isinstance(value, list):
        raise ValueError("a list is missing")
    return value


def _words(value: object) -> tuple[str, ...]:
    return tuple(str(value).split())


def _said(value: object) -> Said:
    if isinstance(value, dict):
        return Said("e", (), value)
    sigil, *spans = _list(value)
    return Said(str(sigil), tuple((one, "") if isinstance(one, str) else (str(one[1]), str(one[0]))
                                  for one in spans))


def _ran(value: object) -> Ran:
    name, path, size, changed, parent, line, reached, said, kept = _list(value)
    return Ran(name, path, size, changed, parent, line, reached,
               {int(number): [_said(one) for one in lines] for number, lines in said},
               None, None if kept is None else [str(one) for one in _list(kept)])


def read(path: str) -> Iterator[Event]:
    """All events that are kept, the oldest first; lines that are none are passed over."""
    from json import loads
    for one in (path + ".1", path):
        try:
            with open(one, encoding="utf-8", errors="replace") as file:
                lines = file.readlines(2 * (SIZE_MOST + ENTRY_MOST))
        except OSError:
            continue
        for line in lines:
            try:
                yield decode(loads(line))
            except (ValueError, TypeError, KeyError, IndexError, RecursionError):
                continue
