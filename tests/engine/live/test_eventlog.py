"""The event log on disk: what was written comes back, what is broken is left out."""

from pathlib import Path

import pytest

from engine.events import LogEvent
from engine.live.eventlog import FILE_MOST, EventFile, KeptLog, fields_of, from_line, to_line

EVENT = LogEvent(5.0, "Security", 541, True, "IKE security association established.",
                 (("Peer IP Address", "192.0.2.1"), ("Mode", "a\nb")), "logon", "ike")


def test_an_event_comes_back_with_its_time_of_day() -> None:
    assert from_line(to_line(EVENT, 1000.0)) == EVENT._replace(time=1000.0)


@pytest.mark.parametrize("line", ["", "{}", "[]", "null", "[1,2]", to_line(EVENT, 1.0)[:-5],
                                  '[1,"a",2,true,"t",[["x"]],"c","n"]', "\0", "[" * 9])
def test_a_broken_line_is_no_event(line: str) -> None:
    assert from_line(line) is None


def test_what_is_logged_is_on_disk_at_once_and_bounded(tmp_path: Path) -> None:
    file = EventFile(str(tmp_path / "events.log"))
    log = KeptLog([], 3, file, lambda now: 1000.0 + now)
    for at in range(5):
        log.append(EVENT._replace(time=float(at)))
    assert [one.time for one in log] == [2.0, 3.0, 4.0]
    assert [one.time for one in file.read()] == [1000.0, 1001.0, 1002.0, 1003.0, 1004.0]
    assert (tmp_path / "events.log").stat().st_mode & 0o777 == 0o600
    big = EVENT._replace(fields=(("x", "y" * 9000),))
    for _ in range(FILE_MOST // 9000 * 3):
        log.append(big)
    assert sum(one.stat().st_size for one in tmp_path.iterdir()) < 2 * FILE_MOST + 20000
    assert {one.name for one in tmp_path.iterdir()} <= {"events.log", "events.log.1"}


def test_a_disk_that_refuses_costs_only_the_file(tmp_path: Path) -> None:
    file = EventFile(str(tmp_path / "missing" / "events.log"))
    log = KeptLog([], 3, file, float)
    log.append(EVENT)
    assert list(log) == [EVENT] and "No such file" in file.failed
    (tmp_path / "missing").mkdir()
    log.append(EVENT)
    assert not file.failed and len(file.read()) == 1


def test_labels_become_names_of_fields() -> None:
    assert fields_of(EVENT) == {"event_id": "541", "peer_ip_address": "192.0.2.1", "mode": "a; b"}
