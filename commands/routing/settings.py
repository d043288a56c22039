"""routing ip: log level, preference levels of protocols, and reset."""

from typing import TYPE_CHECKING

from commands import cells
from commands.answer import NOTHING, Answer, Table
from commands.errors import CommandError
from commands.kinds import Choice, Number
from commands.spec import Command, tag
from engine.policy.model import RrasDefault
from engine.policy.router import KEYS, Router

if TYPE_CHECKING:
    from commands.session import Session
    from engine.policy.store import Config

PROTOCOL = Choice("LOCAL", "STATIC", "NONDOD", "AUTOSTATIC", "NETMGMT", "OSPF", "RIP")
LEVEL = Number(1, 255, "<1-255>")


class SetLogLevel(Command, words="routing ip set loglevel", help="Sets the logging level.",
                  remarks=("It is kept for the dump; what is logged is the audit policy's "
                           "matter.",),
                  examples=("routing ip set loglevel error",)):
    """How much the router would write into the System log."""

    loglevel: str = tag(Choice("error", "warn", "info", "none"), "What is logged.")

    def run(self, session: "Session") -> Answer:
        """Remembers it."""
        Router(session.config).set_loglevel(self.loglevel)
        return NOTHING


class ShowLogLevel(Command, words="routing ip show loglevel",
                   help="Displays the logging level.", examples=("routing ip show loglevel",)):
    """One line."""

    def run(self, session: "Session") -> Answer:
        """The level."""
        level = Router(session.config).loglevel
        return Answer((cells.say(("Logging level is ", cells.enum(level), "."),
                                 data={"loglevel": level}, name="loglevel"),))


class _PreferenceLine(Command):
    proto: str = tag(PROTOCOL, "The protocol that routes come from.")
    preflevel: int = tag(LEVEL, "How much it is believed; the lowest level wins.")


class AddPreference(_PreferenceLine, words="routing ip add preferenceforprotocol",
                    help="Sets the preference level of a protocol that has none of its own.",
                    remarks=("Every protocol has a level from the start; a second one of its own "
                             "is refused, unless it is the same.",),
                    examples=("routing ip add preferenceforprotocol proto=STATIC preflevel=3",)):
    """The level of a protocol."""

    def run(self, session: "Session") -> Answer:
        """Raises CommandError when another level was added before."""
        router = Router(session.config)
        own = router.own_preference(self.proto)
        if own not in (None, self.preflevel):
            raise CommandError("exists", f"{self.proto} has preference level {own} already",
                               tag="proto", fix="routing ip set preferenceforprotocol "
                               f"proto={self.proto} preflevel={self.preflevel}")
        router.set_preference(self.proto, self.preflevel)
        return NOTHING


class SetPreference(_PreferenceLine, words="routing ip set preferenceforprotocol",
                    help="Modifies the preference level of a protocol.",
                    examples=("routing ip set preferenceforprotocol OSPF 110",)):
    """The level of a protocol, whatever it was."""

    def run(self, session: "Session") -> Answer:
        """Sets it."""
        Router(session.config).set_preference(self.proto, self.preflevel)
        return NOTHING


class DeletePreference(Command, words="routing ip delete preferenceforprotocol",
                       help="Gives a protocol the preference level it had from the start.",
                       examples=("routing ip delete preferenceforprotocol OSPF",)):
    """Forgets a level."""

    proto: str = tag(PROTOCOL, "The protocol.")

    def run(self, session: "Session") -> Answer:
        """Raises CommandError when the protocol has no level of its own."""
        router = Router(session.config)
        if router.own_preference(self.proto) is None:
            raise CommandError("not-found", f"{self.proto} has no preference level of its own",
                               tag="proto")
        router.set_preference(self.proto, None)
        return NOTHING


class ShowPreference(Command, words="routing ip show preferenceforprotocol",
                     help="Displays the preference levels of protocols.",
                     examples=("routing ip show preferenceforprotocol",)):
    """The levels of one protocol or of all."""

    proto: str = tag(PROTOCOL, "The protocol; all when left out.", default="")

    def run(self, session: "Session") -> Answer:
        """A table."""
        router = Router(session.config)
        rows = tuple((cells.enum(name), cells.number(level))
                     for name, level in router.preferences() if self.proto in ("", name))
        return Answer((Table((("proto", "Protocol"), ("preflevel", "Preference Level")), rows,
                             name="preferences"),))


class ShowProtocol(Command, words="routing ip show protocol",
                   help="Displays the protocols that routes come from.",
                   remarks=("No routing protocol runs in the lab: routes are connected or "
                            "static.",),
                   examples=("routing ip show protocol",)):
    """Windows' table of type, protocol and preference."""

    def run(self, session: "Session") -> Answer:
        """The sources of routes that exist here."""
        levels = dict(Router(session.config).preferences())
        rows = tuple((cells.enum("Unicast"), cells.enum(name), cells.number(levels[name]))
                     for name in ("LOCAL", "STATIC", "NONDOD", "NETMGMT"))
        return Answer((Table((("type", "Type"), ("protocol", "Protocol"),
                              ("preference", "Preference")), rows, name="protocols"),))


class Reset(Command, words="routing ip reset", help="Resets IP routing to a clean state.",
            remarks=("Deletes the packet filters, the persistent routes and every setting of "
                     "routing ip; addresses and default gateways stay.",
                     "Typed at the prompt it asks first; a script is not asked, because every "
                     "dump begins with it."),
            examples=("routing ip reset",)):
    """What a dump begins with."""

    def run(self, session: "Session") -> Answer:
        """Deletes all or nothing. Raises CommandError without a yes."""
        if not session.script_depth and not session.yes:
            _confirm(session)
        with session.store.transaction():
            reset(session.config)
        return NOTHING


def reset(config: "Config") -> None:
    """Deletes filters, routes and settings; the caller holds the transaction."""
    for one in config.rras_filters():
        config.delete_rras_filter(one)
    for route in config.routes():
        config.delete_route(route.destination, route.prefix, route.interface, route.gateway)
    for interface in config.interfaces():
        config.set_fragcheck(interface.name, False)
        for direction in ("input", "output"):
            config.set_rras_default(RrasDefault(interface.name, direction))
    for key, _ in config.settings():
        if key.startswith(KEYS):
            config.set_setting(key, "")


def _confirm(session: "Session") -> None:
    if session.ask is None:
        raise CommandError("needs-yes", "'routing ip reset' destroys what cannot be brought back "
                           "and must be confirmed", exit=5, fix="start ipsecsh with --yes")
    if session.ask("routing ip reset: are you sure? (y/n) ").strip().lower() not in ("y", "yes"):
        raise CommandError("not-confirmed", "'routing ip reset' was not confirmed; nothing was "
                           "changed", exit=5)
