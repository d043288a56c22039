"""routing ip filter: an allow list with DROP, a block list with FORWARD, each direction apart."""

import pytest

from commands.run import run_line
from commands.session import Session
from engine.address import parse_address
from engine.policy.model import RrasFilter
from tests.support.typing import answer, data, refused, text, tunnel, type_article, warned

A = parse_address("10.1.0.0")
B = parse_address("10.2.0.0")
ANY = "0.0.0.0 0.0.0.0 0.0.0.0 0.0.0.0"

EMPTY = """Filter Information for Interface External
------------------------------------------------------------------------------

Fragment check is Disabled.

Filter Type           : INPUT
Default Action        : FORWARD

Filter Type           : OUTPUT
Default Action        : FORWARD

"""
FULL = """Filter Information for Interface External
------------------------------------------------------------------------------

Fragment check is Disabled.

Filter Type           : INPUT
Default Action        : DROP

Src Addr        Src Mask        Dst Addr        Dst Mask        Proto   Ports
------------------------------------------------------------------------------
10.2.0.0        255.255.255.0   10.1.0.0        255.255.255.0   ANY
198.51.100.1    255.255.255.255 192.0.2.1       255.255.255.255 ANY

Filter Type           : OUTPUT
Default Action        : DROP

Src Addr        Src Mask        Dst Addr        Dst Mask        Proto   Ports
------------------------------------------------------------------------------
10.1.0.0        255.255.255.0   10.2.0.0        255.255.255.0   ANY
192.0.2.1       255.255.255.255 198.51.100.1    255.255.255.255 ANY

"""


@pytest.fixture
def gateway() -> Session:
    """A session on gwA as it is delivered."""
    return Session()


def test_a_bare_interface_forwards(gateway: Session) -> None:
    assert text(gateway, "routing ip show filter External") == EMPTY


def test_the_articles_filters_are_shown_by_direction() -> None:
    session = Session()
    type_article(session)
    assert text(session, "routing ip show filter External") == FULL


def test_without_a_name_all_interfaces_are_shown(gateway: Session) -> None:
    shown = text(gateway, "routing ip show filter")
    assert [line.split()[-1] for line in shown.splitlines() if line.startswith("Filter Info")] == [
        "Internal", "External"]


ACCEPTED = [
    ("10.1.0.0 255.255.255.0 10.2.0.0 24", RrasFilter("", "", A, 24, B, 24)),
    ("${NetA} dstaddr=${NetB}", RrasFilter("", "", A, 24, B, 24)),
    (f"{ANY} proto=ANY", RrasFilter("", "")),
    ("any dstaddr=any", RrasFilter("", "")),
    (f"{ANY} proto=tcp srcport=0 dstport=80", RrasFilter("", "", protocol=6, destination_port=80)),
    (f"{ANY} TCP-EST 0 0", RrasFilter("", "", protocol=6, established=True)),
    (f"{ANY} UDP 500 500",
     RrasFilter("", "", protocol=17, source_port=500, destination_port=500)),
    (f"{ANY} proto=ICMP type=8 code=0", RrasFilter("", "", protocol=1, source_port=8)),
    (f"{ANY} proto=ICMP",
     RrasFilter("", "", protocol=1, source_port=255, destination_port=255)),
    (f"{ANY} proto=47", RrasFilter("", "", protocol=47)),
]


@pytest.mark.parametrize(("words", "stored"), ACCEPTED)
def test_a_filter_is_stored_and_deleted_as_it_was_typed(words: str, stored: RrasFilter,
                                                        gateway: Session) -> None:
    wanted = stored._replace(interface="External", direction="input")
    run_line(f"routing ip add filter External INPUT {words}", gateway)
    assert gateway.config.rras_filters() == (wanted,)
    assert refused(gateway, f"routing ip add filter External INPUT {words}").code == "exists"
    run_line(f"routing ip delete filter External INPUT {words}", gateway)
    assert gateway.config.rras_filters() == ()


@pytest.mark.parametrize("name", ["External", "external", '"External"', "192.0.2.1"])
def test_an_interface_is_known_by_name_and_by_address(name: str, gateway: Session) -> None:
    run_line(f"routing ip add filter {name} OUTPUT {ANY}", gateway)
    assert gateway.config.rras_filters()[0].interface == "External"


