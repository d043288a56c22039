"""Files that are no transcripts: always a named error, never a hang, never a green."""

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from commands.errors import CommandError
from commands.run import run_line
from commands.session import Session
from transcripts import octets

HEAD = b"# transcript: 1\n"
GOOD = HEAD + b"> set machine hostA\n"
QUICK = 20.0


def sparse(path: Path) -> None:
    """200 MB that begin as a transcript does."""
    with path.open("wb") as file:
        file.write(GOOD)
        file.truncate(200_000_000)


def many_lines(path: Path) -> None:
    path.write_bytes(GOOD + b"> set machine hostA\n" * 900_000)


def octets_of(content: bytes) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        path.write_bytes(content)
    return write


def includes(path: Path) -> None:
    path.write_bytes(HEAD + b"# include: other.transcript\n> set machine hostA\n")
    (path.parent / "other.transcript").write_bytes(HEAD + b"# include: t.transcript\n")


def doubling(path: Path) -> None:
    """Each of them includes the next one twice."""
    for depth in range(8):
        name = path if not depth else path.parent / f"{depth}.transcript"
        name.write_bytes(HEAD + f"# include: {depth + 1}.transcript\n".encode() * 2)
    (path.parent / "8.transcript").write_bytes(GOOD)


FILES: dict[str, tuple[Callable[[Path], None], int, str]] = {
    "huge": (sparse, 3, "larger than 16 MiB"),
    "too many lines": (many_lines, 3, "larger than 16 MiB"),
    "binary": (octets_of(GOOD + b"\x7fELF\x02\0\0"), 3, "t.transcript:3: is binary"),
    "not UTF-8": (octets_of(GOOD + b"| caf\xe9\n"), 3, "t.transcript:3: is not UTF-8"),
    "UTF-16": (octets_of("# transcript: 1\n".encode("utf-16")), 3, "not UTF-8"),
    "cut inside a sign": (octets_of(GOOD + "| ü".encode()[:-1]), 3, "t.transcript:3: is not"),
    "cut inside a placeholder": (octets_of(GOOD + b"| <sp"), 2, "t.transcript:3: <sp> is no"),
    "cut inside a group": (octets_of(GOOD + b"~ unordered\n| x"), 2, "without 'end'"),
    "cut inside a header": (octets_of(b"# transcript:"), 2, "t.transcript:1: header"),
    "cut inside a directive": (octets_of(GOOD + b"~ wait state(x"), 2, "t.transcript:3: dir"),
    "a long line": (octets_of(GOOD + b"| " + b"x" * 30_000), 2, "t.transcript:3: a line is"),
    "empty": (octets_of(b""), 2, "t.transcript:1: a transcript begins"),
    "only a header": (octets_of(HEAD), 4, "holds no command"),
    "only prose": (octets_of(HEAD + b"Some words.\n    > lab show clock\n"), 4, "no command"),
    "an endless include": (includes, 2, "which includes it in turn"),
    "includes without end": (doubling, 2, "includes"),
    "a folder": (lambda path: path.mkdir(), 3, "Is a directory"),
    "missing": (lambda path: None, 3, "No such file"),
    "a pipe": (lambda path: os.mkfifo(path), 2, "t.transcript:1: a transcript begins"),
    "a device without end": (lambda path: path.symlink_to("/dev/zero"), 3, "larger than"),
    "a link to itself": (lambda path: path.symlink_to(path), 3, "symbolic links"),
}


@pytest.mark.parametrize("what", FILES)
@pytest.mark.parametrize("command", ["run t.transcript", "run t.transcript junit=o.xml update=all",
                                     "check t.transcript"])
def test_it_is_named_and_never_green(what: str, command: str, tmp_path: Path,
                                     monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CI", raising=False)
    make, exit, text = FILES[what]
    make(tmp_path / "t.transcript")
    session = Session("")
    session.folder = str(tmp_path)
    start = time.perf_counter()
    try:
        answer = run_line(f"transcript {command}", session)
        found = answer.exit, " ".join(one["text"] for block in answer.blocks
                                      for one in getattr(block, "data", ()))
    except CommandError as error:
        found = error.exit, error.text
        assert ".transcript" in error.text
    assert time.perf_counter() - start < QUICK
    assert found[0] == exit and (text.partition(": ")[2] or text) in found[1]
    if command.startswith("run t.transcript junit"):
        assert 'errors="1"' in (tmp_path / "o.xml").read_text()


def test_a_pipe_that_nothing_comes_from_is_given_up(tmp_path: Path,
                                                    monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(octets, "LONGEST", 0.2)
    reader, writer = os.pipe()
    with pytest.raises(OSError, match="nothing came for"):
        octets.read_octets(f"/dev/fd/{reader}", 100)
    os.write(writer, b"x")
    os.close(writer)
    assert octets.read_octets(f"/dev/fd/{reader}", 100) == b"x"
    os.close(reader)


def test_a_file_that_was_cut_off_anywhere_is_never_taken_for_the_whole(tmp_path: Path) -> None:
    """Cut inside a command's lines it fails or is an error; only behind them it may pass."""
    whole = (HEAD + b"> set machine nobody\n! ERR not-found <*>\n!   set machine nobody\n"
             b"!               ^^^^^^\n!   known: gwA, gwB, hostA, hostB, r1, r2\n= 1\n")
    passed = []
    for size in sorted({*range(0, len(whole), 9), len(whole) - 1, len(whole)}):
        (tmp_path / "t.transcript").write_bytes(whole[:size])
        session = Session("")
        session.folder = str(tmp_path)
        try:
            exit = run_line("transcript run t.transcript", session).exit
        except CommandError as error:
            exit = error.exit
        if not exit:
            passed.append(size)
    assert passed == [len(whole) - 1, len(whole)]


def test_a_command_that_was_cut_off_is_not_run(tmp_path: Path) -> None:
    """It may mean something else, as ``set machine`` of ``set machine hostA`` does."""
    (tmp_path / "t.transcript").write_bytes(HEAD + b"> set machine")
    session = Session("")
    session.folder = str(tmp_path)
    with pytest.raises(CommandError, match="t.transcript:2: no line feed ends this command"):
        run_line("transcript run t.transcript", session)
