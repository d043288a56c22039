"""Which tunnels are up, and why the others are not."""

from engine.tunnels import tunnels
from tests.support.site import article


def why(site: object) -> list[tuple[bool, str]]:
    lab = site.lab  # type: ignore[attr-defined]
    return [(one.up, one.why) for one in tunnels(lab.hosts["gwA"], lab.now)]


def test_a_tunnel_waits_for_traffic_then_is_up() -> None:
    site = article()
    assert why(site) == [(False, "no traffic has asked for it")]
    site.ping()
    assert why(site) == [(True, "")]


def test_a_peer_that_does_not_answer_is_the_reason() -> None:
    site = article()
    site.lab.links["middle"].up = False
    site.ping()
    assert why(site) == [(False, "negotiating")]
    site.lab.run(site.lab.now + 70)
    assert why(site)[0][0] is False and "ago)" in why(site)[0][1]


def test_a_missing_route_is_the_reason() -> None:
    site = article()
    host = site.lab.hosts["gwA"]
    host.node.routes = type(host.node.routes)()
    assert why(site) == [(False, "no route to 198.51.100.1")]


def test_a_rule_for_the_way_in_that_is_missing_is_the_reason() -> None:
    site = article()
    config = site.lab.store.on("gwA")
    policy = config.active_policy()
    assert policy is not None
    config.delete_rule(policy[1].name, "NetB to NetA")
    site.lab.reload()
    assert why(site) == [(False, "no inbound rule ends at 192.0.2.1")]
