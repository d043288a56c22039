"""Would two gateways agree on quick mode: identities, suites, mode, PFS, each by itself."""

from engine.address import Address
from engine.diagnose import repair
from engine.diagnose.finding import Fix
from engine.diagnose.station import Station
from engine.diagnose.trace.record import Record
from engine.diagnose.trace.scene import Scene
from engine.diagnose.trace.secure import decide, serves, why_not
from engine.diagnose.trace.stage import PASS
from engine.diagnose.tunnels import half_mirrored, judged_policy
from engine.ike.failure import Failure
from engine.ike.identity import describe
from engine.ike.interface import Phase2Policy, TrafficSelector
from engine.ike.quick_proposal import Spis, offer_phase2, select_phase2
from engine.ip import IPv4
from engine.spd import INBOUND, OUTBOUND, SpdEntry
from engine.suites import format_quick_mode, weak_quick_mode


def quick_mode(record: Record, station: Station, peer: Station, entry: SpdEntry, local: Address,
               there: Address, here: Address, packet: IPv4) -> None:
    """Identities, then offers."""
    ours = station.agent.wanted(entry, local, entry.tunnel or there)
    asked = ours.selector
    mirror = TrafficSelector(asked.remote, asked.local, asked.protocol, asked.remote_port,
                             asked.local_port)
    theirs = peer.agent.phase2(there, here, mirror)
    if theirs is None:
        _no_mirror(record, station, peer, asked, packet)
        theirs = _nearest(record, peer, packet, here)
    else:
        record.note(peer, "phase 2", PASS, f"has the mirror image of {describe(asked)}")
    if theirs is not None:
        offers(record, station, peer, ours, theirs)


def _no_mirror(record: Record, station: Station, peer: Station, asked: TrafficSelector,
               packet: IPv4) -> None:
    """The other gateway lacks a rule, or its filters are for other networks."""
    answer = packet.with_addresses(packet.destination, packet.source)
    theirs = record.scene.intent(peer, packet)
    own = peer.name == record.scene.own
    if theirs is not None:
        for way, flow in ((OUTBOUND, answer), (INBOUND, packet)):
            entry, _ = decide(peer, flow, way)
            if not serves(entry, theirs, way):
                why = why_not(peer, flow, theirs, way, own)
                record.block(peer, "phase 2", why.code, why.text, "", *why.repairs)
                return
    half = next((one for one in half_mirrored(peer.legs) if one.out.source.covers(asked.remote)
                 or asked.remote.covers(one.out.source)), None)
    if half is not None:
        record.block(peer, "phase 2", "half-mirrored-filters", f"rules '{half.out.rule.name}' and "
                     f"'{half.back.rule.name}' of {peer.name} are not each other's mirror image",
                     "", repair.mirror(peer, half, (asked.remote, asked.local)))
        return
    ours = record.scene.intent(station, packet)
    repairs = []
    if ours is not None and theirs is not None and ours.tunnel is not None:
        for leg in ours.tunnel.legs:
            source, destination = ((theirs.remote, theirs.local) if leg.outbound
                                   else (theirs.local, theirs.remote))
            if (leg.source, leg.destination) != (source, destination) or leg.filter.mirrored \
                    or leg.filter.protocol:
                repairs.append(repair.replace_filter(station, leg, source, destination))
    found = f"{theirs.local} to {theirs.remote}" if theirs is not None else "none"
    record.block(peer, "phase 2", "peer-filter-not-mirrored", f"{station.name} asks for "
                 f"{asked.local} to {asked.remote}, which is not the mirror image of a filter "
                 f"of {peer.name}: {found}", "", *_together(repairs))


def _together(repairs: list[Fix]) -> tuple[Fix, ...]:
    """Both legs changed are one repair."""
    if not repairs:
        return ()
    first = repairs[0]
    return (first._replace(text="Make the filters the exact mirror image of the other gateway's.",
                           commands=tuple(line for one in repairs for line in one.commands)),)


def _nearest(record: Record, peer: Station, packet: IPv4,
             towards: Address) -> Phase2Policy | None:
    """What the other gateway would offer for this traffic, to compare the rest all the same."""
    answer = packet.with_addresses(packet.destination, packet.source)
    entry, _ = decide(peer, answer, OUTBOUND)
    if entry is None or entry.action != "negotiate":
        return None
    return peer.agent.wanted(entry, 0, entry.tunnel or towards)


def offers(record: Record, station: Station, peer: Station, ours: Phase2Policy,
           theirs: Phase2Policy) -> None:
    """Suites, mode and PFS of quick mode."""
    try:
        choice = select_phase2(offer_phase2(ours, Spis(256)), theirs, Spis(256))
    except Failure as failure:
        _no_quick_offer(record, station, peer, ours, theirs, failure)
        return
    record.note(peer, "phase 2", PASS, f"both take {format_quick_mode(choice.taken)}")


def _no_quick_offer(record: Record, station: Station, peer: Station, ours: Phase2Policy,
                    theirs: Phase2Policy, failure: Failure) -> None:
    name, expected, received = failure.detail
    action = _action_of(record.scene, station)
    if name == "PFS Group":
        repairs = _pfs(station, peer, record.scene, theirs, action)
        record.block(peer, "phase 2", "pfs-mismatch", f"{peer.name} wants perfect forward secrecy "
                     f"with group {expected}, {station.name} offers "
                     f"{'none' if received == '0' else 'group ' + received}", "", *repairs)
        return
    code = "encapsulation-mode-mismatch" if name == "Encapsulation Mode" else \
        "phase2-proposal-mismatch"
    repairs = []
    if action is not None and code == "phase2-proposal-mismatch":
        strong = tuple(one for one in theirs.methods if not weak_quick_mode(one))
        repairs.append(repair.quick_methods(station, *action, (strong or theirs.methods)[:4],
                                            f"Offer what {peer.name} accepts."))
    record.block(peer, "phase 2", code, f"no quick mode offer of {station.name} is acceptable to "
                 f"{peer.name}: the nearest differs in {name}, offered {received}, expected "
                 f"{expected}", "", *repairs)


def _action_of(scene: Scene, station: Station) -> tuple[str, str] | None:
    """Location and name of the filter action of a gateway's tunnel."""
    for intent in scene.intents.get(station.name, ()):
        if intent.tunnel is not None and intent.tunnel.out is not None:
            leg = intent.tunnel.out
            return leg.location, leg.rule.filteraction
    return None


def _pfs(station: Station, peer: Station, scene: Scene, theirs: Phase2Policy,
         action: tuple[str, str] | None) -> list[Fix]:
    """Either end may change: PFS here with the group that the other end has, or none there."""
    found = []
    judged = judged_policy(station.config)
    if action is not None and judged is not None:
        location, policy = judged
        change = repair.set_action(station, *action, "Use PFS here, too.", "qmpfs=yes")
        if policy.methods and policy.methods[0].group != theirs.pfs_group:
            same = [one for one in policy.methods if one.group == theirs.pfs_group]
            first = same[:1] or [policy.methods[0]._replace(group=theirs.pfs_group)]
            rest = [one for one in policy.methods if one not in first]
            methods = repair.main_methods(station, location, policy, (*first, *rest), "")
            change = change._replace(commands=(*methods.commands, *change.commands))
        found.append(change)
    other = _action_of(scene, peer)
    if other is not None:
        found.append(repair.set_action(peer, *other, f"Or do without PFS on {peer.name}.",
                                       "qmpfs=no"))
    return found
