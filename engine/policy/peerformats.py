"""Tunnels as strongSwan, Cisco IOS, Junos and Windows configure them: a list of lines each.

A key is written as it is handed over, so who must not see it hands over its mask.
"""

from collections.abc import Callable

from engine.address import Network, format_address, prefix_mask
from engine.policy.peerconfig import Suites, Tunnel
from engine.suites import DEFAULT_QM_KILOBYTES, DEFAULT_QM_SECONDS, QuickModeMethod

MODP = {1: "modp768", 2: "modp1024", 5: "modp1536", 14: "modp2048", 15: "modp3072",
        16: "modp4096", 17: "modp6144", 18: "modp8192"}


def _label(tunnel: Tunnel, number: int) -> str:
    kept = "".join(one if one.isascii() and one.isalnum() else "-" for one in tunnel.name)
    return f"{kept.strip('-')[:40] or 'tunnel'}-{number}"


def _life(offers: tuple[QuickModeMethod, ...]) -> tuple[int, int]:
    """Seconds and kilobytes of the first offer, defaults written out."""
    return offers[0].seconds or DEFAULT_QM_SECONDS, offers[0].kilobytes or DEFAULT_QM_KILOBYTES


def _swan_cipher(cipher: str) -> str:
    if cipher.startswith("AESGCM"):
        return f"aes{cipher[6:]}gcm16"
    return cipher.lower() or "null"


def _swan_main(found: Suites) -> str:
    return ",".join(f"{one.cipher.lower()}-{one.hash.lower()}-{MODP[one.group]}"
                    for one in found.main)


def _swan_quick(tunnel: Tunnel, found: Suites) -> str:
    group = "-" + MODP[found.main[0].group] if tunnel.pfs else ""
    return ",".join(
        _swan_cipher(one.esp_cipher) + (f"-{one.esp_auth.lower()}" if one.esp_auth else "") + group
        for one in found.quick)


def swanctl(tunnel: Tunnel, found: Suites, number: int) -> list[str]:
    """strongSwan's swanctl.conf."""
    name, (seconds, kilobytes) = _label(tunnel, number), _life(found.quick)
    local, remote = format_address(tunnel.local), format_address(tunnel.remote)
    return [
        "connections {", f"    {name} {{", "        version = 1",
        f"        local_addrs = {local}", f"        remote_addrs = {remote}",
        f"        proposals = {_swan_main(found)}",
        f"        rekey_time = {tunnel.lifetime}s",
        "        local {", "            auth = psk", f"            id = {local}", "        }",
        "        remote {", "            auth = psk", f"            id = {remote}", "        }",
        "        children {", f"            {name} {{",
        f"                local_ts = {tunnel.local_net}",
        f"                remote_ts = {tunnel.remote_net}",
        f"                esp_proposals = {_swan_quick(tunnel, found)}",
        "                mode = tunnel", f"                rekey_time = {seconds}s",
        f"                rekey_bytes = {kilobytes * 1024}",
        "                start_action = trap", "            }", "        }", "    }", "}",
        "secrets {", f"    ike-{name} {{", f"        id-local = {local}",
        f"        id-remote = {remote}", f"        secret = {_quoted(tunnel.key)}", "    }", "}"]


def ipsec_conf(tunnel: Tunnel, found: Suites, number: int) -> list[str]:
    """strongSwan's older ipsec.conf, with the line of ipsec.secrets as a comment."""
    local, remote = format_address(tunnel.local), format_address(tunnel.remote)
    return [
        f"conn {_label(tunnel, number)}", "    keyexchange=ikev1", "    authby=secret",
        "    type=tunnel", f"    left={local}", f"    leftsubnet={tunnel.local_net}",
        f"    right={remote}", f"    rightsubnet={tunnel.remote_net}",
        f"    ike={_swan_main(found)}!", f"    esp={_swan_quick(tunnel, found)}!",
        f"    ikelifetime={tunnel.lifetime}s", f"    lifetime={_life(found.quick)[0]}s",
        "    auto=route", "# ipsec.secrets:",
        f"# {local} {remote} : PSK {_psk(tunnel.key)}"]


def _psk(key: str) -> str:
    """A key in ipsec.secrets, where nothing between quotation marks can be escaped."""
    if key.isascii() and '"' not in key:
        return f'"{key}"'
    from base64 import b64encode
    return "0s" + b64encode(key.encode()).decode()


def _ios_cipher(cipher: str) -> str:
    if cipher.startswith("AESGCM"):
        return f"gcm {cipher[6:]}"
    return f"aes {cipher[3:]}" if cipher.startswith("AES") else cipher.lower() or "null"


