"""nf_tables through netlink: one table of our own, replaced whole in one transaction.

Only what our filters need of the language: matches on interfaces, addresses, protocols, ports and
flags, counters, and the verdicts. A rule's `note` comes back with its counter.
"""

import errno
import socket
import struct
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from engine.address import Address, prefix_mask
from engine.errors import Broken

TABLE = "ipsecsh"
_FAMILY_IPV4 = 2
_SUBSYSTEM = 10
_NEWTABLE, _DELTABLE, _NEWCHAIN, _NEWRULE, _GETRULE = 0, 2, 3, 6, 7
_NEWSET, _NEWELEMENT, _DELELEMENT = 9, 12, 14
_BATCH_BEGIN, _BATCH_END = 0x10, 0x11
_ERROR, _DONE = 2, 3
_REQUEST, _ACK, _CREATE, _APPEND, _DUMP = 0x1, 0x4, 0x400, 0x800, 0x300
_NESTED = 0x8000
_HEADER = struct.Struct("=IHHII")
_GENERIC = struct.Struct("!BBH")
_ATTRIBUTE = struct.Struct("=HH")
HOOKS = {"prerouting": 0, "input": 1, "forward": 2, "output": 3}
ACCEPT, DROP, RETURN, JUMP = 1, 0, -5, -3
_BUFFER = 4 << 20

Expression = bytes


# --- attributes -----------------------------------------------------------------------------------


def _attribute(kind: int, value: bytes) -> bytes:
    size = _ATTRIBUTE.size + len(value)
    return _ATTRIBUTE.pack(size, kind) + value + bytes(-size % 4)


def _nest(kind: int, *parts: bytes) -> bytes:
    return _attribute(kind | _NESTED, b"".join(parts))


def _text(kind: int, text: str) -> bytes:
    return _attribute(kind, text.encode() + b"\0")


def _number(kind: int, value: int) -> bytes:
    return _attribute(kind, struct.pack("!i" if value < 0 else "!I", value))


def _expression(name: str, *data: bytes) -> Expression:
    return _nest(1, _text(1, name), _nest(2, *data))


# --- expressions: register 1 holds what is compared ----------------------------------------------


def _compare(value: bytes, *, equal: bool = True) -> Expression:
    return _expression("cmp", _number(1, 1), _number(2, 0 if equal else 1),
                       _nest(3, _attribute(1, value)))


def _mask(mask: bytes) -> Expression:
    return _expression("bitwise", _number(1, 1), _number(2, 1), _number(3, len(mask)),
                       _nest(4, _attribute(1, mask)), _nest(5, _attribute(1, bytes(len(mask)))))


def _payload(base: int, offset: int, length: int) -> Expression:
    return _expression("payload", _number(1, 1), _number(2, base), _number(3, offset),
                       _number(4, length))


def _meta(key: int) -> Expression:
    return _expression("meta", _number(1, 1), _number(2, key))


def device(name: str, *, incoming: bool, equal: bool = True) -> list[Expression]:
    """The packet came in by (or leaves by) that device; or by another one."""
    return [_meta(6 if incoming else 7), _compare(name.encode().ljust(16, b"\0"), equal=equal)]


def marked(mark: int) -> list[Expression]:
    """The packet carries that mark."""
    return [_meta(3), _compare(struct.pack("=I", mark))]


def decrypted() -> list[Expression]:
    """The packet came out of the kernel's own IPsec (which a kernel without XFRM cannot be asked).
    """
    return [_meta(25), _compare(b"\1")]


def protocol(number: int) -> list[Expression]:
    """The packet's protocol."""
    return [_payload(1, 9, 1), _compare(bytes((number,)))]


def source(address: Address, prefix: int) -> list[Expression]:
    """The packet's source is in that net; nothing to match for all of them."""
    return _address(12, address, prefix)


def destination(address: Address, prefix: int) -> list[Expression]:
    """The packet's destination, likewise."""
    return _address(16, address, prefix)


def _address(offset: int, address: Address, prefix: int) -> list[Expression]:
    if not prefix:
        return []
    mask = [] if prefix == 32 else [_mask(prefix_mask(prefix).to_bytes(4, "big"))]
    return [_payload(1, offset, 4), *mask, _compare(address.to_bytes(4, "big"))]


def octets(offset: int, value: bytes, *, mask: bytes = b"", equal: bool = True,
           base: int = 2) -> list[Expression]:
    """Octets of the transport header (or, with base 1, of the IP header) have that value."""
    return [_payload(base, offset, len(value)), *([_mask(mask)] if mask else []),
            _compare(value, equal=equal)]


