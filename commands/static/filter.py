"""ipsec static add, delete filter."""

from commands.answer import NOTHING, Answer
from commands.errors import CommandError
from commands.kinds import Mask, Port, Protocol, Text, YesNo
from commands.names import FilterListName
from commands.spec import Command, tag
from commands.static.common import answer, tunnels_using
from commands.static.kinds import FilterSide, TypedSide, one_side, sides
from engine.policy.model import ME, Filter, FilterList, Side
from engine.values import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from commands.session import Session
    from engine.policy.lint import Lint
    from engine.policy.lists import Appender
    from engine.policy.transactions import Row


class AddFilter(Command, words="ipsec static add filter", help="Adds a filter to a filter list.",
                single=True, rows=True,
                remarks=("A filter list that does not exist is created.",
                         "Where one side is a server word the other one must be me.",
                         "Ports need protocol TCP or UDP; port 0 is any port.",
                         "A tunnel needs mirrored=no and a filter for addresses only."),
                examples=("ipsec static add filter filterlist=Filter1 192.168.1.0 192.168.2.45 "
                          "srcmask=24 dstmask=32",
                          "ipsec static add filter filterlist=Filter1 srcaddr=me dstaddr=any "
                          "protocol=UDP dstport=53",
                          'ipsec static add filter "NetA to NetB" 10.1.0.0/24 10.3.0.0/24 '
                          "mirrored=no")):
    """One filter, or one for each address of a DNS name."""

    filterlist: str = tag(FilterListName(), "Name of the filter list.")
    srcaddr: TypedSide = tag(FilterSide(), "Source address, or a word.")
    dstaddr: TypedSide = tag(FilterSide(), "Destination address, or a word.")
    description: str = tag(Text(), "Brief information about the filter.", default="")
    protocol: int = tag(Protocol(), "ANY, ICMP, TCP, UDP, RAW or a number.", default=0)
    mirrored: bool = tag(YesNo(), "yes makes two filters, one for each direction.", default=True)
    srcmask: int | None = tag(Mask(), "Source mask or prefix length.", default=None)
    dstmask: int | None = tag(Mask(), "Destination mask or prefix length.", default=None)
    srcport: int = tag(Port(), "Source port; 0 is any.", default=0)
    dstport: int = tag(Port(), "Destination port; 0 is any.", default=0)

    @classmethod
    def row(cls, fields: dict[str, Any], session: "Session", known: dict[str, Any]) -> "Row | None":
        """The filter's row, when it is one and its list is there and serves no rule."""
        name = fields["filterlist"]
        if name not in known:
            appender = session.config.appender(name, session.location)
            known[name] = appender and _Rows(appender)
        rows: _Rows | None = known[name]
        return None if rows is None else rows.row(fields)

    def run(self, session: "Session") -> Answer:
        """Adds the filters, and the list when it is missing."""
        config, where = session.config, session.location
        sources = sides(self.srcaddr, self.srcmask, session, "srcaddr")
        destinations = sides(self.dstaddr, self.dstmask, session, "dstaddr")
        rest = (self.description, self.protocol, self.srcport, self.dstport, self.mirrored)
        if len(sources) == len(destinations) == 1:
            wanted = [Filter(sources[0], destinations[0], *rest)]
        else:
            wanted = [Filter(source, destination, *rest)
                      for source in sources for destination in destinations]
        if len(wanted) > 1 or not config.append_filter(self.filterlist, wanted[0], where):
            self._add_all(session, wanted)
        users = config.used_by_list(self.filterlist, where)
        return answer(self._lints(session, users, wanted)) if users else NOTHING

    def _add_all(self, session: "Session", wanted: list[Filter]) -> None:
        """Several filters, or the list too: all of them or none."""
        config, where = session.config, session.location
        with session.store.transaction():
            if not config.has_filterlist(self.filterlist, where):
                config.add_filterlist(FilterList(self.filterlist), where)
            for one in wanted:
                config.add_filter(self.filterlist, one, where)

    def _lints(self, session: "Session", users: tuple[str, ...],
               added: list[Filter]) -> "list[Lint]":
        from engine.policy import lint
        return [found for rule in tunnels_using(session, users) for one in added
                for found in lint.tunnel_filter(self.filterlist, one, rule.name)]


