"""A live tunnel host to host beside strongSwan, other tunnels in user space and plain routing.

    sudo .venv/bin/python -m pytest -m bench -s tests/benchmarks/test_live_speed.py [-k 3des]

Two network namespaces are the gateways; the product, or the other, runs at both ends. Each row
has both up and measures them in turns: rates of different minutes on a shared machine say little,
ratios within one row do. The load average stands beside them.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path

import pytest

from tests.support.live.agent import Agent, pings_at_last, policy_lines, route_line
from tests.support.live.network import NET_A, NET_B, WAN_A, WAN_B, Network
from tests.support.live.rivals import Pids, openvpn, wireguard
from tests.support.live.speed import Figures, Side, race
from tests.support.live.strongswan import Settings, StrongSwan

pytestmark = [pytest.mark.bench, pytest.mark.skipif(
    os.geteuid() != 0, reason="network namespaces need root")]

World = AbstractContextManager[tuple[Network, Pids]]
ROUNDS = int(os.environ.get("SPEED_ROUNDS", "3"))
SUITES = [("aes128-sha1", "ESP[AES128,SHA1]"), ("aes128gcm16", "ESP[AESGCM128]"),
          ("3des-sha1", "ESP[3DES,SHA1]"), ("des-sha1", "ESP[DES,SHA1]")]


@contextmanager
def ours(folder: Path, method: str, udp: bool) -> Iterator[tuple[Network, Pids]]:
    """ipsecsh at both ends."""
    with Network() as network, Agent(network, folder / "a") as a, \
            Agent(network, folder / "b", "gwB") as b:
        a.lines([*policy_lines(own=WAN_A, qm=method), route_line()])
        b.lines([*policy_lines(own=WAN_B, peer=WAN_A, net_a=NET_B, net_b=NET_A, qm=method),
                 route_line(WAN_A, NET_A)])
        if udp:
            for one in (a, b):
                one.lines(["ipsec dynamic set config property=natt value=force"])
        assert pings_at_last(network, 20.0), a.log() + b.log()
        yield network, lambda: [a.pid, b.pid]


@contextmanager
def theirs(folder: Path, esp: str, version: str) -> Iterator[tuple[Network, Pids]]:
    """strongSwan at both ends."""
    quiet = "default = 0"
    with ExitStack() as stack:
        network = stack.enter_context(Network())
        network.set("gwA", "net.ipv4.conf.all.rp_filter", 0)
        network.set("gwA", "net.ipv4.conf.default.rp_filter", 0)
        b = stack.enter_context(StrongSwan(network, Settings(version, esp=esp, log=quiet),
                                           folder / "b"))
        a = stack.enter_context(StrongSwan(network, Settings(
            version, esp=esp, local=WAN_A, remote=WAN_B, local_net=NET_A, remote_net=NET_B,
            log=quiet), folder / "a", "gwA"))
        assert a.initiate(), a.log()
        assert pings_at_last(network, 10.0)
        programs = [one.program for one in (a, b) if one.program is not None]
        yield network, lambda: [one.pid for one in programs]


@contextmanager
def routed() -> Iterator[tuple[Network, Pids]]:
    """No tunnel at all: the kernel forwards."""
    with Network() as network:
        network.ip("gwA", "route", "add", NET_B, "via", WAN_B)
        network.ip("gwB", "route", "add", NET_A, "via", WAN_A)
        yield network, list


RIVALS: list[tuple[str, str, Callable[[Path], World]]] = [
    ("plain routing", "ESP[AESGCM128]", lambda _: routed()),
    ("wireguard-go", "ESP[AESGCM128]", wireguard),
    ("OpenVPN AES-128-GCM", "ESP[AESGCM128]", lambda folder: openvpn(folder, "AES-128-GCM")),
    ("OpenVPN AES-128-CBC, SHA1", "ESP[AES128,SHA1]",
     lambda folder: openvpn(folder, "AES-128-CBC")),
]


def line(name: str, found: Figures) -> str:
    return (f"{name:34} {found.megabits:8.0f} {found.cpu_per_gigabit:9.2f} "
            f"{found.packets:9.0f} {found.round_trip:8.3f} {found.back_to_back:8.3f}")


def ratio(own: Figures, peer: Figures) -> str:
    """How many times better ours are."""
    return (f"{'':10}ours are better by {'':4} {own.megabits / peer.megabits:8.2f} "
            f"{peer.cpu_per_gigabit / max(own.cpu_per_gigabit, 0.001):9.2f} "
            f"{own.packets / max(peer.packets, 1.0):9.2f} "
            f"{peer.round_trip / own.round_trip:8.2f} {peer.back_to_back / own.back_to_back:8.2f}")


def compare(names: tuple[str, str], own: World, peer: World, folder: Path) -> None:
    """One row: both are brought up, measured in turns and told of."""
    with own as (network_own, pids_own), peer as (network_peer, pids_peer):
        found = race([Side(network_own, pids_own, folder / "own"),
                      Side(network_peer, pids_peer, folder / "peer")], rounds=ROUNDS)
    load = " ".join(f"{one:.1f}" for one in os.getloadavg()[:2])
    print(f"\n{'load ' + load:34} {'Mbit/s':>8} {'CPU s/Gb':>9} {'pps 64':>9} {'RTT ms':>8} "
          f"{'at once':>8}")
    for name, one in zip(names, found, strict=True):
        print(line(name, one))
    print(ratio(*found), flush=True)
    assert all(one.megabits > 0 and one.packets > 0 for one in found)


@pytest.mark.parametrize(("version", "udp"), [("5.9.8", True), ("6.0.1", False)],
                         ids=["udp", "raw"])
@pytest.mark.parametrize(("esp", "method"), SUITES, ids=[one for one, _ in SUITES])
def test_beside_strongswan(tmp_path: Path, esp: str, method: str, version: str, udp: bool) -> None:
    kind = "in UDP" if udp else "raw"
    compare((f"ipsecsh {esp} {kind}", f"strongSwan {version} {esp} {kind}"),
            ours(tmp_path / "ours", method, udp), theirs(tmp_path / "theirs", esp, version),
            tmp_path)


@pytest.mark.parametrize(("name", "method", "make"), RIVALS, ids=[one for one, *_ in RIVALS])
def test_beside_others(tmp_path: Path, name: str, method: str,
                       make: Callable[[Path], World]) -> None:
    compare((f"ipsecsh {method} in UDP", name), ours(tmp_path / "ours", method, True),
            make(tmp_path / "theirs"), tmp_path)
