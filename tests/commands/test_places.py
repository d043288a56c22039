"""The folders that are the user's."""

import pytest

from commands.places import state_folder


@pytest.mark.parametrize(("environment", "folder"), [
    ({"XDG_STATE_HOME": "/var/state", "HOME": "/home/u"}, "/var/state/ipsecsh"),
    ({"XDG_STATE_HOME": "relative", "HOME": "/home/u"}, "/home/u/.local/state/ipsecsh"),
    ({"HOME": "/home/u"}, "/home/u/.local/state/ipsecsh"),
])
def test_the_state_folder_is_that_of_xdg(environment: dict[str, str], folder: str) -> None:
    assert state_folder(environment) == folder
