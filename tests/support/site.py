"""The lab with the article's configuration of gwA, step by step, without the command line."""

from engine.address import parse_address
from engine.lab.lab import EchoResult, Lab
from engine.lab.provision import open_store
from engine.policy.model import (
    AuditSetting,
    AuthMethod,
    DefaultRule,
    Filter,
    FilterAction,
    FilterList,
    Policy,
    Route,
    RrasDefault,
    RrasFilter,
    Rule,
    Secret,
    Side,
)
from engine.policy.store import Config, Store
from engine.suites import MainModeMethod, QuickModeMethod

HOST_A, HOST_B = parse_address("10.1.0.10"), parse_address("10.2.0.10")
OWN, PEER = parse_address("192.0.2.1"), parse_address("198.51.100.1")
INTERNAL = parse_address("10.1.0.1")
NET_A, NET_B = parse_address("10.1.0.0"), parse_address("10.2.0.0")
KEY = "kb252735"
POLICY = "IPSec tunnel with third-party gateway"


def side(network: int, prefix: int = 24) -> Side:
    """An address side of a filter."""
    return Side("ip", network, prefix)


class Site:
    """A store and its lab; each method is one step of the article on gwA."""

    def __init__(self, seed: int = 252735) -> None:
        self.store: Store = open_store("", seed)
        self.lab = Lab(self.store, seed=seed)
        self.gwa: Config = self.store.on("gwA")

    def route(self, interface: str = "External") -> "Site":
        """The static route to NetB by 3rdExtIP."""
        self.gwa.add_route(Route(NET_B, 24, interface, PEER))
        self.lab.reload()
        return self

    def audit(self) -> "Site":
        """Success and failure auditing of logon events."""
        self.gwa.set_audit(AuditSetting("logon", True, True))
        self.lab.reload()
        return self

    def filters(self, *, ike: bool = True) -> "Site":
        """The RRAS output and input filters, with or without the IKE allowance."""
        with self.store.transaction():
            pairs = [(NET_A, 24, NET_B, 24)] + ([(OWN, 32, PEER, 32)] if ike else [])
            for source, bits, destination, other in pairs:
                self.gwa.add_rras_filter(RrasFilter("External", "output", source, bits,
                                                    destination, other))
                self.gwa.add_rras_filter(RrasFilter("External", "input", destination, other,
                                                    source, bits))
            for direction in ("output", "input"):
                self.gwa.set_rras_default(RrasDefault("External", direction, "drop"))
        self.lab.reload()
        return self

    def policy(self, *, key: str = KEY, soft: bool = False, inpass: bool = False,
               pfs: bool = False, mirrored: bool = False, rules: int = 2, assign: bool = True,
               quick: tuple[QuickModeMethod, ...] = (QuickModeMethod("3DES", "SHA1"),),
               main: tuple[MainModeMethod, ...] = (MainModeMethod("3DES", "SHA1", 2),),
               ends: tuple[int, int] = (PEER, OWN)) -> "Site":
        """The article's policy with two one-way tunnel rules, or one with a mistake in it."""
        auth = (AuthMethod("psk", Secret(key)),)
        with self.store.transaction():
            self.gwa.add_policy(Policy(POLICY, methods=main, default_rule=DefaultRule(False)))
            self.gwa.add_filteraction(FilterAction("FA", qmpfs=pfs, soft=soft, inpass=inpass,
                                                   methods=quick))
            ways = (("NetA to NetB", NET_A, NET_B), ("NetB to NetA", NET_B, NET_A))
            for (name, source, destination), end in list(zip(ways, ends, strict=True))[:rules]:
                one = Filter(side(source), side(destination), f"From {name}", mirrored=mirrored)
                self.gwa.add_filterlist(FilterList(name, filters=(one,)))
                self.gwa.add_rule(Rule(name, POLICY, name, "FA", end, auth=auth))
            if assign:
                self.gwa.assign(POLICY)
        self.lab.reload()
        return self

    def ping(self, count: int = 1, machine: str = "hostA", destination: int = HOST_B,
             **options: int) -> list[EchoResult]:
        """Echoes a second apart, as the ping command sends them."""
        results = []
        for _ in range(count):
            started = self.lab.now
            results.append(self.lab.ping(machine, destination, **options))  # type: ignore[arg-type]
            self.lab.run(max(started + 1.0, self.lab.now))
        return results

    def numbers(self, machine: str = "gwA") -> list[int]:
        """The event numbers in a machine's security log."""
        return [one.event_id for one in self.lab.hosts[machine].log if one.source == "Security"]

    def counter(self, name: str, machine: str = "gwA") -> int:
        """A counter of a machine."""
        return self.lab.hosts[machine].counters.get(name, 0)


def article() -> Site:
    """gwA as the article leaves it: policy, RRAS filters, route, auditing."""
    return Site().audit().policy().filters().route()
