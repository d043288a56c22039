"""Making the kernel do what the configuration in force says: rules, routes, the filter table.

Everything is compared with what was set before, so settling twice does nothing the second time.
What the kernel cannot do is said once, in `complaints`, and the rest works without it.
"""

from engine.errors import Broken
from engine.host import Host
from engine.live.facts import Facts
from engine.live.fence import Posts, chains
from engine.live.guard import PEERS, SPIS, chain, peers_of, spis_of
from engine.live.kernel import Kernel
from engine.live.nft import Chain, Members, Tables
from engine.live.reverse import ReversePaths, is_in_the_way
from engine.live.steering import Steering, plan
from engine.policy.model import Route
from engine.policy.router import Router
from engine.policy.store import Config


def disabled(config: Config) -> frozenset[str]:
    """The adapters that RRAS leaves alone: no filters on them, no routes through them."""
    router = Router(config)
    found = set()
    for one in config.interfaces():
        kept = router.interface(one.name)
        if kept is None or not kept.enabled:
            found.add(one.name.casefold())
    return frozenset(found)


class Settled:
    """What was set in the kernel. `fenced` says whether the filter table works here."""

    def __init__(self, kernel: Kernel, tun: str) -> None:
        self._kernel, self._tun = kernel, tun
        self._reverse = ReversePaths()
        self._tables: Tables | None = None
        self._chains: tuple[Chain, ...] | None = None
        self._seen: dict[str, int] = {}
        self._peers, self._spis = Members(PEERS, frozenset()), Members(SPIS, frozenset())
        self._generation = -1
        self._routes: list[tuple[Route, int]] | None = None
        self._steering: tuple[Steering, int] | None = None
        self.complaints: list[str] = []
        self.fenced = True
        try:
            self._tables = Tables()
        except Broken as failure:
            self._without_tables(failure)

    def _without_tables(self, failure: Broken) -> None:
        self.fenced = False
        self.complaints.append(f"{failure}; RRAS filters and the inbound policy hold for packets "
                               "of tunnels only")

    def settle(self, host: Host, facts: Facts, index: int, *, offloaded: bool = False) -> None:
        """Sets what differs. Raises Broken when a right is missing, or the kernel refuses rules."""
        steering = plan(host.spd.entries, host.node.own), index
        if steering != self._steering:
            self._kernel.steer(*steering)
            self._steering = steering
        numbers = {one.name: one.number for one in facts.devices}
        devices = {one.link: numbers[one.link] for one in host.interfaces.values()
                   if one.link in numbers}
        self.complaints += self._reverse.settle(is_in_the_way(host.spd.entries), devices)
        self._fence(host, offloaded)
        self._route(host, facts)

    def _fence(self, host: Host, offloaded: bool) -> None:
        if self._tables is None or not self.fenced:
            return
        soft = {one.entry for one in host.soft}
        devices = {one.name: one.link for one in host.interfaces.values()}
        posts = Posts(devices, host.spd.entries, host.agent.snapshot.exempt_level, host.node.rras,
                      soft, offloaded)
        wanted = chains(posts, self._tun)
        peers, spis = peers_of(host), spis_of(host)
        if host.spd.entries:
            wanted = (*wanted, chain(len(peers.values)))
        if wanted == self._chains:
            self._members(peers, spis)
            return
        self.count(host)
        try:
            self._tables.replace(wanted, (peers, spis))
        except Broken as failure:
            if failure.kind != "absent":
                raise
            self._without_tables(failure)
            return
        self._chains = wanted
        self._peers, self._spis = peers, spis
        self._seen = {}

    def _members(self, peers: Members, spis: Members) -> None:
        if self._tables is not None and self._chains:
            self._tables.change(self._peers, peers)
            self._tables.change(self._spis, spis)
            self._peers, self._spis = peers, spis

    def follow(self, host: Host) -> None:
        """Pairs may have come or gone: the kernel lets theirs in, and no others."""
        if self._tables is not None and self._chains and host.sad.generation != self._generation:
            self._generation = host.sad.generation
            self._members(self._peers, spis_of(host))

    def count(self, host: Host) -> None:
        """Adds what the filter table has counted since the last time to the machine's counters."""
        if self._tables is None or not self._chains:
            return
        node, rras = host.node, host.node.rras
        for note, total in self._tables.counts().items():
            fresh = total - self._seen.get(note, 0)
            self._seen[note] = total
            if fresh <= 0:
                continue
            if note.startswith("filter "):
                number = int(note.removeprefix("filter "))
                if number < len(rras.filters):
                    rras.count(number, fresh)
            else:
                node.counters[note] = node.counters.get(note, 0) + fresh

    def _route(self, host: Host, facts: Facts) -> None:
        """The store's routes and the runtime ones, their next hops as the kernel wants them."""
        numbers = {one.name: one.number for one in facts.devices}
        off = disabled(host.config)
        wanted = []
        for one in (*host.config.routes(), *host.rtm_routes):
            adapter = next((each for each in host.interfaces.values()
                            if each.name.casefold() == one.interface.casefold()), None)
            if adapter is None or adapter.link not in numbers or one.interface.casefold() in off:
                continue
            hop = host.node.routes.resolve(one.gateway, adapter.name) if one.gateway else None
            on_link = one.gateway in (0, adapter.address)
            if not on_link and hop is None:
                continue
            gateway = 0 if on_link or hop is None else hop.next_hop
            wanted.append((one._replace(gateway=gateway), numbers[adapter.link]))
        if wanted != self._routes:
            self._kernel.set_routes(wanted)
            self._routes = wanted
            self.complaints += self._kernel.complaints

    def remove(self, index: int) -> None:
        """Takes everything out again, also what an agent that crashed has left."""
        self._kernel.steer(Steering(), index)
        self._kernel.set_routes([])
        self._reverse.restore()
        if self._tables is not None and self.fenced:
            self._tables.replace(())
        self._steering = self._chains = self._routes = None

    def close(self) -> None:
        """Closes what is open; what was set stays."""
        if self._tables is not None:
            self._tables.close()
