"""lab issue certificate: machines of the lab prove themselves with certificates of its own."""

import os
from pathlib import Path

import pytest

from commands.run import run_line
from commands.session import Session
from tests.support.typing import data, refused, text


def test_a_certificate_and_its_authority_are_in_the_store(tmp_path: Path) -> None:
    session = Session(str(tmp_path / "store"))
    issued = data(session, "lab issue certificate gwA")
    assert issued["machine"] == "gwA" and issued["state"] == "valid"
    shown = text(session, "ipsec static show certificate all")
    assert "CN=Lab Root" in shown and "No. of certificates     : 2" in shown
    folder = tmp_path / "lab-authority"
    assert folder.stat().st_mode & 0o777 == 0o700
    assert all(one.stat().st_mode & 0o777 == 0o600 for one in folder.iterdir())
    session.close()


def test_the_authority_is_the_same_in_the_next_shell(tmp_path: Path) -> None:
    roots = []
    for machine in ("gwA", "gwB"):
        session = Session(str(tmp_path / "store"))
        run_line(f"lab issue certificate {machine}", session)
        roots.append((tmp_path / "lab-authority" / "root.pem").read_bytes())
        session.close()
    assert roots[0] == roots[1]


def test_a_new_one_takes_the_place_of_the_old_one() -> None:
    session = Session()
    first = data(session, "lab issue certificate gwA")["file"]
    second = data(session, "lab issue certificate gwA")["file"]
    assert first != second
    assert len(session.store.on("gwA").certificates()) == 2


def test_of_a_store_in_memory_nothing_is_left_behind() -> None:
    session = Session()
    folder = os.path.dirname(data(session, "lab issue certificate gwB")["file"])
    assert os.path.isdir(folder)
    store = session.store
    session.close()
    del session, store
    import gc
    gc.collect()
    assert not os.path.isdir(folder)


@pytest.mark.parametrize(("state", "words"), [
    ("valid", "OK"), ("expired", "expired"), ("future", "not valid yet")])
def test_it_can_be_outside_its_validity(state: str, words: str) -> None:
    session = Session()
    run_line(f"lab issue certificate gwA state={state}", session)
    assert words in text(session, 'ipsec static show certificate "Lab certificate"')


def test_an_unknown_machine_is_refused() -> None:
    assert refused(Session(), "lab issue certificate gwZ").code