def _ios_hash(name: str) -> str:
    return {"SHA1": "sha", "MD5": "md5"}.get(name, name.lower())


def ios(tunnel: Tunnel, found: Suites, number: int) -> list[str]:
    """Cisco IOS with a crypto map; it is bound to the outer interface by hand."""
    name, remote = _label(tunnel, number), format_address(tunnel.remote)
    seconds, kilobytes = _life(found.quick)
    lines = []
    for place, one in enumerate(found.main, number * 10):
        lines += [f"crypto isakmp policy {place}", f" encryption {_ios_cipher(one.cipher)}",
                  f" hash {_ios_hash(one.hash)}", " authentication pre-share",
                  f" group {one.group}", f" lifetime {min(tunnel.lifetime, 86400)}"]
    lines.append(f"crypto isakmp key {tunnel.key} address {remote}")
    sets = [f"{name}-{place}" for place in range(1, len(found.quick) + 1)]
    for each, offer in zip(sets, found.quick, strict=True):
        auth = f" esp-{_ios_hash(offer.esp_auth)}-hmac" if offer.esp_auth else ""
        lines += [f"crypto ipsec transform-set {each} esp-{_ios_cipher(offer.esp_cipher)}{auth}",
                  " mode tunnel"]
    return [*lines, f"ip access-list extended {name}",
            f" permit ip {_wild(tunnel.local_net)} {_wild(tunnel.remote_net)}",
            f"crypto map ipsecsh {number} ipsec-isakmp", f" set peer {remote}",
            f" set transform-set {' '.join(sets)}",
            f" set security-association lifetime seconds {seconds}",
            f" set security-association lifetime kilobytes {kilobytes}",
            *([f" set pfs group{found.main[0].group}"] if tunnel.pfs else []),
            f" match address {name}"]


def junos(tunnel: Tunnel, found: Suites, number: int) -> list[str]:
    """Junos set commands: a route-based VPN on st0 with a traffic selector."""
    name, base = _label(tunnel, number), "set security"
    seconds, kilobytes = _life(found.quick)
    lines = []
    for place, one in enumerate(found.main, 1):
        head = f"{base} ike proposal {name}-{place}"
        lines += [f"{head} authentication-method pre-shared-keys",
                  f"{head} dh-group group{one.group}",
                  f"{head} authentication-algorithm {_junos_hash(one.hash)}",
                  f"{head} encryption-algorithm {_junos_cipher(one.cipher)}",
                  f"{head} lifetime-seconds {min(max(tunnel.lifetime, 180), 86400)}",
                  f"{base} ike policy {name} proposals {name}-{place}"]
    lines += [f"{base} ike policy {name} mode main",
              f"{base} ike policy {name} pre-shared-key ascii-text {_quoted(tunnel.key)}",
              f"{base} ike gateway {name} ike-policy {name}",
              f"{base} ike gateway {name} address {format_address(tunnel.remote)}",
              f"{base} ike gateway {name} local-address {format_address(tunnel.local)}",
              f"{base} ike gateway {name} version v1-only"]
    for place, offer in enumerate(found.quick, 1):
        head = f"{base} ipsec proposal {name}-{place}"
        lines += [f"{head} protocol esp",
                  *([f"{head} authentication-algorithm {_junos_hmac(offer.esp_auth)}"]
                    if offer.esp_auth else []),
                  *([f"{head} encryption-algorithm {_junos_cipher(offer.esp_cipher)}"]
                    if offer.esp_cipher else []),
                  f"{head} lifetime-seconds {seconds}", f"{head} lifetime-kilobytes {kilobytes}",
                  f"{base} ipsec policy {name} proposals {name}-{place}"]
    if tunnel.pfs:
        lines.append(f"{base} ipsec policy {name} perfect-forward-secrecy keys "
                     f"group{found.main[0].group}")
    return [*lines, f"{base} ipsec vpn {name} bind-interface st0.{number}",
            f"{base} ipsec vpn {name} ike gateway {name}",
            f"{base} ipsec vpn {name} ike ipsec-policy {name}",
            f"{base} ipsec vpn {name} traffic-selector ts local-ip {tunnel.local_net} "
            f"remote-ip {tunnel.remote_net}"]


def _junos_cipher(cipher: str) -> str:
    if cipher.startswith("AESGCM"):
        return f"aes-{cipher[6:]}-gcm"
    return f"aes-{cipher[3:]}-cbc" if cipher.startswith("AES") else f"{cipher.lower()}-cbc"


