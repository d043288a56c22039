"""What all tests need of the process they run in."""

import signal


def pytest_configure() -> None:
    """A runner in the background ignores Ctrl-C, and every program started here would inherit it."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
