"""Programs that a test starts: each ended by its own pid, whatever happens to the test."""

import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType

PATIENCE = 5.0


def wait_for(condition: Callable[[], object], seconds: float = 10.0, every: float = 0.05) -> bool:
    """Whether `condition()` came true within the time."""
    limit = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > limit:
            return False
        time.sleep(every)
    return True


class Program:
    """A started program; a context manager that ends it. `log` has what it printed."""

    def __init__(self, argv: Sequence[str], log: Path, env: dict[str, str] | None = None) -> None:
        self.log = log
        with open(log, "ab") as out:
            self.child = subprocess.Popen(list(argv), stdin=subprocess.DEVNULL, stdout=out,
                                          stderr=out, start_new_session=True, env=env)

    @property
    def pid(self) -> int:
        return self.child.pid

    @property
    def running(self) -> bool:
        return self.child.poll() is None

    def text(self) -> str:
        """What it has printed so far."""
        return self.log.read_text(errors="replace")

    def end(self, number: int = signal.SIGTERM, patience: float = PATIENCE) -> int:
        """Ends it, with force when it does not obey; its exit code."""
        if self.running:
            self.child.send_signal(number)
        try:
            return self.child.wait(patience)
        except subprocess.TimeoutExpired:
            self.child.kill()
            return self.child.wait(patience)

    def kill(self) -> None:
        """Kills it without a warning, as a crash does."""
        self.end(signal.SIGKILL)

    def __enter__(self) -> "Program":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        self.end()
