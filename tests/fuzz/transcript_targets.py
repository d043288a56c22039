"""Transcript files and what is found on terminals as a fuzz surface: any octets, in all ways in.

Promises: every file is read, checked and written in every other form, or refused with its line;
what is made of a terminal's text is a transcript; nothing takes long.
"""

import atexit
import time
from pathlib import Path
from random import Random
from shutil import rmtree
from tempfile import mkdtemp

from commands.session import Session
from tests.fuzz.targets import Target
from transcripts import replay
from transcripts.checking.lint import findings
from transcripts.checking.mistakes import read_all
from transcripts.exports.command import FORMS, writer
from transcripts.exports.document import document, hidden
from transcripts.format import decoded, parse
from transcripts.imports.cast import is_cast, screen_lines
from transcripts.imports.session import heard
from transcripts.imports.write import write
from transcripts.model import FormatError
from transcripts.stage import CannotPlay

SECONDS_MOST = 20.0
OCTETS_MOST = 4_000
WORDS = ["<", "<spi:x>", "> ", "\n> ", "\n| ", "\n! ", "\n? x", "\n< ^C\n", "\n~ unordered\n",
         "\n~ end\n", "${", "${secret:k}", "}", "\\", "\n= 300\n", "```ipsecsh\n", "```\n",
         "\n## s\n", "\n# mask: host=gwA\n", "\n# bind: NetA=10.0.0.0/8\n", "psk=", '"',
         "<re((", "<...>", "<rows>", "\n~ json .x", "\n~ retry 1s\n", "\nipsecsh>", "(y/n) y",
         '\n[1, "o", "', '{"version": 2}\n', "\x1b[2J", "\x1b[80C", "\r", "\b", "\0", "ä"]
CAST = '{"version": 2, "width": 40, "height": 5}\n' \
       '[0.1, "o", "ipsecsh>lab show clock\\r\\nx\\r\\n"]\n'
TEXT = "# transcript: 1\n# title: t\n\nProse.\n\n## One\n\n> lab show clock\n| <time> x\n" \
       "ipsec static> add rule r p psk=geheim-geheim\n! ERR x : <*>\n= 1\n~ within 5s\n"
PASTED = "ipsecsh ipsec static>delete all\nipsec static delete all: are you sure? (y/n) n\n" \
         "ERR x : y\n  delete all\n[hostA] ipsecsh>dump > x\nbob@gw:~$ netsh ipsec\n"


class Transcripts(Target):
    """A file's octets as a transcript, as an article, and as what stood on a terminal."""

    name = "transcript"
    every = 200

    def __init__(self) -> None:
        folder = mkdtemp(prefix="ipsecsh-fuzz-")
        atexit.register(rmtree, folder, True)
        self.path = Path(folder) / "t.transcript"
        self.contexts = replay.contexts()

    def seeds(self) -> list[bytes]:
        """One of each kind."""
        return [text.encode() for text in (
            TEXT, CAST, PASTED, f"# A\n\n```ipsecsh\n{TEXT}```\n")]

    def mend(self, data: bytes, draw: Random) -> bytes:
        """Puts a word of the format somewhere, most of the time."""
        data = data[:OCTETS_MOST]
        for _ in range(draw.randint(0, 3)):
            at = draw.randint(0, len(data))
            data = data[:at] + draw.choice(WORDS).encode() + data[at:]
        return data

    def execute(self, data: bytes) -> str:
        """All ways in; the label is what came of it."""
        start = time.thread_time()
        label = f"{self._transcript(data)} {self._terminal(data)}"
        assert time.thread_time() - start < SECONDS_MOST, "takes too long"
        return label

    def _transcript(self, data: bytes) -> str:
        codes: set[str] = set()
        for path in (self.path, self.path.with_suffix(".md")):
            path.write_bytes(data)
            read = read_all(str(path), self.contexts)
            found = findings(read)
            assert all(one.line or one.code not in ("format", "bad-command") for one in found)
            codes |= {one.code for one in found}
            if read.transcript is None or not read.transcript.exchanges:
                continue
            made = hidden(document(read.transcript))
            for form in FORMS:
                try:
                    assert writer(form)(made)
                except CannotPlay:
                    codes.add("cannot-run")
        return ",".join(sorted(codes)) or "fine"

    def _terminal(self, data: bytes) -> str:
        try:
            text = decoded(data, "x")
            lines = screen_lines(text, "x")[0] if is_cast(text) else text.split("\n")
        except FormatError:
            return "refused"
        session = Session("")
        found = heard(lines, self.contexts, session)
        if found.typed:
            parse(write(found.typed, "t", session).text, "x", self.contexts)
        session.close()
        return f"{min(len(found.typed), 3)} typed"


TARGETS: tuple[type[Target], ...] = (Transcripts,)
