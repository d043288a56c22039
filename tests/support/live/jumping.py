"""Runs `ipsecsh` with a wall clock that a test moves while it runs; all the rest is real.

    python jumping.py FILE WORDS...    FILE holds the seconds by which the wall clock is ahead

A test cannot set the machine's clock, which others use; Linux has no namespace for it.
"""

import sys
import time
from pathlib import Path

from shell.app import console


def main() -> None:
    """Runs the program with its words, as the installed script does."""
    file, real = Path(sys.argv.pop(1)), time.time
    time.time = lambda: real() + float(file.read_text())
    console()


if __name__ == "__main__":
    main()
