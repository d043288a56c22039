"""What the events of IKE and the driver mean, and which causes lie behind a failure event."""

from typing import NamedTuple

from engine.audit import MAIN_MODE, REASONS
from engine.events import LogEvent


class Meaning(NamedTuple):
    """An event in plain words; `candidates` are the codes that may be behind it."""

    text: str
    candidates: tuple[str, ...] = ()


EVENTS = {
    541: "An association was established: main mode for the keys of IKE, quick mode for data. "
         "It proves that both gateways agreed, not that traffic passes.",
    542: "A quick mode association ended: its life was over, somebody deleted it, or the policy "
         "changed.",
    543: "A main mode association ended.",
    544: "The other gateway's certificate is not trusted here.",
    545: "The other gateway did not prove who it is: a signature or a hash was wrong.",
    546: "The other gateway's offer is not acceptable here; the first attribute that differs is "
         "named.",
    547: "A negotiation failed. Failure Point says who noticed, Failure Reason why.",
}
MAIN_CAUSES = {
    13801: ("psk-mismatch", "peer-identity-mismatch", "certificate-not-trusted"),
    13802: ("phase1-proposal-mismatch", "auth-method-mismatch"),
    13805: ("psk-mismatch", "udp500-blocked-on-path", "ike-fragments-lost", "ike-message-lost",
            "path-loss"),
    13806: ("certificate-unusable", "cert-expired-or-not-yet-valid"),
    13813: ("udp500-blocked-on-path", "peer-service-down", "rras-filter-drops-ike",
            "wrong-tunnel-endpoint", "path-down"),
    13825: ("no-tunnel-rules", "wrong-tunnel-endpoint"),
    13827: ("auth-method-unusable",),
    13847: ("certificate-not-trusted", "cert-expired-or-not-yet-valid"),
    13868: ("phase1-proposal-mismatch", "auth-method-mismatch"),
}
QUICK_CAUSES = {
    13802: ("phase2-proposal-mismatch", "pfs-mismatch"),
    13805: ("peer-filter-not-mirrored", "phase2-proposal-mismatch", "path-down",
            "ike-message-lost"),
    13825: ("peer-filter-not-mirrored", "half-mirrored-filters", "no-tunnel-rules"),
    13868: ("phase2-proposal-mismatch", "pfs-mismatch", "encapsulation-mode-mismatch"),
}
_DRIVER = {
    "bad-spi": Meaning("Packets came for an association that is not here any more.",
                       ("stale-sa-after-peer-reboot",)),
    "cleartext-refused": Meaning("Something arrived in the clear that a filter wants protected.",
                                 ("policy-not-assigned", "service-not-running",
                                  "mirrored-on-tunnel-filter", "overlapping-filters-shadow")),
    "bad-icv": Meaning("Packets arrive altered, or were sealed with other keys.",
                       ("packets-altered-on-path",)),
    "replay": Meaning("Packets arrive twice, or later than the window allows.",
                      ("replay-drops-reordering",)),
    "soft-association": Meaning("Traffic passes in the clear because IKE was not answered.",
                                ("soft-association-allowed", "peer-service-down")),
}
_CODES = {text: code for code, text in REASONS.items()}


def meaning(event: LogEvent) -> Meaning:
    """What an event says, and what may be behind it."""
    if event.name in _DRIVER:
        return _DRIVER[event.name]
    fields = dict(event.fields)
    text = EVENTS.get(event.event_id, event.title)
    if event.event_id == 544:
        return Meaning(text, ("certificate-not-trusted", "cert-expired-or-not-yet-valid"))
    if event.event_id == 545:
        return Meaning(text, ("psk-mismatch", "certificate-not-trusted"))
    main = fields.get("Mode", "") == MAIN_MODE
    if event.event_id == 546:
        return Meaning(text, ("phase1-proposal-mismatch",) if main
                       else ("phase2-proposal-mismatch", "pfs-mismatch"))
    if event.event_id != 547:
        return Meaning(text)
    code = _CODES.get(fields.get("Failure Reason", ""), 0)
    return Meaning(text, (MAIN_CAUSES if main else QUICK_CAUSES).get(code, ()))
