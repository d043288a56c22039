"""The README's article in a minute does what the README says."""

from pathlib import Path

from commands.render import render_text
from commands.run import run_line
from commands.session import Session

README = Path(__file__).parent.parent / "README.md"


def typed() -> list[str]:
    """What follows the prompts of the block under "The article in a minute"."""
    block = README.read_text().split("## The article in a minute")[1].split("```")[1]
    return [line.partition("> ")[2] for line in block.strip().splitlines()]


def test_the_article_in_a_minute_can_be_typed_and_proved() -> None:
    session = Session()
    for line in typed():
        run_line(line, session)
    said = {line: render_text(run_line(line, session)) for line in (
        "netdiag /test:ipsec /debug", "ipsecmon", "eventlog show id=541", "capture show")}
    assert "There are 2 filters" in said["netdiag /test:ipsec /debug"]
    assert "Associations: 1\n" in said["ipsecmon"]
    assert said["eventlog show id=541"].endswith("No. of events : 2\n")
    assert " ESP " in said["capture show"] and " ICMP " not in said["capture show"]
    session.close()
