"""Scripts of 10,000 add-filter lines beside SQLite alone, and a large store at the prompt.

The limits are measured in the same run, in turns: the same rows with the same indices, put into
a file of the same settings, one commit a row and all in one.
"""

import gc
import sqlite3
import statistics
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from commands.parser import complete, parse
from commands.run import run_line
from commands.script import run_script
from commands.session import Session
from engine.policy.schema import MIGRATIONS
from shell.app import COLLECT_EVERY

LINES = 10_000
TURNS, ROUNDS = 10, 5
FILTERS, RULES = 5_000, 500
COLUMNS = ("filterlist source_kind source source_prefix source_name destination_kind destination "
           "destination_prefix destination_name description protocol source_port "
           "destination_port mirrored guid").split()


def add_lines(count: int, name: str = "L") -> list[str]:
    """Lines as dumps have them, all different."""
    return [f'add filter filterlist={name} srcaddr=10.{at >> 8 & 255}.{at & 255}.0 '
            f'srcmask=255.255.255.0 dstaddr=172.{16 + (at >> 16)}.0.0 dstmask=255.255.0.0 '
            f'description="site {at}" protocol=ANY mirrored=no' for at in range(count)]


def rows(count: int) -> list[tuple[object, ...]]:
    """The rows that the lines end up as."""
    return [(1, "ip", 10 << 24 | at << 8, 24, "", "ip", 172 << 24 | 16 << 16, 16, "",
             f"site {at}", 0, 0, 0, 0, f"{{00000000-0000-4000-8000-{at * 7919 % 2**40:012X}}}")
            for at in range(count)]


def bare(path: Path) -> sqlite3.Connection:
    """A file with our tables and our durability, and one filter list."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    for script in MIGRATIONS:
        connection.executescript(script)
    connection.execute("INSERT INTO machine VALUES (1, 'a', 'A', 'host', 0, 0)")
    connection.execute("INSERT INTO filterlist VALUES (1, 1, 'local', 'l', '{}', 'L', '', 0)")
    return connection


def insert(connection: sqlite3.Connection, data: Iterable[tuple[object, ...]],
           each: bool) -> None:
    """The rows, one transaction each or one for all."""
    sql = (f"INSERT INTO filter ({', '.join(COLUMNS)}) "
           f"VALUES ({', '.join('?' * len(COLUMNS))})")
    if not each:
        connection.execute("BEGIN IMMEDIATE")
    for row in data:
        if each:
            connection.execute("BEGIN IMMEDIATE")
        connection.execute(sql, row)
        if each:
            connection.execute("COMMIT")
    if not each:
        connection.execute("COMMIT")


def seconds(work: Callable[[], object]) -> float:
    """How long it takes."""
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def opened(folder: Path, mode: str) -> tuple[Session, sqlite3.Connection]:
    """A new store of ours with one filter list, and SQLite alone."""
    session = Session(str(folder / f"ours{mode}.db"))
    session.context = ("ipsec", "static")
    run_line("add filterlist L", session)
    return session, bare(folder / f"bare{mode}.db")


def online(folder: Path) -> tuple[float, float]:
    """Commits a second of SQLite alone and lines a second of a script, in turns."""
    session, connection = opened(folder, "online")
    lines, data, size = add_lines(LINES), rows(LINES), LINES // TURNS
    alone, ours = [], []
    for start in range(0, LINES, size):
        part, some = lines[start:start + size], data[start:start + size]
        alone.append(seconds(lambda some=some: insert(connection, some, True)))  # type: ignore[misc]
        ours.append(seconds(lambda part=part: run_script(part, "s", session)))  # type: ignore[misc]
    assert len(session.config.filterlist("L").filters) == LINES
    session.close()
    connection.close()
    return size / statistics.median(alone), size / statistics.median(ours)


def at_once(folder: Path, mode: str) -> tuple[float, float]:
    """Rows and lines a second where all of them are one transaction, the best of some rounds."""
    lines, data = add_lines(LINES), rows(LINES)
    alone, ours = [], []
    for number in range(ROUNDS):
        session, connection = opened(folder, f"{mode}{number}")
        if mode == "offline":
            run_line("offline", session)

        def whole(session: Session = session) -> None:
            with session.store.transaction():
                session.atomic = mode == "--atomic"
                assert run_script(lines, "script", session) == 0
                session.atomic = False

        def reference(connection: sqlite3.Connection = connection) -> None:
            insert(connection, data, False)

        alone.append(seconds(reference))
        ours.append(seconds(whole))
        assert len(session.config.filterlist("L").filters) == LINES
        session.close()
        connection.close()
    return LINES / min(alone), LINES / min(ours)


@pytest.mark.bench
def test_ten_thousand_lines_beside_sqlite_alone(tmp_path: Path) -> None:
    alone, ours = online(tmp_path)
    print(f"\nonline   {ours:8.0f} lines/s   bare commits {alone:8.0f}/s   {ours / alone:.2f}x")
    assert ours >= 0.5 * alone
    for mode in ("--atomic", "offline"):
        alone, ours = at_once(tmp_path, mode)
        print(f"{mode:8} {ours:8.0f} lines/s   bare inserts {alone:8.0f}/s   {ours / alone:.2f}x")
        assert ours >= 0.15 * alone


@pytest.fixture
def large(tmp_path: Path) -> Session:
    """A session at a store of 5,000 filters and 500 rules."""
    session = Session(str(tmp_path / "large.db"))
    session.context = ("ipsec", "static")
    per_list = FILTERS // RULES
    lines = ["add policy P", "add filteraction A"]
    for number in range(RULES):
        lines += add_lines(per_list, f"L{number}")
        lines.append(f"add rule r{number} P L{number} A")
    with session.store.transaction():
        assert run_script(lines, "large", session) == 0
    return session


@pytest.mark.bench
def test_a_large_store_at_the_prompt(large: Session) -> None:
    gc.set_threshold(COLLECT_EVERY)  # as the program does
    typed = ['add rule x policy=P filterlist=', "show rule r1", "add rule x P L4",
             "delete filterlist name=", "set rule name=r49 policy=P ", "sh", "add filter L1"]
    taken = sorted(seconds(lambda text=text: complete(text, large))  # type: ignore[misc]
                   for text in typed * 30)
    asked = sorted(seconds(lambda text=text: run_line(text + " ?", large))  # type: ignore[misc]
                   for text in ("add rule", "show", "show filterlist", "") * 30)
    keys = sorted(seconds(lambda: parse('add rule x policy=P filterlist="L1', large))
                  for _ in range(200))
    print()
    for name, times in (("completion", taken), ("?", asked), ("parse", keys)):
        print(f"{name:10} median {statistics.median(times) * 1000:6.2f} ms   "
              f"p99 {times[len(times) * 99 // 100] * 1000:6.2f} ms")
    for line in ("show filterlist all level=verbose", "show rule all P level=verbose", "show all",
                 "show policy all", "dump"):
        print(f"{line:36} {seconds(lambda line=line: run_line(line, large)):6.3f} s")  # type: ignore[misc]
    large.close()
    assert taken
