"""The way in: wire, reassembly, IPsec, RRAS input filter, then deliver or forward.

The RRAS input filter sees the decrypted packet on the interface that the ESP packet came in by;
ESP itself never meets it.
"""

from engine.address import format_address
from engine.errors import ParseError
from engine.esp.constants import AH_HEADER, HEADER
from engine.esp.packets import unprotect
from engine.esp.sa import SecurityAssociation
from engine.esp.udp import NAT_T_PORT, is_esp, unwrap
from engine.ip import AH, ESP, UDP, IPv4, ports
from engine.pipeline.fast import known, learn
from engine.pipeline.fragment import Reassembler
from engine.pipeline.node import Flow, Node
from engine.pipeline.outbound import Stage, decide, forward
from engine.pipeline.stages import INBOUND, Deliver, Output
from engine.spd import INBOUND as IN

# The statistics behind each reason for which an SA refuses a packet.
_STATISTIC = {
    "bad-icv": "not_authenticated", "replay": "replay_detected", "bad-padding": "not_decrypted",
    "bad-length": "not_decrypted", "truncated": "not_decrypted",
    "bad-next-header": "not_decrypted", "missing-ah": "not_authenticated",
}
_SECURED = frozenset({ESP, AH})
AFTER_IPSEC = INBOUND[INBOUND.index("ipsec") + 1:]
# The reasons of which the System log gets a record.
_LOGGED = frozenset({"bad-icv", "replay"})


def receive(node: Node, packet: IPv4, interface: str, now: float) -> list[Output]:
    """Takes a packet from the wire of an interface; gives what is to be done."""
    if node.trace is None:
        outputs = (_quick_esp if packet.protocol == ESP else known)(node, packet, interface, 0, now)
        if outputs is not None:
            return outputs
    flow = Flow(packet, now, arrived=interface)
    node.step(flow, "receive", "pass", "", interface)
    return _run(node, flow, INBOUND)


def _run(node: Node, flow: Flow, order: tuple[str, ...]) -> list[Output]:
    for name in order:
        if not STAGES[name](node, flow):
            break
    return flow.outputs


def _quick_esp(node: Node, outer: IPv4, interface: str, _: int,
               now: float) -> list[Output] | None:
    """ESP under a known SA, decrypted before anything else is made; None for all others."""
    sa = node.sad.by_spi(int.from_bytes(outer.payload[:4], "big"))
    if (sa is None or outer.source != sa.source or sa.udp or outer.mf or outer.offset
            or outer.destination not in node.own):
        return None
    try:
        inner = unprotect(sa, outer, now)
    except ParseError as error:
        flow = Flow(outer, now, arrived=interface)
        _refused(node, flow, sa, error.drop)
        return flow.outputs
    node.count_received(sa, inner.length if sa.terms.tunnel else len(inner.payload))
    outputs = known(node, inner, interface, sa.spi, now)
    return opened(node, inner, sa, interface, now) if outputs is None else outputs


def opened(node: Node, inner: IPv4, sa: SecurityAssociation, interface: str,
           now: float) -> list[Output]:
    """Goes on with a packet that came out of `sa` and has been counted there."""
    flow = Flow(inner, now, arrived=interface)
    flow.secured = sa
    return _run(node, flow, AFTER_IPSEC) if _check_inner(node, flow, sa) else flow.outputs


def refused(node: Node, outer: IPv4, sa: SecurityAssociation, reason: str, interface: str,
            now: float, number: int = 1) -> None:
    """Counts `number` packets that `sa` has refused, and records one of them."""
    _refused(node, Flow(outer, now, arrived=interface), sa, reason)
    if number > 1:
        node.counters[reason] = node.counters.get(reason, 0) + number - 1
        statistic = _STATISTIC.get(reason)
        if statistic is not None:
            setattr(node.stats, statistic, getattr(node.stats, statistic) + number - 1)


def _reassemble(node: Node, flow: Flow) -> bool:
    """Puts together what is for this machine; fragments in transit pass as they are."""
    if not flow.packet.is_fragment or flow.packet.destination not in node.own:
        return True
    return _join(node, flow, node.reassembler)


def _join(node: Node, flow: Flow, pieces: Reassembler) -> bool:
    """Adds a fragment to those that wait; True when it made the datagram whole."""
    try:
        whole = pieces.add(flow.packet, flow.now)
    except ParseError as error:
        return node.drop(flow, "reassemble", error.drop)
    if whole is None:
        node.step(flow, "reassemble", "hold", "fragment")
        return False
    flow.packet = whole
    node.step(flow, "reassemble", "pass", "", f"{whole.length} octets")
    return True


def _ipsec(node: Node, flow: Flow) -> bool:
    if flow.packet.destination in node.own:
        if flow.packet.protocol in _SECURED:
            return _open(node, flow, ())
        if flow.packet.protocol == UDP and is_esp(flow.packet):
            flow.packet, port = unwrap(flow.packet)
            return _open(node, flow, (NAT_T_PORT, port))
    return _check_clear(node, flow)


def _rras_input(node: Node, flow: Flow) -> bool:
    packet = flow.packet
    if (packet.is_fragment and packet.destination not in node.own
            and node.rras.drops_fragments(flow.arrived)):
        return node.drop(flow, "rras-input", "rras-fragment", flow.arrived)
    passes, detail = node.rras.check(flow.arrived, "input", packet)
    if not passes:
        return node.drop(flow, "rras-input", "rras-input", detail)
    if detail:
        node.step(flow, "rras-input", "pass", "", detail)
    return True


