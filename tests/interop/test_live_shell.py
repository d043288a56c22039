"""A person at the prompt of a live machine: contexts, Tab, `?`, questions, Ctrl-C, a lost agent."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pexpect
import pytest

from tests.support.live.agent import PROGRAM, Agent, pings_at_last, policy_lines, route_line
from tests.support.live.network import HOST_B, WAN_A, Network
from tests.support.live.strongswan import Settings, StrongSwan

if TYPE_CHECKING:
    Child = pexpect.spawn[str]

pytestmark = pytest.mark.interop


@pytest.fixture
def agent(network: Network, tmp_path: Path) -> Iterator[Agent]:
    with Agent(network, tmp_path / "a") as one:
        one.lines([*policy_lines(own=WAN_A), route_line()])
        yield one


@pytest.fixture
def child(agent: Agent, tmp_path: Path) -> "Iterator[Child]":
    env = {**os.environ, "IPSECSH_AGENT": str(agent.socket), "XDG_STATE_HOME": str(tmp_path),
           "TERM": "xterm", "NO_COLOR": "1", "PROMPT_TOOLKIT_NO_CPR": "1"}
    env.pop("IPSECSH_STORE", None)
    one = pexpect.spawn(PROGRAM, [], env=env, encoding="utf-8", timeout=20, dimensions=(24, 80))
    one.expect_exact("[gwA] ipsecsh>")
    yield one
    one.close(force=True)


def test_a_shell_finds_the_agent_and_its_names(child: "Child", agent: Agent) -> None:
    child.send("ipsec static\r")
    child.expect_exact("[gwA] ipsecsh ipsec static>")
    child.send("show policy to\t")
    child.expect_exact("B")
    child.send("\r")
    child.expect("Policy Name +: toB")
    child.send("add filterlist name=Mine\r")
    child.expect_exact("ipsecsh ipsec static>")
    child.send("delete filterlist Mi\t")
    child.expect_exact("ne")
    child.send("\r")
    child.send("show filterlist Mine\r")
    child.expect("does not exist")
    assert "Mine" not in agent.typed("ipsec", "static", "show", "filterlist", "all")


def test_help_pipes_and_mistakes_are_the_shells(child: "Child", tmp_path: Path) -> None:
    child.send("ipsec static add policy ?")
    child.expect_exact("name=")
    child.send("\x15")
    child.send("ipsec static show policy nope\r")
    child.expect("ERR IPsec.05004|does not exist")
    child.expect_exact("^^^^")
    child.send(f"ipconfig | save {tmp_path}/adapters.txt\r")
    child.send("ipconfig | include IP\r")
    child.expect_exact("203.0.113.1")
    assert WAN_A in (tmp_path / "adapters.txt").read_text()


def test_destructive_commands_ask_here_and_act_there(child: "Child", agent: Agent) -> None:
    child.send("ipsec static set policy name=toB assign=no\r")
    child.send("ipsec static delete all\r")
    child.expect_exact("are you sure? (y/n)")
    child.send("n\r")
    child.expect_exact("was not confirmed")
    assert "toB" in agent.typed("ipsec", "static", "show", "policy", "all")
    child.send("ipsec static delete all\r")
    child.expect_exact("are you sure? (y/n)")
    child.send("y\r")
    child.send("ipsec static show policy all\r")
    child.expect("No. of policies +: 0|no policies|None|ERR")


def test_control_c_ends_an_endless_ping_and_the_shell_lives(
        child: "Child", network: Network, tmp_path: Path) -> None:
    with StrongSwan(network, Settings(), tmp_path / "b"):
        assert pings_at_last(network)
        child.send(f"ping -t {HOST_B}\r")
        child.expect("Reply from")
        child.expect("Reply from")
        child.sendintr()
        child.expect("Ping statistics")
        child.expect_exact("[gwA] ipsecsh>")
        child.send("ipsec dynamic show tunnels\r")
        child.expect(r"\bup\b")


def test_an_agent_that_ends_is_named_and_found_again(child: "Child", agent: Agent) -> None:
    agent.stop()
    child.send("ipconfig\r")
    child.expect(r"ERR agent : the agent at\s.*\scannot\s+be\s+reached")
    agent.start()
    child.send("ipconfig\r")
    child.expect_exact("203.0.113.1")
