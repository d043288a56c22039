"""The command reference, made from the declarations: ``python -m commands.reference`` writes it.

A test compares docs/commands.md with what this module says now, so it cannot grow old.
"""

import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

from commands import index
from commands.spec import Command, Tag

PATH = Path(__file__).parent.parent / "docs" / "commands.md"

HEAD = """\
# Every command and parameter

Made from the declarations by `python -m commands.reference`; a test refuses an old copy.

Columns of the tables: the parameter as it is typed (a name may be left out when values come in
this order, and cut short while it is unambiguous), what it takes, its default, and whether it is
honoured: *yes* means that the engine or the display acts by it, anything else says what happens
instead.

How each is tested: doubled, unknown, missing and wrongly typed values of every parameter are
generated from the declarations (`tests/commands/test_bad_input.py`); every example of a usage page
of `ipsec static` is run; behaviour is tested in the file named with each command.
"""

# What is accepted but has another effect than on Windows, or none. "" is the whole command.
HONOURED: dict[tuple[str, str], str] = {
    ("ipsec static add policy", "pollinginterval"): "kept and shown; changes are seen at once",
    ("ipsec static set policy", "pollinginterval"): "kept and shown; changes are seen at once",
    ("ipsec static set policy", "gponame"): "kept and shown; there is no domain controller",
    ("ipsec static set store", "domain"): "shown; the domain's policies are in this store",
    ("ipsec static restorepolicyexamples", "release"): "both releases give the same objects",
    ("ipsec static show filterlist", "resolvedns"): "the lab knows its machines by name",
    **{(f"ipsec static show {what}", "wide"): "nothing is ever cut, so both say the same"
       for what in ("all", "policy", "rule", "filterlist", "filteraction")},
    ("ipsec dynamic show all", "wide"): "nothing is ever cut, so both say the same",
    ("ipsec dynamic set config", "value"): "yes; ikelogging is kept and shown, there is no "
    "oakley.log",
    ("ipsec dynamic add mmpolicy", "softsaexpirationtime"): "kept and shown; a soft association "
    "ends with its traffic",
    ("ipsec dynamic set mmpolicy", "softsaexpirationtime"): "kept and shown",
    ("ipsec dynamic add rule", "conntype"): "every adapter of the lab is a LAN adapter",
    ("routing ip set interface", "disc"): "kept and dumped; nobody listens",
    ("routing ip set interface", "minint"): "kept and dumped; nobody listens",
    ("routing ip set interface", "maxint"): "kept and dumped; nobody listens",
    ("routing ip set interface", "life"): "kept and dumped; nobody listens",
    ("routing ip set interface", "level"): "kept and dumped; nobody listens",
    ("routing ip set interface", "state"): "kept and dumped; packets pass all the same",
    ("routing ip add interface", "state"): "kept and dumped; packets pass all the same",
    ("routing ip set loglevel", "loglevel"): "kept and dumped",
    ("routing ip add preferenceforprotocol", "preflevel"): "shown with routes; prefix and metric "
    "choose",
    ("routing ip set preferenceforprotocol", "preflevel"): "shown with routes; prefix and metric "
    "choose",
    ("interface ip set address", "source"): "static; dhcp is refused, there is no DHCP server",
    ("interface ip set address", "gwmetric"): "1 only",
    ("interface ip add address", "gwmetric"): "1 only",
    ("interface ip add address", "addr"): "the address the adapter has; a second one is refused",
}

# The module on a higher floor whose ROWS the shell registers.
HIGHER = "transcripts.rows"

# The file that tests what a module's commands do, or one of them, where it has another name.
_TESTS = "tests/commands/"
TESTED: dict[str, str] = {
    "commands.probation": _TESTS + "test_mode.py", "commands.dumps": _TESTS + "static/test_dump.py",
    **{f"commands.static.{name}": _TESTS + "static/test_changes.py"
       for name in ("policy", "filterlist", "filter", "filteraction", "rule", "store")},
    **{f"commands.dynamic.{name}": _TESTS + "dynamic/test_live.py"
       for name in ("policies", "rules", "whole")},
    "commands.routing.interface": _TESTS + "routing/test_settings.py",
    "commands.lab.send": _TESTS + "lab/test_adapter.py",
    "commands.diag.fix": _TESTS + "diag/test_explain.py",
    "commands.diag.listing": _TESTS + "diag/test_check.py",
    "commands.diag.probing": _TESTS + "diag/test_probe.py",
    "commands.report.command": _TESTS + "report/test_report.py",
    "commands.support.command": _TESTS + "support/test_bundle.py",
    "commands.tools.tracert": "tests/transcripts/test_bundled.py",
    "commands.tools.ipsecmon": "tests/transcripts/test_bundled.py",
    **{f"commands.static.store:{name}": _TESTS + "static/test_exchange.py"
       for name in ("SetBatch", "ShowGpoAssignedPolicy")},
    **{f"commands.root:{name}": _TESTS + "test_script.py" for name in ("Exec", "Bye")},
    **{f"commands.root:{name}": _TESTS + "test_examples.py" for name in ("Exit", "Quit")},
    "transcripts.command": "tests/transcripts/test_replay.py",
    "transcripts.checking.command": "tests/transcripts/checking/test_check.py",
    "transcripts.exports.command": "tests/transcripts/exports/test_exports.py",
    "transcripts.imports.command": "tests/transcripts/imports/test_imports.py",
    "transcripts.reports.unmask": "tests/transcripts/reports/test_reports.py",
    "transcripts.recording.command": "tests/transcripts/recording/test_record.py",
}