def fragment() -> list[Expression]:
    """The packet is a piece of a datagram, whichever."""
    return octets(6, b"\0\0", mask=b"\x3f\xff", equal=False, base=1)


def counter(packets: int = 0) -> list[Expression]:
    """Counts the packets that come so far."""
    return [_expression("counter", _attribute(1, bytes(8)),
                        _attribute(2, packets.to_bytes(8, "big")))]


def member(name: str) -> list[Expression]:
    """What the register holds is in that set."""
    return [_expression("lookup", _text(1, name), _number(2, 1))]


def spi(offset: int) -> list[Expression]:
    """Loads four octets of the transport header, as `member` wants them."""
    return [_payload(2, offset, 4)]


def source_address() -> list[Expression]:
    """Loads the packet's source."""
    return [_payload(1, 12, 4)]


def limit(rate: int, burst: int) -> list[Expression]:
    """At most so many packets a second meet this."""
    return [_expression("limit", _attribute(1, rate.to_bytes(8, "big")),
                        _attribute(2, (1).to_bytes(8, "big")), _number(3, burst),
                        _number(4, 0), _number(5, 0))]


def verdict(code: int, chain: str = "") -> list[Expression]:
    """What becomes of the packet; `chain` is where a JUMP goes."""
    data = _number(1, code) + (_text(2, chain) if chain else b"")
    return [_expression("immediate", _number(1, 0), _nest(2, _nest(2, data)))]


# --- a table --------------------------------------------------------------------------------------


class Rule(NamedTuple):
    """Matches, then what is done; `note` names it among the counters, "" when nobody asks."""

    expressions: tuple[Expression, ...]
    note: str = ""


class Chain(NamedTuple):
    """Rules in order; `hook` "" for one that is only jumped to."""

    name: str
    rules: tuple[Rule, ...]
    hook: str = ""
    priority: int = 0


class Members(NamedTuple):
    """A set of four-octet values that rules look in."""

    name: str
    values: frozenset[int]


def rule(*parts: Sequence[Expression], note: str = "") -> Rule:
    """A rule from its parts."""
    return Rule(tuple(one for part in parts for one in part), note)


def _message(kind: int, flags: int, sequence: int, body: bytes, *, batch: bool = False) -> bytes:
    family, number = (0, kind) if batch else (_FAMILY_IPV4, _SUBSYSTEM << 8 | kind)
    whole = _GENERIC.pack(family, 0, _SUBSYSTEM if batch else 0) + body
    return _HEADER.pack(_HEADER.size + len(whole), number, _REQUEST | flags, sequence, 0) + whole


def _elements(values: Iterable[int]) -> bytes:
    return _nest(3, *(_nest(1, _nest(1, _attribute(1, one.to_bytes(4, "big"))))
                      for one in sorted(values)))


def _in_batch(bodies: list[tuple[int, int, bytes]]) -> list[bytes]:
    """Messages of one transaction; the last one is to be acknowledged."""
    last = len(bodies)
    found = [_message(_BATCH_BEGIN, 0, 0, b"", batch=True)]
    found += [_message(kind, flags | (_ACK if number == last else 0), number, body)
              for number, (kind, flags, body) in enumerate(bodies, 1)]
    return [*found, _message(_BATCH_END, 0, last + 1, b"", batch=True)]


def change(before: Members, after: Members) -> list[bytes]:
    """The messages that make a set's values those of `after`; [] when they are."""
    name = _text(1, TABLE) + _text(2, after.name)
    bodies = []
    if after.values - before.values:
        bodies.append((_NEWELEMENT, _CREATE, name + _elements(after.values - before.values)))
    if before.values - after.values:
        bodies.append((_DELELEMENT, 0, name + _elements(before.values - after.values)))
    return _in_batch(bodies) if bodies else []


def replacement(chains: Iterable[Chain], sets: Iterable[Members] = ()) -> list[bytes]:
    """The messages that replace the table by these chains and sets; no chain removes it."""
    name = _text(1, TABLE)
    bodies: list[tuple[int, int, bytes]] = [(_NEWTABLE, _CREATE, name), (_DELTABLE, 0, name)]
    chains = tuple(chains)
    if chains:
        bodies.append((_NEWTABLE, _CREATE, name))
    for number, each_set in enumerate(sets if chains else (), 1):
        bodies.append((_NEWSET, _CREATE, name + _text(2, each_set.name) + _number(3, 0)
                       + _number(4, 0) + _number(5, 4) + _number(10, number)))
        if each_set.values:
            bodies.append((_NEWELEMENT, _CREATE, name + _text(2, each_set.name)
                           + _elements(each_set.values)))
    for one in chains:
        hook = b""
        if one.hook:
            hook = _nest(4, _number(1, HOOKS[one.hook]), _number(2, one.priority)) \
                + _number(5, ACCEPT) + _text(7, "filter")
        bodies.append((_NEWCHAIN, _CREATE, name + _text(3, one.name) + hook))
    for one in chains:
        for each in one.rules:
            note = _attribute(7, each.note.encode()) if each.note else b""
            bodies.append((_NEWRULE, _CREATE | _APPEND, name + _text(2, one.name)
                           + _nest(4, *each.expressions) + note))
    return _in_batch(bodies)


