"""Finds transcripts, and runs one in this process on a session of its own.

Everything that lasts runs on the lab's virtual clock, so a replay sleeps nowhere; the header's
seed and clock make it the same on every machine.
"""

import os
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, NamedTuple

from transcripts.conditions import parse_condition
from transcripts.format import load as load_file
from transcripts.model import Header, Transcript
from transcripts.play import SUFFIX, Options, Watcher, play
from transcripts.results import Report
from transcripts.sources import NoSecret, resolve
from transcripts.stage import CannotPlay, LabStage, Stage

if TYPE_CHECKING:
    from commands.session import Session

SCRIPTS = os.path.join(os.path.dirname(__file__), "scripts")
TEMPORARY = "tmp"
# Who changes the store in a replay.
USER = "transcript"


class Missing(CannotPlay):
    """What the header requires is not given here."""


class Settings(NamedTuple):
    """What a caller says beside the file. `bind` and `secrets` win over the header's; `store`
    does unless it is ""; `ask` answers for secrets whose source is "ask". `target` is the command
    line of a program to type at instead of a session on the lab.
    """

    bind: tuple[tuple[str, str], ...] = ()
    secrets: tuple[tuple[str, str], ...] = ()
    store: str = ""
    options: Options = Options()
    environment: Mapping[str, str] = {}
    ask: Callable[[str], str] | None = None
    sleep: Callable[[float], None] = lambda seconds: None
    folder: str = ""
    depth: tuple[str, ...] = ()
    target: str = ""


def bundled() -> tuple[str, ...]:
    """Names of the transcripts that come with the product, sorted."""
    return tuple(sorted(name[:-len(SUFFIX)] for name in os.listdir(SCRIPTS)
                        if name.endswith(SUFFIX)))


def find(name: str) -> str:
    """The path of a transcript: a bundled name, else a file."""
    if os.sep not in name and not name.endswith(SUFFIX):
        own = os.path.join(SCRIPTS, name + SUFFIX)
        if os.path.exists(own):
            return own
    return name


def contexts() -> frozenset[tuple[str, ...]]:
    """The contexts of the shell, the root among them."""
    from commands.index import CONTEXTS
    return frozenset({(), *(tuple(words.split()) for words, _ in CONTEXTS)})


def load(path: str) -> Transcript:
    """Reads and parses a transcript file. Raises FormatError."""
    return load_file(path, contexts())


def make_session(header: Header, folder: str, epoch: float | None = None) -> "Session":
    """A session of its own for a transcript: its store, seed, clock and variables.

    Nobody is there to be asked, so destructive commands are confirmed beforehand. Raises
    CannotPlay when the lab cannot have the addresses that the header binds.
    """
    from commands.index import register
    from commands.session import Session
    from transcripts.rows import ROWS
    for row in ROWS:
        register(*row)
    store = "" if header.store == "empty" else os.path.join(folder, header.store)
    session = Session(store, yes=True)
    session.user = USER
    if header.seed is not None:
        session.seed = header.seed
    session.epoch = epoch if header.clock is None else header.clock
    try:
        session.bind(dict(header.bind))
    except ValueError as error:
        raise CannotPlay(f"header 'bind': {error}") from None
    session.folder = folder or os.curdir
    return session


def run_file(path: str, settings: Settings, clock: Callable[[], float],
             watcher: Watcher | None = None) -> Report:
    """Runs one file from reading it to its report. Raises FormatError, CannotPlay."""
    return run(load(path), settings, clock, watcher)


def run(transcript: Transcript, settings: Settings, clock: Callable[[], float],
        watcher: Watcher | None = None) -> Report:
    """Runs a transcript on a session of its own. Raises CannotPlay."""
    from tempfile import TemporaryDirectory
    header = transcript.header
    header = header._replace(bind=(*header.bind, *settings.bind))
    folder = os.path.dirname(transcript.path)
    if settings.store:
        header, folder = header._replace(store=settings.store), settings.folder
    _require(header, settings)
    if settings.target:
        return _on_target(transcript._replace(header=header), settings, clock, watcher)
    with TemporaryDirectory(prefix="ipsecsh-") as temporary:
        session = make_session(header, folder)
        session.script_depth = list(settings.depth)
        stage = LabStage(session, header.real, clock, settings.sleep)
        try:
            stage.bind(TEMPORARY, temporary)
            _bind_secrets(stage, transcript, settings, session.seed)
            digest = _digest(session.store_path)
            report = play(transcript, stage, settings.options, clock, watcher)
            return report._replace(seed=session.seed, header=header, digest=digest,
                                   variables=tuple(header.bind))
        finally:
            stage.close()


def _digest(path: str) -> str:
    """Which store a run begins on: of its file, "" without one."""
    if not path or not os.path.exists(path):
        return ""
    from hashlib import sha256
    with open(path, "rb") as file:
        return sha256(file.read()).hexdigest()


def _on_target(transcript: Transcript, settings: Settings, clock: Callable[[], float],
               watcher: Watcher | None) -> Report:
    """Runs a transcript on another program. Raises CannotPlay."""
    from commands.session import Session
    from transcripts.target.stage import TargetStage, plain
    header = transcript.header
    names = Session()
    try:
        names.bind(dict(header.bind))
    except ValueError:
        # A real network need not have the lab's shape.
        names.variables |= dict(header.bind)
    seed = 0 if header.seed is None else header.seed
    stage = TargetStage(settings.target, header, contexts(), names.variables, clock,
                        settings.sleep)
    try:
        _bind_secrets(stage, transcript, settings, seed)
        report = play(plain(transcript), stage, settings.options, clock, watcher)
        return report._replace(header=header, variables=tuple(header.bind))
    finally:
        stage.close()


def _require(header: Header, settings: Settings) -> None:
    """Raises Missing for what the transcript needs and is not here."""
    for word in header.requires:
        condition = parse_condition(word)
        if not settings.options.place.holds(condition.place):
            raise Missing(f"requires {word}, which is not given here")


def _bind_secrets(stage: Stage, transcript: Transcript, settings: Settings,
                  seed: int) -> None:
    """Every secret that the header declares or a line uses, from its source."""
    from engine.lab.seed import seeded_entropy
    sources = dict.fromkeys(used_secrets(transcript), "generate")
    sources |= dict(transcript.header.secrets) | dict(settings.secrets)
    for name, source in sources.items():
        try:
            value = resolve(name, source, seeded_entropy(seed, f"secret/{name}"),
                            settings.environment, settings.ask,
                            os.path.dirname(transcript.path))
        except NoSecret as error:
            raise CannotPlay(str(error)) from None
        stage.bind(f"secret:{name}", value)


def used_secrets(transcript: Transcript) -> tuple[str, ...]:
    """The names in ``${secret:name}`` of commands, answers and output, in their order."""
    found: dict[str, None] = {}
    for exchange in transcript.exchanges:
        for text in (exchange.command, *(line.text for line in exchange.expected)):
            for piece in text.split("${secret:")[1:]:
                name, closed, _ = piece.partition("}")
                if closed:
                    found[name.partition(".")[0]] = None
    return tuple(found)
