"""Events 541 to 547: numbers, texts and what auditing lets through."""

import pytest

from engine import audit
from engine.address import parse_address, parse_network
from engine.events import LogEvent
from engine.ike.interface import (
    MainModeDown,
    MainModeUp,
    NegotiationFailed,
    SaInstalled,
    SaKeys,
    TrafficSelector,
)
from engine.ip import IPv4
from engine.policy.model import AuditSetting
from engine.suites import MainModeMethod, QuickModeMethod

OWN, PEER = parse_address("192.0.2.1"), parse_address("198.51.100.1")
SELECTOR = TrafficSelector(parse_network("10.1.0.0/24"), parse_network("10.2.0.0/24"))
INSTALLED = SaInstalled("{E}", OWN, PEER, SELECTOR, QuickModeMethod("DES", "MD5"), True,
                        SaKeys(256), SaKeys(0xDEADBEEF), 3600, 100000, 0, True, True, b"c" * 16)


def failure(mode: str = "main", code: int = 13805, point: str = "Me",
            detail: tuple[str, ...] = (), initiator: bool = True) -> NegotiationFailed:
    return NegotiationFailed(mode, OWN, PEER, "{E}", code, point, detail, "MM1", initiator, False)


def test_541_of_main_mode() -> None:
    event = audit.main_mode_up(MainModeUp(OWN, PEER, b"c" * 16, MainModeMethod("3DES", "SHA1", 2),
                                          28800, True, "198.51.100.1", 0.2), 5.0)
    assert (event.event_id, event.success, event.time) == (541, True, 5.0)
    assert event.fields == (
        ("Mode", "Key Exchange Mode (Main Mode)"),
        ("Peer Identity", "Preshared key ID.\nPeer IP Address: 198.51.100.1"),
        ("Filter", "Source IP Address 192.0.2.1\nSource IP Address Mask 255.255.255.255\n"
                   "Destination IP Address 198.51.100.1\n"
                   "Destination IP Address Mask 255.255.255.255\n"
                   "Protocol 0\nSource Port 0\nDestination Port 0"),
        ("Parameters", "ESP Algorithm  Triple DES CBC\nHMAC Algorithm  SHA\n"
                       "Lifetime (sec)  28800"))


def test_541_of_quick_mode_names_both_spis_and_lifetimes() -> None:
    parameters = dict(audit.quick_mode_up(INSTALLED, 0.0).fields)["Parameters"]
    assert parameters.split("\n") == [
        "ESP Algorithm  DES CBC", "HMAC Algorithm  MD5", "AH Algorithm  None",
        "Encapsulation  Tunnel Mode", "InboundSpi  256 (0x100)",
        "OutBoundSpi  3735928559 (0xdeadbeef)", "Lifetime (sec)  3600", "Lifetime (kb)  100000"]


@pytest.mark.parametrize(("method", "texts"), [
    (QuickModeMethod("AESGCM256", "", "SHA512"), ["AES-256 GCM", "None", "SHA-512"]),
    (QuickModeMethod("", "SHA1"), ["None", "SHA", "None"]),
    (QuickModeMethod("NEWER", "SHA999"), ["NEWER", "SHA999", "None"]),
])
def test_every_algorithm_has_a_name_in_the_log(method: QuickModeMethod,
                                               texts: list[str]) -> None:
    parameters = dict(audit.quick_mode_up(INSTALLED._replace(method=method), 0.0).fields)
    lines = parameters["Parameters"].split("\n")[:3]
    assert [line.split("  ")[1] for line in lines] == texts


def test_542_and_543_tell_the_ends() -> None:
    quick = audit.quick_mode_ended(SELECTOR, OWN, PEER, 256, 257, 0.0)
    assert quick.event_id == 542
    assert [label for label, _ in quick.fields] == ["Mode", "Filter", "Inbound SPI",
                                                    "Outbound SPI"]
    assert "10.1.0.0" in quick.fields[1][1]
    unknown = audit.quick_mode_ended(None, OWN, PEER, 256, 257, 0.0)
    assert "192.0.2.1" in unknown.fields[1][1]
    main = audit.main_mode_ended(MainModeDown(OWN, PEER, b"", "expired"), 0.0)
    assert (main.event_id, main.success) == (543, True)


