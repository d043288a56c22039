"""Security events 541 to 547 and the driver's records, in the texts of Windows' message table.

A function makes one `LogEvent` from what IKE or the driver reported; `allowed` says whether the
audit policy lets it into the log. A value of several lines has them joined by a newline.
"""

from collections.abc import Iterable

from engine.address import Address, Network, format_address, prefix_mask
from engine.dropnames import sentence
from engine.events import LogEvent
from engine.ike.credentials import CertificateIdentity
from engine.ike.interface import (
    MainModeDown,
    MainModeUp,
    NegotiationFailed,
    SaInstalled,
    TrafficSelector,
)
from engine.ip import IPv4
from engine.policy.model import AuditSetting

MAIN_MODE = "Key Exchange Mode (Main Mode)"
QUICK_MODE = "Data Protection Mode (Quick Mode)"

REASONS = {
    13801: "IKE authentication credentials are unacceptable.",
    13802: "IKE security attributes are unacceptable.",
    13803: "IKE Negotiation in progress.",
    13804: "General processing error.",
    13805: "Negotiation timed out.",
    13806: "IKE failed to find valid machine certificate.",
    13807: "IKE SA deleted by peer before establishment completed.",
    13808: "IKE SA deleted before establishment completed.",
    13813: "No response from peer.",
    13814: "Negotiation took too long.",
    13815: "Negotiation took too long.",
    13816: "Unknown error occurred.",
    13817: "Certificate Revocation Check failed.",
    13818: "Invalid certificate key usage.",
    13819: "Invalid certificate type.",
    13821: "Simultaneous rekeys were detected.",
    13822: "Failure in Diffie-Hellman computation.",
    13824: "Invalid header.",
    13825: "No policy configured.",
    13826: "Failed to verify signature.",
    13827: "Failed to authenticate using Kerberos.",
    13828: "Peer's certificate did not have a public key.",
    13830: "Error processing SA payload.",
    13831: "Error processing Proposal payload.",
    13832: "Error processing Transform payload.",
    13833: "Error processing KE payload.",
    13834: "Error processing ID payload.",
    13837: "Error processing Hash payload.",
    13839: "Error processing Nonce payload.",
    13843: "Invalid payload received.",
    13844: "Soft SA loaded.",
    13845: "Soft SA torn down.",
    13846: "Invalid cookie received.",
    13847: "Peer failed to send valid machine certificate.",
    13848: "Certification Revocation check of peer's certificate failed.",
    13849: "New policy invalidated SAs formed with old policy.",
    13850: "There is no available Main Mode IKE policy.",
    13858: "Given filter is invalid.",
    13861: "Invalid policy.",
    13862: "Invalid DOI.",
    13863: "Invalid situation.",
    13864: "Diffie-Hellman failure.",
    13865: "Invalid Diffie-Hellman group.",
    13866: "Error encrypting payload.",
    13867: "Error decrypting payload.",
    13868: "Policy match error.",
    13869: "Unsupported ID.",
    13870: "Hash verification failed.",
    13871: "Invalid hash algorithm.",
}
"""The public texts of the Win32 errors behind "Failure Reason"."""

AUTHENTICATION = frozenset({13801, 13826, 13827, 13870})
# What is wrong with the peer's certificate; 13806 is about our own, and a plain 547.
CERTIFICATE = frozenset({13817, 13818, 13819, 13828, 13847, 13848})
PROPOSAL = frozenset({13802, 13868})
NO_POLICY = 13825
# The attribute by which IKE says that identities, not an offer, were refused.
IDENTITIES = "Quick mode identities"

CIPHERS = {"DES": "DES CBC", "3DES": "Triple DES CBC", "AES128": "AES-128 CBC",
           "AES192": "AES-192 CBC", "AES256": "AES-256 CBC", "AESGCM128": "AES-128 GCM",
           "AESGCM192": "AES-192 GCM", "AESGCM256": "AES-256 GCM"}
HASHES = {"SHA1": "SHA", "MD5": "MD5", "SHA256": "SHA-256", "SHA384": "SHA-384",
         "SHA512": "SHA-512"}

