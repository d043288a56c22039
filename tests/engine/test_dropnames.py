"""Every name under which something is dropped or counted is in the table, and no other."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.dropnames import DROPS, IKE, OCCURRENCES, is_drop, sentence

ENGINE = Path(__file__).parent.parent.parent / "engine"
# Which argument of a call is a name, by the called function's own name.
PACKETS = {"ParseError": 0, "drop": 2, "count": 0, "_lost": 2, "_forget": 1}
REFUSALS = {"ParseError": 0, "Failure": 0, "refused": 0, "_refused": 0, "_revocation": 0,
            "raised": 0}


def literals(node: ast.expr) -> Iterator[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.IfExp):
        yield from literals(node.body)
        yield from literals(node.orelse)


def called(folders: tuple[str, ...], table: dict[str, int]) -> set[str]:
    """The literal names in calls of the files of some folders ("" is the engine's own)."""
    found: set[str] = set()
    for folder in folders:
        for path in (ENGINE / folder).glob("*.py"):
            for node in ast.walk(ast.parse(path.read_text())):
                if not isinstance(node, ast.Call):
                    continue
                name = getattr(node.func, "attr", getattr(node.func, "id", ""))
                at = table.get(name, len(node.args))
                if at < len(node.args):
                    found.update(literals(node.args[at]))
    return found


def noted() -> set[str]:
    """The names under which the kernel's filter table counts for us."""
    return {word.value.value for path in (ENGINE / "live").glob("*.py")
            for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)
            for word in node.keywords if word.arg == "note" and isinstance(
                word.value, ast.Constant) and isinstance(word.value.value, str)}


# Reassembly forgets without a reason when a datagram is whole.
SILENT = {""}


def test_the_packet_path_has_the_names_of_the_table() -> None:
    found = called(("", "esp", "pipeline", "lab", "live"), PACKETS) - SILENT
    assert found | noted() == set(DROPS) | set(OCCURRENCES)


def test_ike_has_the_names_of_the_table() -> None:
    assert called(("ike",), REFUSALS) == set(IKE)


@pytest.mark.parametrize("name", [*DROPS, *OCCURRENCES, *(f"ike-{one}" for one in IKE),
                                  "notify-14"])
def test_every_name_has_a_sentence(name: str) -> None:
    assert sentence(name).endswith(".") and 10 < len(sentence(name)) < 90


def test_drops_are_told_from_other_occurrences() -> None:
    assert is_drop("bad-spi") and is_drop("ike-timeout")
    assert not any(is_drop(name) for name in (*OCCURRENCES, "notify-14"))
    with pytest.raises(KeyError):
        sentence("no-such-name")