def test_a_name_with_blanks_is_quoted() -> None:
    session = Session(machine="hostA")
    run_line(f'routing ip add filter "Local Area Connection" INPUT {ANY}', session)
    assert session.config.rras_filters()[0].interface == "Local Area Connection"


def test_protocols_and_their_ports_are_shown(gateway: Session) -> None:
    for words in ("TCP dstport=80", "TCP-EST", "ICMP type=8", "47"):
        run_line(f"routing ip add filter External OUTPUT {ANY} {words}", gateway)
    lines = text(gateway, "routing ip show filter External").splitlines()
    assert [line[64:] for line in lines if line.startswith("0.0.0.0")] == [
        "TCP     0 80", "TCP-EST 0 0", "ICMP    8 255", "47"]


def test_json_names_the_fields_as_the_tags_are_named(gateway: Session) -> None:
    run_line(f"routing ip add filter External INPUT {ANY} ICMP type=8 code=0", gateway)
    (shown,) = data(gateway, "routing ip show filter External")
    assert (shown["interface"], shown["fragcheck"]) == ("External", False)
    assert shown["output"] == {"action": "FORWARD", "filters": []}
    assert shown["input"]["filters"] == [
        {"srcaddr": "0.0.0.0", "srcmask": "0.0.0.0", "dstaddr": "0.0.0.0", "dstmask": "0.0.0.0",
         "proto": "ICMP", "type": 8, "code": 0}]


BAD = [
    (f"add filter Foo INPUT {ANY}", "not-found", 1),
    (f"add filter 9.9.9.9 INPUT {ANY}", "not-found", 1),
    (f"add filter External SIDE {ANY}", "bad-value", 2),
    (f"add filter External DIAL {ANY}", "not-supported", 1),
    ("add filter External INPUT 10.1.0.1 24 0.0.0.0 0.0.0.0", "host-bits", 1),
    ("add filter External INPUT 10.1.0.1/24 dstaddr=0.0.0.0 dstmask=0", "host-bits", 1),
    ("add filter External INPUT 10.1.0.0 255.0.255.0 0.0.0.0 0.0.0.0", "bad-value", 2),
    ("add filter External INPUT 10.1.0.0 33 0.0.0.0 0.0.0.0", "bad-value", 2),
    ("add filter External INPUT 10.1.0 24 0.0.0.0 0.0.0.0", "bad-value", 2),
    ("add filter External INPUT 10.1.0.0", "missing-tag", 2),
    ("add filter External INPUT 10.1.0.0 24 0.0.0.0", "missing-tag", 2),
    ("add filter External INPUT 10.1.0.0/24 srcmask=16 dstaddr=any", "contradiction", 2),
    (f"add filter External INPUT {ANY} proto=300", "bad-value", 2),
    (f"add filter External INPUT {ANY} proto=TCP srcport=65536", "bad-value", 2),
    (f"add filter External INPUT {ANY} proto=ANY dstport=80", "contradiction", 2),
    (f"add filter External INPUT {ANY} proto=47 srcport=80", "contradiction", 2),
    (f"add filter External INPUT {ANY} proto=ICMP srcport=8", "contradiction", 2),
    (f"add filter External INPUT {ANY} proto=UDP type=8", "contradiction", 2),
    (f"add filter External INPUT {ANY} proto=ICMP type=256", "bad-value", 2),
    (f"add filter External INPUT {ANY} action=drop", "unknown-tag", 2),
    (f"delete filter External INPUT {ANY}", "not-found", 1),
    ("set filter External", "missing-tag", 2),
    ("set filter External INPUT", "missing-tag", 2),
    ("set filter External action=DROP", "missing-tag", 2),
    ("set filter External DIAL DROP", "not-supported", 1),
    ("set filter External INPUT PASS", "bad-value", 2),
    ("set filter Foo INPUT DROP", "not-found", 1),
    ("set filter External fragcheck=yes", "bad-value", 2),
    ("show filter Foo", "not-found", 1),
]


