"""The way of protected packets: DF, path MTU, fragments before or after ESP, TOS and ECN."""

import pytest

from engine.host import Host, Transmit
from engine.icmp import NEEDS_FRAGMENTATION, UNREACHABLE, build_icmp, icmp_error, parse_icmp
from engine.ip import ESP, IPv4, udp_packet
from engine.pipeline.node import PATH_MTU_FLOOR, PATH_MTU_SECONDS
from engine.suites import QuickModeMethod
from tests.support.site import HOST_A, HOST_B, OWN, PEER, Site

ROUTER = 0xC00002FE
AES = QuickModeMethod("AES128", "SHA1")


def tunnel(**settings: str) -> Site:
    site = Site().policy(quick=(AES,)).route()
    for name, value in settings.items():
        site.gwa.set_setting(name, value)
    site.lab.reload()
    assert site.ping(2)[-1].kind == "reply"
    return site


def gateway(site: Site) -> Host:
    return site.lab.hosts["gwA"]


def through(site: Site, size: int, **fields: int) -> list[IPv4]:
    """What gwA sends out for one datagram of `size` octets, header included."""
    packet = udp_packet(HOST_A, HOST_B, 4000, 5000, bytes(size - 28))._replace(
        **fields)  # type: ignore[arg-type]
    outputs = gateway(site).receive(packet, "Internal", site.lab.now)
    return [one.packet for one in outputs if isinstance(one, Transmit)]


def believe(site: Site, mtu: int, packet: IPv4) -> None:
    """A router says that this packet of gwA was too long for a link."""
    error = icmp_error(packet, ROUTER, UNREACHABLE, NEEDS_FRAGMENTATION, mtu)
    assert error is not None
    gateway(site).receive(error, "External", site.lab.now)


def learned(site: Site) -> float:
    sa = gateway(site).sad.pairs()[-1].outbound
    assert sa is not None
    return gateway(site).node.mtu_under("External", sa, site.lab.now)


DF = [
    # the setting, the inner packet's DF, the outer one's
    ("copy", False, False), ("copy", True, True), ("clear", True, False), ("clear", False, False),
    ("set", False, True), ("set", True, True), ("nonsense", True, True),
]


@pytest.mark.parametrize(("setting", "inner", "outer"), DF)
def test_the_outer_header_has_df_as_configured(setting: str, inner: bool, outer: bool) -> None:
    site = tunnel(outerdf=setting)
    for _ in range(2):
        assert [one.df for one in through(site, 100, df=inner)] == [outer]


def test_with_df_cleared_long_packets_pass_whatever_they_say() -> None:
    site = tunnel(outerdf="clear")
    pieces = through(site, 1500, df=True)
    assert [one.protocol for one in pieces] == [ESP, ESP]
    assert (pieces[0].mf, pieces[1].offset) == (True, pieces[0].length - 20)
    assert site.ping(size=1472, df=True)[0].kind == "reply"


@pytest.mark.parametrize("settings", [{"fragmentation": "before"}, {"outerdf": "set"}],
                         ids=["fragment first", "DF set"])
def test_long_packets_are_split_before_esp_when_configured(settings: dict[str, str]) -> None:
    site = tunnel(**settings)
    pieces = through(site, 1500)
    assert [one.protocol for one in pieces] == [ESP, ESP]
    assert not any(one.is_fragment for one in pieces)
    assert all(one.length <= 1500 for one in pieces)
    assert site.ping(size=1472)[0].kind == "reply"
    assert site.ping(size=4000)[0].kind == "reply"


def test_long_packets_are_split_after_esp_by_default() -> None:
    site = tunnel()
    assert [one.is_fragment for one in through(site, 1500)] == [True, True]
    assert site.ping(size=4000)[0].kind == "reply"


def test_a_router_is_believed_when_it_quotes_the_association() -> None:
    site = tunnel()
    believe(site, 1300, through(site, 1400, df=True)[0])
    assert learned(site) == 1300
    error = parse_icmp(through(site, 1400, df=True)[0].payload)
    assert (error.type, error.code) == (UNREACHABLE, NEEDS_FRAGMENTATION)
    assert error.next_mtu == 1230
    assert [one.protocol for one in through(site, 1230, df=True)] == [ESP]
    assert through(site, 1231, df=True)[0].protocol != ESP


