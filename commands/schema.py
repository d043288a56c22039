"""The shape of the data that commands answer with: ``python -m commands.schema`` writes the docs.

docs/schema.json is a JSON Schema for every command that shows something, docs/data.md the same
for people. Both are made by running the commands on the embedded lab, in the article's world and
in an empty one; a test compares them with what the commands say now, so the shape of the output
cannot change unseen. What changes it in a way that breaks a reader raises VERSION.
"""

import json
import sys
from collections.abc import Iterable, Iterator
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from commands import index
from commands.answer import Answer, Block, Cell, Joined
from commands.dataform import whole
from commands.errors import CommandError
from commands.reference import HIGHER
from commands.run import run_line
from commands.session import Session
from commands.words import USAGE_EXIT

VERSION = 1
SCHEMA = Path(__file__).parent.parent / "docs" / "schema.json"
PAGE = Path(__file__).parent.parent / "docs" / "data.md"
COMPANIONS = ("ping", "ipconfig", "route print", "netdiag", "ipsecmon", "auditpol", "checklist",
              "dump", "commit", "rollback", "net start", "tracert", "firewall show")
# The world of the commands of `commands.reference.HIGHER`.
TRIED = "transcripts.tried"
# Commands below a companion that show nothing of their own.
ACTS = frozenset({"report", "resume", "undo"})
ARTICLE = (
    "ipsec static add policy name=toB activatedefaultrule=no",
    'ipsec static add filter "NetA to NetB" 10.1.0.0/24 10.2.0.0/24 mirrored=no desc=out',
    'ipsec static add filter "NetB to NetA" 10.2.0.0/24 10.1.0.0/24 mirrored=no',
    'ipsec static add filteraction ESP qmsec="ESP[AES256,SHA256]"',
    'ipsec static add rule out toB "NetA to NetB" ESP tunnel=198.51.100.1 psk=${PSK}',
    'ipsec static add rule in toB "NetB to NetA" ESP tunnel=192.0.2.1 psk=${PSK}',
    "ipsec static set policy toB assign=yes",
    "routing ip add persistentroute 10.2.0.0 255.255.255.0 External 198.51.100.1",
    "routing ip add filter External output 10.1.0.0 255.255.255.0 10.2.0.0 255.255.255.0 ANY",
    "routing ip add filter External output 192.0.2.1 255.255.255.255 198.51.100.1 "
    "255.255.255.255 ANY",
    "routing ip set filter External output action=drop",
    "routing ip add filter External input 10.2.0.0 255.255.255.0 10.1.0.0 255.255.255.0 TCP 0 80",
    "routing ip add filter External input 10.2.0.0 255.255.255.0 10.1.0.0 255.255.255.0 ANY",
    "routing ip add filter External input 198.51.100.1 255.255.255.255 192.0.2.1 "
    "255.255.255.255 ANY",
    "routing ip set filter External input action=drop",
    "auditpol /enable /logon:all /object:all", "alias sp ipsec static show policy",
    "capture start", "set machine hostA", "ping hostB -n 4",
    "set machine gwA", "ipsec dynamic add mmpolicy m", "ipsec dynamic add qmpolicy q",
    "ipsec dynamic add rule me 198.51.100.9 m q protocol=TCP dstport=80 psk=k",
)
DOMAIN = ("ipsec static set store domain", "ipsec static add policy D",
          "ipsec static set policy D assign=yes gponame=G")
BROKEN = (*ARTICLE[:-1], "lab add fault phase1-proposal-mismatch", "offline",
          "ipsec static add filterlist Fresh")
