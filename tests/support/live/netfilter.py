"""A small machine that runs expressions of nf_tables, to judge packets by chains of ours."""

from struct import pack, unpack_from
from typing import NamedTuple

from engine.live.nft import Chain

RETURN, DROP = -5, 0


class Packet(NamedTuple):
    """A packet where the kernel sees it. `trickle`: rates are kept, so limits let it pass."""

    octets: bytes
    iif: str
    oif: str
    mark: int
    sets: dict[str, set[int]]
    trickle: bool


def attributes(data: bytes) -> dict[int, bytes]:
    """Netlink attributes by number."""
    found, at = {}, 0
    while at < len(data):
        size, kind = unpack_from("=HH", data, at)
        found[kind & 0x3FFF] = data[at + 4:at + size]
        at += size + 3 & ~3
    return found


def run(table: dict[str, Chain], name: str, octets: bytes, iif: str, oif: str, mark: int = 0,
        sets: dict[str, set[int]] | None = None, trickle: bool = True) -> str:
    """The note of the rule that dropped a packet, "" when it passes."""
    return _run(table, name, Packet(octets, iif, oif, mark, sets or {}, trickle))


def _run(table: dict[str, Chain], name: str, packet: Packet) -> str:
    for rule in table[name].rules:
        verdict = _rule(list(rule.expressions), packet)
        if verdict is None:
            continue
        code, chain = verdict
        if code == DROP:
            return rule.note or "dropped"
        if code == RETURN:
            return ""
        said = _run(table, chain, packet)
        if said:
            return said
    return ""


def _rule(expressions: list[bytes], packet: Packet) -> tuple[int, str] | None:
    """The verdict of a rule, None when it does not match."""
    register: bytes | None = b""
    for expression in expressions:
        parts = attributes(attributes(expression)[1])
        kind, data = parts[1].rstrip(b"\0").decode(), attributes(parts[2])
        if kind == "immediate":
            inner = attributes(attributes(data[2])[2])
            code = int.from_bytes(inner[1], "big", signed=True)
            return code, inner.get(2, b"").rstrip(b"\0").decode()
        register = _step(kind, data, register or b"", packet)
        if register is None:
            return None
    return None


def _step(kind: str, data: dict[int, bytes], register: bytes, packet: Packet) -> bytes | None:
    """The register after an expression, None when it says that the rule does not match."""
    if kind == "meta":
        key = int.from_bytes(data[2], "big")
        return {6: packet.iif.encode().ljust(16, b"\0"), 7: packet.oif.encode().ljust(16, b"\0"),
                3: pack("=I", packet.mark)}[key]
    if kind == "payload":
        base, offset, length = (int.from_bytes(data[one], "big") for one in (2, 3, 4))
        start = offset + (20 if base == 2 else 0)
        loaded = packet.octets[start:start + length]
        return loaded if len(loaded) == length else None
    if kind == "bitwise":
        mask = attributes(data[4])[1]
        return bytes(one & other for one, other in zip(register, mask, strict=True))
    if kind == "cmp":
        equal = register == attributes(data[3])[1]
        return None if equal == bool(int.from_bytes(data[2], "big")) else register
    if kind == "lookup":
        there = packet.sets[data[1].rstrip(b"\0").decode()]
        return register if int.from_bytes(register, "big") in there else None
    if kind == "limit":
        return register if packet.trickle else None
    return register
