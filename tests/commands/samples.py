"""Commands that exist for the tests of the command core: every form of tag, no engine."""

from typing import TYPE_CHECKING

from commands.answer import Answer, Cell, Lines, Record, Table, Warn
from commands.kinds import Address, Choice, Key, Mask, Number, Text, YesNo
from commands.spec import Command, tag
from engine.errors import Broken, NotFound, Refused

if TYPE_CHECKING:
    from commands.session import Session

SEEN: list[Command] = []


class Tagged(Command, words="try tagged", help="Takes tags.",
             remarks=("A remark.",), examples=("try tagged x",)):
    name: str = tag(Text(), "A name.")
    description: str = tag(Text(), "A description.", default="")
    mmpfs: bool = tag(YesNo(), "A switch.", default=False)
    lifetime: int = tag(Number(1, 1000), "Minutes.", default=480)
    action: str = tag(Choice("permit", "block", "negotiate"), "An action.", default="negotiate")
    srcaddr: int = tag(Address(), "An address.", default=0)
    srcmask: int = tag(Mask(), "A mask.", default=32)
    psk: str = tag(Key(), "A key.", default="")
    ca: tuple[str, ...] = tag(Text(), "May repeat.", default=(), many=True, hidden=True)

    def run(self, session: "Session") -> Answer:
        SEEN.append(self)
        return Answer()


class Tools(Command, words="try tool", help="Takes options."):
    target: int = tag(Address(), "Where to.")
    count: int = tag(Number(1, 99), "How many.", default=4, form="dash", word="n")
    forever: bool = tag(YesNo(), "Until stopped.", default=False, form="flag", word="t")
    all: bool = tag(YesNo(), "Everything.", default=False, form="slash")
    test: str = tag(Choice("ipsec", "route"), "Which test.", default="", form="colon")
    mask: int = tag(Mask(), "A mask.", default=32, form="word")
    rest: str = tag(Text(), "The rest.", default="", form="rest")

    def run(self, session: "Session") -> Answer:
        SEEN.append(self)
        return Answer()


class Speak(Command, words="try speak", help="Says things."):
    reveal: bool = tag(YesNo(), "Shows the key.", default=False)

    def run(self, session: "Session") -> Answer:
        session.emit(Lines((("working on ", Cell("ip", "10.1.0.1", "10.1.0.1")),)))
        table = Table((("name", "Name"), ("packets", "Packets")), (
            (Cell("name", "in", "in"), Cell("count", 7, "7")),
            (Cell("name", "out", "out"), Cell("count", 1200, "1200"))), title="Rules",
            name="rules")
        record = Record((("name", "Name", Cell("name", "P", "P")),
                         ("key", "Key", Cell("secret", "geheim", "geheim"))), name="policy")
        return Answer((table, record), (Warn("weak", "DES is weak", "use 3DES"),))


class Fail(Command, words="try fail", help="Fails in a way."):
    name: str = tag(Text(), "The way.")
    psk: str = tag(Key(), "A key.", default="")

    def run(self, session: "Session") -> Answer:
        failures: dict[str, Exception] = {
            "missing": NotFound("FilterList", "missing", ("NetA to NetB", "x")),
            "taken": Refused("name-taken", "Policy with name 'taken' already exists",
                             kind="Policy", name="taken"),
            "used": Refused("in-use", "FilterList 'used' is in use", kind="FilterList",
                            name="used", hint="delete the rule first"),
            "locked": Broken("locked", "The store is locked"),
            "full": Broken("full", "The disk is full"),
            "system": FileNotFoundError(2, "No such file or directory", "x.pcap"),
        }
        raise failures.get(self.name) or KeyError(f"bug with {self.psk[:]}")


class Destroy(Command, words="try destroy", help="Destroys.", destructive=True):
    def run(self, session: "Session") -> Answer:
        SEEN.append(self)
        return Answer()


ROWS = tuple((" ".join(one.words), f"tests.commands.samples:{one.__name__}", one.summary)
             for one in (Tagged, Tools, Speak, Fail, Destroy))
