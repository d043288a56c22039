"""Keys and passwords that somebody wrote into a transcript in clear."""

from collections.abc import Iterable, Iterator

from commands.masking import secret_spans
from engine.policy.model import Secret
from transcripts.hiding import SHORTEST, Hider
from transcripts.model import Exchange

# How a value begins that is a name (also as it is written in output), a placeholder, the dots of
# a line to be completed, or hidden already.
NO_SECRETS = ("${", "\\${", "<", "\\<", "...", Secret.MASK[:3], "%")
QUESTIONS = ("key", "password", "secret")


def in_clear(exchange: Exchange) -> Iterator[tuple[int, str]]:
    """(line, value) of every secret in a command, in its answers and in what it prints."""
    found = [(exchange.line, exchange.command)]
    asked = ""
    for line in exchange.expected:
        if line.sigil == "?":
            asked = line.text.lower()
        elif line.sigil == "<" and any(word in asked for word in QUESTIONS) \
                and line.text[:1] not in ("", "^") and not line.text.startswith(NO_SECRETS):
            yield line.line, line.text
        elif line.sigil in "|!":
            found.append((line.line, line.text))
    for number, text in found:
        for start, end in secret_spans(text):
            value = text[start:end].strip("\"'")
            if value and not value.startswith(NO_SECRETS):
                yield number, value


def hider_of(exchanges: Iterable[Exchange]) -> Hider:
    """Who hides them wherever they stand, in whatever encoding."""
    hider = Hider()
    for exchange in exchanges:
        for _, value in in_clear(exchange):
            if value not in hider.names:
                number = len(hider.names) + 1
                hider.learn(value, f"secret:clear{number}", everywhere=len(value) >= SHORTEST)
    return hider