class Tables:
    """One netlink connection. Raises Broken: "privilege", "absent" (no nf_tables here), "io"."""

    def __init__(self) -> None:
        try:
            self._socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC,
                                         12)
            self._socket.bind((0, 0))
        except OSError as error:
            raise Broken("absent", f"this kernel has no netfilter: {error.strerror}") from None
        self._socket.settimeout(5.0)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _BUFFER)

    def close(self) -> None:
        """Closes the connection; the table stays."""
        self._socket.close()

    def replace(self, chains: Iterable[Chain], sets: Iterable[Members] = ()) -> None:
        """Makes the table consist of these chains and sets, all at once or not at all."""
        self._transact(replacement(chains, sets))

    def change(self, before: Members, after: Members) -> None:
        """Changes the values of a set."""
        messages = change(before, after)
        if messages:
            self._transact(messages)

    def _transact(self, messages: list[bytes]) -> None:
        last = len(messages) - 2
        try:
            self._socket.send(b"".join(messages))
            while not self._is_done(self._socket.recv(1 << 16), last):
                pass
        except OSError as error:
            raise self._broken(error.errno or errno.EIO) from None

    def _is_done(self, data: bytes, last: int) -> bool:
        for kind, sequence, body in _messages(data):
            if kind == _ERROR:
                code = -struct.unpack_from("=i", body)[0]
                if code:
                    raise self._broken(code)
                if sequence == last:
                    return True
        return False

    @staticmethod
    def _broken(code: int) -> Broken:
        if code == errno.EPERM:
            return Broken("privilege", "the filter table cannot be set: CAP_NET_ADMIN is missing")
        if code in (errno.EOPNOTSUPP, errno.EPROTONOSUPPORT, errno.EINVAL):
            return Broken("absent", f"this kernel cannot have the filter table ({_name(code)}): "
                          "it needs nf_tables")
        return Broken("io", f"the filter table cannot be set: {_name(code)}")

    def counts(self) -> dict[str, int]:
        """The packets that each rule with a note has counted."""
        body = _text(1, TABLE)
        found: dict[str, int] = {}
        try:
            self._socket.send(_message(_GETRULE, _DUMP, 1, body))
            while True:
                for kind, _, data in _messages(self._socket.recv(1 << 16)):
                    if kind in (_DONE, _ERROR):
                        return found
                    _read_rule(data[_GENERIC.size:], found)
        except OSError as error:
            raise self._broken(error.errno or errno.EIO) from None


def _name(code: int) -> str:
    import os
    return os.strerror(code)


def _messages(data: bytes) -> list[tuple[int, int, bytes]]:
    """(type, sequence, body) of each message in one read."""
    found, at = [], 0
    while at + _HEADER.size <= len(data):
        size, kind, _, sequence, _ = _HEADER.unpack_from(data, at)
        if size < _HEADER.size:
            break
        found.append((kind, sequence, data[at + _HEADER.size:at + size]))
        at += size + 3 & ~3
    return found


def _attributes(data: bytes) -> list[tuple[int, bytes]]:
    found, at = [], 0
    while at + _ATTRIBUTE.size <= len(data):
        size, kind = _ATTRIBUTE.unpack_from(data, at)
        if size < _ATTRIBUTE.size:
            break
        found.append((kind & 0x3FFF, data[at + _ATTRIBUTE.size:at + size]))
        at += size + 3 & ~3
    return found


def _read_rule(data: bytes, found: dict[str, int]) -> None:
    """Adds the counter of a dumped rule under its note."""
    attributes = dict(_attributes(data))
    note = attributes.get(7, b"").decode("ascii", "replace")
    if not note or attributes.get(1, b"").rstrip(b"\0").decode() != TABLE:
        return
    for _, element in _attributes(attributes.get(4, b"")):
        parts = dict(_attributes(element))
        if parts.get(1, b"").rstrip(b"\0") == b"counter":
            values = dict(_attributes(parts.get(2, b"")))
            found[note] = found.get(note, 0) + int.from_bytes(values.get(2, b""), "big")
