"""netsh of Windows Server 2003 against this program: ``python -m commands.netsh`` writes the page.

What netsh has (its commands and their parameters in the order in which values may be given
without a name) stands here; whether it is accepted comes from the declarations, whether it is
honoured from `commands.reference`. A test refuses an old page, a parameter that is missing
without a reason, and another order.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

from commands import index
from commands.reference import HONOURED, MISSING, place_of_tests
from commands.spec import Command

PATH = Path(__file__).parent.parent / "docs" / "netsh.md"

HEAD = """\
# netsh, command by command

Every command and parameter of netsh (Windows Server 2003) that concerns IPsec, packet filters,
routes and interfaces, and what becomes of it here. Made by `python -m commands.netsh`; a test
refuses an old copy, and a parameter that is missing without a reason.

*Accepted* means that it can be typed, by name and at its place; *honoured*, that the engine or the
display acts by it. Missing, doubled, unknown and wrongly typed values of every parameter, and
objects that are absent or in use, are generated from the declarations in
`tests/commands/test_bad_input.py` and `tests/commands/test_bad_objects.py`; the file named with a
command tests what it does. A test holds this table against what public pages say of netsh
(`tests/commands/netsh_pages.txt`). What this program has beyond netsh is in
[commands.md](commands.md).
"""
_AUTH = "kerberos psk rootca"
_RULE_ENDS = ("srcaddr dstaddr protocol srcport dstport mirrored conntype srcmask dstmask "
              "tunneldstaddress")
_FILTER = "name filtertype srcaddr srcmask dstaddr dstmask proto srcport dstport type code"
_ROUTE, _RUNTIME = "dest mask name nhop proto preference metric view", \
    "dest mask name nhop preference metric view"
_SELECT = "srcaddr dstaddr srcmask dstmask"

NETSH: dict[str, str] = {
    "..": "", "?": "", "help": "", "abort": "", "alias": "name meaning", "unalias": "name",
    "bye": "", "exit": "", "quit": "", "commit": "", "dump": "", "exec": "file", "flush": "",
    "offline": "", "online": "", "popd": "", "pushd": "context", "set mode": "mode",
    "set machine": "name", "set file": "mode name", "show alias": "", "show mode": "",
    "ipsec dump": "",
    "ipsec static add policy": "name description mmpfs qmpermm mmlifetime activatedefaultrule "
                               "pollinginterval assign mmsecmethods",
    "ipsec static add filterlist": "name description",
    "ipsec static add filter": "filterlist srcaddr dstaddr description protocol mirrored srcmask "
                               "dstmask srcport dstport",
    "ipsec static add filteraction": "name description qmpfs inpass soft action qmsecmethods",
    "ipsec static add rule": "name policy filterlist filteraction tunnel conntype activate "
                             f"description {_AUTH}",
    "ipsec static set policy": "name newname description mmpfs qmpermm mmlifetime "
                               "activatedefaultrule pollinginterval assign gponame mmsecmethods "
                               "guid",
    "ipsec static set filterlist": "name newname description guid",
    "ipsec static set filteraction": "name newname description qmpfs inpass soft action "
                                     "qmsecmethods guid",
    "ipsec static set rule": "name policy newname description filterlist filteraction tunnel "
                             f"conntype activate {_AUTH} id",
    "ipsec static set defaultrule": f"policy qmpfs activate qmsecmethods {_AUTH}",
    "ipsec static set store": "location domain", "ipsec static set batch": "mode",
    "ipsec static delete policy": "name", "ipsec static delete filterlist": "name",
    "ipsec static delete filteraction": "name", "ipsec static delete rule": "name policy id",
    "ipsec static delete filter": "filterlist srcaddr dstaddr protocol mirrored srcmask dstmask "
                                  "srcport dstport",
    "ipsec static delete all": "", "ipsec static show all": "format wide",
    "ipsec static show policy": "name level format wide",
    "ipsec static show rule": "name policy type level format wide id",
    "ipsec static show filterlist": "name level format resolvedns wide rule",
    "ipsec static show filteraction": "name level format wide rule",
    "ipsec static show gpoassignedpolicy": "name", "ipsec static show store": "",
    "ipsec static exportpolicy": "file", "ipsec static importpolicy": "file",
    "ipsec static restorepolicyexamples": "release", "ipsec static dump": "",
    **{f"ipsec dynamic {verb} mmpolicy": "name qmpermm mmlifetime softsaexpirationtime "
                                         "mmsecmethods" for verb in ("add", "set")},
    **{f"ipsec dynamic {verb} qmpolicy": "name soft pfsgroup qmsecmethods"
       for verb in ("add", "set")},
    "ipsec dynamic add rule": "srcaddr dstaddr mmpolicy qmpolicy protocol srcport dstport "
                              "mirrored conntype actioninbound actionoutbound srcmask dstmask "
                              f"tunneldstaddress {_AUTH}",
    "ipsec dynamic set rule": f"{_RULE_ENDS} mmpolicy qmpolicy actioninbound actionoutbound "
                              f"{_AUTH}",
    "ipsec dynamic delete rule": _RULE_ENDS,
    "ipsec dynamic delete mmpolicy": "name", "ipsec dynamic delete qmpolicy": "name",
    "ipsec dynamic delete all": "", "ipsec dynamic delete sa": "",
    "ipsec dynamic set config": "property value", "ipsec dynamic show config": "",
    "ipsec dynamic show all": "resolvedns wide", "ipsec dynamic show mmpolicy": "name",
    "ipsec dynamic show qmpolicy": "name",
    "ipsec dynamic show mmfilter": f"name type {_SELECT} resolvedns",
    "ipsec dynamic show qmfilter": f"name type {_SELECT} protocol srcport dstport "
                                   "actioninbound actionoutbound resolvedns",
    "ipsec dynamic show mmsas": "srcaddr dstaddr format resolvedns",
    "ipsec dynamic show qmsas": "srcaddr dstaddr format resolvedns",
    "ipsec dynamic show rule": f"type {_SELECT} protocol srcport dstport actioninbound "
                               "actionoutbound resolvedns",
    "ipsec dynamic show stats": "type",
    "routing ip add filter": _FILTER, "routing ip delete filter": _FILTER,
    "routing ip set filter": "name filtertype action fragcheck", "routing ip show filter": "name",
    "routing ip add interface": "name state", "routing ip delete interface": "name",
    "routing ip set interface": "name state disc minint maxint life level",
    "routing ip show interface": "",
    **{f"routing ip {verb} persistentroute": _ROUTE for verb in ("add", "set", "delete")},
    **{f"routing ip {verb} rtmroute": _RUNTIME for verb in ("add", "set", "delete")},
    "routing ip show persistentroutes": "", "routing ip show rtmroutes": "",
    "routing ip show protocol": "", "routing ip show loglevel": "",
    "routing ip add preferenceforprotocol": "proto preflevel",
    "routing ip set loglevel": "loglevel", "routing ip reset": "", "routing ip dump": "",
    "interface ip set address": "name source addr mask gateway gwmetric",
    "interface ip add address": "name addr mask gateway gwmetric",
    "interface ip delete address": "name addr gateway", "interface ip show address": "name",
    "interface ip show config": "name", "interface ip show interface": "",
    "interface ip show offload": "", "interface ip dump": "",
}


def page() -> str:
    """The text of docs/netsh.md."""
    lines = [HEAD, "| Command | Parameter | Accepted | Honoured | Tested in |",
             "| --- | --- | --- | --- | --- |"]
    for path, parameters in NETSH.items():
        lines += _rows(path, parameters.split())
    lines += ["", "## What is not there, and why", "", "| netsh | Reason |", "| --- | --- |",
              *(f"| {_cell(name)} | {_cell(reason)} |" for name, reason in MISSING)]
    return "\n".join(lines) + "\n"


def declared(path: str) -> tuple[type[Command], str] | None:
    """The command of a path and where it is declared, None when it is not built."""
    try:
        node = index.node_at(tuple(path.split()))
    except KeyError:
        return None
    return (index.load(node), node.target) if node.target else None


def _rows(path: str, parameters: list[str]) -> Iterator[str]:
    found = declared(path)
    if found is None:
        yield f"| {_cell(path)} | | no | | |"
        return
    command, target = found
    words = {tag.word: tag.name for tag in command.tags}
    place = f"`{place_of_tests(target)}`"
    yield f"| **{_cell(path)}** | | yes | {_honoured(path, '')} | {place} |"
    for name in parameters:
        accepted = "yes" if name in words else "no"
        honoured = _honoured(path, words[name]) if name in words else ""
        yield f"| | `{name}` | {accepted} | {honoured} | {place} |"


def _honoured(path: str, name: str) -> str:
    return _cell(HONOURED.get((path, name), "yes"))


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;")


if __name__ == "__main__":
    PATH.write_text(page(), encoding="utf-8")
    sys.stdout.write(f"{PATH} written\n")
