"""What an engine reports: security events in the Windows numbering and the changes behind them.

An event is data; `engine.host` keeps the ones that auditing allows in the machine's log, and
`eventlog show` prints them in the layout of the message table.
"""

from typing import NamedTuple


class LogEvent(NamedTuple):
    """One record of the security or system log.

    `time` is engine time in seconds, `source` "Security" or "System", `event_id` Windows' number
    (541 association established ... 547 negotiation failed; 0 for driver events, which are
    known by `name`), `success` the audit type, `fields` label and value in the printed order.
    """

    time: float
    source: str
    event_id: int
    success: bool
    title: str
    fields: tuple[tuple[str, str], ...] = ()
    category: str = "logon"
    name: str = ""
