"""The other gateway's configuration read: strongSwan's swanctl.conf and ipsec.conf as tunnels.

Only what two gateways have to agree on is taken: ends, networks, suites, PFS, keys, lifetimes.
What is said in a way that IKEv1 or this program does not know becomes a note, and is not compared.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from engine.address import Address, Network, parse_address, parse_network
from engine.policy.model import Secret
from engine.suites import MainModeMethod, QuickModeMethod

SWANCTL, IPSEC_CONF, DUMP = "swanctl", "ipsec.conf", "ipsecsh"
_CIPHERS = {"des": "DES", "3des": "3DES", "aes": "AES128", "aes128": "AES128",
            "aes192": "AES192", "aes256": "AES256", "null": "None",
            **{f"aes{bits}gcm{size}": f"AESGCM{bits}" for bits in (128, 192, 256)
               for size in ("", "16", "128")}}
_HASHES = {"md5": "MD5", "sha": "SHA1", "sha1": "SHA1", "sha256": "SHA256", "sha2_256": "SHA256",
           "sha384": "SHA384", "sha2_384": "SHA384", "sha512": "SHA512", "sha2_512": "SHA512"}
_GROUPS = {"modp768": 1, "modp1024": 2, "modp1536": 5, "modp2048": 14, "modp3072": 15,
           "modp4096": 16, "modp6144": 17, "modp8192": 18}
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_ANY = ("%any", "0.0.0.0/0", "")


class Connection(NamedTuple):
    """One tunnel of the other gateway, seen from there. `local` 0 is any address of it.

    `version` is 1, 2, or 0 for both; `psk` None when the key is not in the file; `group` quick
    mode's PFS group, 0 for none; `seconds` and `lifetime` 0 when they are not given.
    """

    name: str
    local: Address
    remote: Address
    local_net: Network | None
    remote_net: Network | None
    main: tuple[MainModeMethod, ...] = ()
    quick: tuple[QuickModeMethod, ...] = ()
    group: int = 0
    version: int = 0
    psk: Secret | None = None
    by_key: bool = True
    tunnel: bool = True
    lifetime: int = 0
    seconds: int = 0


class PeerFile(NamedTuple):
    """What a file says: its kind, its tunnels, and what of it is not compared."""

    kind: str
    connections: tuple[Connection, ...]
    notes: tuple[str, ...] = ()


def kind_of(text: str) -> str:
    """Whose file it is; "" when it looks like none of them."""
    lines = [line.strip() for line in text.splitlines()]
    lines = [line for line in lines if line and not line.startswith("#")]
    if any(line.startswith("pushd ipsec") or line.startswith("ipsec static ") for line in lines):
        return DUMP
    if any(line.partition("{")[0].strip() == "connections" and "{" in line for line in lines):
        return SWANCTL
    if any(line.split()[:1] == ["conn"] for line in lines):
        return IPSEC_CONF
    return ""


def read_peer(text: str) -> PeerFile:
    """A swanctl.conf or ipsec.conf. Raises ValueError naming what is wrong."""
    kind, notes = kind_of(text), list[str]()
    if kind == SWANCTL:
        found = list(_swanctl(text, notes))
    elif kind == IPSEC_CONF:
        found = list(_ipsec_conf(text, notes))
    else:
        raise ValueError("is neither a dump of ipsecsh nor a swanctl.conf nor an ipsec.conf")
    if not found:
        raise ValueError("has no connection")
    return PeerFile(kind, tuple(found), tuple(dict.fromkeys(notes)))


# --- swanctl.conf ---------------------------------------------------------------------------------

Section = dict[str, "str | Section"]
DEEP = 16


def _sections(text: str) -> Section:
    """``name { key = value }``, nested. Raises ValueError for braces that do not match."""
    root: Section = {}
    stack = [root]
    for number, raw in enumerate(text.splitlines(), 1):
        for word in _statements(raw):
            if word == "}":
                stack.pop()
                if not stack:
                    raise ValueError(f"line {number} closes a brace that was not opened")
            elif word.endswith("{"):
                inner: Section = {}
                stack[-1][word[:-1].strip()] = inner
                stack.append(inner)
                if len(stack) > DEEP:
                    raise ValueError(f"line {number} is nested too deeply")
            else:
                key, sign, value = word.partition("=")
                if sign:
                    stack[-1][key.strip()] = _unquoted(value.strip())
    if len(stack) != 1:
        raise ValueError("ends inside a brace")
    return root


def _statements(line: str) -> Iterator[str]:
    """The pieces of a line: "x {", "}", "a = b"; a comment ends it, quotes protect."""
    piece, quoted = "", False
    for one in line:
        if one == '"':
            quoted = not quoted
        elif not quoted and one == "#":
            break
        elif not quoted and one in "{}":
            text = piece + one if one == "{" else piece
            if text.strip():
                yield text.strip()
            if one == "}":
                yield "}"
            piece = ""
            continue
        piece += one
    if piece.strip():
        yield piece.strip()


def _unquoted(text: str) -> str:
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] == '"' else text


def _swanctl(text: str, notes: list[str]) -> Iterator[Connection]:
    root = _sections(text)
    secrets = _under(root, "secrets")
    for name, one in _under(root, "connections").items():
        if isinstance(one, str):
            continue
        ends = [_under(one, each) for each in one if each.startswith(("local", "remote"))
                and not isinstance(one[each], str)]
        by_key = any(_word(end, "auth", "pubkey") == "psk" for end in ends)
        local, remote = (_address(_word(one, f"{end}_addrs")) for end in ("local", "remote"))
        base = Connection(
            name, local, remote, None, None, _main(_word(one, "proposals", "default"), notes),
            version=_number(_word(one, "version", "0")), by_key=by_key,
            psk=_swanctl_key(secrets, one) if by_key else None,
            lifetime=_seconds(_word(one, "rekey_time")))
        for child, each in _under(one, "children").items():
            if not isinstance(each, str):
                yield from _swanctl_child(base, child, each, notes)


def _swanctl_child(base: Connection, name: str, child: Section,
                   notes: list[str]) -> Iterator[Connection]:
    quick, group = _quick(_word(child, "esp_proposals", "default"), notes)
    for near in _networks(_word(child, "local_ts"), notes):
        for far in _networks(_word(child, "remote_ts"), notes):
            yield base._replace(
                name=name, local_net=near, remote_net=far, quick=quick, group=group,
                tunnel=_word(child, "mode", "tunnel") == "tunnel",
                seconds=_seconds(_word(child, "rekey_time")))


def _swanctl_key(secrets: Section, connection: Section) -> Secret | None:
    """The secret for an end of the connection, or the only one."""
    kept = [one for name, one in secrets.items()
            if name.startswith("ike") and not isinstance(one, str)]
    names = {_word(_under(connection, end), "id") for end in ("local", "remote")}
    names |= {_word(connection, f"{end}_addrs") for end in ("local", "remote")}
    fitting = [one for one in kept if names & {
        value for key, value in one.items() if key.startswith("id") and isinstance(value, str)}]
    for one in fitting or (kept if len(kept) == 1 else []):
        return Secret(_word(one, "secret"))
    return None


def _under(section: Section, name: str) -> Section:
    found = section.get(name, {})
    return found if not isinstance(found, str) else {}


def _word(section: Section, name: str, default: str = "") -> str:
    found = section.get(name, default)
    return found if isinstance(found, str) else default


# --- ipsec.conf -----------------------------------------------------------------------------------


def _ipsec_conf(text: str, notes: list[str]) -> Iterator[Connection]:
    """Connections with ``also=`` and ``conn %default``; which end is ours, nobody says: left is."""
    found: dict[str, dict[str, str]] = {}
    current: dict[str, str] = {}
    keys: list[str] = []
    for raw in text.splitlines():
        line = raw.strip()
        if " PSK " in line:
            keys.append(_unquoted(line.partition(" PSK ")[2].strip()))
        line = raw.split("#")[0].rstrip()
        words = line.split()
        if not words:
            continue
        if not line[0].isspace():
            current = {}
            if words[0] == "conn" and len(words) > 1:
                current = found.setdefault(words[1], {})
            continue
        key, _, value = line.partition("=")
        current[key.strip()] = _unquoted(value.strip())
    for name, own in found.items():
        values = {**found.get("%default", {}), **_also(found, own, 0), **own}
        if name != "%default" and "right" in values:
            yield from _conn(name, values, keys, notes)


def _also(found: dict[str, dict[str, str]], own: dict[str, str], deep: int) -> dict[str, str]:
    other = found.get(own.get("also", ""), {})
    return {**_also(found, other, deep + 1), **other} if other and deep < DEEP else other


def _conn(name: str, values: dict[str, str], keys: list[str],
          notes: list[str]) -> Iterator[Connection]:
    quick, group = _quick(values.get("esp", "default"), notes)
    version = {"ikev1": 1, "ikev2": 2}.get(values.get("keyexchange", "ike"), 0)
    by_key = values.get("authby", values.get("leftauth", "pubkey")) in ("secret", "psk")
    base = Connection(
        name, _address(values.get("left", "")), _address(values.get("right", "")), None, None,
        _main(values.get("ike", "default"), notes), quick, group, version,
        Secret(keys[0]) if by_key and len(keys) == 1 else None, by_key,
        values.get("type", "tunnel") == "tunnel", _seconds(values.get("ikelifetime", "")),
        _seconds(values.get("lifetime", values.get("keylife", ""))))
    for near in _networks(values.get("leftsubnet", ""), notes):
        for far in _networks(values.get("rightsubnet", ""), notes):
            yield base._replace(local_net=near, remote_net=far)


# --- words ----------------------------------------------------------------------------------------


def _address(text: str) -> Address:
    """The first address of a list; 0 for any, or for a name."""
    first = text.split(",")[0].strip()
    try:
        return parse_address(first)
    except ValueError:
        return 0


def _networks(text: str, notes: list[str]) -> list[Network | None]:
    """The networks of a list; None stands for "the end itself"."""
    found: list[Network | None] = []
    for one in text.split(","):
        word = one.strip().partition("[")[0]
        if word in ("dynamic", ""):
            found.append(None)
            continue
        try:
            found.append(parse_network(word if "/" in word else f"{word}/32"))
        except ValueError:
            notes.append(f"the network {word} is not IPv4 and is not compared")
    return found


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() else 0


def _seconds(text: str) -> int:
    """``3600s``, ``8h``; 0 for nothing or "never"."""
    unit = _UNITS.get(text[-1:], 0)
    return _number(text[:-1]) * unit if unit else _number(text)


def _offers(text: str, notes: list[str]) -> Iterator[list[str]]:
    for offer in text.rstrip("!").split(","):
        words = [word.strip() for word in offer.strip().lower().split("-")]
        unknown = [word for word in words if word not in _CIPHERS and word not in _HASHES
                   and word not in _GROUPS and not word.startswith("prf")
                   and word not in ("noesn", "esn")]
        if unknown:
            notes.append(f"the proposal {offer.strip()} is not compared: {unknown[0]}")
            continue
        yield words


def _pick(words: Iterable[str], known: dict[str, str]) -> list[str]:
    return list(dict.fromkeys(known[word] for word in words if word in known))


def _main(text: str, notes: list[str]) -> tuple[MainModeMethod, ...]:
    """``aes256-sha256-modp2048``; several of a kind in one offer are all combinations."""
    found = []
    for words in _offers(text, notes):
        groups = [_GROUPS[word] for word in words if word in _GROUPS]
        found += [MainModeMethod(cipher, hash_, group) for cipher in _pick(words, _CIPHERS)
                  for hash_ in _pick(words, _HASHES) for group in groups]
    return tuple(dict.fromkeys(found))


def _quick(text: str, notes: list[str]) -> tuple[tuple[QuickModeMethod, ...], int]:
    """The offers, and the first PFS group, 0 for none."""
    found, group = [], 0
    for words in _offers(text, notes):
        group = group or next((_GROUPS[word] for word in words if word in _GROUPS), 0)
        for cipher in _pick(words, _CIPHERS):
            hashes = [""] if cipher.startswith("AESGCM") else _pick(words, _HASHES)
            found += [QuickModeMethod(cipher, hash_) for hash_ in hashes]
    return tuple(dict.fromkeys(found)), group
