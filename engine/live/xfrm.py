"""XFRM, the kernel's own IPsec, through netlink: associations and policies as its structures.

Whether a kernel has ESP nobody can read anywhere, so it is tried: an association that is added and
taken out again. Layouts are linux/xfrm.h's, which pad as C does on 64-bit machines.
"""

import errno
import os
import socket
import struct
from collections.abc import Iterator
from typing import NamedTuple

from engine.address import Address
from engine.errors import Broken
from engine.esp.constants import AEAD_ICV, INTEGRITY, PROTOCOL_ESP
from engine.esp.sa import SOFT_SHARE, Selector
from engine.suites import AEAD_CIPHERS, QuickModeMethod

_NETLINK_XFRM = 6
_NEWSA, _DELSA, _GETSA, _NEWPOLICY, _DELPOLICY, _GETPOLICY = range(0x10, 0x16)
_EXPIRE = 0x18
_SOL_NETLINK, _CAP_ACK, _EXT_ACK = 270, 10, 11
_MESSAGE = 1
_REQUEST, _ACK, _DUMP, _CREATE, _REPLACE = 0x1, 0x4, 0x300, 0x400, 0x100
_ERROR, _DONE = 2, 3
_GROUP_EXPIRE = 1 << 1
_AUTH, _CRYPT, _ENCAP, _TEMPLATE, _AEAD, _AUTH_TRUNC, _REPLAY = 1, 2, 4, 5, 18, 20, 23
_FAMILY = socket.AF_INET
_TUNNEL = 1
_ESP_IN_UDP = 2
IN, OUT, FORWARD = 0, 1, 2
_FOR_EVER = (1 << 64) - 1
_SEQUENCE_MOST = 0xFFFFFFFF

_HEADER = struct.Struct("=IHHII")
_ATTRIBUTE = struct.Struct("=HH")
_SELECTOR = struct.Struct("=4s12x4s12xHHHHHBBB3xiI")
_ID = struct.Struct("=4s12x4sB3x")
_LIFETIME = struct.Struct("=8Q")
_CURRENT = struct.Struct("=4Q")
_SA = struct.Struct("=12xIIHBBB7x")
_SA_SIZE = _SELECTOR.size + _ID.size + 16 + _LIFETIME.size + _CURRENT.size + _SA.size
_POLICY = struct.Struct("=IIBBBB4x")
_POLICY_SIZE = _SELECTOR.size + _LIFETIME.size + _CURRENT.size + _POLICY.size
_TEMPLATE_BODY = struct.Struct("=H2x4s12xIBBB1xIII")
_ALGORITHM = struct.Struct("=64sI")
_TRUNCATED = struct.Struct("=64sII")
_REPLAY_STATE = struct.Struct("=6I")
_ENCAPSULATION = struct.Struct("=H2s2s2x16x")
_DELETE = struct.Struct("=4s12x4sHB1x")

CIPHERS = {"DES": "cbc(des)", "3DES": "cbc(des3_ede)", "AES128": "cbc(aes)", "AES192": "cbc(aes)",
           "AES256": "cbc(aes)", "None": "ecb(cipher_null)", "": "ecb(cipher_null)"}
HASHES = {"MD5": "hmac(md5)", "SHA1": "hmac(sha1)", "SHA256": "hmac(sha256)",
          "SHA384": "hmac(sha384)", "SHA512": "hmac(sha512)"}
GCM = "rfc4106(gcm(aes))"


class KernelSa(NamedTuple):
    """One direction of a tunnel for the kernel. `octets` and `seconds` are hard limits, 0 for none.

    `udp` are source and destination port of ESP in UDP, () without. `sent` and `top` are the
    highest sequence numbers so far, out and in, `seen` those that the replay window has accepted.
    """

    spi: int
    source: Address
    destination: Address
    method: QuickModeMethod
    key: bytes
    auth_key: bytes
    reqid: int
    window: int = 64
    octets: int = 0
    udp: tuple[int, ...] = ()
    sent: int = 0
    top: int = 0
    seen: frozenset[int] = frozenset()
    seconds: int = 0


class KernelPolicy(NamedTuple):
    """Packets of a selector, in one direction, belong into a tunnel."""

    selector: Selector
    direction: int
    source: Address
    destination: Address
    reqid: int
    priority: int


