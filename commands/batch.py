"""Batch files made of netsh lines, read as cmd.exe reads them, as far as that can be known.

Of cmd.exe's language what such files need is understood: ``@``, comments, ``set NAME=value`` and
``%NAME%``, the caret, ``&``, ``&&``, ``||``, redirections. What decides at run time which lines
are executed (``if``, ``for``, ``goto``) is never guessed: such a line, and each line of its
block, is named as not understood.
"""

from collections.abc import Iterator
from typing import NamedTuple

from commands.words import comment_start

SUFFIXES = (".bat", ".cmd")
# The first word of a file that is a batch file whatever its name.
OPENERS = ("@", "setlocal", "echo")
# Commands of cmd.exe that only concern its window.
SILENT = frozenset({"echo", "pause", "cls", "title", "color", "setlocal", "endlocal", "timeout",
                    "prompt", "verify", "chcp"})
DECIDING = frozenset({"if", "for", "goto", "else", "call", ")"})
COMPANIONS = frozenset({"ping", "route", "ipconfig", "net", "auditpol", "netdiag", "ipsecmon"})
DEVICES = frozenset({"nul", "nul:", "con", "con:"})
OPERATORS = "&|<>"


class Step(NamedTuple):
    """A line to run, or why it cannot be.

    `number` is the line of the file where it begins. `when` is "&&" or "||" behind another
    command of the same line, which must have succeeded or failed. `quiet` discards what it says;
    `ends` ends the script there.
    """

    number: int
    text: str
    problem: str = ""
    when: str = ""
    quiet: bool = False
    ends: bool = False

    def skipped(self, last: int) -> bool:
        """Whether its operator leaves it out after a command with exit code `last`."""
        return bool(self.when) and (self.when == "&&") != (last == 0)


class NotUnderstood(Exception):
    """Why a line of a batch file cannot be run."""


def is_batch(lines: list[str], name: str) -> bool:
    """Whether a script is a batch file, by its suffix or by its first words."""
    if name.lower().endswith(SUFFIXES):
        return True
    for line in lines:
        if line.strip() and comment_start(line) < 0:
            words = line.lower().split()
            return words[0].startswith(OPENERS) or words[0] == "netsh" and len(words) > 1
    return False


def plain_steps(lines: list[str]) -> Iterator[Step]:
    """The steps of a netsh script: its lines."""
    # As Step(number, line), which takes longer than all else that a line costs here.
    for number, line in enumerate(lines, 1):
        yield tuple.__new__(Step, (number, line, "", "", False, False))


def batch_steps(lines: list[str]) -> Iterator[Step]:
    """The steps of a batch file."""
    return _Batch(lines).steps()


class _Batch:
    """A batch file being read: its variables, the depth of a block that must not be run."""

    def __init__(self, lines: list[str]) -> None:
        self.lines = lines
        self.variables: dict[str, str] = {}
        self.block = 0

    def steps(self) -> Iterator[Step]:
        at = 0
        while at < len(self.lines):
            number = at + 1
            try:
                text, at = self._whole_line(at)
                pieces = [] if self._passed(text) else list(_commands(text))
                for when, piece in pieces:
                    step = self._step(number, piece)
                    if step is not None:
                        yield step._replace(when=when)
            except NotUnderstood as reason:
                at = max(at, number)
                yield Step(number, "", str(reason))

    def _whole_line(self, at: int) -> tuple[str, int]:
        """A line with those that its carets continue, variables filled in; and the next."""
        text, at = self.lines[at], at + 1
        while _continued(text) and at < len(self.lines):
            text, at = text.rstrip()[:-1] + self.lines[at], at + 1
        return (text if comment_start(text.lstrip("@ \t")) >= 0 else self._filled(text, at)), at

    def _filled(self, text: str, at: int) -> str:
        parts: list[str] = []
        while True:
            before, sign, rest = text.partition("%")
            parts.append(before)
            if not sign:
                return "".join(parts)
            if rest[:1] == "%":
                parts.append("%")
                text = rest[1:]
                continue
            if rest[:1] in ("~", "*") or rest[:1].isdigit():
                raise _unknown(f"%{rest[:1]}", "the arguments of a batch file are not known here")
            name, end, behind = rest.partition("%")
            if not end:
                text = rest  # a single percent sign vanishes
                continue
            if name.lower() not in self.variables:
                raise _unknown(f"%{name}%", "the variable has not been set in this file")
            parts.append(self.variables[name.lower()])
            text = behind

    def _passed(self, text: str) -> bool:
        """Whether a line has nothing to run: empty, a comment, a label, the end of a block."""
        plain = text.strip().lstrip("@").lstrip()
        if self.block:
            self.block += _depth(plain)
            raise _unknown(plain, "it belongs to a block that may or may not be executed")
        return not plain or plain[0] == ":" or comment_start(plain) >= 0

    def _step(self, number: int, piece: str) -> Step | None:
        text, quiet, redirected = _redirections(piece.strip().lstrip("@").strip())
        words = text.split()
        if not words:
            return None
        first = words[0].lower()
        if first.startswith("echo") or first in SILENT or comment_start(text) >= 0:
            return None
        if first == "set":
            self._set(text[3:].strip())
            return None
        if first == "exit":
            nested = "/b" in text.lower()
            return Step(number, "" if nested else "exit", ends=nested)
        if first in ("netsh", "netsh.exe"):
            return Step(number, _netsh(text[len(first):].strip(), redirected), quiet=quiet)
        if first in COMPANIONS:
            return Step(number, "netsh " + _for_us(text, redirected), quiet=quiet)
        if first == "call" and len(words) > 1 and words[1].strip('"').lower().endswith(SUFFIXES):
            return Step(number, "exec " + text[4:].strip(), quiet=quiet)
        self.block = max(0, _depth(piece))
        raise _unknown(words[0], "what would be executed is not known here" if first in DECIDING
                       else "only netsh lines of a batch file can be run")

    def _set(self, text: str) -> None:
        if text[:1] == '"':
            text = text[1:].rpartition('"')[0]
        name, equals, value = text.partition("=")
        if not equals or not name.strip() or name[:1] == "/":
            raise _unknown("set", "only set NAME=value is understood")
        self.variables[name.strip().lower()] = value