# Between the types that a value may have.
OR = " or "
# Blocks that go beside the data.
ASIDE = ("warning", "seen")
# What is typed before each line of a command, for the last finding is that of the last check.
BEFORE = {"diag explain": "diag check"}
# What else is typed of a command than its bare words and its examples.
VARIANTS: dict[str, tuple[str, ...]] = {
    "ipsec static show policy": ("all", "all verbose", "all format=table"),
    "ipsec static show filterlist": ("all", "all verbose", "all format=table",
                                     "all verbose format=table"),
    "ipsec static show filteraction": ("all", "all verbose", "all format=table"),
    "ipsec static show rule": ("all toB", "all toB level=verbose", "all toB format=table",
                               "default toB", "all toB level=verbose format=table"),
    "ipsec static show all": ("", "format=table"),
    "ipsec static show peerconfig": ("toB swanctl", "toB ios"),
    "ipsec dynamic show mmsas": ("", "format=table"),
    "ipsec dynamic show qmsas": ("", "format=table"),
    "ipsec dynamic show stats": ("", "type=ike", "type=ipsec", "type=drops"),
    "ping": ("hostB", "10.9.9.9 -n 1"), "netdiag": ("/test:ipsec", "/test:ipsec /debug"),
    "ipconfig": ("", "/all"), "show revisions": ("", "last=3", "2"),
    "commit": ("",), "rollback": (), "eventlog show": ("", "id=541"),
}


def shown() -> Iterator[str]:
    """The commands that answer with data."""
    for path, target, _ in sorted(index.ROWS):
        words = path.split()
        if target.startswith("commands.") and words[-1] not in ACTS and (
                "show" in words or path.startswith(COMPANIONS) or words[0] == "diag"):
            yield path


def schemas() -> dict[str, dict[str, Any]]:
    """The JSON Schema of each command's document, from everything it says in every world."""
    found: dict[str, dict[str, Any]] = {}
    for path, document in _higher():
        if document is not None:
            found[path] = _merged(found.get(path), _shape(document))
    for lines in ((), ARTICLE, DOMAIN, BROKEN):
        session = Session("", yes=True)
        for line in lines:
            _answer(line, session)
        for path in shown():
            for line in _lines(path):
                if path in BEFORE:
                    _answer(BEFORE[path], session)
                document = _answer(line, session)
                if document is not None:
                    found[path] = _merged(found.get(path), _shape(document))
        session.close()
    return found


def _higher() -> Iterator[tuple[str, object]]:
    """What the commands of the higher floor answer, in the world of their examples."""
    tried: Any = import_module(TRIED)
    before, rows = list(index.ROWS), import_module(HIGHER).ROWS
    for row in rows:
        index.register(*row)
    try:
        for path, _, _ in rows:
            examples = index.load(index.node_at(tuple(path.split()))).examples
            for line in tried.VARIANTS.get(path, examples):
                with TemporaryDirectory() as folder:
                    session = tried.prepared(path, folder)
                    yield path, _answer(line, session)
                    session.close()
    finally:
        index.ROWS[:] = before
        index.forget_tree()


def _lines(path: str) -> Iterable[str]:
    command = index.load(index.node_at(tuple(path.split())))
    variants = VARIANTS.get(path, ("",))
    return dict.fromkeys((*(f"{path} {one}".strip() for one in variants),
                          *(one for one in command.examples if "fix=yes" not in one
                            and "picture=" not in one)))


def _answer(line: str, session: Session) -> object:
    """What a line answers as data, None for nothing and for a mistake."""
    emitted: list[Block] = []
    session.emit = emitted.append
    try:
        answer: Answer = run_line(line, session)
    except CommandError:
        return None
    if answer.exit == USAGE_EXIT:
        return None
    blocks = tuple(one for one in (*emitted, *answer.blocks)
                   if not (getattr(one, "error", False) or one.name in ASIDE))
    return whole(blocks)


# --- shapes -------------------------------------------------------------------------------------


def _shape(value: object) -> dict[str, Any]:
    if isinstance(value, Cell):
        inner = _shape(value.value if value.type != "secret" else "")
        return {**inner, "description": value.type} if inner.get("type") != "null" else inner
    if isinstance(value, dict):
        return {"type": "object", "properties": {str(key): _shape(one)
                                                 for key, one in value.items()},
                "required": sorted(str(key) for key in value)}
    if isinstance(value, Joined):
        return {"type": "string", "description": "text"}
    if isinstance(value, (list, tuple)):
        items: dict[str, Any] | None = None
        for one in value:
            items = _merged(items, _shape(one))
        return {"type": "array", **({"items": items} if items is not None else {})}
    kinds = {bool: "boolean", int: "integer", float: "number", str: "string", type(None): "null"}
    return {"type": kinds.get(type(value), "string")}


