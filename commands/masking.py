"""Typed lines without their secrets: for errors, history, logs and recordings."""

from collections.abc import Callable
from functools import lru_cache

from commands.errors import CommandError
from commands.nearest import distance
from commands.parser import Parse, parse
from commands.words import Word, comment_start, split_words
from engine.policy.model import Secret
from engine.values import TYPE_CHECKING

if TYPE_CHECKING:
    from commands.session import Session

# Masked whatever the line turns out to be: a mistyped command must not leak its key.
SECRET_WORDS = ("psk", "presharedkey", "password", "secret")
LONGEST = max(map(len, SECRET_WORDS)) + 1  # of a name that may be meant as one of them


def mask_text(text: str, session: "Session") -> str:
    """A typed line as it may be kept: the values of secret tags are stars."""
    from commands.pasted import pasted
    try:
        found = pasted(text, session)
    except CommandError:
        found = None
    if found is None or not text.endswith(found.text):
        return mask(parse(text, session))[0]
    before, session.context = session.context, found.context
    try:
        shown = mask(parse(found.text, session))[0]
    finally:
        session.context = before
    return text[:len(text) - len(found.text)] + shown


def mask(parsed: Parse) -> tuple[str, Callable[[int], int]]:
    """The line with stars for its secrets, and where each of its columns went."""
    text = parsed.text
    spans = sorted(set(_secret_spans(parsed)))
    parts, moves, at = [], [], 0
    for start, end in spans:
        if start < at:
            continue
        parts += [text[at:start], Secret.MASK]
        moves.append((start, end, len(Secret.MASK)))
        at = end
    parts.append(text[at:])

    def moved(column: int) -> int:
        shift = 0
        for start, end, width in moves:
            if column >= end:
                shift += width - (end - start)
            elif column > start:
                return start + shift
        return column + shift

    return "".join(parts), moved


def _secret_spans(parsed: Parse) -> list[tuple[int, int]]:
    spans = [(piece.start, piece.end) for piece in parsed.pieces if piece.role == "secret"]
    return spans + secret_spans(parsed.text)


def secret_spans(line: str) -> list[tuple[int, int]]:
    """Where a line of any context gives a value to something called a key or a password.

    A comment may be such a line that somebody does not want to run yet.
    """
    start = comment_start(line)
    if start >= 0:
        end = start + (3 if line[start:start + 3].lower() == "rem" else 1)
        line = " " * end + line[end:].replace("#", " ")
    words = split_words(line).words
    return [span for at, word in enumerate(words) for span in _named(line, words, at, word)]


def _named(line: str, words: tuple[Word, ...], at: int, word: Word) -> list[tuple[int, int]]:
    """The value behind ``psk=`` in any of its spellings, as far as the line goes."""
    if word.quoted:
        # A whole line in quotes, as the meaning of an alias.
        packed = "".join(word.text.lower().split())
        inside = any(f"{name}=" in packed for name in SECRET_WORDS)
        # Quotation marks within it end it too early for a key that has some of its own.
        whole = line[word.start:word.end].count('"') == 2 and line[word.end - 1] == '"'
        return [(word.start, word.end if whole else words[-1].end)] if inside else []
    if word.equals > 0 and _is_secret(word.text[:word.equals]):
        if word.cut < word.end:
            return [(word.cut, word.end)]
        return [(one.start, one.end) for one in words[at + 1:at + 2]]
    if word.equals < 0 and _is_secret(word.text) and at + 1 < len(words) \
            and words[at + 1].equals == 0:
        sign = words[at + 1]
        if sign.cut < sign.end:
            return [(sign.cut, sign.end)]
        return [(one.start, one.end) for one in words[at + 2:at + 3]]
    return []


def _is_secret(name: str) -> bool:
    return 1 < len(name) <= LONGEST and _names_secret(name.lower())


@lru_cache(1024)
def _names_secret(name: str) -> bool:
    # A slip of one letter (pks=) hides its value too: it was meant to be a key.
    return any(word.startswith(name) or distance(name, word, 1) <= 1 for word in SECRET_WORDS)
