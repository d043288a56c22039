"""One line of a transcript's output made wrong: exactly its command must be reported, and an
update must bring back exactly that line."""

import random
from pathlib import Path
from time import perf_counter
from typing import NamedTuple

from transcripts import replay
from transcripts.format import load
from transcripts.model import Expected, Transcript
from transcripts.play import Watcher
from transcripts.results import Report
from transcripts.updating.update import accept_all, update

CONTEXTS = replay.contexts()
WRONG = "Mutated"


class Mutation(NamedTuple):
    """A changed transcript: the line that is wrong now, and the first one of its command."""

    text: str
    line: int
    command: int


def mutate(transcript: Transcript, draw: random.Random) -> Mutation:
    """Puts another word in the place of one that is printed."""
    lines = transcript.text.split("\n")
    places = [(exchange.line, line, at) for exchange in transcript.exchanges
              if not exchange.ignore and exchange.path == transcript.path
              for line in exchange.expected if _compared(line)
              for at, word in enumerate(lines[line.line - 1].split(" "))
              if at and word.strip("|-=*.^") and not set(word) & set("<>$\\")]
    command, line, at = draw.choice(places)
    words = lines[line.line - 1].split(" ")
    words[at] = WRONG
    lines[line.line - 1] = " ".join(words)
    return Mutation("\n".join(lines), line.line, command)


def _compared(line: Expected) -> bool:
    return line.sigil in "|!" and bool(line.text) and line.elision is None and not line.rows


def problems(path: Path, draw: random.Random) -> list[str]:
    """What a run and an update of a mutation do that they should not."""
    whole = load(str(path), CONTEXTS)
    made = mutate(whole, draw)
    wrong = load(str(path), CONTEXTS, made.text)
    where = f"{path.name}:{made.line}"
    reported = [one.exchange.line for one in run(wrong).failures]
    found = [] if reported == [made.command] else [f"{where}: lines {reported} are reported"]
    outcome = update(wrong, run, accept_all, CONTEXTS, Watcher())
    after = (outcome.text or made.text).split("\n")
    before = made.text.split("\n")
    touched = [number for number, (old, new) in enumerate(zip(before, after, strict=False), 1)
               if old != new]
    if outcome.report.failed or len(after) != len(before) or touched != [made.line]:
        found.append(f"{where}: the update touches {touched}: {outcome.left}")
    elif update(load(str(path), CONTEXTS, outcome.text), run, accept_all, CONTEXTS,
                Watcher()).text is not None:
        found.append(f"{where}: a second update changes it again")
    return found


def run(transcript: Transcript, watcher: Watcher | None = None) -> Report:
    """One run on a lab of its own."""
    return replay.run(transcript, replay.Settings(), perf_counter, watcher)
