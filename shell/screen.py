"""What the shell writes on the terminal: answers, warnings, errors, in colour where wanted."""

from itertools import groupby
from typing import TYPE_CHECKING, TextIO

from shell.theme import paint

if TYPE_CHECKING:
    from commands.answer import Answer, Block
    from commands.errors import CommandError


class Screen:
    """Results go to `out`, warnings and errors to `err`."""

    def __init__(self, out: TextIO, err: TextIO, colour: bool, format: str = "table",
                 width: int = 80) -> None:
        self.out, self.err, self.colour = out, err, colour
        self.format, self.width = format, width

    def write(self, line: str) -> None:
        """One plain line."""
        self.out.write(line + "\n")
        self.out.flush()

    def block(self, block: "Block") -> None:
        """A part of an answer, as soon as a long command has it."""
        from commands.answer import Answer
        self.answer(Answer((block,)))

    def answer(self, answer: "Answer") -> None:
        """Blocks in their order, then the warnings."""
        from commands.answer import Answer
        from commands.render import render, render_warning
        for error, blocks in groupby(answer.blocks, lambda one: getattr(one, "error", False)):
            group = Answer(tuple(blocks))
            stream = self.err if error else self.out
            self._lines(stream, render(group, self.format, width=self.width))
        for warning in answer.warnings:
            self._lines(self.err, render_warning(warning))

    def error(self, error: "CommandError") -> None:
        """A mistake with its caret, or as an object when answers are data."""
        from commands.answer import Answer
        from commands.render import error_block, render, render_error
        if self.format in ("json", "jsonl"):
            self._lines(self.err, render(Answer((error_block(error),)), self.format))
        else:
            self._lines(self.err, render_error(error, self.width))

    def _lines(self, stream: TextIO, lines: "list[SpanLine]") -> None:
        stream.write("".join(paint(line, self.colour) + "\n" for line in lines))
        stream.flush()


if TYPE_CHECKING:
    from commands.render import SpanLine
