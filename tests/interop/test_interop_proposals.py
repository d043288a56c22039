"""The table of interoperation: what runs between our agent and strongSwan, row by row.

Every row is a test. `raw` is strongSwan 6.0.1 with ESP as protocol 50, `udp` 5.9.8 with ESP in UDP.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.live.agent import Agent, ping, pings_at_last, policy_lines, route_line
from tests.support.live.network import HOST_A, HOST_B, WAN_A, Network
from tests.support.live.strongswan import Settings, StrongSwan

pytestmark = pytest.mark.interop

RAW, UDP = "6.0.1", "5.9.8"
VERSIONS = [pytest.param(RAW, id="raw"), pytest.param(UDP, id="udp")]

# strongSwan's IKE proposal and ours.
IKE = [("3des-sha1-modp1024", "3DES-SHA1-2"), ("3des-md5-modp1024", "3DES-MD5-2"),
       ("3des-sha1-modp1536", "3DES-SHA1-5"), ("des-md5-modp768", "DES-MD5-1"),
       ("des-sha1-modp768", "DES-SHA1-1"), ("des-md5-modp1024", "DES-MD5-2"),
       ("aes128-sha1-modp1024", "AES128-SHA1-2"), ("aes128-md5-modp1024", "AES128-MD5-2"),
       ("aes256-sha1-modp2048", "AES256-SHA1-14"), ("aes256-sha256-modp2048", "AES256-SHA256-14"),
       ("aes128-sha256-modp3072", "AES128-SHA256-15"),
       ("aes192-sha384-modp4096", "AES192-SHA384-16"),
       ("aes256-sha512-modp2048", "AES256-SHA512-14")]
# strongSwan's ESP proposal, ours, and the group of its PFS.
ESP = [("3des-sha1", "ESP[3DES,SHA1]"), ("3des-md5", "ESP[3DES,MD5]"),
       ("des-sha1", "ESP[DES,SHA1]"), ("des-md5", "ESP[DES,MD5]"),
       ("aes128-sha1", "ESP[AES128,SHA1]"), ("aes128-md5", "ESP[AES128,MD5]"),
       ("aes192-sha1", "ESP[AES192,SHA1]"), ("aes256-sha256", "ESP[AES256,SHA256]"),
       ("aes256-sha512", "ESP[AES256,SHA512]"), ("aes128gcm16", "ESP[AESGCM128]"),
       ("aes256gcm16", "ESP[AESGCM256]"), ("null-sha1", "ESP[None,SHA1]"),
       ("null-md5", "ESP[None,MD5]")]


@pytest.fixture(scope="module")
def network() -> Iterator[Network]:
    with Network() as one:
        yield one


class Pair:
    """Our agent on gwA and a strongSwan on gwB that are configured anew for each row."""

    def __init__(self, network: Network, version: str, folder: Path) -> None:
        self.network = network
        self._configured = False
        self.peer = StrongSwan(network, Settings(version), folder / "b")
        try:
            self.agent = Agent(network, folder / "a")
        except BaseException:
            self.peer.stop()
            raise

    def close(self) -> None:
        try:
            self.agent.stop()
        finally:
            self.peer.stop()

    def set(self, lines: list[str], **settings: object) -> None:
        """Both ends with another configuration, nothing left of the one before."""
        before = ["ipsec static set policy name=toB assign=no", "ipsec static delete all"]
        self.agent.lines(["net stop policyagent", *(before if self._configured else ()), *lines])
        self._configured = True
        self.peer.swanctl("--terminate", "--ike", "peer", "--force", check=False)
        self.peer.configure(**settings)
        self.peer.load()
        self.agent.lines(["net start policyagent"])


@pytest.fixture(scope="module", params=VERSIONS)
def pair(request: pytest.FixtureRequest, network: Network,
         tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    one = Pair(network, request.param, tmp_path_factory.mktemp("pair"))
    try:
        one.agent.lines([route_line()])
        yield one
    finally:
        one.close()


def crosses(pair: Pair, ours: bool) -> None:
    """The tunnel comes up from one end, and echoes pass both ways, protected."""
    if ours:
        assert pings_at_last(pair.network), pair.peer.log()[-3000:]
    else:
        assert pair.peer.initiate(), pair.peer.log()[-3000:]
    assert ping(pair.network, count=2) == 2
    assert ping(pair.network, "hostB", HOST_A, count=2) == 2
    assert pair.agent.pairs() >= 1


@pytest.mark.parametrize("ours", [True, False], ids=["we-begin", "peer-begins"])
@pytest.mark.parametrize(("theirs", "method"), IKE, ids=[one[0] for one in IKE])
def test_ike_proposals(pair: Pair, theirs: str, method: str, ours: bool) -> None:
    pair.set(policy_lines(own=WAN_A, mm=method), ike=theirs, esp="aes128-sha1")
    crosses(pair, ours)


@pytest.mark.parametrize("group", ["", "modp1024"], ids=["no-pfs", "pfs"])
@pytest.mark.parametrize("ours", [True, False], ids=["we-begin", "peer-begins"])
@pytest.mark.parametrize(("theirs", "method"), ESP, ids=[one[0] for one in ESP])
def test_esp_proposals(pair: Pair, theirs: str, method: str, ours: bool, group: str) -> None:
    pair.set(policy_lines(own=WAN_A, qm=method, pfs=bool(group)), ike="aes128-sha1-modp1024",
             esp=f"{theirs}-{group}" if group else theirs)
    crosses(pair, ours)


@pytest.mark.parametrize("ours", [True, False], ids=["we-begin", "peer-begins"])
def test_pfs_with_a_larger_group(pair: Pair, ours: bool) -> None:
    pair.set(policy_lines(own=WAN_A, mm="AES128-SHA1-14", pfs=True),
             ike="aes128-sha1-modp2048", esp="aes128-sha1-modp2048")
    crosses(pair, ours)


@pytest.mark.parametrize("size", [0, 1, 500, 1372, 1400, 1410, 1472, 1473, 2000, 8000, 65000])
def test_echoes_of_all_sizes(pair: Pair, size: int) -> None:
    pair.set(policy_lines(own=WAN_A), ike="aes128-sha1-modp1024", esp="aes128-sha1")
    assert pings_at_last(pair.network)
    whole = ("-M", "dont")
    assert ping(pair.network, size=size, count=2, extra=whole) == 2
    assert ping(pair.network, "hostB", HOST_A, size=size, count=2, extra=whole) == 2


def test_a_sender_who_forbids_fragments_is_told_the_room_once(pair: Pair) -> None:
    pair.set(policy_lines(own=WAN_A), ike="aes128-sha1-modp1024", esp="aes128-sha1")
    assert pings_at_last(pair.network)
    pair.network.ip("hostA", "route", "flush", "cache")
    told = pair.network.run("hostA", "ping", "-n", "-c", "1", "-M", "do", "-s", "1472", HOST_B,
                            check=False)
    assert "mtu" in told.lower(), told
    assert ping(pair.network, size=1300, count=2, extra=("-M", "do")) == 2
