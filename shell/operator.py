"""Who the operator is, as revisions of the store remember it."""

import os
from collections.abc import Mapping


def operator(environment: Mapping[str, str]) -> str:
    """The login name of this process, and in brackets who became it by sudo."""
    name = login(os.getuid())
    before = environment.get("SUDO_USER", "")
    return f"{name} ({before})" if before.isprintable() and before not in ("", name) else name


def login(uid: int) -> str:
    """The name of a user, or the number where it has none."""
    from pwd import getpwuid
    try:
        return getpwuid(uid).pw_name
    except KeyError:
        return str(uid)
