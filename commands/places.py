"""Where the program keeps files, and what they are called."""

import os
from collections.abc import Mapping

# Where the lab's own authority keeps its files: beside a store's file, else in a folder of its own.
AUTHORITY, TEMPORARY = "lab-authority", "ipsecsh-lab-"
# What the file of an export is called when its name has no extension.
EXPORTED = ".ipsec"
# What the private map of a report is called when it is given no name: the report's, and this.
MAP = ".map"


def state_folder(environment: Mapping[str, str]) -> str:
    """The user's XDG state folder of this program; it need not exist yet."""
    base = environment.get("XDG_STATE_HOME", "")
    if not os.path.isabs(base):
        base = os.path.join(environment.get("HOME") or os.path.expanduser("~"), ".local", "state")
    return os.path.join(base, "ipsecsh")