def _deliver(node: Node, flow: Flow) -> bool:
    packet = flow.packet
    if node.handover and flow.secured is not None:
        node.step(flow, "deliver", "deliver", "kernel", format_address(packet.destination))
        flow.outputs.append(Deliver(packet))
    elif packet.destination in node.own:
        if packet.is_fragment and not _join(node, flow, node.secured_pieces):
            return False
        packet = flow.packet
        node.step(flow, "deliver", "deliver", "", format_address(packet.destination))
        flow.outputs += node.services.deliver(packet, flow.arrived, flow.now)
    elif packet.destination >> 28 >= 0xE or packet.destination in node.broadcasts:
        return node.drop(flow, "deliver", "not-for-us")
    else:
        forward(node, flow)
        if flow.sent and node.trace is None:
            learn(node, packet, flow)
    return True


STAGES: dict[str, Stage] = {
    "reassemble": _reassemble, "ipsec": _ipsec, "rras-input": _rras_input, "deliver": _deliver,
}


# --- IPsec ----------------------------------------------------------------------------------------


def _check_clear(node: Node, flow: Flow) -> bool:
    """A clear packet: refused when the policy wants it protected (RFC 2401 5.2.1)."""
    entry, reason = decide(node, flow.packet, IN)
    if entry is None or entry.action in ("permit", "bypass"):
        node.step(flow, "spd", "pass", reason, "" if entry is None else entry.name)
        return True
    if entry.action == "block":
        return node.drop(flow, "spd", "blocked", entry.name)
    if node.services.accepts_clear(entry, flow.packet, flow.now):
        node.count("clear-accepted")
        node.step(flow, "spd", "pass", "clear-accepted", entry.name)
        flow.fleeting = True
        return True
    node.services.driver_event("cleartext-refused", flow.packet, entry.name, flow.now)
    return node.drop(flow, "spd", "cleartext-refused", entry.name)


def _open(node: Node, flow: Flow, udp: tuple[int, ...]) -> bool:
    """ESP or AH for this machine: SPI, integrity, replay, decryption, then the policy.

    `udp` are the ports of the datagram around it, () without one.
    """
    outer = flow.packet
    spi, sa = _association(node, outer)
    if sa is None:
        node.stats.bad_spi += 1
        node.services.driver_event("bad-spi", outer, f"0x{spi:08x}", flow.now)
        return node.drop(flow, _stage(outer), "bad-spi", f"SPI 0x{spi:08x}")
    if outer.source != sa.source:
        return node.drop(flow, _stage(outer), "wrong-tunnel-source",
                         f"{format_address(outer.source)}, not {format_address(sa.source)}")
    if bool(udp) != bool(sa.udp):
        return node.drop(flow, _stage(outer), "wrong-encapsulation", f"SPI 0x{spi:08x}")
    try:
        inner = unprotect(sa, outer, flow.now)
    except ParseError as error:
        return _refused(node, flow, sa, error.drop)
    if udp != sa.udp:
        flow.outputs += node.services.peer_moved(sa.spi, udp[1], flow.now)
    node.count_received(sa, inner.length if sa.terms.tunnel else len(inner.payload))
    if node.trace is None:
        outputs = known(node, inner, flow.arrived, sa.spi, flow.now)
        if outputs is not None:
            flow.outputs += outputs
            return False
    node.step(flow, _stage(outer), "pass", "", f"SPI 0x{spi:08x} sequence {sa.sequence}")
    flow.packet, flow.secured = inner, sa
    return _check_inner(node, flow, sa)


def _association(node: Node, outer: IPv4) -> tuple[int, SecurityAssociation | None]:
    """The SPI that a packet shows (0 when it is too short), and the SA known by it."""
    octets = outer.payload
    if outer.protocol == AH:
        spi = int.from_bytes(octets[4:8], "big") if len(octets) >= AH_HEADER else 0
        return spi, node.sad.by_ah_spi(spi)
    spi = int.from_bytes(octets[:4], "big") if len(octets) >= HEADER else 0
    return spi, node.sad.by_spi(spi)


def _stage(outer: IPv4) -> str:
    return "ah" if outer.protocol == AH else "esp"


def _refused(node: Node, flow: Flow, sa: SecurityAssociation, reason: str) -> bool:
    statistic = _STATISTIC.get(reason)
    if statistic is not None:
        setattr(node.stats, statistic, getattr(node.stats, statistic) + 1)
    if reason in _LOGGED:
        node.services.driver_event(reason, flow.packet, f"0x{sa.spi:08x}", flow.now)
    return node.drop(flow, _stage(flow.packet), reason, f"SPI 0x{sa.spi:08x}")


def _check_inner(node: Node, flow: Flow, sa: SecurityAssociation) -> bool:
    """The decrypted packet must be one its SA may carry and its inbound entry asks for."""
    packet = flow.packet
    source_port, destination_port = ports(packet)
    fields = (packet.source, packet.destination, packet.protocol, source_port, destination_port)
    if not sa.selector.matches(*fields):
        return node.drop(flow, "esp", "selector-mismatch", f"SPI 0x{sa.spi:08x}")
    entry = node.agent.spd.lookup(IN, *fields)
    tunnel = sa.destination if sa.terms.tunnel else None
    if entry is None or entry.action != "negotiate" or entry.tunnel != tunnel:
        return node.drop(flow, "spd", "inbound-policy",
                         "no inbound filter" if entry is None else entry.name)
    node.step(flow, "spd", "pass", "secured", entry.name)
    return True
