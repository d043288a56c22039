"""Script files as a fuzz surface: any octets, read as netsh scripts and batch files are read.

Promises: no exception but the operator's mistakes, none of them our own; a line that fails has
changed nothing; no line takes long; nothing is written but the store.
"""

import time
from pathlib import Path
from random import Random

from commands.answer import Block
from commands.batch import batch_steps, is_batch, plain_steps
from commands.errors import CommandError, Leave
from commands.files import Files
from commands.layout import plain
from commands.render import render_error
from commands.run import run_line
from commands.script import script_lines
from commands.session import Session
from tests.fuzz.targets import Target

WILD = Path(__file__).parent.parent / "commands" / "wild"
# A line that any mutation can make must be answered within this, on a busy machine, too.
SECONDS_MOST = 20.0
LINES_MOST = 120
SITTINGS_FRESH = 40
# Words of scripts, put in where a mutation would only make noise.
WORDS = ["add ", "set ", "delete ", "show ", "ipsec static ", "routing ip ", "name=", "policy=",
         "all", '"', "=", " = ", "\r\n", "\n", "^\n", "%X%", "set X=1\n", "&&", "||", ">nul",
         "| json",
         "${NetA}", "${", "\\'", "assign=y", "psk=geheim", "pushd ipsec static\n", "popd\n",
         "offline\n", "commit\n", "abort\n", "online\n", "rollback previous\n", "exec x\n", "?\n",
         "@echo off\n", "rem ", "::", "if exist x (\n", ")\n", "\0", "\ufeff", "ä"]


class NoFiles(Files):
    """Nothing is there to be read, and what is written goes nowhere."""

    def read(self, path: str, most: int) -> bytes:
        raise FileNotFoundError(2, "No such file or directory", path)

    def write(self, path: str, octets: bytes, append: bool = False) -> None:
        """Forgets it."""

    def replace(self, path: str, octets: bytes) -> None:
        """Forgets it."""


class Scripts(Target):
    """A script's octets to its end, line by line."""

    name = "script"
    every = 200

    def __init__(self) -> None:
        self.session = self._fresh()
        self.count = 0

    def seeds(self) -> list[bytes]:
        """The scripts in the shapes of the wild."""
        return [path.read_bytes() for path in sorted(WILD.iterdir()) if path.is_file()]

    def mend(self, data: bytes, draw: Random) -> bytes:
        """Sometimes a word of the language in the place of noise."""
        if draw.random() < 0.5:
            at = draw.randrange(len(data) + 1)
            return data[:at] + draw.choice(WORDS).encode() + data[at + draw.randrange(6):]
        return data

    def execute(self, data: bytes) -> str:
        """Runs it; the codes of its errors."""
        self.count += 1
        if self.count % SITTINGS_FRESH == 0:
            self.session.close()
            self.session = self._fresh()
        try:
            lines = script_lines(data, "script")[:LINES_MOST]
        except CommandError as mistake:
            return self._sound(mistake)
        codes = set()
        steps = batch_steps(lines) if is_batch(lines, "script") else plain_steps(lines)
        for step in steps:
            begun = time.monotonic()
            codes.add("not-understood" if step.problem else self._line(step.text))
            assert time.monotonic() - begun < SECONDS_MOST, f"too long: {step.text[:200]}"
        return " ".join(sorted(codes))

    def _line(self, text: str) -> str:
        session = self.session
        before = session.base.generation()
        self.said.clear()
        try:
            run_line(text, session)
        except CommandError as mistake:
            # A commit refused half-way would be a half-applied script.
            assert session.base.generation() == before, f"half applied: {text[:200]}"
            return self._sound(mistake)
        except Leave:
            return "leave"
        return "done"

    def _sound(self, mistake: CommandError) -> str:
        assert mistake.code != "internal", f"{mistake} {mistake.__cause__!r}"
        shown = [plain(line) for line in render_error(mistake)]
        assert shown and all(len(line) < 2_000 for line in shown)
        return mistake.code

    def _fresh(self) -> Session:
        self.said: list[Block] = []
        session = Session("", emit=self.said.append, yes=True)
        session.files = NoFiles()
        return session


TARGETS: tuple[type[Target], ...] = (Scripts,)
