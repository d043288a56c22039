"""Windows' spelling of time does not depend on locale, time zone or platform."""

import pytest

from commands.clock import iso_time, time_cell, windows_time

NINE = 1079514000.0
TIMES = [
    (NINE, "3/17/2004 9:00:00 AM", "2004-03-17T09:00:00.000Z"),
    (NINE + 3 * 3600, "3/17/2004 12:00:00 PM", "2004-03-17T12:00:00.000Z"),
    (NINE + 15 * 3600 + 61, "3/18/2004 12:01:01 AM", "2004-03-18T00:01:01.000Z"),
    (NINE + 0.25, "3/17/2004 9:00:00 AM", "2004-03-17T09:00:00.250Z"),
    (NINE + 0.9999, "3/17/2004 9:00:00 AM", "2004-03-17T09:00:01.000Z"),
    (0.0, "1/1/1970 12:00:00 AM", "1970-01-01T00:00:00.000Z"),
]


@pytest.mark.parametrize(("seconds", "windows", "iso"), TIMES)
def test_a_moment_is_written_as_windows_and_as_json_do(seconds: float, windows: str,
                                                       iso: str) -> None:
    assert windows_time(seconds) == windows
    assert iso_time(seconds) == iso


def test_a_time_cell_prints_windows_text_and_gives_iso_as_value() -> None:
    cell = time_cell(NINE)
    assert (cell.type, cell.value, cell.text) == (
        "time", "2004-03-17T09:00:00.000Z", "3/17/2004 9:00:00 AM")
