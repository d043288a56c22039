"""Prints blocks, warnings and errors: the only place that writes to the terminal.

Results go to standard output, errors to standard error; colour comes from the types of the
spans and only where a terminal wants it.
"""

import os
import sys
from collections.abc import Iterable

from commands.answer import Answer, Block, Lines
from commands.colour import coloured
from commands.errors import CommandError
from commands.layout import Span, SpanLine, lines_of, plain, render_block
from commands.render import error_block, render, render_warning
from engine.values import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from commands.session import Session


def wants_colour(mode: str, stream: TextIO) -> bool:
    """Whether to colour: --color, NO_COLOR, CLICOLOR_FORCE, TERM=dumb, and a terminal at all."""
    if mode in ("always", "never"):
        return mode == "always"
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("CLICOLOR_FORCE", "0") not in ("", "0"):
        return True
    return os.environ.get("TERM") != "dumb" and stream.isatty()


class Show:
    """Where a session's output goes. `failed` tells whether an error has been shown.

    `format` is table, json, jsonl or csv. JSON is one document: blocks of one command are held
    back until `done`.
    """

    def __init__(self, session: "Session", format: str = "table", color: str = "auto",
                 out: TextIO | None = None, err: TextIO | None = None) -> None:
        self.session, self.format, self.color = session, format, color
        self.out, self.err = out or sys.stdout, err or sys.stderr
        self.failed = False
        self._held: list[Block] = []

    def emit(self, block: Block) -> None:
        """Prints a block as soon as a command has it."""
        if self.session.witness is not None:
            self.session.witness.block(block)
        self._emit(block)

    def _emit(self, block: Block) -> None:
        if isinstance(block, Lines) and (block.error or block.name == "warning"):
            self.failed = self.failed or block.error
            self._aside(block, self.err if block.error or self.format != "table" else self.out)
        elif self.format != "table" and block.name == "seen":
            self._print(render_block(block, False, 80), self.err)
        elif self.format == "json" or self.format == "csv":
            self._held.append(block)
        else:
            self._print(render(block, self.format, self.session.reveal), self.out)

    def echo(self, text: str) -> None:
        """A piece of a line, at once; nothing where data is wanted."""
        if self.format == "table":
            self.out.write(text)
            self.out.flush()

    def answer(self, answer: Answer) -> None:
        """Prints what is left to say when a command has ended."""
        if self.session.witness is not None:
            self.session.witness.answer(answer)
        if self.format in ("json", "csv"):
            self._held += answer.blocks
        else:
            whole = answer._replace(warnings=())
            self._print(render(whole, self.format, self.session.reveal), self.out)
        for warning in answer.warnings:
            data = {"warning": warning.code, "text": warning.text, "fix": warning.fix}
            self._emit(lines_of(render_warning(warning), "warning", data))
        self.done()

    def done(self) -> None:
        """Prints what was held back: a JSON document or CSV."""
        held, self._held = tuple(self._held), []
        if held:
            self._print(render(Answer(held), self.format, self.session.reveal), self.out)

    def error(self, error: CommandError) -> None:
        """Prints a mistake to standard error."""
        if self.session.witness is not None:
            self.session.witness.failed(error)
        self._emit(error_block(error))

    def _aside(self, block: Lines, stream: TextIO) -> None:
        """Errors and warnings: text beside tables, one JSON object a line beside data."""
        if self.format == "table":
            lines = render_block(block, False, 80)
            if wants_colour(self.color, stream):
                head = "error" if block.error else "warning"
                lines = [tuple(Span(span.text, head) for span in line) if at == 0 else line
                         for at, line in enumerate(lines)]
        else:
            lines = render(block, "jsonl", False)
        self._print(lines, stream, self._fitted(lines, stream))

    def _fitted(self, lines: list[SpanLine], stream: TextIO) -> list[SpanLine]:
        """Lines as a terminal is told them."""
        from shell.fit import fit, terminal_width
        width = terminal_width(stream) if self.format == "table" else 0
        return fit(lines, width, self._typed) if width else lines

    def _typed(self, text: str) -> bool:
        """Whether a text is a line that can be typed."""
        from commands.parser import parse
        parsed = parse(text, self.session)
        return parsed.kind == "command" and parsed.error is None

    def _print(self, lines: Iterable[SpanLine], stream: TextIO,
               fitted: Iterable[SpanLine] | None = None) -> None:
        """Writes lines to a stream, there as they are `fitted`, and as they are to `set file`."""
        colour = wants_colour(self.color, stream)
        copied = list(lines) if self.session.copy else ()
        shown = (copied or lines) if fitted is None else fitted
        text = "".join((coloured if colour else plain)(line) + "\n" for line in shown)
        if text:
            stream.write(text)
            stream.flush()
            if copied:
                self.copy("".join(plain(line) + "\n" for line in copied))

    def copy(self, text: str) -> None:
        """`set file`: the same into a file; one that cannot be written any more is given up."""
        session = self.session
        try:
            session.files.write(session.copy, text.encode(errors="backslashreplace"), append=True)
        except OSError as failure:
            path, session.copy = session.copy, ""
            self.err.write(f"ERR io : {path}: {failure.strerror}; set file mode=close\n")