_DRIVER = {
    "bad-spi": "The IPSec driver received a packet with a bad SPI.",
    "cleartext-refused": "The IPSec driver received a packet in clear text that should have "
                         "been secured.",
    "bad-icv": "The IPSec driver failed to authenticate the hash of a received packet.",
    "replay": "The IPSec driver failed the replay check of a received packet.",
    "soft-association": "IKE loaded a soft security association: the peer did not answer and "
                        "the filter action allows unsecured communication.",
}


def allowed(event: LogEvent, settings: Iterable[AuditSetting]) -> bool:
    """Whether auditing lets an event into the log. The System log needs no auditing."""
    if event.source != "Security":
        return True
    for setting in settings:
        if setting.category == event.category:
            return setting.success if event.success else setting.failure
    return False


def main_mode_up(up: MainModeUp, now: float) -> LogEvent:
    """541 for an ISAKMP SA."""
    parameters = (f"ESP Algorithm  {_name(CIPHERS, up.method.cipher)}",
                  f"HMAC Algorithm  {_name(HASHES, up.method.hash)}",
                  f"Lifetime (sec)  {up.lifetime}")
    return _security(now, 541, True, "IKE security association established.", (
        ("Mode", MAIN_MODE), ("Peer Identity", _peer(up.peer, up.certificate)),
        ("Filter", _hosts(up.local, up.peer)), ("Parameters", "\n".join(parameters))))


def quick_mode_up(up: SaInstalled, now: float) -> LogEvent:
    """541 for a pair of IPsec SAs."""
    inbound, outbound = up.inbound.spi, up.outbound.spi
    parameters = (f"ESP Algorithm  {_name(CIPHERS, up.method.esp_cipher)}",
                  f"HMAC Algorithm  {_name(HASHES, up.method.esp_auth)}",
                  f"AH Algorithm  {_name(HASHES, up.method.ah_auth)}",
                  f"Encapsulation  {'Tunnel' if up.tunnel else 'Transport'} Mode",
                  f"InboundSpi  {inbound} (0x{inbound:x})",
                  f"OutBoundSpi  {outbound} (0x{outbound:x})",
                  f"Lifetime (sec)  {up.lifetime_seconds}",
                  f"Lifetime (kb)  {up.lifetime_kilobytes}")
    return _security(now, 541, True, "IKE security association established.", (
        ("Mode", QUICK_MODE), ("Peer Identity", _peer(up.peer, up.certificate)),
        ("Filter", _filter(up.selector)), ("Parameters", "\n".join(parameters))))


def quick_mode_ended(selector: TrafficSelector | None, local: Address, peer: Address,
                     inbound: int, outbound: int, now: float) -> LogEvent:
    """542. `selector` None when the pair is not known any more."""
    return _security(now, 542, True, "IKE security association ended.", (
        ("Mode", "Data Protection (Quick mode)"),
        ("Filter", _filter(selector) if selector else _hosts(local, peer)),
        ("Inbound SPI", f"{inbound} (0x{inbound:x})"),
        ("Outbound SPI", f"{outbound} (0x{outbound:x})")))


def main_mode_ended(down: MainModeDown, now: float) -> LogEvent:
    """543."""
    return _security(now, 543, True, "IKE security association ended.", (
        ("Mode", "Key Exchange (Main mode)"), ("Filter", _hosts(down.local, down.peer))))


