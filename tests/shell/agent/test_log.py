"""The agent's log as journal fields."""

from shell.agent.log import fields_of, journal_entry


def test_an_event_has_a_sentence_a_priority_and_fields_to_filter_by() -> None:
    found = fields_of("interface", 4, "", {"device": "eth0", "number": 3})
    assert found == {"MESSAGE": "interface device=eth0 number=3", "PRIORITY": "4",
                     "SYSLOG_IDENTIFIER": "ipsecsh", "IPSECSH_EVENT": "interface",
                     "IPSECSH_DEVICE": "eth0", "IPSECSH_NUMBER": "3"}


def test_lines_and_several_lines_are_written_as_the_journal_reads_them() -> None:
    entry = journal_entry({"A": "one", "B": "two\nlines"})
    assert entry == b"A=one\nB\n" + (9).to_bytes(8, "little") + b"two\nlines\n"
