"""Every name under which a packet is dropped or counted, with one sentence each.

`ipsec dynamic show stats`, the System log and the documentation read this table; a test compares
it with the names in the code. What IKE refuses is counted as ``ike-`` and one of `IKE`'s names.
"""

WIRE = {
    "no-neighbour": "The next hop is no machine on the link.",
    "link-lost": "The lab's link lost the packet: down, too small, by chance or on purpose.",
    "nat-no-ports": "The address translator cannot translate a protocol without ports.",
    "nat-unknown": "The address translator knows no inner machine for the packet.",
}
INPUT = {
    "bad-checksum": "The header's checksum is wrong.",
    "bad-length": "A length field contradicts the octets that are there.",
    "bad-version": "The packet is not IPv4, or its header is too short.",
    "truncated": "The packet ends before its header does.",
    "source-route": "The packet asks to be routed by its sender, which is never done.",
    "martian": "A loopback address (127.0.0.0/8) came from a wire.",
    "udp-truncated": "A UDP datagram ends before its header does.",
    "udp-length": "UDP's length contradicts the packet's.",
    "udp-checksum": "UDP's checksum is wrong.",
    "icmp-truncated": "An ICMP message ends before its header does.",
    "icmp-checksum": "ICMP's checksum is wrong.",
    "icmp-quote": "An ICMP error quotes too little to say which packet it is about.",
    "icmp-unknown-sa": "An ICMP error quotes an association that does not send.",
    "fragment-length": "A fragment is empty, or no multiple of eight octets before the last one.",
    "fragment-oversize": "A fragment ends beyond 65,535 octets.",
    "fragment-overlap": "Fragments overlap or disagree on the end: the whole datagram is refused.",
    "fragment-too-many": "A datagram has more fragments than are kept.",
    "reassembly-timeout": "Fragments of a datagram did not arrive in time.",
    "reassembly-full": "Too many datagrams wait for fragments: the oldest gave way.",
    "not-for-us": "A broadcast or multicast that no program here listens to.",
    "port-unreachable": "No program listens on the UDP port.",
    "protocol-unreachable": "Nothing here speaks the protocol, or the TCP port is closed.",
    "echo-refused": "This machine does not answer pings.",
}
FORWARDING = {
    "not-forwarding": "The packet is for another machine, and IP routing is off.",
    "ttl-expired": "The time to live ended on the way.",
    "no-route": "No route leads to the destination.",
    "no-next-hop": "A route leads there, but its gateway cannot be reached.",
    "needs-frag": "The packet is too large for the way and must not be fragmented.",
    "rras-input": "An RRAS input filter refused the packet.",
    "rras-output": "An RRAS output filter refused the packet.",
    "rras-fragment": "RRAS fragment checking refused a fragment.",
}
POLICY = {
    "blocked": "A filter blocks the packet.",
    "cleartext-refused": "Clear text came where a filter wants protection.",
    "inbound-policy": "No inbound filter wants what came out of the association.",
    "selector-mismatch": "The decrypted packet is not what its association was negotiated for.",
    "transport-forward": "A transport mode filter met a packet of another machine.",
    "wrong-tunnel-source": "A protected packet came from another address than its peer's.",
    "wrong-encapsulation": "ESP came in UDP, or without, other than was negotiated.",
    "bad-encapsulation": "A datagram for UDP 4500 is neither IKE, ESP nor a keepalive.",
}
HOLD = {
    "negotiating": "A local program's packet did not wait for the negotiation.",
    "hold-full": "A newer packet took the place of the one that waited.",
    "hold-expired": "The packet waited too long for a negotiation.",
    "negotiation-failed": "The negotiation that the packet waited for failed.",
}
SECURITY = {
    "bad-spi": "No association has the packet's SPI.",
    "bad-icv": "The integrity check value is wrong: altered, or another key.",
    "bad-padding": "The padding of an authentic ESP packet is not 1, 2, 3, ...",
    "bad-next-header": "An association's packet carries a protocol that it must not.",
    "replay": "The sequence number was seen before, or is older than the window.",
    "sequence-exhausted": "The association has used its last sequence number.",
    "lifetime-exhausted": "The association has reached its lifetime.",
    "missing-ah": "The association wants AH around ESP, and there is none.",
    "dummy": "A dummy packet (next header 59) was discarded, as RFC 4303 asks.",
    "ecn": "The tunnel header reports congestion for a packet that cannot carry the mark.",
}
KERNEL = {
    "flood": "More IKE came than peers speak: the kernel refused it.",
    "send-refused": "The kernel did not take a packet that was to be sent.",
    "tun-refused": "The kernel did not take a packet that was decrypted.",
}
DROPS: dict[str, str] = {**WIRE, **INPUT, **FORWARDING, **POLICY, **HOLD, **SECURITY, **KERNEL}

OCCURRENCES = {
    "clear-accepted": "Clear text was accepted where inbound clear text is allowed (inpass).",
    "soft-clear": "A packet left in clear text under a soft association.",
    "ike-port-unreachable": "A peer's machine says that nobody listens for IKE.",
    "nat-keepalive": "A NAT keepalive arrived.",
    "nat-moved": "A peer behind a NAT moved to another port.",
}
"""What is counted beside the drops."""

