"""Kinds of values that need nothing but their text: numbers, words, addresses, keys."""

from collections.abc import Iterable

from commands.spec import Kind
from engine.address import Address as IPv4Address
from engine.address import Network, parse_address, parse_mask, parse_network
from engine.policy.model import ANY, ME, SERVER_WORDS, Secret, Side
from engine.values import TYPE_CHECKING

if TYPE_CHECKING:
    from commands.session import Session

PROTOCOL_NUMBERS = {"ANY": 0, "ICMP": 1, "TCP": 6, "UDP": 17, "RAW": 255}


class Text(Kind[str]):
    """Free text, at most `limit` characters; `empty` says whether none at all will do."""

    def __init__(self, usage: str = "<string>", *, limit: int = 255, empty: bool = True,
                 cell: str = "text") -> None:
        self.usage, self.limit, self.empty, self.cell = usage, limit, empty, cell

    def parse(self, text: str, session: "Session") -> str:
        if len(text) > self.limit:
            raise ValueError(f"must be at most {self.limit} characters long")
        if not text.strip() and not self.empty:
            raise ValueError("must not be empty")
        return text


class Choice(Kind[str]):
    """One of a few fixed words, in any case, cut to any unique beginning.

    `help` gives one line per word for completion. The value is the word as declared.
    """

    cell = "enum"

    def __init__(self, *words: str, help: tuple[str, ...] = (), usage: str = "") -> None:
        self._words = words
        self._help = help or ("",) * len(words)
        self.usage = usage or " | ".join(words)

    def words(self) -> tuple[str, ...]:
        return self._words

    def parse(self, text: str, session: "Session") -> str:
        for word in self._words:
            if word.lower() == text.lower():
                return word
        raise ValueError("must be one of " + ", ".join(self._words))

    def complete(self, prefix: str, session: "Session") -> Iterable[tuple[str, str]]:
        return zip(self._words, self._help, strict=True)


class _Switch(Kind[bool]):
    """Two words for true and false."""

    cell = "yesno"
    true, false = "yes", "no"

    def __init__(self) -> None:
        self.usage = f"{self.true} | {self.false}"

    def words(self) -> tuple[str, ...]:
        return (self.true, self.false)

    def parse(self, text: str, session: "Session") -> bool:
        if text.lower() not in (self.true, self.false):
            raise ValueError(f"must be {self.true} or {self.false}")
        return text.lower() == self.true

    def complete(self, prefix: str, session: "Session") -> Iterable[tuple[str, str]]:
        return ((self.true, ""), (self.false, ""))


class YesNo(_Switch):
    """netsh's ``yes | no``."""


class EnableDisable(_Switch):
    """netsh's ``enable | disable``."""

    true, false = "enable", "disable"


class Number(Kind[int]):
    """A decimal whole number from `low` to `high`."""

    cell = "int"

    def __init__(self, low: int = 0, high: int = 2_147_483_647, usage: str = "<integer>") -> None:
        self.low, self.high, self.usage = low, high, usage

    def parse(self, text: str, session: "Session") -> int:
        if text.isascii() and text.isdigit() and len(text) <= 19:
            value = int(text)
            if self.low <= value <= self.high:
                return value
        raise ValueError(f"must be a whole number from {self.low} to {self.high}")


class Address(Kind[IPv4Address]):
    """An IPv4 address as a dotted quad; the value is an int in host order.

    `words` maps further words to addresses, as {"none": 0}.
    """

    cell = "ip"
    usage = "<ip>"

    def __init__(self, usage: str = "<ip>", *, words: dict[str, int] | None = None) -> None:
        self.usage = usage
        self._words = words or {}

    def words(self) -> tuple[str, ...]:
        return tuple(self._words)

    def parse(self, text: str, session: "Session") -> IPv4Address:
        known = self._words.get(text.lower())
        return parse_address(text) if known is None else known

    def complete(self, prefix: str, session: "Session") -> Iterable[tuple[str, str]]:
        yield from ((word, "") for word in self._words)
        yield from address_candidates(session)


class Mask(Kind[int]):
    """A mask, dotted or as a prefix length; the value is the prefix length, 0 to 32."""

    cell = "mask"
    usage = "<mask>"

    def parse(self, text: str, session: "Session") -> int:
        return parse_mask(text)

    def complete(self, prefix: str, session: "Session") -> Iterable[tuple[str, str]]:
        return (("255.255.255.0", "24 bits"), ("255.255.0.0", "16 bits"),
                ("255.255.255.255", "one address"), ("255.0.0.0", "8 bits"))


class Subnet(Kind[Network]):
    """``a.b.c.d/prefix`` without host bits."""

    cell = "net"
    usage = "<ip>/<prefix>"

    def parse(self, text: str, session: "Session") -> Network:
        return parse_network(text)


