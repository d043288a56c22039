"""A run of the checklist is a transcript: recorded with its answers, it replays green elsewhere."""

from pathlib import Path

import pytest

from tests.support.conversations import Line
from tests.support.replaying import elsewhere
from tests.support.typist import Typist

RUNS = {
    "from nothing": [Line("checklist", ("y", "why", "y", "y", "back", *["y"] * 40))],
    "left and resumed": [Line("checklist", ("y", "y", "quit")), Line("ipconfig"),
                         Line("checklist resume", ("y", "undo", *["y"] * 40))],
    "broken and mended": [Line("checklist fix=yes"), Line("lab add fault psk-mismatch"),
                          Line("lab add fault missing-route-to-netb"),
                          Line("checklist", ("skip", "y", "n", "y", *["skip"] * 9)),
                          Line("checklist fix=yes"), Line("checklist undo"),
                          Line("checklist view=alone", ("y", *["skip"] * 20))],
    "stopped": [Line("checklist", ("y", "^C")), Line("checklist resume", ("y", "^C"))],
}


@pytest.mark.parametrize("name", RUNS)
def test_a_run_replays_elsewhere(name: str, tmp_path: Path) -> None:
    typed = Typist(tmp_path, 11).record(RUNS[name])
    report = elsewhere(typed.path, 11)
    assert not report.failed, "\n".join(
        f"{one.exchange.line}: {one.prompt}: {one.reasons}" for one in report.failures)
    assert report.commands == typed.made.commands and not typed.made.lost
    assert "kb252735" not in typed.made.text
