"""A run as a recording of a terminal: asciicast, version 2 or 3, as asciinema plays it.

Typing has the speed of a hand, what is printed comes at once, and a command that took the lab's
time takes some of it.
"""

from collections.abc import Iterator
from json import dumps

from commands.colour import coloured
from commands.layout import SpanLine, columns, plain
from engine.policy.model import Secret
from transcripts.exports.document import SECTION, STEP, Document, Part, Step

WIDTH_LEAST, WIDTH_MOST, HEIGHT = 80, 120, 30
A_SIGN, TYPING_MOST = 0.04, 2.5
THINKING, A_LINE, READING_MOST, LASTING_MOST = 0.6, 0.08, 3.0, 3.0
HIDDEN = ("key", "password", "secret")

Event = tuple[float, str, str]  # seconds since the event before, its code, its text


def cast(document: Document, version: int = 3) -> str:
    """The recording, one JSON value a line."""
    width = max([WIDTH_LEAST, *(min(WIDTH_MOST, columns(plain(line)) + 1)
                                for step in document.steps for _, line in step.lines)])
    head: dict[str, object] = {"version": version}
    if version == 2:
        head |= {"width": width, "height": HEIGHT}
    else:
        head["term"] = {"cols": width, "rows": HEIGHT, "type": "xterm-256color"}
    clock = document.transcript.header.clock
    if clock is not None:
        head["timestamp"] = int(clock)
    head |= {"title": document.title, "idle_time_limit": READING_MOST}
    if version == 2:
        head["env"] = {"TERM": "xterm-256color", "SHELL": "ipsecsh"}
    lines = [dumps(head, ensure_ascii=False)]
    now = 0.0
    for wait, code, text in _events(document):
        if version == 2 and code == "x":
            continue
        now += wait
        lines.append(dumps([round(now if version == 2 else wait, 3), code, text],
                           ensure_ascii=False))
    return "\n".join(lines) + "\n"


def _events(document: Document) -> Iterator[Event]:
    """All events, in their order."""
    wait = 0.0
    for part in document.parts:
        for event in _part(part):
            yield wait + event[0], *event[1:]
            wait = 0.0
        if part.step is not None:
            wait = min(READING_MOST, A_LINE * len(part.step.lines) + THINKING)
    report = document.report
    yield wait, "x", str(int(report.failed)) if report is not None else "0"


def _part(part: Part) -> Iterator[Event]:
    if part.kind == SECTION:
        yield 0.0, "m", part.text
        yield 0.0, "o", f"\x1b[1m# {_printed(part.text)}\x1b[0m\r\n"
    elif part.kind == STEP and part.step is not None:
        yield 0.0, "m", f"{part.step.prompt} {part.step.command}"
        yield from _step(part.step)


def _step(step: Step) -> Iterator[Event]:
    """The prompt, the command sign by sign, and all that was said."""
    yield 0.0, "o", f"{step.prompt} "
    yield from _typed(step.command)
    lasted = min(step.result.virtual, LASTING_MOST) if step.result is not None else 0.0
    each = lasted / max(len(step.lines), 1)
    secret = False
    for at, (sigil, line) in enumerate(step.lines):
        if sigil == "<":
            yield from _answer(plain(line), secret)
            continue
        following = step.lines[at + 1][0] if at + 1 < len(step.lines) else ""
        asked = sigil == "?" and following == "<"
        secret = asked and any(word in plain(line).lower() for word in HIDDEN)
        blank = "" if plain(line)[-1:].isspace() else " "
        yield each, "o", _coloured(line) + (blank if asked else "\r\n")


def _answer(text: str, secret: bool) -> Iterator[Event]:
    """An answer as it is echoed: a key is not."""
    if text.startswith("^C"):
        yield THINKING, "o", "^C\r\n"
        return
    yield THINKING, "o", ""
    yield from _typed("" if secret or text.startswith("^") else text)


def _typed(text: str) -> Iterator[Event]:
    each = min(A_SIGN, TYPING_MOST / max(len(text), 1))
    for sign in text:
        yield each, "o", _printed(sign)
    yield THINKING / 2, "o", "\r\n"


def _printed(text: str) -> str:
    """Text without what would steer the terminal."""
    return "".join(sign if sign.isprintable() else " " for sign in text)


def _coloured(line: SpanLine) -> str:
    return coloured(tuple(span._replace(text=_printed(
        Secret.MASK if span.text.startswith("${secret:") and span.type == "secret"
        else span.text)) for span in line))
