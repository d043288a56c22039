"""The lines of a fault with the words of a machine in place of the braces."""

from collections.abc import Iterable, Mapping

from engine.errors import Refused

Words = Mapping[str, str]
# Stands between the lines of a word that is several of them.
SEVERAL = "\n"


def filled(text: str, words: Words) -> str:
    """One line. Raises Refused("no-word") for a word that this machine has not."""
    try:
        return text.format_map(words)
    except KeyError as missing:
        raise Refused("no-word", f"there is nothing here for {{{missing.args[0]}}}") from None


def fill(lines: Iterable[str], words: Words) -> tuple[str, ...]:
    """All of them; ``*name`` stands for the lines that a word holds."""
    found: list[str] = []
    for one in lines:
        text = filled(f"{{{one[1:]}}}" if one.startswith("*") else one, words)
        found += [line for line in text.split(SEVERAL) if line]
    return tuple(found)
