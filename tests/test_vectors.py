"""No vector lies about unused or without a source."""

from pathlib import Path

import pytest

TESTS = Path(__file__).parent
FOLDER = TESTS / "vectors"
FILES = sorted(str(path.relative_to(FOLDER)) for path in FOLDER.rglob("*")
               if path.is_file() and not path.name.startswith("README"))


@pytest.mark.parametrize("name", FILES)
def test_every_vector_has_a_source_and_a_test(name: str) -> None:
    file = Path(name).name
    sources = "".join(path.read_text(encoding="utf-8") for path in FOLDER.glob("README*"))
    assert file in sources
    users = [path for path in TESTS.rglob("test_*.py") if file in path.read_text(encoding="utf-8")]
    assert users
