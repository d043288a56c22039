"""Into the tunnel and out at its other end: the entry, the association, the outer packet."""

from engine.address import Address, format_address
from engine.agent import key_of
from engine.diagnose import repair
from engine.diagnose.finding import Fix
from engine.diagnose.lines import entry_line, rule_line
from engine.diagnose.plan import Intent
from engine.diagnose.station import Station
from engine.diagnose.trace.negotiate import negotiate, outward
from engine.diagnose.trace.outer import travel
from engine.diagnose.trace.record import Place, Record
from engine.diagnose.trace.secure import serves, why_not
from engine.diagnose.trace.stage import CLEAR, DROP, PASS, PROTECT, UNKNOWN
from engine.esp.constants import TRAILER, ah_overhead, esp_overhead
from engine.esp.packets import room_for
from engine.esp.udp import NAT_T_PORT
from engine.ip import AH, ESP, IPv4, udp_packet
from engine.ip import HEADER as IP_HEADER
from engine.pipeline.route import Hop
from engine.spd import OUTBOUND, SpdEntry
from engine.suites import QuickModeMethod, format_quick_mode
from engine.wording import Value, spi, words

# For the size of a packet whose protection nobody knows yet.
USUAL = QuickModeMethod("AES256", "SHA1")
USUAL_MTU = 1500