class _LastSide:
    """One side of the last line, and what it was made of."""

    __slots__ = ("tag", "typed", "mask", "side")

    def __init__(self, tag: str) -> None:
        self.tag, self.side = tag, ME
        self.typed: TypedSide | None = None
        self.mask: int | None = None

    def of(self, typed: TypedSide, mask: int | None) -> Side | None:
        """The side that was typed; None for a DNS name. Raises CommandError, Refused."""
        if typed is not self.typed or mask != self.mask:
            if typed[0][0] == "dns":
                return None
            self.side = one_side(typed, mask, self.tag)
            self.typed, self.mask = typed, mask
        return self.side


class _Rows:
    """Makes rows for one filter list. Of the last line it keeps the sides: many share one."""

    __slots__ = ("appender", "source", "destination")

    def __init__(self, appender: "Appender") -> None:
        self.appender = appender
        self.source, self.destination = _LastSide("srcaddr"), _LastSide("dstaddr")

    def row(self, fields: dict[str, Any]) -> "Row | None":
        """The row of a filter; None for DNS names. Raises CommandError, Refused."""
        source = self.source.of(fields["srcaddr"], fields["srcmask"])
        destination = source and self.destination.of(fields["dstaddr"], fields["dstmask"])
        if destination is None:
            return None
        # As Filter(...), which takes three times as long.
        return self.appender.row(tuple.__new__(Filter, (
            source, destination, fields["description"], fields["protocol"], fields["srcport"],
            fields["dstport"], fields["mirrored"], "")))


class DeleteFilter(Command, words="ipsec static delete filter",
                   help="Deletes a filter from a filter list.",
                   remarks=("All filters that match what is given are deleted.",
                            "Without srcmask and dstmask the masks do not matter."),
                   examples=('ipsec static delete filter "NetA to NetB" 10.1.0.0 10.2.0.0',)):
    """The filters that match; what is not given does not matter."""

    filterlist: str = tag(FilterListName(), "Name of the filter list.")
    srcaddr: TypedSide = tag(FilterSide(), "Source address, or a word.")
    dstaddr: TypedSide = tag(FilterSide(), "Destination address, or a word.")
    protocol: int | None = tag(Protocol(), "ANY, ICMP, TCP, UDP, RAW or a number.", default=None)
    mirrored: bool | None = tag(YesNo(), "Whether the filter is mirrored.", default=None)
    srcmask: int | None = tag(Mask(), "Source mask or prefix length.", default=None)
    dstmask: int | None = tag(Mask(), "Destination mask or prefix length.", default=None)
    srcport: int | None = tag(Port(), "Source port; 0 is any.", default=None)
    dstport: int | None = tag(Port(), "Destination port; 0 is any.", default=None)

    def run(self, session: "Session") -> Answer:
        """Deletes them; none is an error."""
        sources = sides(self.srcaddr, self.srcmask, session, "srcaddr")
        destinations = sides(self.dstaddr, self.dstmask, session, "dstaddr")
        pairs = ((self.srcaddr.masked or self.srcmask is not None, sources),
                 (self.dstaddr.masked or self.dstmask is not None, destinations))

        def match(one: Filter) -> bool:
            given = ((self.protocol, one.protocol), (self.mirrored, one.mirrored),
                     (self.srcport, one.source_port), (self.dstport, one.destination_port))
            return (all(typed in (None, stored) for typed, stored in given)
                    and all(any(_same(side, each, masked) for each in typed)
                            for side, (masked, typed) in zip(one[:2], pairs, strict=True)))

        count = session.config.delete_filters(self.filterlist, match, session.location)
        if not count:
            raise CommandError("not-found", f"No filter of FilterList '{self.filterlist}' matches",
                               tag="srcaddr",
                               fix=f'show filterlist name="{self.filterlist}" level=verbose')
        return NOTHING


def _same(stored: Side, typed: Side, masked: bool) -> bool:
    """Whether a stored side is the typed one; the mask counts only when it was given."""
    kinds = {"dns": "ip"}
    if kinds.get(stored.kind, stored.kind) != kinds.get(typed.kind, typed.kind):
        return False
    if stored.kind == "server":
        return stored.name == typed.name
    return stored.address == typed.address and (not masked or stored.prefix == typed.prefix)
