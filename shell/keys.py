"""Keys of the prompt that are the shell's own: `?`, Ctrl-Z."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from prompt_toolkit.application import run_in_terminal
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent

from shell.hints import help_lines, inside_quotes

if TYPE_CHECKING:
    from commands.session import Session


def make_keys(session: "Session", prompt: Callable[[], str],
              write: Callable[[str], None]) -> KeyBindings:
    """The bindings; `prompt` gives the prompt's text, `write` prints a line above it."""
    keys = KeyBindings()

    @keys.add("?", eager=True)
    def _question(event: KeyPressEvent) -> None:
        """Help at once, the typed line stays; inside quotes a question mark is a sign."""
        buffer = event.current_buffer
        text = buffer.document.text_before_cursor
        if inside_quotes(text):
            buffer.insert_text("?")
            return
        buffer.cancel_completion()
        width = event.app.output.get_size().columns

        def show() -> None:
            write(f"{prompt()}{text}?")
            for line in help_lines(text, session, width):
                write(line)

        run_in_terminal(show)

    @keys.add("c-z", eager=True)
    def _root(event: KeyPressEvent) -> None:
        """To the root context; what is typed stays."""
        session.context = ()
        event.app.invalidate()

    return keys
