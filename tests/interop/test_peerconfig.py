"""What `show peerconfig` writes, loaded by the real programs: both ends come from one policy."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from commands.render import render_text
from commands.run import run_line
from commands.session import Session
from engine.policy.peerconfig import UNSUPPORTED
from engine.suites import GROUPS, HASHES
from tests.support.live.agent import Agent, pings_at_last, policy_lines, route_line
from tests.support.live.generated import Starter, Swanctl
from tests.support.live.network import WAN_A, Network

pytestmark = pytest.mark.interop

STRONG = ("AES256-SHA256-14", "ESP[AES256,SHA256]")
# Every cipher, hash and group of main mode, and every transform of quick mode, at least once.
SUITES = [
    ("3DES-SHA1-2", "ESP[3DES,SHA1]"), ("3DES-MD5-2", "ESP[3DES,MD5]"),
    ("AES128-SHA1-5", "ESP[AES128,SHA1]:100000k/3600s"), ("AES192-SHA256-14", "ESP[AES192,SHA256]"),
    ("AES256-SHA384-15", "ESP[AES256,SHA384]"), ("AES256-SHA512-16", "ESP[AES256,SHA512]"),
    ("AES128-SHA256-17", "ESP[AESGCM128]"), ("AES128-SHA256-18", "ESP[AESGCM256]"),
    ("AES256-MD5-1", "ESP[NONE,SHA1]"), ("3DES-SHA1-1", "ESP[NONE,SHA256]"),
]


def written(format: str, side: str, main: str, quick: str, psk: str = "interop-secret-key",
            pfs: bool = False) -> str:
    """The configuration for a policy with these suites; gwA's outer address is the network's."""
    session = Session(yes=True)
    run_line(f"interface ip set address External static {WAN_A} 255.255.255.0", session)
    for line in policy_lines(mm=main, qm=quick, own=WAN_A, psk=psk, pfs=pfs):
        run_line(line, session)
    text = render_text(run_line("ipsec static show peerconfig policy=toB "
                                f"format={format} side={side} reveal=yes", session))
    session.close()
    return "\n".join(line for line in text.splitlines() if not line.startswith("WARN")) + "\n"


@pytest.fixture(scope="module", params=["6.0.1", "5.9.8"])
def ends(request: pytest.FixtureRequest,
         tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Swanctl, Swanctl]]:
    """Both ends, which stay: in a network of their own, for they hold port 500."""
    folder = tmp_path_factory.mktemp("swan")
    texts = [written("swanctl", side, *STRONG) for side in ("own", "peer")]
    with Network() as network, \
            Swanctl(network, folder / "a", texts[0], request.param, "gwA") as own, \
            Swanctl(network, folder / "b", texts[1], request.param) as peer:
        yield own, peer


@pytest.mark.parametrize(("main", "quick"), SUITES)
@pytest.mark.parametrize("pfs", [False, True])
def test_both_ends_of_a_policy_agree_in_swanctl(ends: tuple[Swanctl, Swanctl], main: str,
                                                quick: str, pfs: bool) -> None:
    own, peer = ends
    for one, side in ((own, "own"), (peer, "peer")):
        one.text = written("swanctl", side, main, quick, pfs=pfs)
        one.end("out-1")
        one.load()
    assert own.begin("out-1"), own.log()[-3000:] + peer.log()[-3000:]
    assert "INSTALLED" in own.sas()


def test_every_algorithm_that_is_written_is_known_to_strongswan(
        ends: tuple[Swanctl, Swanctl]) -> None:
    known = ends[0].algorithms()
    names = {"3DES": "3DES_CBC", "AES128": "AES_CBC", "AES192": "AES_CBC", "AES256": "AES_CBC",
             "AESGCM128": "AES_GCM_16", "AESGCM256": "AES_GCM_16", "NONE": "NULL",
             **{one: f"HMAC_{one.replace('SHA', 'SHA2_')}" for one in HASHES if len(one) > 4},
             "SHA1": "HMAC_SHA1_96", "MD5": "HMAC_MD5_96"}
    bits = {1: 768, 2: 1024, 5: 1536, 14: 2048, 15: 3072, 16: 4096, 17: 6144, 18: 8192}
    missing = [one for one, theirs in names.items() if theirs not in known]
    missing += [f"group {one}" for one in GROUPS if f"MODP_{bits[one]}[" not in known]
    assert not missing
    assert set(UNSUPPORTED["swanctl"]) == {"DES"} == set(UNSUPPORTED["ipsec.conf"])


@pytest.mark.parametrize("legacy", ["yes", "no"])
def test_des_needs_the_legacy_provider_as_the_warning_says(
        network: Network, legacy: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    conf = Swanctl._daemon_conf
    monkeypatch.setattr(Swanctl, "_daemon_conf", lambda self: conf(self).replace(
        "load_legacy = yes", f"load_legacy = {legacy}").replace(" gcrypt", ""))
    own, peer = (written("swanctl", side, *STRONG).replace("aes256-sha256-modp2048",
                                                           "des-sha1-modp1024")
                 for side in ("own", "peer"))
    with Swanctl(network, tmp_path / "a", own, node="gwA") as one, \
            Swanctl(network, tmp_path / "b", peer):
        assert one.begin("out-1") is (legacy == "yes")


@pytest.mark.parametrize(("main", "quick"), [STRONG, ("3DES-SHA1-2 AES128-SHA1-14",
                                                      "ESP[3DES,SHA1] ESP[AESGCM128]")])
@pytest.mark.parametrize("version", ["6.0.1", "5.9.8"])
def test_ipsec_conf_is_loaded_by_starter_and_agrees_with_swanctl(
        network: Network, version: str, main: str, quick: str, tmp_path: Path) -> None:
    own, peer = (written(format, side, main, quick, psk='a key with "quotes" and \\slash')
                 for format, side in (("ipsec.conf", "own"), ("swanctl", "peer")))
    with Starter(network, tmp_path / "a", own, version, "gwA") as one, \
            Swanctl(network, tmp_path / "b", peer, version) as other:
        assert one.begin("out-1"), one.log()[-4000:] + other.log()[-3000:]
        assert "INSTALLED" in other.sas()


@pytest.mark.parametrize(("main", "quick"), [STRONG, ("AES128-SHA1-2", "ESP[AES128,SHA1]")])
def test_our_own_gateway_reaches_the_peer_it_wrote_the_configuration_for(
        network: Network, main: str, quick: str, tmp_path: Path) -> None:
    peer = written("swanctl", "peer", main, quick)
    with Swanctl(network, tmp_path / "b", peer), Agent(network, tmp_path / "a") as agent:
        agent.lines([*policy_lines(mm=main, qm=quick, own=WAN_A), route_line()])
        assert pings_at_last(network)
        assert agent.pairs() == 1