def _junos_hash(name: str) -> str:
    return {"MD5": "md5", "SHA1": "sha1"}.get(name, f"sha-{name[3:]}")


def _junos_hmac(name: str) -> str:
    return {"MD5": "hmac-md5-96", "SHA1": "hmac-sha1-96"}.get(name, f"hmac-sha-{name[3:]}-128")


def windows(tunnel: Tunnel, found: Suites, number: int) -> list[str]:
    """netsh advfirewall of Windows since Vista."""
    seconds, kilobytes = _life(found.quick)
    main = ",".join(f"dhgroup{one.group}:{one.cipher.lower()}-{one.hash.lower()}"
                    for one in found.main)
    quick = ",".join(f"ESP:{_win_quick(one)}+{max(seconds // 60, 5)}min+{kilobytes}kb"
                     for one in found.quick)
    pfs = "mainmode" if tunnel.pfs else "none"
    return [
        f"netsh advfirewall set global mainmode mmsecmethods {main}",
        f"netsh advfirewall set global mainmode mmkeylifetime {tunnel.lifetime // 60}min,0sess",
        f'netsh advfirewall consec add rule name="{_label(tunnel, number)}" mode=tunnel '
        f"endpoint1={tunnel.local_net} endpoint2={tunnel.remote_net} "
        f"localtunnelendpoint={format_address(tunnel.local)} "
        f"remotetunnelendpoint={format_address(tunnel.remote)} action=requireinrequireout "
        f"auth1=computerpsk auth1psk={_quoted(tunnel.key)} qmpfs={pfs} qmsecmethods={quick}"]


def _win_quick(one: QuickModeMethod) -> str:
    if one.is_aead:
        return f"{one.esp_cipher.lower()}-{one.esp_cipher.lower()}"
    return f"{one.esp_auth.lower()}-{one.esp_cipher.lower() or 'none'}"


def powershell(tunnel: Tunnel, found: Suites, number: int) -> list[str]:
    """The NetSecurity cmdlets of Windows since Server 2012."""
    seconds, kilobytes = _life(found.quick)
    name, key = _label(tunnel, number), tunnel.key.replace("'", "''")
    main = ", ".join(
        f"(New-NetIPsecMainModeCryptoProposal -Encryption {one.cipher} -Hash {one.hash} "
        f"-KeyExchange DH{one.group})" for one in found.main)
    quick = ", ".join(
        "(New-NetIPsecQuickModeCryptoProposal -Encapsulation ESP "
        f"-Encryption {one.esp_cipher or 'None'} -ESPHash {one.esp_auth or one.esp_cipher} "
        f"-MaxMinutes {max(seconds // 60, 5)} -MaxKiloBytes {kilobytes})" for one in found.quick)
    pfs = "SameAsMainMode" if tunnel.pfs else "None"
    return [
        f"$main = New-NetIPsecMainModeCryptoSet -DisplayName '{name}' -Proposal {main} "
        f"-MaxMinutes {tunnel.lifetime // 60}",
        f"$quick = New-NetIPsecQuickModeCryptoSet -DisplayName '{name}' -Proposal {quick} "
        f"-PerfectForwardSecrecyGroup {pfs}",
        f"$auth = New-NetIPsecPhase1AuthSet -DisplayName '{name}' -Proposal "
        f"(New-NetIPsecAuthProposal -Machine -PreSharedKey '{key}')",
        f"New-NetIPsecMainModeRule -DisplayName '{name}' -MainModeCryptoSet $main.Name "
        f"-Phase1AuthSet $auth.Name -RemoteAddress {format_address(tunnel.remote)}",
        f"New-NetIPsecRule -DisplayName '{name}' -Mode Tunnel -LocalAddress {tunnel.local_net} "
        f"-RemoteAddress {tunnel.remote_net} "
        f"-LocalTunnelEndpoint {format_address(tunnel.local)} "
        f"-RemoteTunnelEndpoint {format_address(tunnel.remote)} -InboundSecurity Require "
        "-OutboundSecurity Require -QuickModeCryptoSet $quick.Name -Phase1AuthSet $auth.Name"]


Writer = Callable[[Tunnel, Suites, int], list[str]]
WRITERS: dict[str, Writer] = {
    "swanctl": swanctl, "ipsec.conf": ipsec_conf, "ios": ios, "junos": junos,
    "windows": windows, "powershell": powershell}


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _wild(network: Network) -> str:
    wildcard = ~prefix_mask(network.prefix) & 0xFFFFFFFF
    return f"{format_address(network.address)} {format_address(wildcard)}"