def _merged(old: dict[str, Any] | None, new: dict[str, Any]) -> dict[str, Any]:
    """What fits both."""
    if old is None or old == new:
        return new
    types = sorted({*_types(old), *_types(new)})
    result: dict[str, Any] = {"type": types[0] if len(types) == 1 else types}
    about = sorted({part for one in (old, new) for part in one.get("description", "").split(OR)
                    if part})
    if about:
        result["description"] = OR.join(about)
    if "properties" in old or "properties" in new:
        both = [one["properties"] for one in (old, new) if "properties" in one]
        keys = dict.fromkeys(key for one in both for key in one)
        result["properties"] = {key: _merged_all([one[key] for one in both if key in one])
                                for key in keys}
        needed = [set(one["required"]) for one in (old, new) if "required" in one]
        result["required"] = sorted(set.intersection(*needed))
    items = [one["items"] for one in (old, new) if "items" in one]
    if items:
        result["items"] = _merged_all(items)
    return result


def _merged_all(shapes: list[dict[str, Any]]) -> dict[str, Any]:
    result: dict[str, Any] | None = None
    for one in shapes:
        result = _merged(result, one)
    assert result is not None
    return result


def _types(shape: dict[str, Any]) -> list[str]:
    found = shape["type"]
    return found if isinstance(found, list) else [found]


# --- the files ----------------------------------------------------------------------------------

HEAD = """\
# Output as data

`-o json`, `-o jsonl`, `-o csv` and `| json`, `| jsonl`, `| csv` give what a command says as data
instead of text. This page and [schema.json](schema.json) (JSON Schema, draft 2020-12) describe the
document of every command that shows something. Both are made by `python -m commands.schema` from
what the commands say on the embedded lab; a test refuses an old copy.

**Version {version}**, which `ipsecsh --version` prints. A new field or a new command does not
change it, and a reader ignores what it does not know; a field that goes, is renamed or changes its
type does, and the changelog says so.

- `json` is one document a command: of several blocks an object by their names. `jsonl` is each
  object in a line, of a list one line an element. `csv` is one table a block, with an empty line
  between; an absent value is empty.
- Addresses, masks and nets are text as printed, times ISO 8601 in UTC, lengths of time seconds,
  sizes octets, truth `true` and `false`. An absent value is `null`. A key is eight stars unless
  the command was told `reveal=yes`.
- An error is one object on standard error: `code`, `text`, `line`, `column` (from 1; 0: no word
  is to blame), `known`, `fix`, and in a script `place`. A warning is `warning`, `text`, `fix`.

`*` behind a field: it may be missing.
"""


def schema_text(found: dict[str, dict[str, Any]]) -> str:
    """The text of docs/schema.json."""
    document = {"$schema": "https://json-schema.org/draft/2020-12/schema",
                "title": "ipsecsh output", "version": VERSION, "$defs": found}
    return json.dumps(document, indent=1, sort_keys=True) + "\n"


def page_text(found: dict[str, dict[str, Any]]) -> str:
    """The text of docs/data.md."""
    lines = [HEAD.format(version=VERSION)]
    for path, shape in sorted(found.items()):
        lines += [f"## {path}\n", "| Field | JSON | What |", "| --- | --- | --- |",
                  *_rows("", shape, True), ""]
    return "\n".join(lines)


def _rows(place: str, shape: dict[str, Any], needed: bool) -> Iterator[str]:
    kinds = " or ".join(_types(shape))
    about = shape.get("description", "")
    if "properties" not in shape or place:
        mark = "" if needed else " *"
        yield f"| `{place or '(the document)'}`{mark} | {kinds} | {about} |"
    for key, one in shape.get("properties", {}).items():
        yield from _rows(f"{place}.{key}" if place else key, one, key in shape["required"])
    if "items" in shape:
        yield from _rows(place + "[]", shape["items"], True)


if __name__ == "__main__":
    made = schemas()
    SCHEMA.write_text(schema_text(made), encoding="utf-8")
    PAGE.write_text(page_text(made), encoding="utf-8")
    sys.stdout.write(f"{SCHEMA} and {PAGE} written\n")