def failed(failure: NegotiationFailed, selector: TrafficSelector | None,
           now: float) -> LogEvent:
    """544 to 547, by what went wrong and on whose side it was found."""
    mode = MAIN_MODE if failure.mode == "main" else QUICK_MODE
    where = ("Filter", _filter(selector) if selector and failure.mode == "quick"
             else _hosts(failure.local, failure.peer))
    peer = ("Peer Identity", _peer(failure.peer, failure.certificate))
    if failure.code in CERTIFICATE:
        return _security(now, 544, False, "IKE security association establishment failed because "
                         "peer could not authenticate. The certificate trust could not be "
                         "established.", (peer, where))
    if failure.code in AUTHENTICATION and failure.point == "Me":
        return _security(now, 545, False, "IKE peer authentication failed.", (peer, where))
    refused_ids = failure.point == "Me" and failure.detail[:1] == (IDENTITIES,)
    if (failure.code in PROPOSAL and failure.point == "Me" and len(failure.detail) == 3
            and not refused_ids):
        attribute, expected, received = failure.detail
        return _security(now, 546, False, "IKE security association establishment failed because "
                         "peer sent invalid proposal.", (
                             ("Mode", mode), where, ("Attribute", attribute),
                             ("Expected value", expected), ("Received value", received)))
    code = NO_POLICY if refused_ids and not failure.initiator else failure.code
    return _security(now, 547, False, "IKE security association negotiation failed.", (
        ("Mode", mode), where, ("Failure Point", failure.point),
        ("Failure Reason", REASONS.get(code, REASONS[13816]))))


def driver(name: str, packet: IPv4 | None, peer: Address, detail: str, now: float) -> LogEvent:
    """A record of the System log about `packet`, or about `peer` when there is no packet."""
    fields = [("Peer", format_address(peer))]
    if packet is not None:
        fields = [("Source IP Address", format_address(packet.source)),
                  ("Destination IP Address", format_address(packet.destination)),
                  ("Protocol", str(packet.protocol))]
    label = "SPI" if detail.startswith("0x") else "Filter"
    return LogEvent(now, "System", 0, name == "soft-association", _DRIVER[name],
                    (*fields, (label, detail)), "system", name)


def dropped(reason: str, packet: IPv4, detail: str, inbound: bool, now: float) -> LogEvent:
    """A record of the System log about one dropped packet, for ipsecdiagnostics."""
    fields = (("Source IP Address", format_address(packet.source)),
              ("Destination IP Address", format_address(packet.destination)),
              ("Protocol", str(packet.protocol)), ("Reason", f"{reason}: {sentence(reason)}"),
              ("Detail", detail or "-"))
    way = "inbound" if inbound else "outbound"
    return LogEvent(now, "System", 0, False, f"The IPSec driver dropped an {way} packet.", fields,
                    "system", reason)


def _name(names: dict[str, str], typed: str) -> str:
    """Windows' name of an algorithm; ours for one that Windows 2000 did not have."""
    return names.get(typed, typed or "None")


def _security(now: float, number: int, success: bool, title: str,
              fields: tuple[tuple[str, str], ...]) -> LogEvent:
    return LogEvent(now, "Security", number, success, title, fields, "logon", "ike")


def _peer(peer: Address, certificate: CertificateIdentity | None = None) -> str:
    address = f"Peer IP Address: {format_address(peer)}"
    if certificate is None:
        return f"Preshared key ID.\n{address}"
    # A root is known only when the chain is proven, our own name once we have shown it.
    known = (("Peer Subject", certificate.subject),
             ("Peer SHA Thumbprint", certificate.thumbprint),
             ("Peer Issuing Certificate Authority", certificate.issuer),
             ("Root Certificate Authority", certificate.root),
             ("My Subject", certificate.own_subject),
             ("My SHA Thumbprint", certificate.own_thumbprint))
    return "\n".join(("Certificate based Identity.",
                      *(f"{label} {value}" for label, value in known if value), address))


def _filter(selector: TrafficSelector) -> str:
    local, remote, protocol, local_port, remote_port = selector
    return "\n".join((
        f"Source IP Address {format_address(local.address)}",
        f"Source IP Address Mask {format_address(prefix_mask(local.prefix))}",
        f"Destination IP Address {format_address(remote.address)}",
        f"Destination IP Address Mask {format_address(prefix_mask(remote.prefix))}",
        f"Protocol {protocol}", f"Source Port {local_port}", f"Destination Port {remote_port}"))


def _hosts(local: Address, peer: Address) -> str:
    return _filter(TrafficSelector(Network(local, 32), Network(peer, 32)))
