"""The operator's history: one file a user, no line twice, no secret ever.

Lines are masked by the type of their tags before they reach the file or the memory of the
prompt, so a key can be neither read from the disk nor recalled with the arrow keys.
"""

import os
from collections.abc import Callable, Iterable

from prompt_toolkit.history import History

KEPT = 2000
SLACK = 2000


class SafeHistory(History):
    """History in `path`, made 0600 in a folder 0700; `mask` takes the secrets out of a line.

    A file that cannot be read or written costs the history, never the shell.
    """

    def __init__(self, path: str, mask: Callable[[str], str]) -> None:
        super().__init__()
        self.path, self.mask = path, mask

    def load_history_strings(self) -> Iterable[str]:
        """All kept lines, the newest first, each once."""
        try:
            with open(self.path, encoding="utf-8", errors="replace") as file:
                lines = file.read(1 << 22).splitlines()
        except OSError:
            return
        kept = [line for line in dict.fromkeys(reversed(lines)) if line.strip()][:KEPT]
        if len(lines) > len(kept) + SLACK:
            self._rewrite(kept)
        yield from kept

    def append_string(self, string: str) -> None:
        """Keeps a typed line, or each of several pasted ones, masked; an earlier equal one goes."""
        for typed in string.splitlines():
            line = self.mask(typed).strip()
            if not line:
                continue
            if line in self._loaded_strings:
                self._loaded_strings.remove(line)
            super().append_string(line)

    def store_string(self, string: str) -> None:
        """Adds one masked line to the file."""
        try:
            os.makedirs(os.path.dirname(self.path), mode=0o700, exist_ok=True)
            flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT
            with open(os.open(self.path, flags, 0o600), "w", encoding="utf-8") as file:
                file.write(string + "\n")
        except OSError:
            return

    def _rewrite(self, newest_first: list[str]) -> None:
        """Replaces the file by what is kept, so that it does not grow for ever."""
        fresh = f"{self.path}.{os.getpid()}"
        try:
            with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w",
                      encoding="utf-8") as file:
                file.writelines(line + "\n" for line in reversed(newest_first))
            os.replace(fresh, self.path)
        except OSError:
            return
