"""Every example of a usage page can be typed as it stands."""

from importlib import import_module
from pathlib import Path

import pytest

from commands.index import ROWS
from commands.run import run_line
from commands.session import Session
from commands.static.exchange import seal

STATIC = [getattr(import_module(target.split(":")[0]), target.split(":")[1])
          for path, target, _ in ROWS if path.startswith("ipsec static ")]
EXAMPLES = [example for command in STATIC for example in command.examples]
SETUP = ('add policy name="My Policy" activatedefaultrule=no', "add policy name=Policy1",
         "add filterlist Filter1", "add filteraction FA",
         'add filter "NetA to NetB" 10.1.0.0/24 10.2.0.0/24 mirrored=no')
DOMAIN = ("set store domain", "add policy D", "set policy D assign=yes", "set store local")
TUNNEL = ('add policy name="Tunnel policy"',
          'add rule out "Tunnel policy" "NetA to NetB" FA tunnel=198.51.100.1 psk="a key"')
RULE = 'add rule name=out policy="My Policy" filterlist="NetA to NetB" filteraction=FA'


def test_every_command_that_takes_tags_has_an_example() -> None:
    assert [command.words for command in STATIC if command.tags and not command.examples] == []


@pytest.mark.parametrize("example", EXAMPLES)
def test_examples_run(example: str, tmp_path: Path) -> None:
    session = Session("")
    session.folder = str(tmp_path)
    (tmp_path / "Policies.ipsec").write_bytes(seal(["add policy name=Imported"]))
    # A list or an action that a rule uses could not be deleted.
    rules = (() if example.split()[2] == "delete" and "rule" not in example
             else (RULE, *TUNNEL) if "peerconfig" in example else (RULE,))
    for line in (*DOMAIN, *SETUP, *rules):
        run_line("ipsec static " + line, session)
    run_line(example, session)
    session.close()
