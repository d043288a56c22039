"""What all tests need of the process they run in."""

import signal


def pytest_configure() -> None:
    """A runner in the background ignores Ctrl-C, and so would every program started here."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
