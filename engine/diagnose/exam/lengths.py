"""How long the messages of IKE are that were sent in vain."""

from collections import Counter
from collections.abc import Iterable

from engine.diagnose.exam.crossing import SHORT_LIVED
from engine.diagnose.exam.seen import Frame, is_ike
from engine.ip import HEADER, UDP


def longest_repeated(frames: Iterable[Frame]) -> int:
    """Octets of the longest message of IKE that left here more than once; 0 for none.

    One in pieces is as long as they are together.
    """
    sent = Counter[bytes]()
    pieces: dict[int, int] = {}
    for one in frames:
        packet = one.packet
        if packet is None or not one.outgoing or packet.protocol != UDP:
            continue
        if packet.is_fragment:
            pieces[packet.identification] = max(pieces.get(packet.identification, 0),
                                                packet.offset + packet.length)
        elif is_ike(packet) and packet.ttl > SHORT_LIVED:
            sent[packet.payload] += 1
    whole = [HEADER + len(payload) for payload, number in sent.items() if number > 1]
    return max([*whole, *(pieces.values() if len(pieces) > 1 else ())], default=0)
