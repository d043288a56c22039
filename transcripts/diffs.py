"""Where an output differs from what was expected: paired lines, each with the reason."""

from collections.abc import Sequence

from transcripts.lines import Printed
from transcripts.match import Matcher, TooManyWays, compared, stripped
from transcripts.model import Expected
from transcripts.pairing import Captures, Mismatch
from transcripts.results import Change

# Above this many comparisons a diff aligns equal texts only.
COMPARISONS_MOST = 20_000
REASONS_MOST = 12


def written(line: Expected | Printed) -> str:
    """A line as it stands in a transcript (a printed one without its escapes)."""
    return f"{line.sigil} {line.text}".rstrip()


def changes(expected: Sequence[Expected], actual: Sequence[Printed], captures: Captures,
            matcher: Matcher) -> tuple[Change, ...]:
    """The diff of an output; each line that was replaced has the reason why it did not match."""
    wanted_lines, got_lines = aligned(expected, actual, matcher)
    found: list[Change] = []
    for kind, start, end, low, high in opcodes(wanted_lines, got_lines, captures, matcher):
        some, shown = wanted_lines[start:end], got_lines[low:high]
        if kind == "equal":
            found += [Change(" ", written(line)) for line in shown]
        elif some and all(line.elision for line in some):
            found += [Change(" ", written(line)) for line in some]
        else:
            found += _replaced(some, shown, captures, matcher)
    return tuple(_fewer(found))


def aligned(expected: Sequence[Expected], actual: Sequence[Printed],
            matcher: Matcher) -> tuple[list[Expected], list[Printed]]:
    """Both sides without what is not compared, lines in any order as they are expected."""
    wanted = compared(expected)
    got = stripped([line for line in actual if not line.chance or any(
        not isinstance(paired(matcher, one, line, matcher.captures), Mismatch)
        for one in wanted if one.elision is None)])
    while wanted and not wanted[0].text and not wanted[0].elision:
        wanted.pop(0)
    while wanted and not wanted[-1].text and not wanted[-1].elision:
        wanted.pop()
    if any(line.ordered for line in got):
        try:
            got = matcher.arranged(wanted, got)
        except TooManyWays:
            pass
    return wanted, got


def opcodes(wanted: Sequence[Expected], got: Sequence[Printed], captures: Captures,
            matcher: Matcher) -> Sequence[tuple[str, int, int, int, int]]:
    """difflib's operations that make the printed lines of the expected ones."""
    from difflib import SequenceMatcher
    keys = _keys(wanted, got, captures, matcher)
    return SequenceMatcher(None, keys, [written(line) for line in got], False).get_opcodes()


def _keys(wanted: Sequence[Expected], got: Sequence[Printed], captures: Captures,
          matcher: Matcher) -> list[str]:
    """Each expected line as the printed line it matches, else as it is written.

    Of several that it matches it is the first one behind the line before it.
    """
    keys, at = [], 0
    close = len(wanted) * len(got) <= COMPARISONS_MOST
    for line in wanted:
        key = "\0" + written(line)
        if line.elision is None:
            places = [*range(at, len(got)), *range(at)] if close else [at][:at < len(got)]
            for place in places:
                found = paired(matcher, line, got[place], captures)
                if not isinstance(found, Mismatch):
                    captures, key, at = found, written(got[place]), place + 1
                    break
        keys.append(key)
    return keys


def paired(matcher: Matcher, line: Expected, shown: Printed,
           captures: Captures) -> Captures | Mismatch:
    """One line against one line; too many ways to compare them are a mismatch."""
    try:
        return matcher.line(line, shown, captures)
    except TooManyWays:
        return Mismatch(line.line, "")


def _replaced(wanted: Sequence[Expected], got: Sequence[Printed], captures: Captures,
              matcher: Matcher) -> list[Change]:
    """Lines in the place of others. What stands before the lines that an elision takes is held
    against the first ones, what stands behind it against the last.
    """
    gaps = [at for at, line in enumerate(wanted) if line.elision is not None]
    before, behind = (gaps[0], len(wanted) - gaps[-1] - 1) if gaps else (0, 0)
    if not gaps or gaps[-1] - gaps[0] >= len(gaps) or before + behind > len(got):
        return _opposed(wanted, got, captures, matcher)
    return [*_opposed(wanted[:before], got[:before], captures, matcher),
            *(Change(" ", written(wanted[at])) for at in gaps),
            *_opposed(wanted[len(wanted) - behind:], got[len(got) - behind:], captures, matcher)]


def _opposed(wanted: Sequence[Expected], got: Sequence[Printed], captures: Captures,
             matcher: Matcher) -> list[Change]:
    """Where they are as many, each has its reason."""
    found = []
    for at, line in enumerate(wanted):
        reason = ""
        if at < len(got) and line.elision is None:
            problem = paired(matcher, line, got[at], captures)
            reason = problem.reason if isinstance(problem, Mismatch) else ""
        found.append(Change("-", written(line), line.line, reason))
    return found + [Change("+", written(line)) for line in got]


def _fewer(found: list[Change]) -> list[Change]:
    """The reasons of a diff that nobody would read all of are left out behind the first ones."""
    told = 0
    for at, one in enumerate(found):
        told += bool(one.reason)
        if told > REASONS_MOST and one.reason:
            found[at] = one._replace(reason="")
    return found
