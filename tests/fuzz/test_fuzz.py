"""A short run of every fuzz target, and every input that ever led somewhere new, again.

Long runs: ``python -m tests.fuzz.run`` (see README.md beside this file).
"""

from pathlib import Path

import pytest

from tests.fuzz.run import CORPUS, Run, stored
from tests.fuzz.targets import registry

# Few enough for every day: the slow ones make an endpoint or read DER at every step.
SHORT = {"isakmp-sealed": 400, "x509": 300, "signature": 300, "isakmp-states": 1_500,
         "script": 60, "transcript": 120}


@pytest.mark.parametrize("name", registry())
def test_a_short_run_breaks_no_promise(name: str) -> None:
    run = Run(registry()[name](), seed=252735)
    run.go(SHORT.get(name, 3_000), 0.0)
    assert run.executions >= SHORT.get(name, 3_000)
    assert len(run.outcomes) >= 3


def test_the_stored_inputs_are_few_and_short_and_of_known_targets() -> None:
    files = sorted(CORPUS.iterdir())
    assert {path.stem for path in files} <= set(registry())
    assert sum(path.stat().st_size for path in files) < 1 << 20
    assert all(stored(path.stem) for path in files)


def test_a_finding_says_which_input_it_was() -> None:
    from tests.fuzz.run import Finding
    from tests.fuzz.targets import Target

    class Fragile(Target):
        """Breaks on one octet."""

        name = "fragile"

        def seeds(self) -> list[bytes]:
            return [bytes.fromhex("00010203")]

        def execute(self, data: bytes) -> str:
            return "even" if not data or data[0] != 0x80 else str(1 // 0)

    run = Run(Fragile(), seed=1)
    with pytest.raises(Finding, match="^80") as caught:
        run.go(100_000, 0.0)
    assert isinstance(caught.value.__cause__, ZeroDivisionError)


def test_the_same_seed_makes_the_same_inputs() -> None:
    from random import Random

    from tests.fuzz.mutate import Mutator
    made = [[Mutator([Path(__file__).read_bytes()[:200]], Random(5)).next() for _ in range(50)]
            for _ in range(2)]
    assert made[0] == made[1]
