"""The bar below the prompt looks at what is there and starts nothing."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from commands.run import run_line
from commands.session import Session
from shell.toolbar import Toolbar


@pytest.fixture
def session() -> Iterator[Session]:
    one = Session()
    yield one
    one.close()


def test_an_idle_bar_opens_no_store_and_boots_no_lab(session: Session) -> None:
    session.context = ("ipsec", "static")
    assert Toolbar(session)() == " gwA | ipsec static"
    assert not session.opened
    assert not session.booted


def test_the_bar_names_the_assigned_policy(session: Session) -> None:
    bar = Toolbar(session)
    run_line("ipsec static add policy name=toB", session)
    assert bar() == " gwA | root | policy: none assigned"
    run_line("ipsec static set policy name=toB assign=yes", session)
    assert bar() == " gwA | root | policy: toB"
    run_line("set machine hostA", session)
    assert bar() == " hostA | root | policy: none assigned"
    assert not session.booted


def test_the_bar_counts_the_associations_of_a_running_lab(session: Session) -> None:
    assert session.lab.now == 0.0
    session.store.machines()
    assert Toolbar(session)() == " gwA | root | policy: none assigned | SAs up: 0"


def test_a_long_policy_name_is_cut(session: Session) -> None:
    run_line(f"ipsec static add policy name={'x' * 60} assign=yes", session)
    assert Toolbar(session)() == f" gwA | root | policy: {'x' * 27}..."


def test_a_store_that_went_away_is_said_so(session: Session) -> None:
    bar = Toolbar(session)
    run_line("ipsec static add policy name=toB", session)
    session.machine = "gwC"
    assert bar() == " gwC | root | policy: (store not readable)"


def test_looking_opens_an_existing_store_only(session: Session, tmp_path: Path) -> None:
    session.store_path = str(tmp_path / "store.db")
    assert Toolbar(session).look() is False
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "store.db").write_bytes(b"this is no database, whatever its name says" * 9)
    assert Toolbar(session).look() is False
