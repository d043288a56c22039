"""The seam for a session whose machine is another process's: what runs there, what runs here.

Reading a line, help, contexts, aliases, scripts, pipes and printing are the shell's own; a
command that looks at the store or the machine goes to the agent, as it was typed.
"""

from contextlib import AbstractContextManager

from commands.answer import Answer
from engine.values import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from commands.parser import Parse
    from commands.session import Session

HERE = frozenset({"..", "?", "help", "alias", "unalias", "bye", "exit", "quit", "exec", "pushd",
                  "popd", "transcript"})


class Remote(Protocol):
    """An agent at the other end of a socket."""

    @property
    def associations(self) -> int:
        """Quick mode SA pairs that were up when the last command ended."""

    def run(self, text: str, session: "Session") -> Answer:
        """Runs one command there. Raises CommandError, Interrupted."""

    def transaction(self) -> AbstractContextManager[None]:
        """All lines within it become true together, or none."""


def goes_there(parsed: "Parse") -> bool:
    """Whether a command is the agent's; all others are the shell's own."""
    return parsed.words[:1] != () and parsed.words[0] not in HERE \
        and parsed.words[:2] not in (("show", "alias"), ("set", "file"))


def command_text(parsed: "Parse") -> str:
    """The line without its pipes, which work on the answer here."""
    return parsed.text[:parsed.end] if parsed.stages else parsed.text