class Counted(NamedTuple):
    """What the kernel has counted under an association; `used` is Unix seconds, 0 for never.

    Of sequence numbers `sent` and `top` are the highest, `seen` the accepted ones of the window.
    """

    octets: int
    packets: int
    used: int
    sent: int = 0
    top: int = 0
    seen: frozenset[int] = frozenset()


class Expired(NamedTuple):
    """An association has reached a limit: the soft one, or the `hard` one that ended it."""

    destination: Address
    spi: int
    hard: bool


def _address(address: Address) -> bytes:
    return address.to_bytes(4, "big")


def _attribute(kind: int, value: bytes) -> bytes:
    size = _ATTRIBUTE.size + len(value)
    return _ATTRIBUTE.pack(size, kind) + value + bytes(-size % 4)


def _selector(one: Selector) -> bytes:
    ports = [(socket.htons(port), 0xFFFF if port else 0)
             for port in (one.destination_port, one.source_port)]
    return _SELECTOR.pack(_address(one.destination.address), _address(one.source.address),
                          *ports[0], *ports[1], _FAMILY, one.destination.prefix,
                          one.source.prefix, one.protocol, 0, 0)


def _id(destination: Address, spi: int) -> bytes:
    return _ID.pack(_address(destination), spi.to_bytes(4, "big"), PROTOCOL_ESP)


def _lifetime(octets: int, seconds: int = 0) -> bytes:
    hard = octets or _FOR_EVER
    return _LIFETIME.pack(int(octets * SOFT_SHARE) or _FOR_EVER, hard,
                          int(_SEQUENCE_MOST * SOFT_SHARE), _SEQUENCE_MOST, 0, seconds, 0, 0)


def algorithms(one: KernelSa) -> bytes:
    """The attributes that name an association's transforms and hold its keys."""
    method = one.method
    if method.esp_cipher in AEAD_CIPHERS:
        return _attribute(_AEAD, _TRUNCATED.pack(GCM.encode(), len(one.key) * 8, AEAD_ICV * 8)
                          + one.key)
    found = _attribute(_CRYPT, _ALGORITHM.pack(CIPHERS[method.esp_cipher].encode(),
                                               len(one.key) * 8) + one.key)
    icv = INTEGRITY[method.esp_auth].icv * 8
    return found + _attribute(_AUTH_TRUNC, _TRUNCATED.pack(
        HASHES[method.esp_auth].encode(), len(one.auth_key) * 8, icv) + one.auth_key)


def sa_body(one: KernelSa) -> bytes:
    """The octets of XFRM_MSG_NEWSA behind the netlink header."""
    info = (_selector(Selector()) + _id(one.destination, one.spi) + _address(one.source)
            + bytes(12) + _lifetime(one.octets, one.seconds) + bytes(_CURRENT.size)
            + _SA.pack(0, one.reqid, _FAMILY, _TUNNEL, 0, 0))
    replay = (_REPLAY_STATE.pack(_words(one.window), one.sent, one.top, 0, 0, one.window)
              + _bits(one.window, one.seen))
    udp = b""
    if one.udp:
        ports = [port.to_bytes(2, "big") for port in one.udp]
        udp = _attribute(_ENCAP, _ENCAPSULATION.pack(_ESP_IN_UDP, *ports))
    return info + algorithms(one) + _attribute(_REPLAY, replay) + udp


def _words(window: int) -> int:
    return (window + 31) // 32


def _bits(window: int, seen: frozenset[int]) -> bytes:
    """The kernel's bitmap: a number has the bit of its remainder, from 1 on (xfrm_replay.c)."""
    found = sum(1 << (number - 1) % window for number in seen)
    return struct.pack(f"={_words(window)}I", *(found >> 32 * at & 0xFFFFFFFF
                                                for at in range(_words(window))))


def _replay(body: bytes) -> tuple[int, int, frozenset[int]]:
    """The highest numbers out and in, and the accepted ones, of XFRMA_REPLAY_ESN_VAL."""
    words, sent, top, _, _, window = _REPLAY_STATE.unpack_from(body)
    bits = int.from_bytes(b"".join(
        word.to_bytes(4, "little")
        for word in struct.unpack_from(f"={words}I", body, _REPLAY_STATE.size)), "little")
    return sent, top, frozenset(number for number in range(max(top - window, 0) + 1, top + 1)
                                if bits >> (number - 1) % window & 1)


