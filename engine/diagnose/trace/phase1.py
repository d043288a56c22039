"""Would two gateways agree on main mode: authentication, suites, keys, certificates.

Everything is asked that can be asked, so that a wrong key does not hide a wrong suite.
"""

from hmac import compare_digest

from engine.address import Address, format_address
from engine.diagnose import repair
from engine.diagnose.finding import Fix
from engine.diagnose.station import Station
from engine.diagnose.trace.record import Record
from engine.diagnose.trace.stage import PASS
from engine.diagnose.tunnels import judged_policy
from engine.ike.credentials import Credentials
from engine.ike.failure import Failure
from engine.ike.interface import Phase1Policy
from engine.ike.negotiation import usable
from engine.ike.proposal import offer_phase1, select_phase1
from engine.policy.model import Policy
from engine.suites import MainModeMethod, format_main_mode, weak_main_mode

EXPIRED = ("certificate-expired", "certificate-not-yet-valid")


def main_mode(record: Record, station: Station, peer: Station, ours: Phase1Policy,
              theirs: Phase1Policy) -> None:
    """Authentication, offers, keys and certificates of both ends."""
    ways: dict[str, tuple[str, ...]] = {}
    for one, policy in ((station, ours), (peer, theirs)):
        try:
            ways[one.name] = usable(policy, record.wall)
        except Failure as failure:
            unusable(record, one, failure)
    if len(ways) < 2:
        return
    mine, yours = ways[station.name], ways[peer.name]
    if not set(mine) & set(yours):
        record.block(peer, "phase 1", "auth-method-mismatch", f"{station.name} authenticates by "
                     f"{_words(mine)}, {peer.name} by {_words(yours)}")
        return
    try:
        choice = select_phase1(offer_phase1(ours.methods, ours.lifetime, mine), theirs, yours)
    except Failure as failure:
        _no_offer(record, station, peer, failure)
    else:
        method = theirs.methods[choice.taken % len(theirs.methods)]
        record.note(peer, "phase 1", PASS, f"both take {format_main_mode(method)}")
    way = next(one for one in mine if one in yours)
    if way == "psk":
        _keys(record, station, peer, ours, theirs)
    else:
        _certificates(record, station, peer, ours, theirs)


def _words(ways: tuple[str, ...]) -> str:
    names = {"psk": "preshared key", "rsa": "certificate"}
    return " or ".join(names[one] for one in ways)


def unusable(record: Record, station: Station, failure: Failure) -> None:
    """A machine has nothing to authenticate with."""
    reason = failure.detail[2] if len(failure.detail) == 3 else failure.drop
    if any(one in reason for one in EXPIRED):
        record.block(station, "phase 1", "cert-expired-or-not-yet-valid",
                     f"the certificate of {station.name} is outside its validity ({reason})", "",
                     renew(station))
        return
    keyless = failure.drop != "no-certificate"
    repairs = []
    for intent in record.scene.intents.get(station.name, ())[:1] if keyless else ():
        if intent.tunnel is not None:
            repairs.append(repair.same_authentication(
                station, intent.tunnel.legs, f"psk={repair.KEY}", "Use a pre-shared key."))
    record.block(station, "phase 1", "auth-method-unusable" if keyless else
                 "certificate-unusable", f"{station.name} has no way to authenticate that works: "
                 f"{reason}", "", *repairs)


def renew(station: Station) -> Fix:
    """A fresh certificate from the lab's own authority stands for the real one."""
    return repair.fix(station, "Renew the certificate at its authority and add it to the store; "
                               "in the lab:", f"lab issue certificate machine={station.name}")


