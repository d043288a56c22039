"""Whether a command did what the transcript expects: output, exit class, and its checks."""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from transcripts.conditions import Comparison, Unknown, compare, number_of
from transcripts.diffs import changes
from transcripts.jsonpath import JsonCheck, check
from transcripts.lines import Printed
from transcripts.match import Matcher
from transcripts.model import Directive, Exchange
from transcripts.pairing import Capture, Captures, Mismatch
from transcripts.results import Change
from transcripts.said import Said
from transcripts.types import Value


class Judgement(NamedTuple):
    """The captures afterwards, and what is wrong (nothing when it passes)."""

    captures: Captures
    reasons: tuple[str, ...] = ()
    diff: tuple[Change, ...] = ()


class Judge:
    """Judges one command; `names` are the variables, `spent` seconds that it took."""

    def __init__(self, exchange: Exchange, said: Said, lines: Sequence[Printed],
                 captures: Captures, names: Mapping[str, str], spent: float) -> None:
        self.exchange, self.said, self.lines = exchange, said, lines
        self.captures, self.names, self.spent = captures, names, spent

    def judge(self) -> Judgement:
        """All that is wrong, each with its line."""
        reasons, diff = self._output()
        reasons += self._exit(diff)
        for one in self.exchange.checks:
            look = CHECKS.get(one.name)
            reason = look(self, one) if look else ""
            if reason:
                reasons.append(f"line {one.line}: {reason}")
        return Judgement(self.captures, tuple(reasons), tuple(diff))

    def _output(self) -> tuple[list[str], list[Change]]:
        exchange = self.exchange
        expects_code = exchange.check("expect-fail") is not None
        if exchange.ignore or expects_code and not any(
                line.sigil in "|!" for line in exchange.expected):
            return [], []
        matcher = Matcher(self.captures, self.names)
        found = matcher.compare(exchange.expected, self.lines)
        if not isinstance(found, Mismatch):
            self.captures = found
            return [], []
        diff = list(changes(exchange.expected, self.lines, self.captures, matcher))
        told = [f"line {one.line}: {one.reason}" for one in diff if one.reason]
        first = f"line {found.line or exchange.line}: {found.reason}"
        return told if first in told else [first, *told], diff

    def _exit(self, diff: list[Change]) -> list[str]:
        wanted, got = self.exchange.exit, self.said.exit
        if got == wanted or self.exchange.check("expect-fail") and not self.exchange.exit_line:
            return []
        line = self.exchange.exit_line
        diff += [Change("-", f"= {wanted}", line), Change("+", f"= {got}")]
        return [f"exit class {got}, expected {wanted}"]

    def _within(self, one: Directive) -> str:
        assert isinstance(one.value, float)
        if self.spent <= one.value:
            return ""
        return f"took {self.spent:.3g} s, not within {one.argument}"

    def _assert(self, one: Directive) -> str:
        assert isinstance(one.value, Comparison)
        try:
            if compare(one.value, self.lookup):
                return ""
        except Unknown as name:
            return f"{name} is not bound"
        except ValueError as error:
            return f"assert {one.argument}: {error}"
        sides = " and ".join(
            f"{side} is {self.lookup(side[2:-1])}" for side in (one.value.left, one.value.right)
            if side.startswith("${") and side.endswith("}") and " " not in side)
        return f"assert {one.argument} is not true" + (f": {sides}" if sides else "")

    def _json(self, one: Directive) -> str:
        assert isinstance(one.value, JsonCheck)
        try:
            reason = check(one.value, document(self.said, self.lines), self.lookup)
        except Unknown as name:
            return f"{name} is not bound"
        except ValueError as error:
            return f"json {one.argument}: {error}"
        return f"json {one.argument}: {reason}" if reason else ""

    def _expect_fail(self, one: Directive) -> str:
        codes = self.said.codes
        if one.argument in codes:
            return ""
        told = f"it reported {', '.join(dict.fromkeys(codes))}" if codes else "it passed"
        return f"was expected to fail with {one.argument}, but {told}"

    def lookup(self, name: str) -> Value | None:
        """The value behind ``${name}`` in a check: a capture's own, else a variable's."""
        captured = self.captures.get(name)
        if captured is None:
            captured = next((capture for key, capture in self.captures.items()
                             if key.partition(":")[2] == name), None)
        if isinstance(captured, Capture):
            return captured.value
        from commands.words import lookup
        text = lookup(name, self.names)
        return None if text is None else number_of(str(text))


CHECKS: dict[str, Callable[[Judge, Directive], str]] = {
    "within": Judge._within, "assert": Judge._assert, "json": Judge._json,
    "expect-fail": Judge._expect_fail,
}


def document(said: Said, lines: Sequence[Printed]) -> object:
    """What a command said as JSON: its output when that is JSON, else its data.

    Raises ValueError when it said nothing that has a form.
    """
    from json import loads
    text = "\n".join(line.text for line in lines if line.sigil == "|")
    if text.lstrip()[:1] in ("[", "{"):
        try:
            parsed: object = loads(text)
            return parsed
        except ValueError:
            if not said.blocks:
                raise ValueError("the output is no JSON") from None
    if not said.blocks:
        raise ValueError("the output is no JSON" if text else "there is no output")
    from commands.answer import Answer
    from commands.layout import plain
    from commands.render import render
    shown = render(Answer(said.blocks), "json")
    parsed = loads("\n".join(plain(line) for line in shown) or "null")
    return parsed
