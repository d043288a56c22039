"""show peerconfig: both ends of the article's tunnel in six languages."""

import pytest

from commands.run import run_line
from commands.session import Session
from engine.policy.peerconfig import FORMATS
from tests.support.typing import data, refused, text, warned

KEY = "a 'key' of ours"
LINES = ('add policy P mmsecmethods="AES256-SHA256-3 3DES-SHA1-2 DES-MD5-1" mmlifetime=60',
         "add filter Out 10.1.0.0/24 10.2.0.0/24 mirrored=no",
         "add filter In 10.2.0.0/24 10.1.0.0/24 mirrored=no",
         'add filteraction A qmpfs=yes '
         'qmsecmethods="ESP[AES256,SHA256]:50000k/900s ESP[DES,MD5] ESP[3DES,SHA1]"',
         f'add rule out P Out A tunnel=198.51.100.1 psk="{KEY}"',
         f'add rule in P In A tunnel=192.0.2.1 psk="{KEY}"')


@pytest.fixture
def typed() -> Session:
    session = Session()
    for line in LINES:
        run_line("ipsec static " + line, session)
    return session


NEEDLES = {
    "swanctl": ("local_addrs = 198.51.100.1", "remote_ts = 10.1.0.0/24", "version = 1",
                "proposals = aes256-sha256-modp2048,3des-sha1-modp1024", "rekey_time = 900s",
                "esp_proposals = aes256-sha256-modp2048,3des-sha1-modp2048"),
    "ipsec.conf": ("left=198.51.100.1", "rightsubnet=10.1.0.0/24", "ikelifetime=3600s",
                   "ike=aes256-sha256-modp2048,3des-sha1-modp1024!", "keyexchange=ikev1"),
    "ios": ("crypto isakmp policy 10\n encryption aes 256\n hash sha256", " group 14",
            "esp-aes 256 esp-sha256-hmac", "permit ip 10.2.0.0 0.0.0.255 10.1.0.0 0.0.0.255",
            " set peer 192.0.2.1", " set pfs group14"),
    "junos": ("encryption-algorithm aes-256-cbc", "dh-group group14", "hmac-sha-256-128",
              "gateway out-1 address 192.0.2.1",
              "local-ip 10.2.0.0/24 remote-ip 10.1.0.0/24"),
    "windows": ("mmsecmethods dhgroup14:aes256-sha256,dhgroup2:3des-sha1,dhgroup1:des-md5",
                "endpoint1=10.2.0.0/24 endpoint2=10.1.0.0/24", "remotetunnelendpoint=192.0.2.1",
                "ESP:sha256-aes256+15min+50000kb", "qmpfs=mainmode"),
    "powershell": ("-Encryption AES256 -Hash SHA256 -KeyExchange DH14",
                   "-LocalTunnelEndpoint 198.51.100.1", "-RemoteAddress 10.1.0.0/24",
                   "-PerfectForwardSecrecyGroup SameAsMainMode"),
}


@pytest.mark.parametrize("format", FORMATS)
def test_the_peer_gets_the_mirror_image(format: str, typed: Session) -> None:
    shown = text(typed, f"ipsec static show peerconfig P {format}")
    for needle in NEEDLES[format]:
        assert needle in shown
    assert KEY not in shown and "********" in shown


@pytest.mark.parametrize("format", FORMATS)
def test_both_ends_differ_only_in_their_sides(format: str, typed: Session) -> None:
    line = f"ipsec static show peerconfig P {format} "
    peer, own = (text(typed, line + "side=" + side) for side in ("peer", "own"))
    swapped = own
    for left, right in (("192.0.2.1", "198.51.100.1"), ("10.1.0.0", "10.2.0.0")):
        swapped = swapped.replace(left, "@").replace(right, left).replace("@", right)
    assert peer != own and peer == swapped


@pytest.mark.parametrize("format", FORMATS)
def test_a_key_is_written_only_when_asked_for(format: str, typed: Session) -> None:
    shown = text(typed, f"ipsec static show peerconfig P {format} reveal=yes")
    assert (KEY in shown) != (format == "powershell")
    assert ("'a ''key'' of ours'" in shown) == (format == "powershell")


WARNINGS = {"swanctl": 2, "ipsec.conf": 2, "ios": 4, "junos": 2, "windows": 0, "powershell": 0}


@pytest.mark.parametrize("format", FORMATS)
def test_each_suite_that_is_no_longer_supported_is_warned_of(format: str,
                                                             typed: Session) -> None:
    codes = warned(typed, f"ipsec static show peerconfig P {format}")
    assert codes == ["NOT-SUPPORTED"] * WARNINGS[format]
    lines = data(typed, f"ipsec static show peerconfig P {format}")
    assert lines[0].endswith(" out") and len(lines) > 3


@pytest.mark.parametrize(("change", "line", "code"), [
    ("set policy P mmsecmethods=DES-MD5-1", "P swanctl", "no-suite"),
    ('set filteraction A qmsecmethods="AH[SHA1]"', "P junos", "no-suite"),
    ("delete rule out P", "P ios", "no-tunnel"),
    ("set rule out P kerberos=yes", "P ios", "not-supported"),
    ("add policy Q", "Q windows", "no-tunnel"),
    ("add policy R", "none windows", "not-found"),
])
def test_what_cannot_be_written_is_refused(change: str, line: str, code: str,
                                           typed: Session) -> None:
    run_line("ipsec static " + change, typed)
    assert refused(typed, "ipsec static show peerconfig " + line).code == code
