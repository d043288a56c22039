"""A TCP and UDP echo server and its client, run in the hosts of a test's network.

    python echoing.py serve ADDRESS          both servers, until it is ended
    python echoing.py ask ADDRESS SIZES      sends that many octets by both, compares the answers
"""

import socket
import sys
import threading

PORT = 7007
UDP_MOST = 65507


def pattern(size: int) -> bytes:
    """Octets that no two places share by accident."""
    return bytes((at * 31 + at // 251) & 255 for at in range(size))


def serve(address: str) -> None:
    """Answers until the process ends."""
    threading.Thread(target=serve_udp, args=(address,), daemon=True).start()
    with socket.create_server((address, PORT)) as listening:
        print("ready", flush=True)
        while True:
            one, _ = listening.accept()
            threading.Thread(target=answer, args=(one,), daemon=True).start()


def serve_udp(address: str) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        one.bind((address, PORT))
        while True:
            data, peer = one.recvfrom(65535)
            one.sendto(data, peer)


def answer(one: socket.socket) -> None:
    with one:
        while data := one.recv(65536):
            one.sendall(data)


def ask_tcp(address: str, size: int) -> bool:
    """One connection, `size` octets there and back."""
    wanted = pattern(size)
    with socket.create_connection((address, PORT), 10) as one:
        threading.Thread(target=send, args=(one, wanted), daemon=True).start()
        found = bytearray()
        while data := one.recv(65536):
            found += data
    return bytes(found) == wanted


def send(one: socket.socket, octets: bytes) -> None:
    """Sends it all and says that it was all."""
    one.sendall(octets)
    one.shutdown(socket.SHUT_WR)


def ask_udp(address: str, size: int) -> bool:
    """One datagram there and back; asked three times at most."""
    wanted = pattern(size)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        one.settimeout(2)
        for _ in range(3):
            one.sendto(wanted, (address, PORT))
            try:
                if one.recvfrom(65535)[0] == wanted:
                    return True
            except TimeoutError:
                continue
    return False


def main(words: list[str]) -> int:
    if words[0] == "serve":
        serve(words[1])
    bad = []
    for size in map(int, words[2:]):
        if not ask_tcp(words[1], size):
            bad.append(f"tcp {size}")
        if size <= UDP_MOST and not ask_udp(words[1], size):
            bad.append(f"udp {size}")
    print("all came back" if not bad else "lost: " + ", ".join(bad), flush=True)
    return bool(bad)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
