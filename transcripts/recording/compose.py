"""The text of a recorded transcript, from the events of the journal or of a recording."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from engine.lab.site import DEFAULT, Site, bound
from transcripts.recording.base import Base
from transcripts.recording.event import ELIDED, Event, Said
from transcripts.recording.render import Placeholders, Renderer, escape
from transcripts.recording.rewrite import (
    Line,
    Names,
    in_full,
    read_paths,
    rewrite,
    unextended,
    written_paths,
)
from transcripts.recording.scripts import Unknown, expand, meant
from transcripts.symbols import Symbols

if TYPE_CHECKING:
    from transcripts.hiding import Hider

# From these on gwA's outer address is another, and its name with it.
MOVING = (("lab", "add", "nat"), ("lab", "add", "proxy"))
ARTICLE = ("NetA", "NetB", "W2KextIP", "3rdExtIP")
BEFORE, RECORDED = "Before", "Recorded"


class Recorded(NamedTuple):
    """A transcript, the number of its commands, and what could not be kept in it."""

    text: str
    commands: int
    lost: tuple[str, ...] = ()


class Frame(NamedTuple):
    """What a recording stands on: its title, and what the first line of its sitting says.

    `weak` are the names of secrets that are weak: the shell says so, so they must be again.
    """

    title: str
    start: dict[str, object]
    weak: frozenset[str] = frozenset()
    masks: tuple[tuple[str, str], ...] = ()


def compose(events: Sequence[Event], base: Base, setup: Sequence[Event], frame: Frame,
            hider: "Hider") -> Recorded:
    """The transcript of some events. `setup` are lines that are typed before all others."""
    return _Composer(frame, hider).compose(events, base, setup)


def site_of(start: dict[str, object]) -> Site:
    """The addresses that a sitting had."""
    names = start.get("bind")
    try:
        return bound({str(key): str(value) for key, value in names.items()}) \
            if isinstance(names, dict) else DEFAULT
    except ValueError:
        return DEFAULT


def _unlike(name: str, paths: Mapping[str, str]) -> str:
    """A file's name in the run's own folder; files of several folders may be called the same."""
    taken = set(paths.values())
    return next(one for one in (f"${{tmp}}/{number}{name}" for number in ("", *range(2, 10**6)))
                if one not in taken)


class _Composer:
    """Writes one transcript; mutable: where it stands, and what it has lost."""

    def __init__(self, frame: Frame, hider: "Hider") -> None:
        self.frame, self.hider = frame, hider
        self.site = site_of(frame.start)
        self.placeholders = Placeholders()
        self.names = Names(Symbols(self.site), {}, _Captured(self.placeholders))
        self.renderer = Renderer(self.names, self.placeholders, self._in_full)
        self.lines: list[str] = []
        self.context: tuple[str, ...] = ()
        self.sitting = ""
        self.commands = 0
        self.lost: list[str] = []
        self.typed: set[str] = set()

    def compose(self, events: Sequence[Event], base: Base, setup: Sequence[Event]) -> Recorded:
        whole = self._lines_of(events)
        self.placeholders.count(whole)
        earlier = [*setup, *self._lines_of(base.earlier)]
        self._files([*earlier, *whole])
        self.names.type([*earlier, *whole])
        if any(event.meaning.words[:3] in MOVING for event in (*earlier, *whole)):
            self.names.symbols = Symbols(self.site, moved=True)
        self.typed = {in_full(event, self.names) for event in (*earlier, *whole)
                      if event.meaning.kind == "command"}
        if earlier:
            self._section(BEFORE)
            for event in earlier:
                self._event(event, quiet=True)
        if earlier:
            self._section(RECORDED)
        for event in whole:
            self._event(event, quiet=False)
        text = "\n".join([*self._header(), "", *self.lines]) + "\n"
        return Recorded(text, self.commands, tuple(dict.fromkeys(self.lost)))

    def _files(self, events: Sequence[Event]) -> None:
        """Files that are written lie in the run's own folder, unless one was read there before."""
        there: set[str] = set()
        paths = self.names.paths
        for event in events:
            if not event.exit:
                there.update(map(unextended, read_paths(event)))
            for text in map(unextended, written_paths(event)):
                if text not in there and text not in paths:
                    paths[text] = _unlike(text.rstrip("/").rpartition("/")[2], paths)

    def _lines_of(self, events: Sequence[Event]) -> list[Event]:
        """The events, with scripts as the lines of which they are made."""
        found: list[Event] = []
        for event in events:
            if not event.scripts:
                found.append(event)
                continue
            try:
                found += expand(event, self.hider)
            except Unknown as reason:
                self.lost.append(str(reason))
                found.append(_whole(event))
        return found

    def _section(self, title: str) -> None:
        self.lines += [*([""] if self.lines else []), f"## {title}", ""]

    def _header(self) -> list[str]:
        from time import gmtime, strftime

        from engine.lab.seed import EPOCH
        start = self.frame.start
        epoch = start.get("epoch")
        at = epoch if isinstance(epoch, int | float) else EPOCH
        lines = ["# transcript: 1", f"# title: {self.frame.title}"]
        if not start.get("live"):
            lines.append("# store: empty")
        lines += [f"# clock: virtual {strftime('%Y-%m-%dT%H:%M:%SZ', gmtime(at))}",
                  f"# seed:  {start.get('seed', 0)}"]
        body = "\n".join(self.lines)
        names = [f"{name}={value}" for name, value in _told(self.site).items()
                 if self.site != DEFAULT or "${" + name in body]
        lines += ["# bind:  " + " ".join(names)] if names else []
        sources = [f"{name}={'weak' if name in self.frame.weak else 'generate'}"
                   for name in _secret_names(body)]
        return lines + (["# secrets: " + " ".join(sources)] if sources else [])

    # --- one command ---------------------------------------------------------------------------

    def _event(self, event: Event, quiet: bool) -> None:
        self._reach(event)
        line = rewrite(event, self.names)
        if not line.text.strip() or _cannot_stand(line.text):
            self.lost.append(f"a line that was no command: {line.text.strip()[:40]}")
            return
        if event.label:
            self.lines.append(f"~ label {event.label}")
        self.lines.append(f"{' '.join(event.context)}> {line.text}")
        self.commands += 1
        answers = [one for one in event.said if one.sigil == "<"]
        if quiet and not answers:
            self.lines.append("~ output ignore")
        elif quiet and not _pressed(event):
            self.lines += self._asked(event)
        else:
            self.lines += self.renderer.output(line, event.text, event.said)
        if event.exit:
            self.lines.append(f"= {event.exit}")
        self.context = event.after

    def _in_full(self, text: str) -> str:
        """A line that is printed as it was typed, as the recording types it; one that the program
        has typed itself is what it is.
        """
        event = meant(text)
        full = in_full(event, self.names) if event is not None else ""
        if full in self.typed:
            return full.replace("<", "\\<")
        return self.names.symbols.words(escape(text))

    def _asked(self, event: Event) -> list[str]:
        """Questions and answers, with whatever was printed between."""
        lines: list[str] = []
        for one in event.said:
            if one.sigil in "?<":
                lines += self.renderer.output(Line(""), "", [one])
            elif not lines or lines[-1] != "| <...>":
                lines.append("| <...>")
        return [*lines, "| <...>"] if lines and lines[-1] != "| <...>" else lines

    def _reach(self, event: Event) -> None:
        """Gets to where a line was typed, when no line led there: another sitting, Ctrl-D."""
        if self.sitting and event.sitting != self.sitting:
            self.lines.append("~ restart")
            self.context = ()
        self.sitting = event.sitting
        if event.context == self.context:
            return
        while self.context and event.context[:len(self.context)] != self.context:
            self.lines.append(f"{' '.join(self.context)}> ..")
            self.context = self.context[:-1]
            self.commands += 1
        if event.context != self.context:
            self.lines.append(f"{' '.join(self.context)}> "
                              + " ".join(event.context[len(self.context):]))
            self.context = event.context
            self.commands += 1