@pytest.mark.parametrize(("failed", "number", "labels"), [
    (failure(code=13805), 547, ["Mode", "Filter", "Failure Point", "Failure Reason"]),
    (failure(code=13806), 547, ["Mode", "Filter", "Failure Point", "Failure Reason"]),
    (failure(code=13847), 544, ["Peer Identity", "Filter"]),
    (failure(code=13848), 544, ["Peer Identity", "Filter"]),
    (failure(code=13818), 544, ["Peer Identity", "Filter"]),
    (failure(code=13826), 545, ["Peer Identity", "Filter"]),
    (failure(code=13870, initiator=False), 545, ["Peer Identity", "Filter"]),
    (failure(code=13801, point="Peer"), 547,
     ["Mode", "Filter", "Failure Point", "Failure Reason"]),
    (failure(code=13868, detail=("Group", "2", "1")), 546,
     ["Mode", "Filter", "Attribute", "Expected value", "Received value"]),
    (failure(code=13868, point="Peer"), 547,
     ["Mode", "Filter", "Failure Point", "Failure Reason"]),
])
def test_failures_get_the_number_of_what_went_wrong(failed: NegotiationFailed, number: int,
                                                    labels: list[str]) -> None:
    event = audit.failed(failed, SELECTOR, 0.0)
    assert (event.event_id, event.success) == (number, False)
    assert [label for label, _ in event.fields] == labels


@pytest.mark.parametrize(("failed", "reason"), [
    (failure(code=13805), "Negotiation timed out."),
    (failure(code=13813), "No response from peer."),
    (failure(code=13868, point="Peer"), "Policy match error."),
    (failure("quick", 13868, detail=(audit.IDENTITIES, "a", "b"), initiator=False),
     "No policy configured."),
    (failure(code=1), "Unknown error occurred."),
])
def test_the_reason_is_the_public_text_of_its_code(failed: NegotiationFailed,
                                                   reason: str) -> None:
    assert dict(audit.failed(failed, None, 0.0).fields)["Failure Reason"] == reason


def test_a_quick_mode_failure_shows_the_filter_when_it_is_known() -> None:
    known = dict(audit.failed(failure("quick"), SELECTOR, 0.0).fields)
    unknown = dict(audit.failed(failure("quick"), None, 0.0).fields)
    assert known["Mode"] == unknown["Mode"] == "Data Protection Mode (Quick Mode)"
    assert "10.1.0.0" in known["Filter"] and "192.0.2.1" in unknown["Filter"]


def test_driver_records_name_packet_or_peer() -> None:
    packet = IPv4(PEER, OWN, 50, b"")
    spi = audit.driver("bad-spi", packet, PEER, "0x00000100", 1.0)
    assert (spi.source, spi.name, spi.fields[-1]) == ("System", "bad-spi", ("SPI", "0x00000100"))
    soft = audit.driver("soft-association", None, PEER, "From NetA to NetB", 1.0)
    assert soft.fields == (("Peer", "198.51.100.1"), ("Filter", "From NetA to NetB"))


GOOD = LogEvent(0.0, "Security", 541, True, "")
BAD = LogEvent(0.0, "Security", 547, False, "")


@pytest.mark.parametrize(("event", "setting", "kept"), [
    (GOOD, AuditSetting("logon", True, False), True),
    (GOOD, AuditSetting("logon", False, True), False),
    (BAD, AuditSetting("logon", False, True), True),
    (BAD, AuditSetting("logon", True, False), False),
    (GOOD, AuditSetting("object", True, True), False),
    (GOOD._replace(source="System"), AuditSetting("logon"), True),
])
def test_auditing_decides_by_category_and_outcome(event: LogEvent, setting: AuditSetting,
                                                  kept: bool) -> None:
    assert audit.allowed(event, [setting]) is kept
