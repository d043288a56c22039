"""What was recorded replays green on a fresh store with another seed, clock and addresses.

Hypothesis makes the conversations, and cuts a failing one down to the lines that matter.
IPSECSH_CONVERSATIONS says how many; the benchmarks have two hundred.
"""

import os
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.conversations import KEYS, conversation
from tests.support.replaying import Seeds, elsewhere, told
from tests.support.typist import Typist

EXAMPLES = int(os.environ.get("IPSECSH_CONVERSATIONS", "16"))


@settings(max_examples=EXAMPLES, deadline=None, derandomize=True, database=None,
          suppress_health_check=list(HealthCheck))
@given(seeds=Seeds, running=st.booleans(), site=st.integers(0, 2**32 - 1))
def test_a_conversation_replays_elsewhere_and_holds_no_key(seeds: list[int], running: bool,
                                                           site: int) -> None:
    with TemporaryDirectory() as name:
        typed = Typist(Path(name), site).record(conversation(seeds, running))
        report = elsewhere(typed.path, site)
        assert not report.failed, told(report)
        assert report.commands == typed.made.commands
        written = typed.made.text + (Path(name) / "journal.jsonl").read_text()
    # Two of the keys are words that are said anyway: the lab's own, and one too short to tell.
    assert not [key for key in typed.keys if key not in KEYS[:2] and key in written]


def test_a_recording_of_a_replay_says_the_same(tmp_path: Path) -> None:
    lines = conversation(range(70, 90), True)
    for name in ("first", "again"):
        (tmp_path / name).mkdir()
    typed, other = (Typist(tmp_path / name, 7).record(lines).made.text
                    for name in ("first", "again"))
    assert _sure(other.replace(str(tmp_path / "again"), str(tmp_path / "first"))) == _sure(typed)


def _sure(recorded: str) -> list[str]:
    """The lines of a recording but for those where a filter may have met something by chance, as
    `include CN` the name of a folder that was made.
    """
    return [line for line in recorded.splitlines() if line != "| <...>"]
