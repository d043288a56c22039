"""exportpolicy, importpolicy, restorepolicyexamples, batch mode and group policies."""

from pathlib import Path

import pytest

from commands.run import run_line
from commands.session import Session
from commands.static.exchange import MAGIC, seal
from tests.support.typing import data, refused, text, warned

KEY = "a key of ours"
LINES = ("add policy P activatedefaultrule=no",
         'add filter "Büro = 1" me any protocol=TCP dstport=80',
         "add filteraction A qmpfs=yes", f'add rule R P "Büro = 1" A psk="{KEY}"',
         "set policy P assign=yes")


@pytest.fixture
def filled(tmp_path: Path) -> Session:
    session = Session()
    session.folder = str(tmp_path)
    for line in LINES:
        run_line("ipsec static " + line, session)
    return session


def fresh(session: Session) -> Session:
    other = Session()
    other.folder = session.folder
    return other


def test_an_export_imported_elsewhere_gives_an_equal_store(filled: Session,
                                                           tmp_path: Path) -> None:
    assert "KEYS-IN-FILE" in warned(filled, "ipsec static exportpolicy Mine reveal=yes")
    file = tmp_path / "Mine.ipsec"
    assert file.stat().st_mode & 0o777 == 0o600
    other = fresh(filled)
    run_line("ipsec static importpolicy Mine", other)
    assert other.config.digest() == filled.config.digest()
    assert other.context == ()


def test_no_key_is_exported_unless_the_operator_says_so(filled: Session, tmp_path: Path) -> None:
    (tmp_path / "Mine.ipsec.part").write_text("somebody else's")
    assert "KEYS-LEFT-OUT" in warned(filled, "ipsec static exportpolicy Mine")
    assert KEY not in (tmp_path / "Mine.ipsec").read_text()
    other = fresh(filled)
    assert "KEY-MISSING" in warned(other, "ipsec static importpolicy Mine")
    run_line(f'ipsec static set rule R P psk="{KEY}"', other)
    assert other.config.digest() == filled.config.digest()


def test_an_import_takes_all_or_nothing(filled: Session) -> None:
    run_line("ipsec static exportpolicy Mine", filled)
    other = fresh(filled)
    run_line("ipsec static add filteraction A", other)
    before = other.config.digest()
    assert refused(other, "ipsec static importpolicy Mine").code == "IPsec[05014]"
    assert other.config.digest() == before


GOOD = seal(["add policy name=P"])
BAD_FILES = [
    (b"", "foreign-file"), (b"\x00\x01\xff", "foreign-file"), (b"add policy P\n", "foreign-file"),
    (MAGIC.encode(), "damaged-file"), (GOOD[:-1], "damaged-file"), (GOOD + b"#", "damaged-file"),
    (GOOD.replace(b"=P", b"=Q"), "damaged-file"),
    (seal(["bye"]), "damaged-file"), (seal(["delete all"]), "damaged-file"),
    (seal(["exec other.txt"]), "damaged-file"), (seal(["add policy P | include x"]),
                                                 "damaged-file"),
]


@pytest.mark.parametrize(("octets", "code"), BAD_FILES)
def test_damaged_and_foreign_files_are_refused(octets: bytes, code: str, tmp_path: Path) -> None:
    session = Session()
    session.folder = str(tmp_path)
    (tmp_path / "x.ipsec").write_bytes(octets)
    before = session.config.digest()
    assert refused(session, "ipsec static importpolicy x.ipsec").code == code
    assert session.config.digest() == before


def test_a_missing_file_and_a_folder_are_named(tmp_path: Path) -> None:
    session = Session()
    session.folder = str(tmp_path)
    assert refused(session, "ipsec static importpolicy no").code == "no-file"
    (tmp_path / "d.ipsec").mkdir()
    assert refused(session, "ipsec static importpolicy d.ipsec").code == "cannot-open"
    assert refused(session, "ipsec static exportpolicy no/where").code == "cannot-open"


@pytest.mark.parametrize("release", ["win2k", "win2003"])
def test_the_sample_policies_come_back_as_they_were(release: str) -> None:
    session = Session()
    run_line(f"ipsec static restorepolicyexamples {release}", session)
    before = session.config.digest()
    config = session.config
    assert [len(config.rules(one.name)) for one in config.policies()] == [0, 2, 2]
    for line in ('set filteraction Permit action=block', 'add filter "All IP Traffic" me 10.0.0.1',
                 'delete rule all "Server (Request Security)"'):
        run_line("ipsec static " + line, session)
    assert session.config.digest() != before
    run_line(f"ipsec static restorepolicyexamples release={release}", session)
    assert session.config.digest() == before


def test_an_assigned_sample_policy_stays_assigned() -> None:
    session = Session()
    run_line("ipsec static restorepolicyexamples win2k", session)
    run_line('ipsec static set policy "Client (Respond Only)" assign=y', session)
    run_line("ipsec static restorepolicyexamples win2k", session)
    assert session.config.policy("Client (Respond Only)").assigned


def test_a_batch_takes_effect_as_a_whole() -> None:
    session = Session()
    host = session.lab.hosts["gwA"]
    for line in ("set batch enable", *LINES):
        run_line("ipsec static " + line, session)
    assert not host.spd.entries
    run_line("ipsec static set batch mode=disable", session)
    assert host.spd.entries


def test_the_domain_and_its_group_policy_are_shown() -> None:
    session = Session()
    for line in ("add policy Local assign=yes", "set store domain example.com", "add policy D"):
        run_line("ipsec static " + line, session)
    assert "Domain (example.com)" in text(session, "ipsec static show store")
    assert refused(session, "ipsec static show gpoassignedpolicy").code == "not-found"
    run_line('ipsec static set policy D assign=yes gponame="Default Domain Policy"', session)
    shown = data(session, "ipsec static show gpoassignedpolicy")
    assert (shown["gpo"], shown["policy"], shown["overridden"]) == (
        "Default Domain Policy", "D", "Local")
    wrong = refused(session, "ipsec static show gpoassignedpolicy Other")
    assert wrong.known == ("Default Domain Policy",)
    run_line("ipsec static set policy D assign=no", session)
    assert session.config.get_setting("gponame") == ""


@pytest.mark.parametrize("line", ["set store local domain=example.com",
                                  "set policy P gponame=G", "set policy P assign=yes gponame=G"])
def test_what_belongs_to_the_domain_is_refused_elsewhere(line: str, filled: Session) -> None:
    assert refused(filled, "ipsec static " + line).code == "contradiction"
