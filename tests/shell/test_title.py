"""A key typed as an argument does not stay in the list of processes."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
SHOW = ("import sys; from shell.title import hide; hide(sys.argv[2:]); "
        "print(open('/proc/self/cmdline').read().replace(chr(0), ' '))")


def listed(argument: str, *keys: str) -> str:
    """What ps shows of a process started with `argument` after it hid `keys`."""
    done = subprocess.run([sys.executable, "-c", SHOW, argument, *keys], cwd=ROOT, text=True,
                          check=True, capture_output=True)
    return done.stdout


def test_a_key_is_stars_wherever_it_stands() -> None:
    assert "psk=******** name=********" in listed("psk=kb252735 name=kb252735", "kb252735")


def test_nothing_else_is_touched() -> None:
    assert "psk=kb252735" in listed("psk=kb252735")
    assert "psk=kb252735" in listed("psk=kb252735", "")
