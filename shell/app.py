"""The entry point: starts fast, ends fast, and lets no exception out.

The work is in `shell.program`; here is what must happen before its imports and after its end.
"""

import gc
import os
import sys

# Collecting garbage while the objects of imports are made costs a tenth of a one-shot command,
# and a quarter of one that shows thousands of filters; hardly anything of it is garbage.
COLLECT_EVERY = 500_000


def console() -> None:
    """The entry point ``ipsecsh``: ends the process without taking the interpreter apart."""
    gc.set_threshold(COLLECT_EVERY)
    code = main(sys.argv[1:])
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except (OSError, ValueError):
        code = code or 1
    # Everything is written and closed; tearing down modules would cost as much as the command.
    os._exit(code)


def main(arguments: list[str]) -> int:
    """Runs the program and gives its exit code; nothing is raised."""
    from shell.program import run
    return run(arguments)
