"""ipsec dynamic show tunnels."""

from commands.run import run_line
from commands.session import Session
from tests.support.typing import data, text, tunnel


def test_a_tunnel_that_is_up_and_one_that_waits() -> None:
    session = tunnel()
    found = data(session, "ipsec dynamic show tunnels")
    assert [(one["rule"], one["peer"], one["state"], one["why"]) for one in found] == [
        ("NetA to NetB", "198.51.100.1", "up", "")]
    run_line("net stop policyagent", session)
    run_line("net start policyagent", session)
    assert "no traffic has asked for it" in text(session, "ipsec dynamic show tunnels")


def test_without_a_policy_there_is_none() -> None:
    assert "No rule in force" in text(Session(), "ipsec dynamic show tunnels")