class _Captured(dict[tuple[str, object], str]):
    """The captures so far, by value: a look into the placeholders."""

    def __init__(self, placeholders: Placeholders) -> None:
        super().__init__()
        self.placeholders = placeholders

    def get(self, key: tuple[str, object], default: object = None) -> str | None:  # type: ignore[override]
        """As a dictionary's."""
        return self.placeholders.names.get(key)


def _pressed(event: Event) -> bool:
    """Whether Ctrl-C came behind some lines, which count for that."""
    return any(one.sigil == "<" and one.spans[0][0] == "^C" and before.sigil != "?"
               for before, one in pairwise((Said("|"), *event.said)) if one.spans)


def _whole(event: Event) -> Event:
    """A script as one command: what its lines said, one after the other."""
    said: list[Said] = []
    for ran in event.scripts:
        for lines in ran.said.values():
            said += [one for one in lines if one.sigil != "="]
    from copy import copy
    whole = copy(event)
    whole.said = (*said, *event.said) if said else event.said
    if any(one.sigil == ELIDED for one in whole.said):
        whole.said = (Said(ELIDED),)
    return whole


def _cannot_stand(text: str) -> bool:
    """Whether a line would not be read as a command."""
    return "\n" in text or not text.isprintable() and "\t" not in text


def _told(site: Site) -> dict[str, str]:
    """The names that say where a site is; what follows from them is left out."""
    names = site.names()
    told: dict[str, str] = {}
    for name in ("NetA", "NetB", "W2KextIP", "3rdExtIP", "W2KintIP", "3rdIntIP", "TransitA",
                 "TransitB", "Middle"):
        if len(told) >= len(ARTICLE) and bound(told) == site:
            break
        told[name] = names[name]
    return told


def _secret_names(body: str) -> list[str]:
    """The secrets that a transcript uses, in their order."""
    found: dict[str, None] = {}
    for piece in body.split("${secret:")[1:]:
        name = piece.partition("}")[0].partition(".")[0]
        if name != "?":
            found[name] = None
    return list(found)
