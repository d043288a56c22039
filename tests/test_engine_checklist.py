"""docs/engine.md names tests: they exist, and its lists agree with the code."""

import ast
import re
from pathlib import Path

from engine.dropnames import DROPS, IKE

ROOT = Path(__file__).parent.parent
TEXT = (ROOT / "docs" / "engine.md").read_text(encoding="utf-8")


def test_every_test_that_the_checklist_names_exists() -> None:
    named = set(re.findall(r"`(test_[a-z0-9_]+)`", TEXT))
    there = {node.name for path in (ROOT / "tests").rglob("test_*.py")
             for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
             if isinstance(node, ast.FunctionDef)}
    assert len(named) > 80
    assert sorted(named - there) == []


def test_the_drops_that_the_limits_name_are_counters() -> None:
    limits = TEXT.partition("## Tables and their limits")[2].partition("\n## ")[0]
    last = [line.rstrip(" |").rpartition("|")[2] for line in limits.splitlines() if "|" in line]
    names = {name for cell in last for name in re.findall(r"`([a-z-]+)`", cell)}
    assert len(names) > 8
    assert names <= set(DROPS) | {f"ike-{one}" for one in IKE}
