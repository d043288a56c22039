"""What a host takes from the policy store, read once as one frozen value."""

from collections.abc import Callable, Iterable
from typing import NamedTuple

from engine.address import Address, prefix_mask
from engine.agent import PolicySnapshot, number_setting, read_policy
from engine.driverlog import DIAGNOSTICS_MOST, INTERVAL, INTERVAL_MOST
from engine.esp.replay import DEFAULT_WINDOW, MAX_WINDOW, MIN_WINDOW
from engine.pipeline.hold import HOLD_MOST, PER_NEGOTIATION
from engine.pipeline.node import OUTER_DF
from engine.pipeline.route import RouteEntry
from engine.policy.machine import Settings
from engine.policy.model import AuditSetting, Interface, Machine, Route, RrasDefault, RrasFilter
from engine.policy.store import Config


class HostSnapshot(NamedTuple):
    """All that a host needs of the store, read once; an equal one means nothing changed."""

    machine: Machine
    interfaces: tuple[Interface, ...]
    routes: tuple[Route, ...]
    filters: tuple[RrasFilter, ...]
    defaults: tuple[RrasDefault, ...]
    fragcheck: tuple[str, ...]
    audit: tuple[AuditSetting, ...]
    policy: PolicySnapshot
    hold: int
    outer_df: str = OUTER_DF[0]
    fragment_first: bool = False
    window: int = DEFAULT_WINDOW
    diagnostics: int = 0
    log_interval: int = INTERVAL

    def effective_routes(self, runtime: Iterable[Route] = ()) -> list[RouteEntry]:
        """Connected nets and default gateways of the adapters, persistent and runtime routes."""
        entries = []
        for one in self.interfaces:
            net = one.address & prefix_mask(one.prefix)
            entries.append(RouteEntry(net, one.prefix, 0, one.name, 1, "connected"))
            if one.gateway is not None:
                entries.append(RouteEntry(0, 0, one.gateway, one.name, 1, "default"))
        names = {one.name.casefold(): one.name for one in self.interfaces}
        for origin, routes in (("static", self.routes), ("rtm", runtime)):
            entries += [RouteEntry(one.destination, one.prefix, one.gateway,
                                   names[one.interface.casefold()], one.metric, origin)
                        for one in routes if one.interface.casefold() in names]
        return entries


Reader = Callable[[Config], HostSnapshot]


def read_host(config: Config) -> HostSnapshot:
    """Reads a machine's configuration."""
    said = Settings(config.settings())
    return HostSnapshot(config.machine, config.interfaces(), config.routes(),
                        config.rras_filters(), config.rras_defaults(), config.fragchecked(),
                        config.effective_audit(), read_policy(config),
                        number_setting(said, "holdpackets", PER_NEGOTIATION, HOLD_MOST),
                        word_setting(said, "outerdf", OUTER_DF),
                        word_setting(said, "fragmentation", ("after", "before")) == "before",
                        max(number_setting(said, "replaywindow", DEFAULT_WINDOW, MAX_WINDOW),
                            MIN_WINDOW),
                        number_setting(said, "ipsecdiagnostics", 0, DIAGNOSTICS_MOST),
                        max(number_setting(said, "ipsecloginterval", INTERVAL, INTERVAL_MOST),
                            INTERVAL))


def other_routes(routes: tuple[Route, ...], destination: Address, prefix: int, interface: str,
                 gateway: Address | None) -> tuple[Route, ...]:
    """The routes that are not to that net, by that interface ("": any) and gateway (None: any)."""
    return tuple(one for one in routes
                 if (one.destination, one.prefix) != (destination, prefix)
                 or interface.casefold() not in ("", one.interface.casefold())
                 or gateway not in (None, one.gateway))


def word_setting(config: Config | Settings, key: str, words: tuple[str, ...]) -> str:
    """A machine's setting as one of some words; the first when it is anything else."""
    text = config.get_setting(key).casefold()
    return text if text in words else words[0]