@pytest.mark.parametrize(("line", "code", "exit"), BAD)
def test_a_wrong_line_is_refused_and_the_store_stays(line: str, code: str, exit: int,
                                                     gateway: Session) -> None:
    before = gateway.config.digest()
    mistake = refused(gateway, "routing ip " + line)
    assert (mistake.code, mistake.exit) == (code, exit)
    assert gateway.config.digest() == before


def test_action_and_fragcheck_are_set_apart(gateway: Session) -> None:
    run_line("routing ip set filter External OUTPUT DROP", gateway)
    run_line("routing ip set filter External fragcheck=enable", gateway)
    config = gateway.config
    assert [config.rras_default("External", one) for one in ("input", "output")] == [
        "forward", "drop"]
    assert config.fragcheck("External")
    assert "Fragment check is Enabled." in text(gateway, "routing ip show filter External")


def test_the_default_decides_what_the_filters_mean() -> None:
    session = tunnel()
    session.machine = "hostA"
    assert "Received = 1" in text(session, "ping -n 1 hostB")
    session.machine = "gwA"
    run_line("routing ip set filter External OUTPUT FORWARD", session)
    session.machine = "hostA"
    assert "Received = 0" in text(session, "ping -n 1 hostB")


# --- IKE ------------------------------------------------------------------------------------


def allowance(verb: str, direction: str, source: str, destination: str) -> str:
    """The article's filter for IKE as a line."""
    return (f'routing ip {verb} filter name="External" filtertype={direction} srcaddr={source} '
            f"srcmask=255.255.255.255 dstaddr={destination} dstmask=255.255.255.255 proto=ANY")


OUT = ("OUTPUT", "192.0.2.1", "198.51.100.1")
IN = ("INPUT", "198.51.100.1", "192.0.2.1")


@pytest.mark.parametrize("way", [OUT, IN])
def test_dropping_ike_under_a_tunnel_policy_warns_with_the_mending_line(
        way: tuple[str, str, str]) -> None:
    session = Session()
    type_article(session)
    (warning,) = answer(session, allowance("delete", *way)).warnings
    assert (warning.code, warning.fix) == ("RRAS-NO-IKE", allowance("add", *way))
    assert warning.text == (
        f"{way[0].lower()} filters of External drop IKE between {way[1]} and {way[2]}: the "
        "tunnel cannot be negotiated")
    again = f"routing ip set filter External {way[0]} DROP"
    assert warned(session, again) == ["RRAS-NO-IKE"]
    run_line(warning.fix, session)
    assert warned(session, again) == []


ENOUGH = ["UDP 500 500", "UDP 0 500", "UDP", "ANY"]
TOO_LITTLE = ["TCP", "UDP 4500 4500", "ICMP", "50"]


@pytest.mark.parametrize(("protocol", "codes"), [
    *((one, []) for one in ENOUGH), *((one, ["RRAS-NO-IKE"]) for one in TOO_LITTLE)])
def test_only_a_filter_that_ike_meets_is_an_allowance(protocol: str, codes: list[str]) -> None:
    session = Session()
    type_article(session)
    run_line(allowance("delete", *OUT), session)
    run_line(f"routing ip add filter External OUTPUT 192.0.2.1 32 198.51.100.0 24 {protocol}",
             session)
    assert warned(session, "routing ip set filter External OUTPUT DROP") == codes


def test_without_a_tunnel_policy_dropping_is_nobodys_mistake(gateway: Session) -> None:
    assert warned(gateway, "routing ip set filter External OUTPUT DROP") == []


def test_the_inner_interface_carries_no_ike() -> None:
    session = Session()
    type_article(session)
    assert warned(session, "routing ip set filter Internal INPUT DROP") == []


def test_with_only_the_outbound_rule_the_routes_say_where_ike_leaves() -> None:
    session = Session()
    type_article(session)
    run_line('ipsec static delete rule "NetB to NetA" "IPSec tunnel with third-party gateway"',
             session)
    run_line(allowance("delete", *OUT), session)
    assert warned(session, "routing ip set filter External OUTPUT DROP") == ["RRAS-NO-IKE"]
    assert warned(session, "routing ip set filter Internal OUTPUT DROP") == []