def _no_offer(record: Record, station: Station, peer: Station, failure: Failure) -> None:
    judged, other = judged_policy(station.config), judged_policy(peer.config)
    name, expected, received = failure.detail
    repairs = []
    if judged is not None and other is not None:
        repairs.append(repair.main_methods(
            station, judged[0], judged[1], _accepted(other[1]),
            f"Offer what {peer.name} accepts."))
    record.block(peer, "phase 1", "phase1-proposal-mismatch",
                 f"no main mode offer of {station.name} is acceptable to {peer.name}: the nearest "
                 f"differs in {name}, offered {received}, expected {expected}", "", *repairs)


def _accepted(theirs: Policy) -> tuple[MainModeMethod, ...]:
    """What the other end takes, the strong ones if there are any."""
    strong = tuple(one for one in theirs.methods if not weak_main_mode(one))
    return (strong or theirs.methods)[:4]


def _keys(record: Record, station: Station, peer: Station, ours: Phase1Policy,
          theirs: Phase1Policy) -> None:
    if compare_digest(ours.psk or b"", theirs.psk or b""):
        record.note(peer, "phase 1", PASS, "both have the same preshared key")
        return
    repairs = []
    for one in (station, peer):
        intent = next(iter(record.scene.intents.get(one.name, ())), None)
        if intent is not None and intent.tunnel is not None:
            repairs.append(repair.same_authentication(
                one, intent.tunnel.legs, f"psk={repair.KEY}",
                f"Type the agreed key into both rules of {one.name}."))
    own = record.scene.own
    repairs.sort(key=lambda fix: fix.machine != own)
    record.block(peer, "phase 1", "psk-mismatch", f"the preshared keys of {station.name} and "
                 f"{peer.name} differ", "", *repairs)


End = tuple[Station, Phase1Policy, Address, Address]


def identities(record: Record, one: End, other: End) -> None:
    """Each end's name against what the other expects, where pre-shared keys prove them.

    An end is its machine, its policy, its address, and the address that the other one sees.
    """
    for (speaker, ours, own, seen), (judge, theirs, _, _) in ((one, other), (other, one)):
        if ours.credentials or theirs.credentials:
            continue
        shown, wanted = ours.local_id or format_address(own), theirs.remote_id
        expected = wanted or format_address(seen)
        if shown == expected or (not wanted and not ours.local_id and theirs.natt):
            continue
        value = wanted or '""'
        record.block(judge, "phase 1", "peer-identity-mismatch", f"{speaker.name} calls itself "
                     f"{shown}, {judge.name} expects {expected}", "",
                     repair.fix(speaker, f"Set the identity that {judge.name} expects.",
                                f"ipsec dynamic set config property=localid value={value}",
                                repair.FRESH),
                     repair.fix(judge, f"Or let {judge.name} expect the address.",
                                'ipsec dynamic set config property=remoteid value=""'))


def _certificates(record: Record, station: Station, peer: Station, ours: Phase1Policy,
                  theirs: Phase1Policy) -> None:
    """Each end judges the other's certificate."""
    assert ours.credentials and theirs.credentials
    for judge, other, trust, shown in ((peer, station, theirs.credentials, ours.credentials),
                                       (station, peer, ours.credentials, theirs.credentials)):
        failure = distrusted(shown, trust, record.wall)
        if failure is None:
            record.note(judge, "phase 1", PASS, f"believes the certificate of {other.name}")
        elif failure.drop in EXPIRED:
            record.block(other, "phase 1", "cert-expired-or-not-yet-valid", f"the certificate of "
                         f"{other.name} is outside its validity", "", renew(other))
        else:
            record.block(judge, "phase 1", "certificate-not-trusted", f"{judge.name} does not "
                         f"believe the certificate of {other.name}: {failure.drop}")


def distrusted(shown: Credentials, trust: Credentials, wall: float) -> Failure | None:
    """Why the certificate that one end shows is not believed by the other; None when it is."""
    from engine.ike.certified import speaker
    from engine.ike.chain import validate
    try:
        path = speaker(shown, (), wall).path
        others = tuple(one.der for one in path.certificates[1:])
        validate(path.leaf, others, trust.trust, wall)
    except Failure as failure:
        return failure
    return None
