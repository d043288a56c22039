"""Other tunnels in user space between the two gateways: WireGuard's Go program, and OpenVPN.

Both come from Debian (bookworm) and run in their chroots; the benchmark measures them beside ours.
"""

import os
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tests.support.live.agent import pings_at_last
from tests.support.live.network import NET_A, NET_B, WAN_A, WAN_B, Network
from tests.support.live.processes import Program, wait_for
from tests.support.live.roots import chroot_argv

Pids = Callable[[], list[int]]
ENDS = (("gwA", WAN_A, WAN_B, NET_B), ("gwB", WAN_B, WAN_A, NET_A))
PORT = 51820


@contextmanager
def wireguard(folder: Path) -> Iterator[tuple[Network, Pids]]:
    """wireguard-go at both ends."""
    keys = {node: X25519PrivateKey.generate() for node, *_ in ENDS}
    with Network() as network, ExitStack() as stack:
        programs = []
        for node, own, peer, net in ENDS:
            place = folder / node
            place.mkdir(parents=True)
            argv = network.argv(node, chroot_argv("vpn", place, ["wireguard-go", "-f", "wg0"]))
            programs.append(stack.enter_context(Program(argv, place / "log")))
            assert wait_for((place / "wg0.sock").exists, 10.0), programs[-1].text()
            other = next(one for one in keys if one != node)
            answer = _ask(place, "set=1", f"private_key={keys[node].private_bytes_raw().hex()}",
                          f"listen_port={PORT}",
                          f"public_key={keys[other].public_key().public_bytes_raw().hex()}",
                          f"endpoint={peer}:{PORT}", f"allowed_ip={net}")
            assert "errno=0" in answer, (own, answer)
            _routed(network, node, "wg0", net)
        assert pings_at_last(network, 20.0), programs[0].text() + programs[1].text()
        yield network, lambda: [one.pid for one in programs]


def _ask(place: Path, *lines: str) -> str:
    """One request of WireGuard's configuration protocol (a UNIX socket, lines of key=value)."""
    folder = os.open(place, os.O_PATH)
    try:
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(f"/proc/self/fd/{folder}/wg0.sock")  # paths of tests are long
            client.sendall(("\n".join(lines) + "\n\n").encode())
            return client.recv(4096).decode()
    finally:
        os.close(folder)


@contextmanager
def openvpn(folder: Path, cipher: str) -> Iterator[tuple[Network, Pids]]:
    """OpenVPN at both ends, its kernel part off. `cipher` as OpenVPN names it: AES-128-GCM."""
    prints = {node: _certificate(folder / node) for node, *_ in ENDS}
    with Network() as network, ExitStack() as stack:
        programs = []
        for node, own, peer, _net in ENDS:
            other = next(one for one in prints if one != node)
            words = ["openvpn", "--dev", "vpn0", "--dev-type", "tun", "--disable-dco", "--local",
                     own, "--remote", peer, "--ifconfig",
                     *(("10.9.0.1", "10.9.0.2") if node == "gwA" else ("10.9.0.2", "10.9.0.1")),
                     "--cert", "/work/cert.pem", "--key", "/work/key.pem", "--dh", "none",
                     "--peer-fingerprint", prints[other], "--data-ciphers", cipher,
                     "--auth", "SHA1", "--verb", "4",
                     "--tls-client" if node == "gwA" else "--tls-server"]
            argv = network.argv(node, chroot_argv("vpn", folder / node, words))
            programs.append(stack.enter_context(Program(argv, folder / node / "log")))
        for (node, _own, _peer, net), one in zip(ENDS, programs, strict=True):
            assert _done(one), one.text()
            _routed(network, node, "vpn0", net)
        assert f"'{cipher}'" in programs[0].text(), programs[0].text()
        assert pings_at_last(network, 20.0), programs[0].text() + programs[1].text()
        yield network, lambda: [one.pid for one in programs]


def _done(program: Program) -> bool:
    return wait_for(lambda: "Initialization Sequence Completed" in program.text(), 20.0)


def _certificate(place: Path) -> str:
    """Writes a key and a certificate of itself; its SHA-256 fingerprint as OpenVPN wants it."""
    place.mkdir(parents=True)
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, place.name)])
    now = datetime.now(UTC)
    made = (x509.CertificateBuilder().subject_name(name).issuer_name(name)
            .public_key(key.public_key()).serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
            .sign(key, hashes.SHA256()))
    (place / "cert.pem").write_bytes(made.public_bytes(Encoding.PEM))
    (place / "key.pem").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8,
                                                      NoEncryption()))
    return made.fingerprint(hashes.SHA256()).hex(":").upper()


def _routed(network: Network, node: str, device: str, net: str) -> None:
    network.ip(node, "link", "set", device, "up")
    network.ip(node, "route", "replace", net, "dev", device)