def _unknown(what: str, why: str) -> NotUnderstood:
    words = what.split()
    return NotUnderstood(f"'{words[0] if words else what}' is not understood: {why}")


def _continued(text: str) -> bool:
    """Whether a caret outside quotes ends the line."""
    plain = text.rstrip()
    carets = len(plain) - len(plain.rstrip("^"))
    return carets % 2 == 1 and plain.count('"') % 2 == 0


def _depth(text: str) -> int:
    """By how much a line opens blocks more than it closes, outside quotes."""
    outside = "".join(text.split('"')[::2])
    return outside.count("(") - outside.count(")")


def _commands(text: str) -> Iterator[tuple[str, str]]:
    """The commands of a line with the operator before each, carets still in place."""
    start, when, at, quoted = 0, "", 0, False
    while at < len(text):
        sign = text[at]
        if sign == '"':
            quoted = not quoted
        elif sign == "^" and not quoted:
            at += 1
        elif sign in "&|" and not quoted and text[at - 1:at] != ">":
            operator = text[at:at + 2] if text[at:at + 2] in ("&&", "||") else sign
            if operator == "|":
                raise _unknown("|", "a pipe needs another program")
            yield when, text[start:at]
            when = "" if operator == "&" else operator
            at += len(operator) - 1
            start = at + 1
        at += 1
    yield when, text[start:]


def _redirections(text: str) -> tuple[str, bool, str]:
    """The text without redirections and carets, whether it is quiet, what else was redirected."""
    kept: list[str] = []
    quiet, redirected, at, quoted = False, "", 0, False
    while at < len(text):
        sign = text[at]
        if sign == '"':
            quoted = not quoted
        elif sign == "^" and not quoted:
            at += 1
            if text[at:at + 1] in tuple(OPERATORS):
                raise _unknown("^" + text[at], "the sign is an operator here")
            kept.append(text[at:at + 1])
            at += 1
            continue
        elif sign in "<>" and not quoted:
            if kept and kept[-1] in ("1", "2") and (len(kept) == 1 or kept[-2] in " \t"):
                stream = kept.pop()
            else:
                stream = "1" if sign == ">" else "0"
            operator = text[at:at + 2] if text[at:at + 2] == ">>" else sign
            target, at = _target(text, at + len(operator))
            if target.lower() in DEVICES or target[:1] == "&":
                quiet = quiet or stream == "1" and target.lower().startswith("nul")
            elif stream != "2":
                redirected = f"{operator} {target}"
            continue
        kept.append(sign)
        at += 1
    return "".join(kept).strip(), quiet, redirected


def _target(text: str, at: int) -> tuple[str, int]:
    """The file name behind a redirection, and where it ends."""
    while text[at:at + 1] in (" ", "\t"):
        at += 1
    end = at
    quoted = False
    while end < len(text) and (quoted or text[end] not in " \t<>"):
        quoted ^= text[end] == '"'
        end += 1
    return text[at:end], end


def _netsh(rest: str, redirected: str) -> str:
    if not rest and redirected[:1] == "<":
        return "exec " + redirected[2:]
    if not rest:
        raise _unknown("netsh", "without a command it waits for somebody to type")
    return "netsh " + _for_us(rest, redirected)


def _for_us(text: str, redirected: str) -> str:
    """A line whose signs mean here what they mean to cmd.exe."""
    if redirected[:1] == "<":
        raise _unknown("<", "only netsh itself reads its lines from a file")
    return text.replace("${", "\\${") + (f" {redirected}" if redirected else "")
