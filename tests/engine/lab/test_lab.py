"""The lab's clock, cables and configuration changes."""

import pytest

from engine.address import parse_address
from engine.errors import NotFound
from engine.ip import udp_packet
from engine.lab.lab import EPOCH, Lab
from engine.policy.model import Interface, Machine
from tests.support.site import HOST_A, HOST_B, INTERNAL, PEER, Site, article


def test_the_clock_is_virtual_and_starts_on_the_day_of_the_article() -> None:
    lab = Site().lab
    assert (lab.now, lab.wall(), lab.wall(60.0)) == (0.0, EPOCH, EPOCH + 60)
    lab.run(86400.0)
    assert lab.now == 86400.0
    lab.run(5.0)
    assert lab.now == 86400.0


def test_run_while_stops_at_the_event_that_ended_the_condition() -> None:
    site = Site()
    lab = site.lab
    lab.send("hostA", udp_packet(HOST_A, INTERNAL, 1025, 9, b"x"))
    lab.run_while(lambda: not site.counter("port-unreachable"), 100.0)
    assert lab.now == pytest.approx(0.01)


def test_a_ping_ends_at_the_moment_of_its_answer_or_of_its_timeout() -> None:
    lab = Site().lab
    echo = lab.ping("hostA", INTERNAL)
    assert (echo.kind, lab.now) == ("reply", 0.02)
    assert lab.ping("hostA", parse_address("10.1.0.77"), timeout=0.5).kind == "timeout"
    assert lab.now == pytest.approx(0.52)


def test_a_late_answer_is_not_taken_for_the_next_echo() -> None:
    site = Site()
    site.lab.links["NetA"].delay = 0.6
    first = site.lab.ping("hostA", INTERNAL, timeout=1.0)
    second = site.lab.ping("hostA", INTERNAL, timeout=2.0)
    assert (first.kind, second.kind, second.sequence) == ("timeout", "reply", 2)
    assert second.seconds == pytest.approx(1.2)


@pytest.mark.parametrize(("options", "kind"), [
    ({"ttl": 1}, "ttl-expired"), ({"ttl": 3}, "ttl-expired"), ({"ttl": 4}, "reply"),
    ({"size": 1472, "df": True}, "reply"), ({"size": 1473, "df": True}, "needs-frag"),
    ({"size": 5000}, "reply"), ({"size": 0}, "reply"),
])
def test_ping_options_reach_the_wire(options: dict[str, int], kind: str) -> None:
    echo = Site().lab.ping("hostA", PEER, **options)  # type: ignore[arg-type]
    assert echo.kind == kind


def test_unknown_names_are_refused_with_those_that_are_known() -> None:
    lab = Site().lab
    with pytest.raises(NotFound) as machine:
        lab.ping("hostC", HOST_B)
    assert "hostA" in machine.value.known
    with pytest.raises(NotFound) as interface:
        lab.start_capture("gwA", "Wireless")
    assert interface.value.known == ("Internal", "External")


def test_a_changed_address_moves_the_cable_with_it() -> None:
    site = Site()
    config = site.store.on("hostA")
    moved = config.interfaces()[0]._replace(address=parse_address("10.1.0.20"))
    config.set_interface(moved)
    site.lab.reload()
    assert site.lab.ping("gwA", moved.address).kind == "reply"
    assert site.lab.ping("gwA", HOST_A).kind == "timeout"
    assert site.counter("no-neighbour") == 1


def test_what_is_lost_on_a_wire_is_a_step_and_a_count_of_its_sender() -> None:
    site = Site()
    site.lab.links["NetA"].up = False
    steps = site.lab.hosts["hostA"].trace = []
    assert site.lab.ping("hostA", INTERNAL).kind == "timeout"
    assert steps[-1][3:7] == ("link", "drop", "link-lost", "NetA")
    assert site.counter("link-lost", "hostA") == 1


def test_what_is_held_ends_when_the_interfaces_change() -> None:
    site = article()
    site.lab.links["middle"].up = False
    site.ping()
    adapter = site.gwa.interface("External")
    site.gwa.set_interface(adapter._replace(mtu=1400))
    site.lab.reload()
    assert site.counter("hold-expired") == 1 and site.lab.hosts["gwA"].sad.pairs() == ()


def test_machines_come_and_go_with_the_store() -> None:
    site = Site()
    address = parse_address("10.1.0.30")
    site.store.add_machine(Machine("hostC", "host"))
    site.store.on("hostC").add_interface(Interface("LAN", address, 24, INTERNAL, "", 1500,
                                                   "NetA"))
    site.lab.reload()
    assert site.lab.ping("hostC", PEER).kind == "reply"
    site.store.delete_machine("hostC")
    site.lab.reload()
    assert "hostC" not in site.lab.hosts
    assert site.lab.ping("gwA", address).kind == "timeout"


def test_a_new_machine_may_bring_a_new_link() -> None:
    site = Site()
    for name, number in (("hostC", 1), ("hostD", 2)):
        site.store.add_machine(Machine(name, "host"))
        site.store.on(name).add_interface(Interface("LAN", parse_address(f"172.16.0.{number}"),
                                                    24, None, "", 1500, "island"))
    site.lab.reload()
    assert site.lab.ping("hostC", parse_address("172.16.0.2")).kind == "reply"
    assert not site.lab.links["island"].external


def test_an_adapter_without_a_cable_sends_into_the_void() -> None:
    site = Site()
    config = site.store.on("hostA")
    config.set_interface(config.interfaces()[0]._replace(link=""))
    site.lab.reload()
    assert site.lab.ping("hostA", INTERNAL).kind == "timeout"


def test_a_restart_of_the_lab_begins_anew_from_the_store() -> None:
    site = article()
    site.ping()
    again = Lab(site.store)
    assert again.now == 0.0 and again.hosts["gwA"].sad.pairs() == ()
    assert again.ping("hostA", HOST_B).protected


def test_the_last_drops_and_the_last_echoes_are_remembered() -> None:
    site = Site()
    site.ping(1)
    (drop,) = site.lab.hosts["gwA"].node.recent
    assert (drop.stage, drop.reason) == ("route", "no-route")
    assert drop.flow == (HOST_A, HOST_B, 1, 0, 0)
    (one,) = site.lab.pinged
    assert (one.machine, one.destination, one.result.kind) == ("hostA", HOST_B, "unreachable-net")
