"""A machine as a diagnosis sees it: its configuration, and what runs when that can be seen.

A station is made from a running host, or from a stored (or imported) configuration alone. It has
tables of its own, so that asking them counts nothing on the machine itself.
"""

from functools import cached_property
from typing import TYPE_CHECKING

from engine.address import Address, Network, prefix_mask
from engine.agent import PolicyAgent
from engine.configuration import HostSnapshot, read_host
from engine.diagnose.tunnels import Leg, Tunnel, judged_policy, legs_of, pair_up
from engine.pipeline.route import RouteTable
from engine.pipeline.rras import RrasTable
from engine.policy.model import FilterAction, Interface
from engine.policy.store import Config

if TYPE_CHECKING:
    from engine.host import Host

GATEWAY = "gateway"
# Machines that put their own address on what passes them.
TRANSLATORS = frozenset({"nat", "proxy"})


class Station:
    """One machine, read-only. `host` is None when only its configuration is known.

    `running` says whether the policy agent works; of a configuration alone it is assumed.
    """

    def __init__(self, config: Config, snapshot: HostSnapshot, agent: PolicyAgent,
                 host: "Host | None" = None) -> None:
        self.config, self.snapshot, self.agent, self.host = config, snapshot, agent, host
        self.name, self.role = snapshot.machine.name, snapshot.machine.role
        self.running = host is None or host.agent_running
        runtime = host.rtm_routes if host is not None else ()
        self.routes = RouteTable(snapshot.effective_routes(runtime))
        self.rras = RrasTable(snapshot.filters, snapshot.defaults, snapshot.fragcheck)
        self.interfaces: dict[str, Interface] = {one.name: one for one in snapshot.interfaces}
        self.own: dict[Address, Interface] = {one.address: one for one in snapshot.interfaces}

    @classmethod
    def of_host(cls, host: "Host") -> "Station":
        """A machine that runs: the policy in force is the one it has loaded."""
        return cls(host.config, read_host(host.config), host.agent, host)

    @classmethod
    def of_config(cls, config: Config) -> "Station":
        """A configuration as if its machine had just loaded it."""
        snapshot = read_host(config)
        return cls(config, snapshot, PolicyAgent(snapshot.policy))

    @cached_property
    def legs(self) -> list[Leg]:
        """The tunnel rules of the policy to judge, filter by filter."""
        judged = judged_policy(self.config)
        if judged is None:
            return []
        return legs_of(self.config, judged[0], judged[1].name, self.snapshot.interfaces)

    @cached_property
    def tunnels(self) -> list[Tunnel]:
        """The tunnels of that policy."""
        return pair_up(self.legs)

    @cached_property
    def actions(self) -> dict[str, tuple[str, FilterAction]]:
        """The filter actions of those rules by name, with the store's location of each."""
        places = {leg.rule.filteraction: leg.location for leg in self.legs}
        return {name: (location, self.config.filteraction(name, location))
                for name, location in places.items()}

    @property
    def is_gateway(self) -> bool:
        return self.role == GATEWAY

    def net(self, interface: str) -> Network:
        """The network that an adapter is in."""
        one = self.interfaces[interface]
        return Network(one.address & prefix_mask(one.prefix), one.prefix)

    def nets(self) -> dict[str, Network]:
        """The networks of the adapters by their names."""
        return {name: self.net(name) for name in self.interfaces}

    def inside_of(self, address: Address) -> str:
        """The adapter whose network holds an address, "" when none does; the narrowest one."""
        found = [name for name in self.interfaces if address in self.net(name)]
        return max(found, key=lambda name: self.interfaces[name].prefix, default="")