class Protocol(Kind[int]):
    """ANY, ICMP, TCP, UDP, RAW or a protocol number; the value is the number, 0 for any."""

    cell = "protocol"
    usage = "ANY | ICMP | TCP | UDP | RAW | <integer>"

    def words(self) -> tuple[str, ...]:
        return tuple(PROTOCOL_NUMBERS)

    def parse(self, text: str, session: "Session") -> int:
        if text.upper() in PROTOCOL_NUMBERS:
            return PROTOCOL_NUMBERS[text.upper()]
        if text.isascii() and text.isdigit() and len(text) <= 3 and int(text) <= 255:
            return int(text)
        raise ValueError("must be ANY, ICMP, TCP, UDP, RAW or a number from 0 to 255")

    def complete(self, prefix: str, session: "Session") -> Iterable[tuple[str, str]]:
        return ((word, f"protocol {number}") for word, number in PROTOCOL_NUMBERS.items())


class Port(Number):
    """A TCP or UDP port; 0 is any."""

    cell = "port"

    def __init__(self) -> None:
        super().__init__(0, 65535, "<port>")


class Guid(Kind[str]):
    """A GUID as Windows shows it, braces optional; the value has braces and capitals."""

    cell = "guid"
    usage = "<guid>"

    def parse(self, text: str, session: "Session") -> str:
        plain = text[1:-1] if text[:1] == "{" and text[-1:] == "}" else text
        parts = plain.split("-")
        digits = frozenset("0123456789abcdefABCDEF")
        if [len(part) for part in parts] != [8, 4, 4, 4, 12] or not digits.issuperset(
                "".join(parts)):
            raise ValueError("must be a GUID such as {D239C599-F945-47A3-A4E3-B37BC12826B9}")
        return "{" + plain.upper() + "}"


class Key(Kind[Secret]):
    """A pre-shared key. It is a Secret from here on and is masked wherever the line goes."""

    secret = True
    cell = "secret"

    def __init__(self, usage: str = "<string>", question: str = "Pre-shared key: ") -> None:
        self.usage, self.question = usage, question

    def parse(self, text: str, session: "Session") -> Secret:
        if not text:
            raise ValueError("must not be empty")
        if len(text) > 1024:
            raise ValueError("must be at most 1024 characters long")
        return Secret(text)


class Path(Kind[str]):
    """A file name; relative names count from the session's folder.

    `written` says that the command writes it: a recording then writes into a folder of its own.
    """

    cell = "path"
    usage = "<file>"

    def __init__(self, *, written: bool = False) -> None:
        self.written = written

    def parse(self, text: str, session: "Session") -> str:
        if not text:
            raise ValueError("must be the name of a file")
        return text

    def complete(self, prefix: str, session: "Session") -> Iterable[tuple[str, str]]:
        import os
        folder, _ = os.path.split(prefix)
        try:
            entries = sorted(os.scandir(os.path.join(session.folder, folder)),
                             key=lambda entry: entry.name)[:200]
        except OSError:
            return
        for entry in entries:
            name = os.path.join(folder, entry.name)
            yield (name + "/", "folder") if entry.is_dir() else (name, "")


class Endpoint(Kind[Side]):
    """One side of an IPsec filter: an address, Me, Any, a DNS name or a server word.

    The value's prefix is 32 for an address: the command applies srcmask or dstmask.
    """

    cell = "ip"
    usage = "<ip> | Me | Any | <dns> | WINS | DNS | DHCP | GATEWAY"
    _words = {"me": ME, "any": ANY} | {word.lower(): Side("server", 0, 32, word)
                                       for word in SERVER_WORDS}

    def parse(self, text: str, session: "Session") -> Side:
        if text[:1].isdigit():
            try:
                # As Side(...), which takes three times as long.
                return tuple.__new__(Side, ("ip", parse_address(text), 32, ""))
            except ValueError:
                pass  # a DNS name may begin with a digit
        known = self._words.get(text.lower())
        if known is not None:
            return known
        if not text.replace(".", "").isdigit():
            return Side("dns", 0, 32, _dns_name(text))
        return Side("ip", parse_address(text), 32)

    def complete(self, prefix: str, session: "Session") -> Iterable[tuple[str, str]]:
        yield from (("me", "this computer's addresses"), ("any", "every address"))
        yield from address_candidates(session)
        yield from ((word, f"this computer's {word} server") for word in SERVER_WORDS)


def _dns_name(text: str) -> str:
    labels = text.rstrip(".").split(".")
    for label in labels:
        bare = label.replace("-", "").replace("_", "")
        if not bare.isalnum() or not label.isascii() or len(label) > 63:
            raise ValueError("must be an IPv4 address, Me, Any, a DNS name or a server word")
    return text


def address_candidates(session: "Session") -> Iterable[tuple[str, str]]:
    """Addresses worth offering: the article's names that stand for one."""
    for name, value in session.variables.items():
        try:
            parse_address(value)
        except ValueError:
            continue
        if not value.startswith("255."):
            yield value, name
