"""How far kinds of packets got: the trails of an examination, compared."""

from typing import NamedTuple

from engine.address import Address, format_address
from engine.diagnose.exam.seen import Seen


class Break(NamedTuple):
    """Where one kind of packet ends and another goes on: behind `before` (0: at the very start)."""

    kind: str
    before: Address
    after: Address

    def words(self, peer: str) -> str:
        """The place in words."""
        here = f"behind {format_address(self.before)}" if self.before else "before the first router"
        there = format_address(self.after) if self.after else peer
        return f"{here}, before {there}"


class Reach:
    """What the trails say; asked for one kind at a time ("icmp", "udp500", "udp4500", "esp")."""

    def __init__(self, seen: Seen) -> None:
        self.hops = seen.hops
        probe = seen.probe("peer")
        self.peer_answers = probe is not None and probe.replies > 0

    def answers(self, kind: str) -> dict[int, Address]:
        """Who answered, by time to live."""
        return {one.ttl: one.answer for one in self.hops if one.kind == kind and one.answer}

    def tried(self, kind: str) -> bool:
        return any(one.kind == kind for one in self.hops)

    def blocked(self, kind: str) -> Break | None:
        """The place where this kind ends and echoes go on; None when they get as far."""
        echoes, others = self.answers("icmp"), self.answers(kind)
        tried = {one.ttl for one in self.hops if one.kind == kind}
        for ttl in sorted(set(echoes) & tried):
            if ttl not in others:
                return Break(kind, echoes.get(ttl - 1, 0), echoes[ttl])
        return None

    @property
    def last(self) -> Address:
        """The last router that answered anything, 0 when none did."""
        found = [one for one in self.hops if one.answer]
        return max(found, key=lambda one: one.ttl).answer if found else 0
