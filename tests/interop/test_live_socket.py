"""Rubbish at an agent's socket: no packet waits, nothing grows, shells work."""

import json
import os
import socket
import struct
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from shell.agent.server import SITTINGS_MOST
from tests.support.live.agent import Agent, pings_at_last, policy_lines, route_line
from tests.support.live.network import HOST_B, WAN_A, Network
from tests.support.live.processes import wait_for
from tests.support.live.soak import size_of
from tests.support.live.strongswan import Settings, StrongSwan

pytestmark = pytest.mark.interop


def frame(text: str) -> bytes:
    data = text.encode()
    return struct.pack("!I", len(data)) + data


RUBBISH = [
    b"", b"\0", b"GET / HTTP/1.0\r\n\r\n", b"\xff" * 64, struct.pack("!I", 0xFFFFFFFF),
    struct.pack("!I", 1 << 25) + b"x" * 100_000, os.urandom(200_000), frame("{}"), frame("[]"),
    frame("null"), frame('{"type": 7}'), frame('{"type": "nonsense"}'), frame("[" * 100_000),
    frame('{"type": "run"}'), frame('{"type": "run", "line": 7, "arguments": {"a": [1]}}'),
    frame(json.dumps({"type": "hello", "version": "x" * 1_000_000})),
    *(frame(json.dumps({"type": kind, "text": ["_", {}], "values": [["dict", 1]], "version": 1}))
      for kind in ("hello", "sit", "run", "line", "stop", "interrupt", "answer", "metrics"))]


@contextmanager
def connection(agent: Agent) -> Iterator[socket.socket]:
    """A client of the agent's socket that says nothing yet."""
    folder = os.open(agent.socket.parent, os.O_PATH)
    try:
        with socket.socket(socket.AF_UNIX) as one:
            one.settimeout(5.0)
            one.connect(f"/proc/self/fd/{folder}/{agent.socket.name}")  # paths of tests are long
            yield one
    finally:
        os.close(folder)


def test_rubbish_silence_and_crowds_at_the_socket_cost_nothing(network: Network,
                                                               tmp_path: Path) -> None:
    with StrongSwan(network, Settings(), tmp_path / "b"), \
            Agent(network, tmp_path / "a") as agent, ExitStack() as crowd:
        agent.lines([*policy_lines(own=WAN_A), route_line()])
        assert pings_at_last(network)
        before = size_of(network, agent)
        argv = network.argv("hostA", ["ping", "-n", "-i", "0.05", "-c", "150", HOST_B])
        flow = subprocess.Popen(argv, stdout=subprocess.PIPE, text=True)
        for data in RUBBISH:
            with connection(agent) as one:
                try:
                    one.sendall(data)
                    one.shutdown(socket.SHUT_WR)
                    while one.recv(65536):
                        pass
                except (BrokenPipeError, ConnectionResetError):
                    continue
        for _ in range(12):
            silent = crowd.enter_context(connection(agent))
            silent.sendall(frame('{"type": "hello"}')[:7])
        said = flow.communicate(timeout=60)[0]
        assert " 0% packet loss" in said, said
        assert "toB" in agent.typed("ipsec", "static", "show", "policy", "all")
        for _ in range(60):
            try:
                crowd.enter_context(connection(agent))
            except OSError:
                break
        crowd.close()
        assert wait_for(lambda: "toB" in agent.typed(
            "ipsec", "static", "show", "policy", "all", check=False), 10.0)
        # SQLite keeps closed descriptors of a store while another connection has it, for the next.
        most = before.descriptors + SITTINGS_MOST
        assert wait_for(lambda: size_of(network, agent).descriptors <= most, 10.0)
        assert wait_for(lambda: len(os.listdir(f"/proc/{agent.pid}/task")) == 1, 10.0)
        assert size_of(network, agent).kilobytes < before.kilobytes + 100_000
        assert "Traceback" not in agent.log(), agent.log()[-3000:]
