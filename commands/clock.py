"""Points and lengths of time as Windows writes them, in UTC, whatever the locale of the shell.

The lab's wall clock is virtual (``Lab.wall``), so nothing here reads a clock: Unix seconds go in.
"""

from time import gmtime

from commands.answer import Cell


def _halves(hour: int) -> tuple[int, str]:
    return (hour % 12 or 12, "AM" if hour < 12 else "PM")


def windows_time(seconds: float) -> str:
    """``3/17/2004 9:00:00 AM`` of a Unix time: no leading zeros in month, day and hour."""
    at = gmtime(seconds)
    hour, half = _halves(at.tm_hour)
    return (f"{at.tm_mon}/{at.tm_mday}/{at.tm_year} "
            f"{hour}:{at.tm_min:02}:{at.tm_sec:02} {half}")


def iso_time(seconds: float) -> str:
    """``2004-03-17T09:00:00.250Z`` of a Unix time: the JSON form, to the millisecond."""
    whole, thousandth = divmod(round(seconds * 1000), 1000)
    at = gmtime(whole)
    return (f"{at.tm_year:04}-{at.tm_mon:02}-{at.tm_mday:02}"
            f"T{at.tm_hour:02}:{at.tm_min:02}:{at.tm_sec:02}.{thousandth:03}Z")


def time_cell(seconds: float) -> Cell:
    """The point of time as a cell: Windows' text, ISO 8601 in JSON."""
    return Cell("time", iso_time(seconds), windows_time(seconds))
