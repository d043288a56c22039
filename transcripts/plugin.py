"""A pytest plugin: every ``*.transcript`` file is a test.

pytest loads it wherever the package is installed, so nothing of the shell is imported before such
a file is found.
"""

from collections.abc import Iterator
from pathlib import Path
from time import perf_counter, sleep
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from transcripts.replay import Settings
    from transcripts.results import Report

SUFFIX = ".transcript"
STYLES = ("unified", "words", "side")


def pytest_addoption(parser: pytest.Parser) -> None:
    """The options of `transcript run` that make sense for many files."""
    group = parser.getgroup("transcripts", "transcripts of ipsecsh")
    group.addoption("--transcript-set", action="append", default=[], metavar="NAME=VALUE",
                    help="bind a name in all transcripts, as NetA=172.16.0.0/24")
    group.addoption("--transcript-secret", action="append", default=[], metavar="NAME=SOURCE",
                    help="source of a secret: @FILE, env:NAME or generate")
    group.addoption("--transcript-target", default="", metavar="COMMAND",
                    help="a program to type at instead of the lab")
    group.addoption("--transcript-timeout", type=float, metavar="SECONDS",
                    help="longest time of a command")
    group.addoption("--transcript-diff", choices=STYLES, default=STYLES[0],
                    help="how a mismatch is shown")
    group.addoption("--no-transcripts", action="store_true", help="collect no transcripts")


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> "TranscriptFile | None":
    """A collector for each transcript."""
    if file_path.suffix != SUFFIX or parent.config.getoption("no_transcripts"):
        return None
    return TranscriptFile.from_parent(parent, path=file_path)


class TranscriptFile(pytest.File):
    """A file with one item."""

    def collect(self) -> Iterator["TranscriptItem"]:
        yield TranscriptItem.from_parent(self, name=self.path.stem)


class Failed(Exception):
    """A transcript that did not go as it is written; the text is the report."""


class TranscriptItem(pytest.Item):
    """One transcript, run on a lab of its own or on the target."""

    def runtest(self) -> None:
        """Raises Failed with all that did not match; skips what cannot run here."""
        from transcripts.model import FormatError
        from transcripts.replay import Missing, run_file
        from transcripts.stage import CannotPlay
        try:
            report = run_file(str(self.path), self._settings(), perf_counter)
        except Missing as reason:
            pytest.skip(str(reason))
        except FormatError as mistake:
            raise Failed(str(mistake)) from None
        except CannotPlay as reason:
            raise Failed(f"{self.path}: {reason}") from None
        if not report.commands:
            raise Failed(f"{self.path}: {report.incomplete or 'holds no command that ran'}")
        if report.failed:
            raise Failed(self._told(report))

    def _settings(self) -> "Settings":
        import os

        from transcripts.conditions import Place
        from transcripts.play import Options
        from transcripts.replay import Settings
        target = self._option("target")
        options = Options(timeout=self._option("timeout"),
                          place=Place(bool(target), False, os.environ))
        return Settings(self._pairs("set"), self._pairs("secret"), "", options, os.environ, None,
                        sleep, "", (), target)

    def _option(self, name: str) -> Any:
        return self.config.getoption(f"transcript_{name}")

    def _pairs(self, name: str) -> tuple[tuple[str, str], ...]:
        """Raises pytest.UsageError for what is no NAME=VALUE."""
        found = []
        for text in self._option(name):
            key, equals, value = text.partition("=")
            if not (key and equals and value):
                raise pytest.UsageError(f"--transcript-{name} must be NAME=VALUE: {text}")
            found.append((key, value))
        return tuple(found)

    def _told(self, report: "Report") -> str:
        """The failures as `transcript run` shows them."""
        from commands.render import render_text
        from transcripts.report import result_lines, summary_lines
        blocks = [result_lines(report, one, self._option("diff")) for one in report.failures]
        return "\n\n".join(render_text(block, width=1 << 20).rstrip() for block in (
            *blocks, summary_lines(report)))

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException],
                     style: Any = None) -> Any:
        """The report, without the trace of this plugin."""
        if isinstance(excinfo.value, Failed):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int, str]:
        """Where it is and what it is called."""
        return self.path, 0, f"transcript {self.name}"
