"""The agent's log: fields for the journal when systemd listens, else one line an event."""

import os
import socket
import sys
import time

JOURNAL = "/run/systemd/journal/socket"
WORDS = {2: "crit", 3: "err", 4: "warning", 5: "notice", 6: "info", 7: "debug"}
IDENTIFIER = "ipsecsh"


def fields_of(event: str, priority: int, text: str, fields: dict[str, object]) -> dict[str, str]:
    """An event as journal fields: what a reader filters by, upper case and prefixed."""
    found = {"MESSAGE": text or " ".join([event, *(f"{key}={value}"
                                                   for key, value in fields.items())]),
             "PRIORITY": str(priority), "SYSLOG_IDENTIFIER": IDENTIFIER, "IPSECSH_EVENT": event}
    for key, value in fields.items():
        found[f"IPSECSH_{key.upper()}"] = str(value)
    return found


def journal_entry(fields: dict[str, str]) -> bytes:
    """The native protocol: KEY=value lines, or KEY, a length and the octets of several lines."""
    parts = []
    for key, value in fields.items():
        octets = value.encode("utf-8", "backslashreplace")
        if b"\n" in octets:
            parts.append(key.encode() + b"\n" + len(octets).to_bytes(8, "little") + octets + b"\n")
        else:
            parts.append(key.encode() + b"=" + octets + b"\n")
    return b"".join(parts)


class Log:
    """Call it with an event's name and fields; `text` is a sentence, `priority` syslog's."""

    def __init__(self) -> None:
        self._journal: socket.socket | None = None
        if os.environ.get("JOURNAL_STREAM") and os.path.exists(JOURNAL):
            self._journal = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)

    @property
    def in_journal(self) -> bool:
        """Whether the journal keeps it; else it is told on standard error."""
        return self._journal is not None

    def __call__(self, event: str, *, priority: int = 6, text: str = "",
                 **fields: object) -> None:
        found = fields_of(event, priority, text, fields)
        if self._journal is not None:
            try:
                self._journal.sendto(journal_entry(found), JOURNAL)
                return
            except OSError:
                pass  # the journal restarts: this one goes to standard error
        stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        word = WORDS.get(priority, "info")
        try:
            more = "".join(f" {key}={value}" for key, value in fields.items()) if text else ""
            sys.stderr.write(f"{stamp} {word} {event}: {found['MESSAGE']}{more}\n")
            sys.stderr.flush()
        except OSError:
            pass  # a full disk or a closed pipe must not end the agent
