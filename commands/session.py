"""Session: the context, the machine, the store and the world that a typed line acts on."""

import os
from collections.abc import Callable, Mapping
from contextlib import suppress

from commands.answer import Block
from commands.errors import CommandError
from commands.files import Files
from commands.typed import Typed
from engine.errors import EngineError
from engine.policy.model import Secret
from engine.values import TYPE_CHECKING

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from commands.diag.guide.walk import Walk
    from commands.pending import Pending
    from commands.remote import Remote
    from commands.witness import Hearing, Witness
    from engine.diagnose.diagnosis import Diagnosis
    from engine.lab.lab import Lab
    from engine.lab.site import Site
    from engine.policy.store import Config, Store
    from engine.world import World

    # Opens a prompt on another session: (session, the place it shows, the words that leave it),
    # gives the word it was left with, "" for none.
    Nested = Callable[["Session", str, tuple[str, ...]], str]

# The article's names for the lab's addresses, known as ${NetA} in scripts and at the prompt, and
# the key that the lab's third party holds (as a Secret: what is typed as ${PSK} stays masked).
ARTICLE_NAMES: dict[str, str] = {
    "NetA": "10.1.0.0/24",
    "NetAId": "10.1.0.0",
    "NetAMask": "255.255.255.0",
    "W2KintIP": "10.1.0.1",
    "W2KextIP": "192.0.2.1",
    "W2KpubIP": "192.0.2.1",  # what the peer sees, also behind a NAT
    "3rdExtIP": "198.51.100.1",
    "3rdIntIP": "10.2.0.1",
    "NetB": "10.2.0.0/24",
    "NetBId": "10.2.0.0",
    "NetBMask": "255.255.255.0",
    "TransitA": "192.0.2.0/24",
    "TransitB": "198.51.100.0/24",
    "Middle": "203.0.113.0/30",
    "PSK": Secret("kb252735"),
}


class _Variables(dict[str, str]):
    """The session's names; the one that depends on the store opens it first."""

    def __init__(self, session: "Session") -> None:
        super().__init__(ARTICLE_NAMES)
        self._session = session

    def get(self, name: str, default: str | None = None) -> str | None:  # type: ignore[override]
        """As a dictionary's. A store that cannot be opened is the command's to report."""
        if name == "W2KextIP":
            with suppress(EngineError):
                assert self._session.store
        return super().get(name, default)


