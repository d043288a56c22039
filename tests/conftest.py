"""What all tests need of the process they run in, and that a slow machine fails none of them."""

import os
import signal
from tempfile import mkdtemp

from hypothesis import HealthCheck, settings

# An agent that may run on this machine is none of a test's business.
os.environ["IPSECSH_AGENT"] = "none"

settings.register_profile("any-machine", deadline=None,
                          suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any-machine")


def pytest_configure() -> None:
    """The programs that tests start keep no journal of the operator's; they can be stopped.

    A runner in the background ignores Ctrl-C, and so would every program started here.
    """
    os.environ["XDG_STATE_HOME"] = mkdtemp(prefix="ipsecsh-tests-")
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_unconfigure() -> None:
    """The journals of the tests go with them."""
    from shutil import rmtree
    rmtree(os.environ["XDG_STATE_HOME"], ignore_errors=True)
