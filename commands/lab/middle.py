"""lab add nat, add proxy, delete nat, delete proxy: what may stand before gwA."""

from typing import TYPE_CHECKING

from commands import cells
from commands.answer import Answer, Line, Lines
from commands.kinds import YesNo
from commands.spec import Command, tag
from engine.address import format_address
from engine.lab.nat import NAT, PROXY
from engine.lab.placing import Placed, place, take_away

if TYPE_CHECKING:
    from commands.session import Session

TAKES_OVER = ("It takes over gwA's public address, so the third party needs no change; gwA's "
              "External becomes 172.16.0.1, and ${W2KextIP} with it.")
RULE = "Name that address as the tunnel end of the rule for NetB to NetA."
STORED = "It stays in the store until it is deleted, or until lab reset."


def _answer(session: "Session", there: Placed, what: str) -> Answer:
    """The line that says where gwA's External is now; the article's name follows it."""
    own = session.store.on("gwA").interface("External").address
    session.variables["W2KextIP"] = format_address(own)
    line: Line = (cells.name(there.name), f" {what}; gwA's External is ", cells.ip(own), ".")
    return Answer((Lines((line,), {"machine": there.name, "role": there.role,
                                   "external": cells.ip(own)}, "placed"),))


def external(session: "Session") -> str:
    """gwA's outer address as text."""
    return format_address(session.store.on("gwA").interface("External").address)


def follow(session: "Session", before: str) -> None:
    """The article's name goes with gwA's outer address, which was `before`."""
    if session.variables.get("W2KextIP") == before:
        session.variables["W2KextIP"] = external(session)


class AddNat(Command, words="lab add nat", help="Puts a NAT between gwA and its router.",
             remarks=("It translates UDP and ping, and drops ESP and AH, which have no ports.",
                      TAKES_OVER, RULE, "lab restart natA makes it forget its mappings.", STORED),
             examples=("lab add nat",)):
    """One machine more, natA."""

    def run(self, session: "Session") -> Answer:
        """Where gwA is now."""
        return _answer(session, place(session.store, NAT), "stands before gwA")


class AddProxy(Command, words="lab add proxy", help="Puts a proxy between gwA and its router.",
               remarks=("Nothing passes it: it asks again in its own name, as ISA Server does, "
                        "and relays ping, names and the web only.",
                        "routing ip show filter on it has the services it relays.",
                        TAKES_OVER, RULE, STORED),
               examples=("lab add proxy", "lab add proxy ike=yes")):
    """One machine more, proxyA."""

    ike: bool = tag(YesNo(), "Whether it relays UDP 500 and 4500 too.", default=False)

    def run(self, session: "Session") -> Answer:
        """Where gwA is now."""
        return _answer(session, place(session.store, PROXY, self.ike), "stands before gwA")


class DeleteNat(Command, words="lab delete nat", help="Takes the NAT away.",
                remarks=("gwA has its public address again.",), examples=("lab delete nat",)):
    """The bare network again."""

    def run(self, session: "Session") -> Answer:
        """Where gwA is now."""
        return _answer(session, take_away(session.store, NAT), "is gone")


class DeleteProxy(Command, words="lab delete proxy", help="Takes the proxy away.",
                  remarks=("gwA has its public address again.",), examples=("lab delete proxy",)):
    """The bare network again."""

    def run(self, session: "Session") -> Answer:
        """Where gwA is now."""
        return _answer(session, take_away(session.store, PROXY), "is gone")
