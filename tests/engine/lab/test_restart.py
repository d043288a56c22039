"""A machine that restarts: what it forgets, and how it filters until its policy is loaded."""

import pytest

from engine.errors import NotFound
from tests.support.site import HOST_A, INTERNAL, Site, article


def booting(mode: str = "", exemptions: str = "") -> Site:
    site = article()
    site.gwa.set_setting("bootmode", mode)
    site.gwa.set_setting("bootexemptions", exemptions)
    site.lab.restart("gwA", 10.0)
    return site


def test_until_the_policy_is_loaded_only_answers_come_in() -> None:
    site = booting()
    host = site.lab.hosts["gwA"]
    assert site.ping(1, "hostA", INTERNAL)[0].kind == "timeout"
    assert host.counters["blocked"] == 1 and not host.agent_running
    assert site.ping(1, "gwA", HOST_A)[0].kind == "reply"
    site.lab.run(10.0)
    assert host.agent_running and {one.action for one in host.spd.entries} == {"negotiate"}
    assert site.ping(1, "hostA", INTERNAL)[0].kind == "reply"


@pytest.mark.parametrize(("mode", "out", "back"), [
    ("stateful", "reply", "timeout"), ("block", "general-failure", "timeout"),
    ("permit", "reply", "reply")])
def test_each_mode_does_what_it_says(mode: str, out: str, back: str) -> None:
    site = booting(mode)
    assert site.ping(1, "hostA", INTERNAL)[0].kind == back
    assert site.ping(1, "gwA", HOST_A)[0].kind == out


def test_exempt_traffic_passes_a_booting_machine() -> None:
    site = booting("block", "ICMP:0:0:inbound ICMP:0:0:outbound")
    assert site.ping(1, "hostA", INTERNAL)[0].kind == "reply"


def test_a_booting_gateway_forwards_nothing_in_the_clear() -> None:
    site = booting()
    assert not any(one.clear for one in site.ping(3))


def test_a_restarted_peer_is_found_again() -> None:
    site = article()
    site.ping(3)
    before = site.lab.hosts["gwA"].sad.pairs()
    site.lab.restart("gwB", 5.0)
    assert site.lab.hosts["gwB"].sad.pairs() == () != before
    kinds = [one.kind for one in site.ping(200)]
    assert kinds[-1] == "reply"


def test_logs_survive_and_the_service_may_be_started_early() -> None:
    site = article()
    site.ping(2)
    logged = list(site.lab.hosts["gwA"].log)
    site.lab.restart("gwA", 100.0)
    host = site.lab.hosts["gwA"]
    assert list(host.log) == logged != []
    site.lab.start_agent("gwA")
    assert host.agent_running and host.spd.entries
    site.lab.run(site.lab.now + 200.0)
    assert host.agent_running


def test_two_lives_of_a_machine_draw_other_octets() -> None:
    first, second = article(), article()
    second.lab.restart("gwA", 0.0)
    first.ping(2)
    second.ping(2)
    spis = [site.lab.hosts["gwA"].sad.pairs()[0].spi for site in (first, second)]
    assert spis[0] != spis[1]


def test_a_machine_that_is_none_cannot_restart() -> None:
    with pytest.raises(NotFound):
        Site().lab.restart("hostC", 1.0)
