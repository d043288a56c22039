"""A live tunnel host to host, strongSwan, others and plain routing, all in one run on one machine.

    sudo .venv/bin/python -m pytest -m bench -s tests/benchmarks/test_live_speed.py

Two network namespaces are the gateways; the product, or strongSwan, runs at both ends. Rates of
different minutes on a shared machine say little, ratios within one run do.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path

import pytest

from tests.support.live.agent import Agent, pings_at_last, policy_lines, route_line
from tests.support.live.network import NET_A, NET_B, WAN_A, WAN_B, Network
from tests.support.live.rivals import Pids, openvpn, wireguard
from tests.support.live.speed import Figures, measure
from tests.support.live.strongswan import Settings, StrongSwan

pytestmark = pytest.mark.bench

RIVALS: dict[str, Callable[[Path], AbstractContextManager[tuple[Network, Pids]]]] = {
    "wireguard-go": wireguard,
    "OpenVPN AES-128-GCM": lambda folder: openvpn(folder, "AES-128-GCM"),
    "OpenVPN AES-128-CBC, SHA1": lambda folder: openvpn(folder, "AES-128-CBC"),
}
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


def line(name: str, found: Figures) -> str:
    return (f"{name:38} {found.megabits:8.0f} {found.cpu_per_gigabit:9.2f} "
            f"{found.packets:9.0f} {found.round_trip:8.3f}")


def ratio(ours_found: Figures, theirs_found: Figures) -> str:
    return (f"{'':14}ratio{'':19} {ours_found.megabits / theirs_found.megabits:8.2f} "
            f"{theirs_found.cpu_per_gigabit / max(ours_found.cpu_per_gigabit, 0.001):9.2f} "
            f"{ours_found.packets / max(theirs_found.packets, 1.0):9.2f} "
            f"{theirs_found.round_trip / ours_found.round_trip:8.2f}")


@pytest.mark.skipif(os.geteuid() != 0, reason="network namespaces need root")
def test_a_live_tunnel_beside_strongswan_and_plain_routing(tmp_path: Path) -> None:
    head = f"{'':38} {'Mbit/s':>8} {'CPU s/Gb':>9} {'pps 64':>9} {'RTT ms':>8}"
    print("\n" + head, flush=True)
    with routed() as (network, pids):
        folder = tmp_path / "routed"
        folder.mkdir()
        print(line("plain routing", measure(network, folder, pids, top=400_000)), flush=True)
    for name, make in RIVALS.items():
        with make(tmp_path / name) as (network, pids):
            print(line(name, measure(network, tmp_path / name, pids)), flush=True)
    for esp, method in SUITES:
        for udp, version in ((True, "5.9.8"), (False, "6.0.1")):
            kind = "in UDP" if udp else "raw"
            place = tmp_path / f"{esp}-{udp}"
            with theirs(place / "theirs", esp, version) as (network, pids):
                peer = measure(network, place, pids, top=100_000)
            print(line(f"strongSwan {version} {esp} {kind}", peer), flush=True)
            with ours(place / "ours", method, udp) as (network, pids):
                own = measure(network, place, pids)
            print(line(f"ipsecsh {esp} {kind}", own), flush=True)
            print(ratio(own, peer), flush=True)
            assert own.megabits > 0 and peer.megabits > 0
