"""A typed line in full: no abbreviations, tags by name, the lab's addresses by theirs.

What was not understood, and what is wrong in itself, stays as it was typed: the mistake is what
it shows.
"""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from commands.places import EXPORTED, MAP
from commands.words import quoted
from engine.policy.model import Secret
from transcripts.recording.event import FLAG, REST, Argument, Event, Meaning
from transcripts.symbols import MASKS, PARTNERS, Symbols
from transcripts.types import TYPES

FREE = frozenset({"name", "text"})
VOLATILE_ARGUMENTS = ("guid", "spi")
# Seen twice they must be equal: they name something. Times and lengths of time need not be.
CAPTURED = frozenset({"spi", "cookie", "guid", "msgid", "place", "hash"})
# What is looked for behind a pipe.
SEEKING = frozenset({"include", "exclude", "begin", "section"})


class Line(NamedTuple):
    """The new line, (old start, old end, new start, new end) of each of its parts, and where its
    secrets stand. `sought`: a filter looks for a value that was captured before.
    """

    text: str
    parts: tuple[tuple[int, int, int, int], ...] = ()
    secrets: tuple[tuple[int, int], ...] = ()
    sought: bool = False

    def moved(self, span: tuple[int, int], length: int) -> tuple[int, int] | None:
        """Where a stretch of the old line of that length went; None when nobody can say."""
        for old_start, old_end, start, end in self.parts:
            if (old_start, old_end) == span:
                return start, end
        if span[0] >= length or self.parts and span[0] >= max(part[1] for part in self.parts):
            return len(self.text) + span[0] - length, len(self.text) + span[1] - length
        return None


class Names:
    """What stands for a value: symbols of addresses, paths, captures that were made before."""

    def __init__(self, symbols: Symbols, paths: dict[str, str],
                 captured: Mapping[tuple[str, object], str]) -> None:
        self.symbols, self.paths, self.captured = symbols, paths, captured
        self.typed: set[str] = set()

    def type(self, events: Iterable[Event]) -> None:
        """Names and descriptions that were typed mean themselves wherever they are printed."""
        self.typed.update(one.text for event in events for one in event.meaning.arguments
                          if one.type in FREE)

    def free(self, text: str) -> str:
        """A name or a description as it is printed: one that the program made may hold addresses
        of the lab.
        """
        known = text in self.typed or text.strip('"') in self.typed
        return text if known else self.symbols.words(text)

    def value(self, one: Argument, others: Mapping[str, str]) -> str:
        """The text of an argument as it is written."""
        tag = one.head.rstrip("= ").lower()
        if one.type in ("ip", "net"):
            return self.symbols.network(one.text, others.get(MASKS.get(tag, ""), ""))
        if one.type == "mask":
            partner = next((others[name] for name in PARTNERS.get(tag, ()) if name in others), "")
            return self.symbols.mask(one.text, partner)
        if one.type in VOLATILE_ARGUMENTS:
            known = self.captured.get((one.type, canonical(one.type, one.text)))
            return f"${{{known}}}" if known else one.text
        if one.type == "path":
            return self.path(one.text)
        return one.text

    def capture(self, text: str) -> str:
        """``${spi:1}`` of a text that is a value which was captured before, else ""."""
        found = (self.captured.get(value) for value in captures_like(text))
        return next((f"${{{name}}}" for name in found if name), "")

    def path(self, text: str) -> str:
        """A file that is written goes into the run's own folder, where it is read again; one that
        the program has named is what was captured.
        """
        known = self.captured.get(("place", text))
        return f"${{{known}}}" if known else self.file(text) or text

    def file(self, text: str) -> str:
        """A file by its name in the run's own folder, "" when it does not lie there."""
        bare = unextended(text)
        return self.paths[bare] + text[len(bare):] if bare in self.paths else ""


def unextended(path: str) -> str:
    """A path without what commands add to the names that they are given."""
    return path.removesuffix(EXPORTED).removesuffix(MAP)


