"""Every example of every usage page can be typed as it stands."""

from importlib import import_module
from pathlib import Path

import pytest

from commands.errors import Leave
from commands.index import ROWS
from commands.run import run_line
from commands.session import Session
from commands.spec import Command
from commands.static.exchange import seal
from tests.support.article import POLICY, full_lines

COMMANDS: list[type[Command]] = [
    getattr(import_module(target.split(":")[0]), target.split(":")[1])
    for _, target, _ in ROWS if target.startswith("commands.")]
EXAMPLES = [pytest.param(command, example, id=example)
            for command in COMMANDS for example in command.examples]

# What the examples' world holds beside the article's tunnel.
OBJECTS = ('add policy name="My Policy" activatedefaultrule=no', "add policy name=Policy1",
           "add filterlist Filter1", "add filteraction FA",
           'add filter "NetA to NetB" 10.1.0.0/24 10.4.0.0/24 mirrored=no',
           'add policy name="Tunnel policy"',
           'add rule out "Tunnel policy" "NetA to NetB" FA tunnel=198.51.100.1 psk="a key"',
           'add rule name=out policy="My Policy" filterlist="NetA to NetB" filteraction=FA',
           "set store domain", "add policy D", "set policy D assign=yes", "set store local")
LIVE = ("ipsec dynamic add mmpolicy mmp", "ipsec dynamic add mmpolicy spare",
        "ipsec dynamic add qmpolicy qmp", "ipsec dynamic add qmpolicy spare",
        "ipsec dynamic add rule srcaddr=me dstaddr=192.0.2.98 mmpolicy=mmp protocol=TCP "
        "dstport=80 psk=key")
UNUSED = ('ipsec static set policy name="My Policy" assign=no',
          *(f'ipsec static delete policy name="{name}"'
            for name in ("My Policy", "Policy1", "Tunnel policy")),
          f'ipsec static set policy name="{POLICY}" assign=no',
          f'ipsec static delete policy name="{POLICY}"')
RUNTIME_ROUTE = "routing ip add rtmroute 10.9.0.0 255.255.255.0 External 198.51.100.1"
# What one example, or all of one command, need beside that: lines typed before.
BEFORE: dict[str, tuple[str, ...]] = {
    "unalias": ("alias sp ipsec static show policy",),
    "popd": ("pushd ipsec static",),
    "commit": ("offline", "ipsec static add filterlist Fresh"),
    "abort": ("offline",), "flush": ("offline",),
    "show changes": ("offline", "ipsec static add filterlist Fresh"),
    "confirm": ("offline", "ipsec static add filterlist Fresh", "commit confirm=10"),
    "ipsec static delete all": UNUSED,
    "ipsec static delete policy": (f'ipsec static set policy name="{POLICY}" assign=no',),
    "ipsec static delete filterlist": (*UNUSED, "ipsec static add filterlist Filter9"),
    "ipsec static delete filteraction": UNUSED,
    "routing ip add filter": ("routing ip delete filter External output 10.1.0.0 255.255.255.0 "
                              "10.2.0.0 255.255.255.0 ANY",),
    "routing ip set rtmroute": (RUNTIME_ROUTE,), "routing ip delete rtmroute": (RUNTIME_ROUTE,),
    "routing ip delete preferenceforprotocol": ("routing ip set preferenceforprotocol OSPF 111",),
    "interface ip delete address": ("interface ip set address External gateway=192.0.2.254",),
    'lab delete adapter machine=gwA name="External 2"': (
        'lab add adapter gwA "External 2" 192.0.2.2 24 transitA',),
    "lab delete nat": ("lab add nat",), "lab delete proxy": ("lab add proxy",),
    "capture stop": ("capture start",), "capture show": ("capture start",),
    "capture save": ("capture start",),
    "route -p add 10.2.0.0 MASK 255.255.255.0 198.51.100.1 METRIC 2": ("route delete 10.2.0.0",),
    "diag explain": ("lab add fault phase1-proposal-mismatch", "diag check"),
    "diag fix code=auditing-off fix=yes": ("lab add fault auditing-off",),
    **dict.fromkeys(("checklist undo", "diag checklist undo"),
                    ("route delete 10.2.0.0", "checklist fix=yes")),
    "net start policyagent": ("net stop policyagent",),
}
# The first words of those that judge the tunnel: the article's world alone.
BARE = {"checklist", "diag"}
# What is answered before to the questions of the checklist, which is left then.
LEFT = {"checklist resume": "quit", "diag checklist resume": "quit"}
# Objects that the examples of these add themselves.
FRESH = {"ipsec dynamic add mmpolicy": LIVE[2:4], "ipsec dynamic add qmpolicy": LIVE[:2],
         "ipsec static add policy": ()}


def prepared(command: type[Command], example: str, folder: Path) -> Session:
    """A session in the world of the examples."""
    session = Session("", yes=True)
    session.folder = str(folder)
    (folder / "Policies.ipsec").write_bytes(seal(["add policy name=Imported"]))
    (folder / "setup.txt").write_text("ipsec static add filterlist FromScript\n")
    words = " ".join(command.words)
    for line in full_lines():
        run_line(line, session)
    for line in () if command.words[0] in BARE else OBJECTS:
        run_line("ipsec static " + line, session)
    for line in (*FRESH.get(words, LIVE if words.startswith("ipsec dynamic") else ()),
                 *(BEFORE.get(example) or BEFORE.get(words, ()))):
        run_line(line, session)
    if words in LEFT:
        session.ask = lambda question: LEFT[words]
        run_line("checklist", session)
    return session


def test_every_command_that_takes_something_has_an_example() -> None:
    assert [command.words for command in COMMANDS if command.tags and not command.examples] == []


@pytest.mark.parametrize(("command", "example"), EXAMPLES)
def test_an_example_runs(command: type[Command], example: str, tmp_path: Path) -> None:
    session = prepared(command, example, tmp_path)
    try:
        run_line(example, session)
    except Leave:
        assert command.words[0] in ("bye", "exit", "quit")
    finally:
        session.close()
