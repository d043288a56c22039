"""Secrets by their values: wherever one stands, in whatever encoding, its name is written.

The type of a tag or a cell says what is secret; what somebody copied into a description, or what
another program prints, only its value tells.
"""

from collections.abc import Iterator

from engine.policy.model import Secret

# A shorter secret is taken for one only where it stands alone, as what somebody typed: "a" is in
# every word, and "short" in many sentences of the program. Its encodings are no words: those of
# six octets are looked for everywhere.
SHORTEST = 8
SHORTEST_ENCODED = 6
# The types of cells that may hold what somebody typed; the others are the program's own words.
TYPED = frozenset({"text", "name", "path", "typed", "user"})
# Base64 of a text that begins somewhere inside the encoded octets: what does not depend on its
# neighbours of each alignment.
ALIGNMENTS = (0, 1, 2)


def encodings(text: str) -> Iterator[tuple[str, str]]:
    """(spelling, suffix of the name) of a secret: ``6b62`` is ``.hex`` of ``kb``."""
    octets = text.encode("utf-8", "surrogateescape")
    wide = text.encode("utf-16-le", "surrogatepass")
    yield text, ""
    for escaped in (_json(text), text.encode("unicode_escape").decode("ascii"), _doubled(text)):
        yield escaped, ".escaped"
    yield _percent(octets), ".percent"
    for what, name in ((octets, ""), (wide, ".utf16"), (_swapped(wide), ".utf16be")):
        digits = what.hex()
        yield digits, name + ".hex"
        yield digits.upper(), name + ".HEX"
        pairs = [digits[at:at + 2] for at in range(0, len(digits), 2)]
        for sign in " :-":
            yield sign.join(pairs), name + ".hex"
            yield sign.join(pairs).upper(), name + ".HEX"
        for at in ALIGNMENTS:
            for shown in _base64(what, at):
                yield shown, name + ".base64"
    yield "\\x00".join(text) + "\\x00", ".utf16.escaped"


def _json(text: str) -> str:
    from json import dumps
    return dumps(text)[1:-1]


def _doubled(text: str) -> str:
    return text.replace("'", "''").replace('"', '""')


def _percent(octets: bytes) -> str:
    from urllib.parse import quote
    return quote(octets, safe="")


def _swapped(wide: bytes) -> bytes:
    swapped = bytearray(wide)
    swapped[::2], swapped[1::2] = wide[1::2], wide[::2]
    return bytes(swapped)


def _base64(octets: bytes, at: int) -> Iterator[str]:
    """The stretch that any base64 holds in which the octets begin at this place of a triple."""
    from base64 import b64encode
    whole = b64encode(b"\0" * at + octets)
    first = {0: 0, 1: 2, 2: 3}[at]
    spare = (at + len(octets)) % 3
    last = len(whole) - {0: 0, 1: 3, 2: 2}[spare]
    found = whole[first:last].decode("ascii")
    yield found
    yield found.translate({ord("+"): "-", ord("/"): "_"})
    if not at and spare:
        yield whole.decode("ascii")


class Hider:
    """Knows the secrets of a session by name; mutable: it learns them as they are typed."""

    def __init__(self) -> None:
        self.names: dict[str, str] = {}  # value -> name
        self._spellings: dict[str, str] = {}  # spelling -> what is written instead

    def learn(self, value: str, name: str, everywhere: bool = True) -> str:
        """Gives a secret a name, unless it has one; its name.

        What everybody knows, as the lab's key, is not looked for `everywhere`: it is a secret
        where its type says so, and a word elsewhere.
        """
        plain = value.reveal() if isinstance(value, Secret) else value
        if not plain:
            return name
        known = self.names.get(plain)
        if known is not None:
            return known
        self.names[plain] = name
        if not everywhere:
            return name
        longer = self._spellings
        for spelling, suffix in encodings(plain):
            if len(spelling) >= SHORTEST_ENCODED or spelling == plain:
                longer.setdefault(spelling, f"${{{name}{suffix}}}")
        self._spellings = dict(sorted(longer.items(), key=lambda pair: -len(pair[0])))
        return name

    def fresh(self, value: str, kind: str) -> str:
        """Learns a secret under the next free name of its kind: secret:psk1, secret:psk2."""
        taken = set(self.names.values())
        number = 1
        while f"secret:{kind}{number}" in taken:
            number += 1
        return self.learn(value, f"secret:{kind}{number}")

    def name(self, value: str) -> str:
        """``${secret:psk1}`` of a value that is a secret by its type; "?" for an unknown one."""
        plain = value.reveal() if isinstance(value, Secret) else value
        known = self.names.get(plain)
        if known is not None:
            return f"${{{known}}}"
        shown = self.hide(plain)
        return shown if shown.startswith("${") and shown.endswith("}") else "${secret:?}"

    def hide(self, text: str) -> str:
        """The text with the names of all secrets in it."""
        return "".join(self.pieces(text))

    def insert(self, text: str) -> str:
        """The same as it can be typed: what looks like a name and is none is escaped."""
        return "".join(piece if at % 2 else piece.replace("${", "\\${")
                       for at, piece in enumerate(self.pieces(text)))

    def pieces(self, text: str, own: bool = False) -> list[str]:
        """The text cut at its secrets: between two pieces of it stands a name.

        In the program's `own` words a short secret is a word like others.
        """
        pieces = [text]
        for spelling, name in self._spellings.items():
            if spelling in text and not (own and len(spelling) < SHORTEST):
                pieces = [part for at, piece in enumerate(pieces)
                          for part in ([piece] if at % 2 else _cut(piece, spelling, name,
                                       len(spelling) < SHORTEST and "." not in name))]
        return pieces

    def holds(self, text: str) -> bool:
        """Whether a secret stands in the text, or may do so."""
        return any(spelling in text for spelling in self._spellings)


def _cut(text: str, word: str, name: str, alone: bool) -> list[str]:
    """The text cut at a word, whose name stands between the pieces: where it stands alone."""
    pieces: list[str] = []
    start = at = 0
    while True:
        found = text.find(word, at)
        if found < 0:
            return [*pieces, text[start:]]
        at = end = found + len(word)
        around = text[max(found - 1, 0):found] + text[end:end + 1]
        if not alone or not any(sign.isalnum() for sign in around):
            pieces += [text[start:found], name]
            start = end
