"""What the interop tests share: a network of namespaces for each test."""

from collections.abc import Iterator

import pytest

from tests.support.live.network import Network


@pytest.fixture
def network() -> Iterator[Network]:
    """Two gateways with a host behind each."""
    with Network() as one:
        yield one
