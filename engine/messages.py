"""What an ISAKMP message on a wire is called: MM1 to MM6, QM1 to QM4, INFO.

An encrypted message does not say its number, so the messages of an exchange are counted in the
order in which they were first seen; one seen before is a retransmission and keeps its name.
"""

from collections import OrderedDict
from struct import Struct
from typing import NamedTuple

from engine.errors import ParseError
from engine.ip import UDP, IPv4, parse_udp

EXCHANGES_KEPT = 4096
NAMES = ("MM1", "MM2", "MM3", "MM4", "MM5", "MM6", "QM1", "QM2", "QM3", "QM4", "INFO")
IKE_PORT, NAT_T_PORT = 500, 4500

_ISAKMP = Struct("!8s8sBBBBII")
_MAIN_MODE, _AGGRESSIVE, _INFORMATIONAL, _QUICK_MODE = 2, 4, 5, 32
_NAMES = {_INFORMATIONAL: "INFO", _AGGRESSIVE: "Aggressive"}
_SA = 1
_NON_ESP = bytes(4)


class Named(NamedTuple):
    """A message's name, whether it was seen before, and whether its payloads are encrypted."""

    name: str
    again: bool
    encrypted: bool


def isakmp_of(packet: IPv4) -> bytes:
    """The ISAKMP message that a packet carries, b"" when it carries none (or only a part)."""
    if packet.protocol != UDP or packet.is_fragment:
        return b""
    try:
        udp = parse_udp(packet)
    except ParseError:
        return b""
    message, ends = udp.payload, (udp.source_port, udp.destination_port)
    if NAT_T_PORT in ends:
        # RFC 3948 2.2: four zero octets stand before IKE where ESP has its SPI.
        message = message[4:] if message[:4] == _NON_ESP else b""
    elif IKE_PORT not in ends:
        return b""
    return message if len(message) >= _ISAKMP.size else b""


class MessageNames:
    """Names messages in the order in which they are shown to it; remembers a bounded number."""

    def __init__(self) -> None:
        self._exchanges: OrderedDict[tuple[bytes, int, int], list[bytes]] = OrderedDict()

    def name(self, message: bytes) -> Named:
        """The name of a message of at least a header's length."""
        initiator, _, _, _, exchange, flags, message_id, _ = _ISAKMP.unpack_from(message)
        encrypted = bool(flags & 1)
        if exchange not in (_MAIN_MODE, _QUICK_MODE):
            return Named(_NAMES.get(exchange, f"exchange {exchange}"), False, encrypted)
        name, first = ("MM", _main_mode_step(message)) if exchange == _MAIN_MODE else ("QM", 1)
        seen = self._exchanges.setdefault((initiator, message_id, first), [])
        again = message in seen
        if not again:
            seen.append(message)
            if len(self._exchanges) > EXCHANGES_KEPT:
                self._exchanges.popitem(last=False)
        return Named(f"{name}{first + seen.index(message)}", again, encrypted)


def _main_mode_step(message: bytes) -> int:
    """The first number that a main mode message can have: 1, 2, 3 (and 4) or 5 (and 6)."""
    _, responder, payload, _, _, flags, _, _ = _ISAKMP.unpack_from(message)
    if flags & 1:
        return 5
    if payload == _SA:
        return 2 if any(responder) else 1
    return 3