# Commands of the reference that are not built, with the reason.
MISSING: tuple[tuple[str, str], ...] = (
    ("add helper, delete helper, show helper", "helpers are DLLs of Windows; here every context "
     "is built in"),
    ("interface ip set dns, add dns, delete dns, set wins, ...", "no name server in the lab; the "
     "lab's machines are known by name"),
    ("interface ip show icmp, ipstats, joins, tcpconn, udpconn, ...", "no counters of these "
     "protocols are kept: eventlog, capture and show stats say what matters to a tunnel"),
    ("routing ip show rtmdestinations, ipforward, ipnet, ipaddress", "show rtmroutes and "
     "interface ip show address say the same"),
    ("routing ip add filter filtertype=DIAL", "the lab has no demand-dial interface; refused"),
    ("ipsec static set interactive", "named by recollection only; no public description"),
    ("netsh -u, -p", "credentials of a remote Windows machine; the machines are in the store"),
)


def reference() -> str:
    """The text of docs/commands.md."""
    lines = [HEAD]
    rows = [row for row in index.ROWS if row[1].startswith("commands.")]
    rows += import_module(HIGHER).ROWS
    for context, title in _contexts():
        inside = sorted(row for row in rows if _context_of(row[0]) == context)
        if inside:
            lines.append(f"## {title}\n")
            for _, target, _ in inside:
                module, _, name = target.partition(":")
                lines += _command(getattr(import_module(module), name), target)
    lines += ["## Not built\n", "| Command | Reason |", "| --- | --- |"]
    lines += [f"| {_cell(name)} | {_cell(reason)} |" for name, reason in MISSING]
    return "\n".join(lines) + "\n"


def _contexts() -> Iterator[tuple[str, str]]:
    yield "", "Everywhere"
    for path, text in sorted(index.CONTEXTS):
        yield path, f"`{path}`: {text}"


def _context_of(path: str) -> str:
    """The longest context a command's words begin with."""
    found = [context for context, _ in index.CONTEXTS if path.startswith(context + " ")]
    return max(found, key=len, default="")


def _command(command: type[Command], target: str) -> Iterator[str]:
    path = " ".join(command.words)
    yield f"### {path}\n"
    flags = " It must be confirmed, or run with `--yes`." if command.destructive else ""
    yield f"{command.summary}{flags} Tested in `{place_of_tests(target)}`.\n"
    if command.tags:
        yield "| Parameter | Takes | Default | Honoured | |"
        yield "| --- | --- | --- | --- | --- |"
        for tag in command.tags:
            honoured = HONOURED.get((path, tag.name), "yes")
            yield (f"| {_typed(tag)} | {_cell(tag.kind.usage)} | {_default(tag)} | "
                   f"{_cell(honoured)} | {_cell(tag.help)} |")
        yield ""
    yield from (f"- {remark}" for remark in command.remarks)
    if command.remarks:
        yield ""
    if command.examples:
        yield from ("```", *command.examples, "```\n")


def place_of_tests(target: str) -> str:
    """The file that tests a command, from where it is declared."""
    module = target.partition(":")[0]
    *folders, name = module.split(".")
    own = "/".join(["tests", *folders, f"test_{name}.py"])
    return TESTED.get(target) or TESTED.get(module) or own


def _typed(tag: Tag[Any]) -> str:
    from commands.arguments import switch_word
    word = {"tag": f"{tag.word}=", "word": tag.word, "bare": tag.word,
            "rest": "..."}.get(tag.form, "")
    return f"`{word or switch_word(tag)}`" + (" (may repeat)" if tag.many else "")


def _default(tag: Tag[Any]) -> str:
    if tag.required:
        return "*required*"
    value = tag.default
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (int, str)) and tag.kind.cell in ("int", "enum", "text", "port"):
        return _cell(str(value))
    return ""


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;")


if __name__ == "__main__":
    PATH.write_text(reference(), encoding="utf-8")
    sys.stdout.write(f"{PATH} written\n")