def written_paths(event: Event) -> list[str]:
    """The files that a line writes."""
    found = [one.text for one in event.meaning.arguments if one.written and one.type == "path"]
    for stage in _stages(event.meaning.tail):
        head, _, rest = stage.partition(" ")
        verb, _, path = rest.partition(" ")
        if head in (">", ">>") or verb == "save":
            found.append(_bare(rest if head != "|" else path))
    return [text for text in found if text and "${" not in text]


def read_paths(event: Event) -> list[str]:
    """The files that a line reads."""
    return [one.text for one in event.meaning.arguments
            if not one.written and one.type == "path" and one.text]


def canonical(kind: str, text: str) -> object:
    """The value two spellings of which are the same."""
    try:
        return TYPES[kind].value(text)
    except (KeyError, ValueError):
        return text


def rewrite(event: Event, names: Names) -> Line:
    """The line of an event as the transcript has it."""
    meaning = event.meaning
    if not meaning.kind:
        return Line(event.text)
    words = meaning.words
    if words[:len(event.context)] == event.context and len(words) > len(event.context):
        words = words[len(event.context):]
    text = " ".join(words)
    parts = [(_first(event.text), meaning.ends[0], 0, len(text))]
    if meaning.kind == "help":
        return Line(f"{text} ? {_tail(meaning.tail, names)}".rstrip(), tuple(parts))
    secrets = []
    others = {one.head.rstrip("= ").lower(): one.text for one in meaning.arguments}
    for one in meaning.arguments:
        value = "" if one.type == FLAG else names.value(one, others)
        if one.type not in (FLAG, REST):
            value = quoted(value)
        text += " " + one.head
        parts.append((one.start, one.end, len(text), len(text) + len(value)))
        if one.type == "secret":
            secrets.append(parts[-1][2:])
        text += value
    return Line(f"{text} {_tail(meaning.tail, names)}".rstrip(), tuple(parts), tuple(secrets),
                any(names.capture(one) for one in sought(meaning.tail)))


def in_full(event: Event, names: Names) -> str:
    """The line of an event as it can be typed at the root, without its pipes, keys as stars."""
    from copy import copy
    one, meaning = copy(event), event.meaning
    one.context = ()
    one.meaning = Meaning(meaning.kind, meaning.words, meaning.ends, meaning.arguments)
    line = rewrite(one, names)
    text, at = "", 0
    for start, end in line.secrets:
        text += line.text[at:start] + Secret.MASK
        at = end
    return text + line.text[at:]


def _first(text: str) -> int:
    return len(text) - len(text.lstrip())


def _tail(tail: str, names: Names) -> str:
    """Pipes and redirections; the file that is written is the run's own."""
    stages = []
    for stage in _stages(tail):
        head, _, rest = stage.partition(" ")
        verb, _, path = rest.partition(" ")
        if head in (">", ">>"):
            stages.append(f"{head} {quoted(names.path(_bare(rest)))}")
        elif verb == "save":
            stages.append(f"| save {quoted(names.path(_bare(path)))}")
        elif verb in SEEKING and names.capture(_bare(path)):
            stages.append(f"| {verb} {names.capture(_bare(path))}")
        else:
            stages.append(f"{head} {verb} {names.symbols.words(path)}".rstrip())
    return " ".join(stages)


def sought(tail: str) -> list[str]:
    """What the filters of a tail look for."""
    found = [stage[1:].strip().partition(" ") for stage in _stages(tail)]
    return [_bare(text) for verb, _, text in found if verb in SEEKING]


def captures_like(text: str) -> list[tuple[str, object]]:
    """The values that a text may be, of the kinds that are captured."""
    import re
    return [(kind, canonical(kind, text)) for kind in sorted(CAPTURED & TYPES.keys())
            if re.fullmatch(TYPES[kind].shape, text)]


def _bare(text: str) -> str:
    return text[1:-1] if text[:1] == '"' == text[-1:] and len(text) > 1 else text


def _stages(tail: str) -> list[str]:
    """The stages of a tail, cut at the operators outside quotes."""
    stages: list[str] = []
    quote = False
    for sign in tail:
        quote ^= sign == '"'
        if sign in "|>" and not quote and not (stages and sign == ">" and stages[-1] == ">"):
            stages.append(sign)
        elif stages:
            stages[-1] += sign
    return [stage.strip() for stage in stages]