IKE = {
    "authentication-failed": "The peer did not prove who it is: another key, most likely.",
    "certificate-bad-key": "The certificate's key is malformed.",
    "certificate-crl-expired": "The revocation list has expired, and strongcrlcheck is 2.",
    "certificate-crl-missing": "No revocation list vouches for it, and strongcrlcheck is 2.",
    "certificate-expired": "The certificate's time is over.",
    "certificate-extension": "The certificate has a critical extension that is not understood.",
    "certificate-key-type": "The certificate's key is not RSA.",
    "certificate-malformed": "The certificate cannot be read.",
    "certificate-missing": "The peer sent no certificate.",
    "certificate-no-name": "The certificate names nobody.",
    "certificate-not-ca": "An issuer's certificate is not that of an authority.",
    "certificate-not-yet-valid": "The certificate's time has not come.",
    "certificate-path-length": "The chain is longer than an authority allows.",
    "certificate-purpose": "The certificate is for another purpose.",
    "certificate-revoked": "The authority has revoked the certificate.",
    "certificate-too-large": "The certificate is larger than is read.",
    "certificate-too-many": "The chain has too many certificates.",
    "certificate-untrusted": "No authority of the rule stands behind the certificate.",
    "certificate-usage": "The certificate's key is not for signatures.",
    "certificate-weak-key": "The certificate's key is too short, or its exponent too small.",
    "certificate-wrong-key": "The private key is not that of the certificate.",
    "dpd": "A dead peer detection message is out of turn.",
    "half-open-limit": "Too many main modes are half open.",
    "identity-mismatch": "The peer's identity is not that of its certificate.",
    "invalid-attribute": "An attribute is malformed, or given twice with different values.",
    "invalid-cookie": "No exchange has these cookies.",
    "invalid-delete": "A delete payload is malformed.",
    "invalid-doi": "A payload is of another domain of interpretation than IPsec.",
    "invalid-flags": "Flags that must not be there: unencrypted where encryption is due.",
    "invalid-hash": "The hash of a protected message is wrong.",
    "invalid-id": "An identity payload is malformed.",
    "invalid-id-information": "The peer's identities match no filter.",
    "invalid-key": "A key exchange value is too short, too long or too weak.",
    "invalid-length": "The message's length contradicts its octets.",
    "invalid-message-id": "The message id is not allowed in this exchange.",
    "invalid-nat-oa": "The original addresses behind a NAT are malformed.",
    "invalid-nonce": "A nonce is shorter than 8 or longer than 256 octets.",
    "invalid-notify": "A notify payload is malformed.",
    "invalid-payload": "A payload is malformed, or the chain of payloads does not end.",
    "invalid-payload-type": "A payload type that IKEv1 does not have.",
    "invalid-sa": "A proposal or transform is malformed.",
    "invalid-situation": "A situation other than identity only.",
    "invalid-spi": "An SPI is reserved, or of the wrong size.",
    "invalid-version": "The message is not of version 1.",
    "kerberos-unsupported": "The policy offers Kerberos only, which is not built.",
    "message-id-reused": "A message id was used before.",
    "missing-payload": "A payload that the message must have is missing.",
    "modified-proposal": "The peer answered with something that was not offered.",
    "no-certificate": "No certificate of ours serves the rule.",
    "no-policy": "No rule concerns the peer.",
    "no-proposal-chosen": "No offer is acceptable.",
    "no-usable-method": "The filter action has no method that can be offered.",
    "not-established": "The message needs an ISAKMP SA that is not up.",
    "payload-order": "Payloads stand in an order that must not be.",
    "peer-notify": "The peer refused by a notify.",
    "quick-limit": "The ISAKMP SA may carry no further quick mode.",
    "reflection": "Our own cookie, nonce or key came back.",
    "refused-exchange": "An exchange that is never taken part in, such as aggressive mode.",
    "signature-invalid": "The peer's signature is wrong.",
    "signature-length": "The peer's signature is not as long as its key.",
    "timeout": "The peer did not answer in time.",
    "too-many-exchanges": "The peer has too many exchanges open.",
    "unexpected-message": "The message has no place in the exchange's state.",
    "unexpected-payload": "A payload that this message must not have.",
    "unprotected-delete": "A delete that nothing authenticates is only a hint.",
    "unsupported-id": "The peer's identity is not the address that it speaks from.",
    "weak-key": "The derived key is one of DES' weak keys.",
    "wrong-port": "After a NAT was found only UDP 4500 is right.",
}
"""Why IKE refuses a message; counted with ``ike-`` in front."""


def sentence(name: str) -> str:
    """What a counter's name means. Raises KeyError for a name that is not ours."""
    if name.startswith("notify-"):
        return f"The peer sent notify {name.removeprefix('notify-')}."
    if name in DROPS:
        return DROPS[name]
    if name in OCCURRENCES:
        return OCCURRENCES[name]
    return IKE[name.removeprefix("ike-")]


def is_drop(name: str) -> bool:
    """Whether the name counts packets that ended here."""
    return name in DROPS or (name.startswith("ike-") and name not in OCCURRENCES)