class Session:
    """One operator's sitting: mutable, one a shell (or a script, or a transcript run).

    `store_path` "" keeps the store in memory. The store opens and the lab boots only when a
    command asks for them: a one-shot `show policy` starts neither IKE nor the lab.
    `emit` receives blocks as soon as a long command has them (ping); `ask` is None without
    a terminal; `location` is netsh's `set store`: local, persistent or domain. `wait` sleeps
    seconds of wall time between the echoes of an endless ping; None without a terminal, as are
    `echo`, which writes a piece of a line, and `nested`, which opens a prompt on another session.
    `epoch` is the Unix time at which the lab boots, None for the lab's own; `on_boot` is called
    with each lab that does. After `attach` the session acts on a live machine instead; with a
    `remote` commands run in an agent. `user` is who revisions say it was. `pending` is the copy
    of the store that offline mode works on, None in online mode; `direct` while a command acts
    on the store itself all the same. `deadline` is the end of a probation (`commit confirm=`), by
    the store's clock, as far as this session knows of one.
    """

    def __init__(self, store_path: str = "", *, seed: int = 252735, machine: str = "gwA",
                 emit: Callable[[Block], None] | None = None,
                 ask: Callable[[str], str] | None = None, yes: bool = False) -> None:
        self.store_path, self.seed, self.machine = store_path, seed, machine
        self.emit = emit or (lambda block: None)
        self.ask, self.yes = ask, yes
        self.ask_hidden: Callable[[str], str] | None = None
        self.wait: Callable[[float], None] | None = None
        self.echo: Callable[[str], None] | None = None
        self.nested: Nested | None = None
        self.on_boot: Callable[[Lab], None] | None = None
        self.epoch: float | None = None
        self.user = ""
        self.typed = Typed()
        self.pending: Pending | None = None
        self.direct = False
        self.deadline: float | None = None
        self.context: tuple[str, ...] = ()
        self.stack: list[tuple[str, ...]] = []
        self.aliases: dict[str, str] = {}
        self.variables: dict[str, str] = _Variables(self)
        self.site: Site | None = None  # None: the article's addresses
        self.location = "local"
        self.domain = ""  # the name given to `set store location=domain`
        self.batch = False  # `set batch`: the running lab is told when the batch ends
        self.reveal = False
        self.atomic = False  # inside one transaction: the store's generation stands still
        self.script_depth: list[str] = []
        self.scripts = 0  # how many scripts are running, one inside the other
        self.folder = os.curdir
        self.copy = ""  # `set file`: where the console output is copied to
        self.files = Files()
        self.remote: Remote | None = None
        self.witness: Witness | None = None
        self.diagnosis: Diagnosis | None = None  # what `diag check` found last
        self.checklist: Walk | None = None  # the last walk through the checklist
        self._store: Store | None = None
        self._lab: Lab | None = None
        self._live: World | None = None
        self._applied = -1

    def attach(self, store: "Store", world: "World") -> None:
        """From here on the session acts on a live world with a store of its own."""
        self._store, self._live = store, world
        self._applied = store.generation()
        store.who, store.subject = self.user, self.subject

    @property
    def live(self) -> bool:
        """Whether the session acts on a live machine, not on the embedded lab."""
        return self._live is not None

    @property
    def store(self) -> "Store":
        """The policy store that commands work on: in offline mode a copy."""
        if self.pending is not None and not self.direct:
            return self.pending.store
        return self.base

    @property
    def base(self) -> "Store":
        """The policy store itself, opened (and a new one given the lab's machines) on first use.

        A change that was on probation too long goes back before anybody sees it.
        """
        if self._store is None:
            from engine.lab.provision import open_store
            self._store = open_store(self.store_path, self.seed, self.wall, self.site)
            self._follow(self._store)
            self._store.who, self._store.subject = self.user, self.subject
            self.look_due()
        return self._store

    def bind(self, names: Mapping[str, str]) -> None:
        """Gives names for ``${...}`` their values, before the store is used.

        The lab of a new store has the addresses that the article's names are bound to.
        Raises ValueError when they are no possible addresses of the lab.
        """
        from engine.lab.site import bound
        self.site = bound(names)
        self.variables |= self.site.names() | dict(names)

    def named(self, text: str) -> str:
        """A text with the article's names (``${NetBId}``) filled in: an example that fits here."""
        from commands.words import filled, lookup
        return filled(text, lambda name: lookup(name, self.variables))

    def _follow(self, store: "Store") -> None:
        """Behind a NAT or a proxy that the store remembers gwA's outer address is another."""
        before = next((one.name for one in store.machines() if one.role in ("nat", "proxy")), "")
        if before:
            from engine.address import format_address
            public, own = (format_address(store.on(name).interface("External").address)
                           for name in (before, "gwA"))
            if self.variables["W2KextIP"] == public:
                self.variables["W2KextIP"] = own

    def use_store(self, store: "Store") -> None:
        """Acts on that store, a copy to try things on."""
        self._store = store

    def heard(self, text: str) -> "Hearing":
        """A `with` block around a typed line, of which the witness hears, if there is one."""
        from commands.witness import Hearing
        return Hearing(self, text)

    def commits(self) -> int:
        """How often this session has changed the store."""
        return self._store.commits if self._store is not None else 0

    def generation(self) -> int:
        """The generation of the open store, -1 when nobody has looked at it."""
        return self._store.generation() if self._store is not None else -1

    @property
    def offline(self) -> bool:
        """Whether edits are collected."""
        return self.pending is not None

    @property
    def uncommitted(self) -> int:
        """How many lines wait for `commit`."""
        return len(self.pending.edits) if self.pending is not None else 0

    def subject(self) -> tuple[str, str]:
        """What the next revision is about: the machine and the line being run."""
        return self.machine, self.typed.text(self)

    def look_due(self) -> None:
        """Undoes a change whose probation has ended, and says so; remembers one that goes on.

        Nothing happens in the middle of a script that is one transaction.
        """
        from engine.policy.revisions import revert_due, unconfirmed
        if self._store is None or self.atomic:
            return
        found = revert_due(self._store)
        if found is not None:
            from commands.probation import announce
            announce(*found, self)
        waiting = unconfirmed(self._store)
        self.deadline = waiting.deadline if waiting else None

    @property
    def opened(self) -> bool:
        """Whether the store is open already (a toolbar may look, but must not create it)."""
        return self._store is not None

    @property
    def config(self) -> "Config":
        """The stored configuration of the current machine."""
        return (self.base if self.pending is None else self.store).on(self.machine)

    def wall(self) -> float:
        """Unix seconds on the world's clock; the lab's stands at its epoch until it boots."""
        if self._live is not None:
            return self._live.wall()
        if self._lab is not None:
            return self._lab.wall()
        from engine.lab.seed import EPOCH
        return EPOCH if self.epoch is None else self.epoch

    @property
    def world(self) -> "World":
        """The machines that commands act on: the live one, or the lab."""
        return self.lab if self._live is None else self._live

    @property
    def lab(self) -> "Lab":
        """The embedded lab, booted from the store on first use.

        Raises CommandError on a live machine, which has no links to impair and no time to skip.
        """
        if self._live is not None:
            raise CommandError("live", "this is a live machine, and that belongs to the lab",
                               fix="ipsecsh -r lab", exit=3)
        if self._lab is None:
            from engine.lab.lab import EPOCH, Lab
            epoch = EPOCH if self.epoch is None else self.epoch
            self._lab = Lab(self.base, seed=self.seed, epoch=epoch)
            self._applied = self.base.generation()
            if self.on_boot is not None:
                self.on_boot(self._lab)
            if self._store is not None and self._store.setting("faults"):
                from commands.lab.broken import again
                again(self)
        return self._lab

    @property
    def booted(self) -> bool:
        """Whether the world already runs (a toolbar may look, but must not boot the lab)."""
        return self._live is not None or self._lab is not None

    def settle(self) -> None:
        """After each command: what the store says now takes effect on the running world."""
        if self.booted and self._store is not None and not self.batch:
            generation = self._store.generation()
            if self.atomic or generation != self._applied:
                self._applied = generation
                self.world.reload()

    def transaction(self) -> "AbstractContextManager[None]":
        """All commands within it become true together, or none."""
        return self.store.transaction() if self.remote is None else self.remote.transaction()

    def reset_lab(self) -> None:
        """Forgets the running lab; the next use boots it afresh from the store."""
        self._lab = None

    def close(self) -> None:
        """Closes the store; what was acknowledged is on disk already."""
        if self.pending is not None:
            self.pending.close()
            self.pending = None
        if self._store is not None:
            self._store.close()
            self._store = None