def policy_body(one: KernelPolicy) -> bytes:
    """The octets of XFRM_MSG_NEWPOLICY behind the netlink header."""
    info = (_selector(one.selector) + _lifetime(0)[:48] + bytes(16) + bytes(_CURRENT.size)
            + _POLICY.pack(one.priority, 0, one.direction, 0, 0, 0))
    template = _id(one.destination, 0) + _TEMPLATE_BODY.pack(
        _FAMILY, _address(one.source), one.reqid, _TUNNEL, 0, 0, _SEQUENCE_MOST, _SEQUENCE_MOST,
        _SEQUENCE_MOST)
    return info + _attribute(_TEMPLATE, template)


class Xfrm:
    """One netlink connection. Raises Broken: "absent" (no ESP in this kernel), "privilege", "io".
    """

    def __init__(self) -> None:
        try:
            self._socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC,
                                         _NETLINK_XFRM)
            self._socket.bind((0, 0))
            self._expiries = socket.socket(
                socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK,
                _NETLINK_XFRM)
            self._expiries.bind((0, _GROUP_EXPIRE))
        except OSError as error:
            raise Broken("absent", f"this kernel has no XFRM: {error.strerror}") from None
        self._socket.settimeout(2.0)
        for option in (_CAP_ACK, _EXT_ACK):
            self._socket.setsockopt(_SOL_NETLINK, option, 1)
        self._sequence = 0

    def close(self) -> None:
        """Closes the connection; what was set stays."""
        self._socket.close()
        self._expiries.close()

    @property
    def descriptor(self) -> int:
        """Can be read when `expiries` has something to tell."""
        return self._expiries.fileno()

    def expiries(self) -> list[Expired]:
        """What has reached a limit since the last call; what got lost the counters show."""
        found: list[Expired] = []
        while True:
            try:
                data = self._expiries.recv(1 << 16)
            except BlockingIOError:
                return found
            except OSError as error:
                if error.errno != errno.ENOBUFS:
                    raise _refused(error.errno or errno.EIO, "an expiry") from None
                continue
            found += [read_expiry(body) for number, _, body in _messages(data)
                      if number == _EXPIRE and len(body) > _SA_SIZE]

    def _ask(self, kind: int, flags: int, body: bytes, what: str) -> None:
        self._sequence += 1
        try:
            self._socket.send(_HEADER.pack(_HEADER.size + len(body), kind, _REQUEST | _ACK | flags,
                                           self._sequence, 0) + body)
            for number, sequence, data in _messages(self._socket.recv(1 << 16)):
                if number == _ERROR and sequence == self._sequence:
                    code = -struct.unpack_from("=i", data)[0]
                    if code:
                        raise _refused(code, what, _said(data))
        except OSError as error:
            raise _refused(error.errno or errno.EIO, what) from None

    def try_esp(self) -> None:
        """Adds an association and takes it out again. Raises Broken when ESP is not there."""
        one = KernelSa(0x100, 0x7F000001, 0x7F000002, QuickModeMethod("None", "SHA1"), b"",
                       bytes(20), 1)
        self.add_sa(one)
        self.delete_sa(one.destination, one.spi)

    def add_sa(self, one: KernelSa) -> None:
        """Adds an association."""
        self._ask(_NEWSA, _CREATE, sa_body(one), "an association")

    def delete_sa(self, destination: Address, spi: int) -> None:
        """Takes an association out; one that is not there is no error."""
        body = _DELETE.pack(_address(destination), spi.to_bytes(4, "big"), _FAMILY, PROTOCOL_ESP)
        self._quietly(_DELSA, body)

    def add_policy(self, one: KernelPolicy) -> None:
        """Adds a policy, in place of one with the same selector and direction."""
        self._ask(_NEWPOLICY, _CREATE | _REPLACE, policy_body(one), "a policy")

    def delete_policy(self, one: KernelPolicy) -> None:
        """Takes a policy out; one that is not there is no error."""
        self._quietly(_DELPOLICY, _selector(one.selector)
                      + struct.pack("=IB3x", 0, one.direction))

    def _quietly(self, kind: int, body: bytes) -> None:
        try:
            self._ask(kind, 0, body, "an entry")
        except Broken as failure:
            if failure.kind != "gone":
                raise

    def counters(self) -> dict[tuple[Address, int], Counted]:
        """What was counted, by destination and SPI."""
        return dict(read_sa(data) for data in self._dump(_GETSA, _NEWSA, _SA_SIZE))

    def sweep(self, request: int) -> None:
        """Takes out all policies and associations whose request is that number or up to 65,535
        more.
        """
        for data in self._dump(_GETPOLICY, _NEWPOLICY, _POLICY_SIZE):
            template = dict(_attributes(data, _POLICY_SIZE)).get(_TEMPLATE, b"")
            if len(template) >= _ID.size + _TEMPLATE_BODY.size and _TEMPLATE_BODY.unpack_from(
                    template, _ID.size)[2] & ~0xFFFF == request:
                direction = _POLICY.unpack_from(data, _POLICY_SIZE - _POLICY.size)[2]
                self._quietly(_DELPOLICY, data[:_SELECTOR.size]
                              + struct.pack("=IB3x", 0, direction))
        for data in self._dump(_GETSA, _NEWSA, _SA_SIZE):
            if _SA.unpack_from(data, _SA_SIZE - _SA.size)[1] & ~0xFFFF == request:
                self.delete_sa(*read_sa(data)[0])

    def _dump(self, asked: int, told: int, size: int) -> list[bytes]:
        """The bodies of what the kernel has of one kind, each of at least `size` octets."""
        found: list[bytes] = []
        self._socket.send(_HEADER.pack(_HEADER.size, asked, _REQUEST | _DUMP, 1, 0))
        while True:
            for number, _, data in _messages(self._socket.recv(1 << 16)):
                if number in (_DONE, _ERROR):
                    return found
                if number == told and len(data) >= size:
                    found.append(data)


