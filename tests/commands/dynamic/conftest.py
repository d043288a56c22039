"""One tunnel for all tests that only look."""

import pytest

from commands.session import Session
from tests.support.typing import tunnel


@pytest.fixture(scope="module")
def up() -> Session:
    """gwA with the article typed and the tunnel up; not to be changed."""
    return tunnel()