def sealed_octets(method: QuickModeMethod, inner: int) -> int:
    """Octets of the tunnel packet around `inner` octets."""
    total = IP_HEADER + inner
    if method.has_esp:
        overhead, block = esp_overhead(method)
        total = IP_HEADER + overhead + -(-(inner + TRAILER) // block) * block
    return total + (ah_overhead(method.ah_auth) if method.ah_auth else 0)


def protect(record: Record, station: Station, packet: IPv4, hop: Hop, intent: Intent,
            entry: SpdEntry | None) -> Place | None:
    """A packet that is meant for a tunnel: whether it gets into it, and where it comes out."""
    method = USUAL
    if entry is None or not serves(entry, intent, OUTBOUND):
        why = why_not(station, packet, intent, OUTBOUND, station.name == record.scene.own)
        bares = entry is None or entry.action in ("permit", "bypass")
        record.bared = record.bared or bares
        record.block(station, "ipsec-out", why.code, why.text,
                     entry_line(station, entry) if entry else "", *why.repairs,
                     verdict=CLEAR if bares else DROP)
    else:
        record.note(station, "ipsec-out", PROTECT, f"rule '{entry.rule}', tunnel to "
                    f"{format_address(intent.peer)}", _rule_line(station, entry))
        method = _association(record, station, packet, hop, intent, entry)
    return _carry(record, station, packet, hop, intent, method)


def _rule_line(station: Station, entry: SpdEntry) -> str:
    active = station.config.active_policy()
    rules = station.config.rules(active[1].name, active[0]) if active is not None else ()
    return next((rule_line(one) for one in rules if one.name == entry.rule), "")


# --- the association ------------------------------------------------------------------------------


def _association(record: Record, station: Station, packet: IPv4, hop: Hop, intent: Intent,
                 entry: SpdEntry) -> QuickModeMethod:
    """The pair that carries it: one that lives, or one that has to be negotiated."""
    peer = record.scene.peer_of(intent)
    sa, host = None, None if record.scene.fresh else station.host
    if host is not None:
        sa = host.sad.outbound(key_of(entry, entry.tunnel or 0))
    if sa is not None and sa.usable:
        suite = Value("method", format_quick_mode(sa.terms.method))
        text = words("association with SPI {}, {}", spi(sa.spi), suite)
        if peer is not None and peer.host is not None and peer.host.sad.by_spi(sa.spi) is None:
            record.block(station, "sa", "stale-sa-after-peer-reboot", words(
                "association with SPI {}, {}: {} does not know it any more", spi(sa.spi), suite,
                Value("name", peer.name)), "", repair.fix(
                             station, "Delete the associations; the next packet negotiates anew.",
                             repair.FRESH))
        else:
            record.note(station, "sa", PASS, text)
        if peer is not None:
            record.paired.add(frozenset((station.name, peer.name)))
        return sa.terms.method
    if host is not None and host.keying.is_soft(entry, entry.tunnel or 0):
        record.bared = True
        record.block(station, "sa", "soft-association-allowed", "a soft association lets it pass "
                     "in the clear: the other gateway did not answer IKE, and the filter action "
                     "allows it", "", *_no_soft(station, intent), verdict=CLEAR)
    method = entry.methods[0] if entry.methods else USUAL
    if peer is None:
        record.note(station, "sa", UNKNOWN, f"none yet; {format_address(intent.peer)} is not "
                    "seen, so nobody knows what it accepts")
        outward(record, station, intent, _local(station, hop))
        return method
    pair = frozenset((station.name, peer.name))
    if pair not in record.paired:
        record.paired.add(pair)
        record.note(station, "sa", PASS, "none yet: IKE begins")
        negotiate(record, station, entry, intent, _local(station, hop), packet)
    return method


def _no_soft(station: Station, intent: Intent) -> tuple[Fix, ...]:
    if intent.tunnel is None or intent.tunnel.out is None:
        return ()
    leg = intent.tunnel.out
    return (repair.set_action(station, leg.location, leg.rule.filteraction,
                              "Allow no unsecured communication.", "soft=no inpass=no"),)


def _local(station: Station, hop: Hop) -> Address:
    """The source of what the gateway sends: the address of the adapter it leaves by."""
    return station.interfaces[hop.interface].address


# --- the outer packet -----------------------------------------------------------------------------


def _carry(record: Record, station: Station, packet: IPv4, hop: Hop, intent: Intent,
           method: QuickModeMethod) -> Place | None:
    """The tunnel packet on its way, and the inner one where it comes out."""
    mtu = station.interfaces[hop.interface].mtu
    outer_df = {"copy": packet.df, "set": True}.get(station.snapshot.outer_df, False)
    room = room_for(method, mtu)
    if packet.length > room and packet.df and outer_df:
        record.block(station, "mtu", "tunnel-mtu-needs-frag", f"{packet.length} octets that must "
                     f"not be fragmented do not fit the tunnel's {room}: {station.name} tells the "
                     "sender so", "", *_wider(station, hop.interface, mtu))
    octets = sealed_octets(method, packet.length) - IP_HEADER
    local, outer_df = _local(station, hop), outer_df and packet.length <= room
    if _in_udp(record, station, intent, local):
        outer = udp_packet(local, intent.peer, NAT_T_PORT, NAT_T_PORT,
                           bytes(octets))._replace(df=outer_df)
    else:
        outer = IPv4(local, intent.peer, ESP if method.has_esp else AH, bytes(octets), df=outer_df)
    outer_hop = station.routes.resolve(intent.peer, hop.interface) or hop
    record.about = "ESP" if method.has_esp else "AH"
    record.note(station, "esp", PROTECT, f"{outer.length} octets to "
                f"{format_address(intent.peer)} by {outer_hop.interface}")
    arrival = travel(record, station, outer, hop.interface, outer_hop)
    if arrival is None:
        _nobody(record, station, intent)
    record.about = ""
    if arrival is None:
        return None
    record.sealed = True
    return Place(arrival.station, arrival.interface, packet, arrival.packet.destination)


def _in_udp(record: Record, station: Station, intent: Intent, local: Address) -> bool:
    """Whether ESP goes in UDP: the pair that lives says it, or a NAT that both ends can pass."""
    pairs = station.host.sad.pairs() if station.host is not None else ()
    live = [one for one in pairs if one.peer == intent.peer]
    if live and not record.scene.fresh:
        return bool(live[-1].inbound.udp)
    translated = local in record.translated.values() or intent.peer in record.translated
    gateways = [one for one in record.scene.stations.values() if one.is_gateway]
    forced = any(one.agent.snapshot.natt_forced for one in gateways)
    return (translated or forced) and all(one.agent.snapshot.natt for one in gateways)


def _wider(station: Station, interface: str, mtu: int) -> tuple[Fix, ...]:
    if mtu >= USUAL_MTU:
        return ()
    return (repair.set_mtu(station, interface, USUAL_MTU),)


def _nobody(record: Record, station: Station, intent: Intent) -> None:
    """The tunnel packet is not seen to arrive: nobody has the address, or nobody is seen."""
    if record.missing is not None and record.missing[1] == intent.peer:
        record.block(station, "wire", "wrong-tunnel-endpoint", "nobody has the address "
                     f"{format_address(intent.peer)} at which the tunnel ends")