def read_sa(data: bytes) -> tuple[tuple[Address, int], Counted]:
    """Destination, SPI and counters of an association as the kernel dumps it."""
    destination, spi, _ = _ID.unpack_from(data, _SELECTOR.size)
    octets, packets, _, used = _CURRENT.unpack_from(
        data, _SELECTOR.size + _ID.size + 16 + _LIFETIME.size)
    replay = dict(_attributes(data, _SA_SIZE)).get(_REPLAY)
    return ((int.from_bytes(destination, "big"), int.from_bytes(spi, "big")),
            Counted(octets, packets, used, *(_replay(replay) if replay else ())))


def read_expiry(data: bytes) -> Expired:
    """What XFRM_MSG_EXPIRE tells: the association as it stands, and which limit it reached."""
    (destination, spi), _ = read_sa(data)
    return Expired(destination, spi, bool(data[_SA_SIZE]))


def _said(error: bytes) -> str:
    """The kernel's own sentence about an error, "" when it has none."""
    found = dict(_attributes(error, 4 + _HEADER.size)).get(_MESSAGE, b"")
    return found.rstrip(b"\0").decode("ascii", "replace")


def _attributes(data: bytes, at: int) -> Iterator[tuple[int, bytes]]:
    while at + _ATTRIBUTE.size <= len(data):
        size, kind = _ATTRIBUTE.unpack_from(data, at)
        if size < _ATTRIBUTE.size:
            return
        yield kind, data[at + _ATTRIBUTE.size:at + size]
        at += size + 3 & ~3


def _refused(code: int, what: str, said: str = "") -> Broken:
    if code in (errno.EPROTONOSUPPORT, errno.ENOSYS, errno.EAFNOSUPPORT, errno.ENOPROTOOPT):
        return Broken("absent", "this kernel has no ESP of its own (CONFIG_INET_ESP"
                      + (f"; it says: {said}" if said else "") + "): ESP stays in the agent")
    if code == errno.EPERM:
        return Broken("privilege", f"{what} cannot be put into the kernel: CAP_NET_ADMIN is "
                      "missing")
    if code in (errno.ESRCH, errno.ENOENT):
        return Broken("gone", f"{what} is not in the kernel")
    return Broken("io", f"{what} cannot be put into the kernel: {said or os.strerror(code)}")


def _messages(data: bytes) -> Iterator[tuple[int, int, bytes]]:
    at = 0
    while at + _HEADER.size <= len(data):
        size, kind, _, sequence, _ = _HEADER.unpack_from(data, at)
        if size < _HEADER.size:
            return
        yield kind, sequence, data[at + _HEADER.size:at + size]
        at += size + 3 & ~3
