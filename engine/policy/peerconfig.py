"""What the tunnels of a policy are, seen from either end, for other programs' configurations.

Pure functions from the policy's values. A tunnel is a rule whose end point is another machine
together with the rule that ends at an own address, as the article builds it.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from engine.address import Address, Network
from engine.policy.model import AuthMethod, Filter, FilterAction, FilterList, Policy, Rule
from engine.suites import (
    MainModeMethod,
    QuickModeMethod,
    format_main_mode,
    format_quick_mode,
)

FORMATS = ("swanctl", "ipsec.conf", "ios", "junos", "windows", "powershell")
SIDES = ("peer", "own")
_MODERN_WINDOWS = {
    **{f"group {one}": "Windows knows groups 1, 2, 14, 24 and the elliptic ones"
       for one in (5, 15, 16, 17, 18)},
    "SHA512": "Windows ends at SHA384"}
_IOS = "IOS XE 17.11 and later refuse it unless the compliance shield is disabled"
# What today's releases of the targets do not take any more, or never took.
UNSUPPORTED: dict[str, dict[str, str]] = {
    "swanctl": {"DES": "strongSwan has DES only with OpenSSL's legacy provider"},
    "ipsec.conf": {"DES": "strongSwan has DES only with OpenSSL's legacy provider"},
    "ios": {"DES": _IOS, "3DES": _IOS, "MD5": _IOS, "group 1": _IOS, "group 2": _IOS,
            "group 5": _IOS, "group 17": "IOS ends at group 16",
            "group 18": "IOS ends at group 16"},
    "junos": {"DES": "Junos has removed des-cbc from its security devices",
              "group 1": "Junos has removed group1",
              "group 17": "Junos has no group17", "group 18": "Junos has no group18"},
    "windows": _MODERN_WINDOWS,
    "powershell": _MODERN_WINDOWS,
}


class Suites(NamedTuple):
    """What is left of a policy's offers for a target, and why the others are not."""

    main: tuple[MainModeMethod, ...]
    quick: tuple[QuickModeMethod, ...]
    warnings: tuple[str, ...]


class Tunnel(NamedTuple):
    """One pair of nets behind two gateways, from the side of `local`.

    `lifetime` is of main mode in seconds; `key` is the pre-shared key, "" when the rule has
    another authentication.
    """

    name: str
    local: Address
    remote: Address
    local_net: Network
    remote_net: Network
    main: tuple[MainModeMethod, ...]
    quick: tuple[QuickModeMethod, ...]
    lifetime: int
    pfs: bool
    key: str

    def mirrored(self) -> "Tunnel":
        """The same tunnel as the other gateway sees it."""
        return self._replace(local=self.remote, remote=self.local, local_net=self.remote_net,
                             remote_net=self.local_net)


class Source(NamedTuple):
    """A rule with what it names."""

    rule: Rule
    filters: FilterList
    action: FilterAction


def tunnels(policy: Policy, sources: Sequence[Source],
            own: Iterable[Address]) -> tuple[Tunnel, ...]:
    """The tunnels of a policy from our own side, in the order of its rules."""
    mine = frozenset(own)
    ends = {one.rule.tunnel: None for one in sources if one.rule.tunnel in mine}
    local = next((end for end in ends if end is not None), next(iter(mine), 0))
    found = []
    for source in sources:
        rule = source.rule
        if rule.tunnel is None or rule.tunnel in mine or not rule.active:
            continue
        for one in source.filters.filters:
            nets = _nets(one)
            if nets is not None:
                found.append(Tunnel(rule.name, local, rule.tunnel, *nets, policy.methods,
                                    source.action.methods, policy.mmlifetime * 60,
                                    source.action.qmpfs, _key(rule.auth)))
    return tuple(found)


def suites(tunnel: Tunnel, target: str) -> Suites:
    """The offers that the target takes, with a sentence for each that it does not."""
    known, warnings = UNSUPPORTED[target], []
    main, quick = [], []
    for method in tunnel.main:
        why = _why(known, (method.cipher, method.hash, f"group {method.group}"))
        if why:
            warnings.append(f"{format_main_mode(method)}: {why}")
        else:
            main.append(method)
    for offer in tunnel.quick:
        why = _why(known, (offer.esp_cipher, offer.esp_auth, offer.ah_auth))
        if not offer.has_esp or offer.ah_auth:
            why = "AH is not written: use ESP"
        if why:
            warnings.append(f"{format_quick_mode(offer)}: {why}")
        else:
            quick.append(offer)
    return Suites(tuple(main), tuple(quick), tuple(warnings))


def _why(known: dict[str, str], names: Sequence[str]) -> str:
    return next((f"{name} is not supported; {known[name]}" for name in names if name in known),
                "")


def _nets(one: Filter) -> tuple[Network, Network] | None:
    """The nets of a filter; None for words that mean other addresses on every machine."""
    pair = []
    for side in (one.source, one.destination):
        if side.kind not in ("ip", "dns", "any"):
            return None
        pair.append(Network(side.address, side.prefix))
    return pair[0], pair[1]


def _key(auth: Sequence[AuthMethod]) -> str:
    return next((one.value for one in auth if one.kind == "psk"), "")
