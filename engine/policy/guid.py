"""GUIDs as Windows shows them: every object of the store has one, in braces and upper case."""

from collections.abc import Iterator

from engine.entropy import Entropy

# The two highest bits of the variant's digit are 10.
VARIANT = {f"{digit:X}": f"{digit & 3 | 8:X}" for digit in range(16)}


# How many are made of one draw: scripts need thousands.
BLOCK = 32


def guids(entropy: Entropy) -> Iterator[str]:
    """Random GUIDs (RFC 4122 version 4) without end, each from 16 octets of `entropy`."""
    while True:
        octets = entropy(16 * BLOCK).hex().upper()
        for at in range(0, 32 * BLOCK, 32):
            text = octets[at:at + 32]
            yield (f"{{{text[:8]}-{text[8:12]}-4{text[13:16]}-{VARIANT[text[16]]}{text[17:20]}-"
                   f"{text[20:]}}}")


def is_guid(text: str) -> bool:
    """Whether `text` has the form {8-4-4-4-12} of hexadecimal digits, in either case."""
    if len(text) != 38 or text[0] != "{" or text[-1] != "}":
        return False
    parts = text[1:-1].split("-")
    return [len(part) for part in parts] == [8, 4, 4, 4, 12] and all(
        character in "0123456789abcdefABCDEF" for part in parts for character in part)