@pytest.mark.parametrize(("what", "change"), [
    ("another SPI", lambda payload: b"\0\1\2\3" + payload[4:]),
    ("a number never sent", lambda payload: payload[:4] + b"\x7f" + payload[5:]),
    ("number 0", lambda payload: payload[:4] + bytes(4) + payload[8:]),
], ids=lambda value: value if isinstance(value, str) else "")
def test_a_forged_word_about_the_way_is_not_believed(what: str, change: object) -> None:
    site = tunnel()
    packet = through(site, 1400, df=True)[0]
    assert callable(change)
    believe(site, 700, packet.with_payload(change(packet.payload)))
    assert learned(site) == 1500, what
    assert site.counter("icmp-unknown-sa") == 1


def test_what_is_learned_has_a_floor_and_an_age_and_never_grows() -> None:
    site = tunnel()
    packet = through(site, 1400, df=True)[0]
    believe(site, 68, packet)
    assert learned(site) == PATH_MTU_FLOOR
    believe(site, 1400, packet)
    assert learned(site) == PATH_MTU_FLOOR
    site.lab.now += PATH_MTU_SECONDS
    assert learned(site) == 1500
    assert [one.protocol for one in through(site, 1400, df=True)] == [ESP]


def test_a_router_that_names_no_mtu_makes_us_try_the_next_plateau() -> None:
    site = tunnel()
    packet = through(site, 1400, df=True)[0]
    plateaus = []
    for _ in range(4):
        believe(site, 0, packet)
        plateaus.append(learned(site))
    assert plateaus[:3] == [1492, 1006, PATH_MTU_FLOOR]


def test_a_rekeyed_association_knows_the_way_of_its_predecessor() -> None:
    site = tunnel()
    host = gateway(site)
    believe(site, 1300, through(site, 1400, df=True)[0])
    before = host.sad.pairs()[-1].spi
    while host.sad.pairs()[-1].spi == before:
        # Often enough that nothing is idle, until 80 percent of the hour's life are over.
        site.ping()
        site.lab.run(site.lab.now + 240)
        believe(site, 1300, through(site, 600, df=True)[0])
    assert learned(site) == 1300


def test_an_error_with_a_cut_quote_teaches_nothing() -> None:
    site = tunnel()
    packet = IPv4(ROUTER, OWN, 1, build_icmp(UNREACHABLE, NEEDS_FRAGMENTATION, 700, bytes(20)))
    gateway(site).receive(packet, "External", site.lab.now)
    assert learned(site) == 1500


@pytest.mark.parametrize("tos", [0, 0xB8, 0xB9, 0x03])
def test_tos_and_ecn_are_copied_out_and_a_mark_comes_back_in(tos: int) -> None:
    site = tunnel()
    outer = through(site, 100, tos=tos)[0]
    assert outer.tos == tos
    marked = outer._replace(tos=tos | 3, ttl=60)
    inner = site.lab.hosts["gwB"].receive(marked, "External", site.lab.now)
    if tos & 3:
        assert isinstance(inner[0], Transmit)
        assert inner[0].packet.tos == tos | 3
    else:
        assert inner == [] and site.counter("ecn", "gwB") == 1


def test_ttl_is_spent_by_forwarding_alone() -> None:
    site = tunnel()
    outer = through(site, 100, ttl=9)[0]
    assert outer.ttl == 128
    inner = site.lab.hosts["gwB"].receive(outer._replace(ttl=1), "External", site.lab.now)
    assert isinstance(inner[0], Transmit)
    assert inner[0].packet.ttl == 7


@pytest.mark.parametrize(("setting", "size"), [("1024", 1024), ("", 64), ("5", 32), ("9999", 64)])
def test_the_replay_window_is_a_setting_of_the_machine(setting: str, size: int) -> None:
    site = tunnel(replaywindow=setting)
    assert gateway(site).sad.pairs()[-1].inbound.window.size == size
    assert (gateway(site).sad.pairs()[-1].peer, size >= 32) == (PEER, True)
