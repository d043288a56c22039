"""auditpol: the audit policy of the current machine, in the grammar of 2000 and that of Vista.

``auditpol /enable /logon:all /object:all`` is the article's step; ``auditpol /set
/category:"Logon" /success:enable /failure:enable`` says the same. A domain audit policy
(/domain) overrides the local one category by category, as the article's note warns.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from commands import cells
from commands.answer import Answer, Cell, Line, Lines, Table, Warn
from commands.errors import CommandError
from commands.kinds import Choice, EnableDisable, YesNo
from commands.names import MachineName
from commands.spec import Command, Kind, tag
from commands.tools.auditnames import (
    NAMES,
    SETTINGS,
    SUBCATEGORIES,
    TYPES,
    categories_called,
)
from engine.policy.model import AuditSetting

if TYPE_CHECKING:
    from commands.session import Session
    from engine.policy.store import Config

OFF = AuditSetting("")
_TYPES_HELP = ("success and failure", "what went well", "what failed", "nothing")


class Computer(MachineName):
    r"""A machine of the lab as ``\\\\name``, the way Windows 2000's tools write computers."""

    usage = r"\\<machine>"

    def __init__(self) -> None:
        super().__init__(usage=self.usage)

    def parse(self, text: str, session: "Session") -> str:
        """Raises ValueError without the two backslashes."""
        if not text.startswith("\\\\"):
            raise ValueError(r"must be a switch such as /logon:all, or a machine such as \\gwB")
        return super().parse(text[2:], session)

    def complete(self, prefix: str, session: "Session") -> Iterable[tuple[str, str]]:
        """The machines with their backslashes."""
        return [("\\\\" + name, help) for name, help in super().complete(prefix, session)]


class Category(Kind[tuple[str, ...]]):
    """Vista's category names and ``*``; the value is our words for them."""

    usage = "<name> | *"
    cell = "enum"

    def parse(self, text: str, session: "Session") -> tuple[str, ...]:
        """Raises ValueError for an unknown name."""
        return categories_called(text)

    def complete(self, prefix: str, session: "Session") -> Iterable[tuple[str, str]]:
        """The titles of the nine."""
        return [("*", "all categories"), *((one.title, "") for one in NAMES)]


class Subcategory(Kind[tuple[str, ...]]):
    """Vista's subcategories about IPsec; the value is the category that holds them here."""

    usage = "<name>"
    cell = "enum"

    def parse(self, text: str, session: "Session") -> tuple[str, ...]:
        """Raises ValueError for a subcategory that has nothing to do with IPsec."""
        for name, word in SUBCATEGORIES.items():
            if name.lower() == text.lower():
                return (word,)
        raise ValueError("must be one of " + ", ".join(SUBCATEGORIES))

    def complete(self, prefix: str, session: "Session") -> Iterable[tuple[str, str]]:
        """The subcategories and where they belong."""
        return [(name, f"audited with {word}") for name, word in SUBCATEGORIES.items()]


def _type(title: str) -> str | None:
    kind = Choice(*TYPES, help=_TYPES_HELP)
    one: str | None = tag(kind, f"What to audit of {title}.", default=None, form="colon")
    return one


def _switch(text: str) -> bool:
    one: bool = tag(YesNo(), text, default=False, form="slash")
    return one


class AuditPol(Command, words="auditpol", help="Displays or sets the audit policy.",
               remarks=(
                   "Without arguments it displays what is audited now.",
                   "/disable switches every category off.",
                   "A category of the domain audit policy overrides the local one; /domain "
                   "writes it.",
                   "Events 541 to 547 of IKE need the category logon.",
               ),
               examples=("auditpol /enable /logon:all /object:all", "auditpol",
                         "auditpol /get /category:*",
                         'auditpol /set /category:"Logon" /success:enable /failure:enable')):
    """Both grammars of auditpol on one machine's settings."""

    computer: str = tag(Computer(), "The machine; the current one.", default="")
    enable: bool = _switch("Switch auditing on (the default).")
    disable: bool = _switch("Switch auditing off.")
    domain: bool = _switch("Write the domain audit policy, which overrides the local one.")
    get: bool = _switch("Vista's grammar: display the policy.")
    set: bool = _switch("Vista's grammar: change the policy.")
    clear: bool = _switch("Vista's grammar: remove all settings.")
    system: str | None = _type("system events")
    logon: str | None = _type("logon events (IKE's 541 to 547)")
    object: str | None = _type("object access")
    privilege: str | None = _type("privilege use")
    process: str | None = _type("process tracking")
    policy: str | None = _type("policy change")
    sam: str | None = _type("account management")
    directory: str | None = _type("directory service access")
    account: str | None = _type("account logon")
    category: tuple[str, ...] | None = tag(Category(), "Vista's grammar: the category.",
                                           default=None, form="colon")
    subcategory: tuple[str, ...] | None = tag(
        Subcategory(), "Vista's grammar: the subcategory.", default=None, form="colon")
    success: bool | None = tag(EnableDisable(), "Audit successes.", default=None,
                               form="colon")
    failure: bool | None = tag(EnableDisable(), "Audit failures.", default=None,
                               form="colon")

    def run(self, session: "Session") -> Answer:
        """Writes what was asked, then displays what is in force."""
        config = session.store.on(self.computer) if self.computer else session.config
        if self.get or self.set or self.clear:
            return self._vista(session, config)
        self._check_2000()
        wanted = self._wanted_2000()
        location = "domain" if self.domain else "local"
        writing = bool(wanted) or self.disable
        with session.store.transaction() if writing else session.store.reading():
            if self.disable:
                config.clear_audit(location)
            _write(config, wanted, location)
        return Answer((_listing(config),), _overridden(config, wanted, self.domain))

    def _wanted_2000(self) -> dict[str, tuple[bool, bool]]:
        typed = ((one.word, getattr(self, one.word)) for one in NAMES)
        return {word: TYPES[value] for word, value in typed if value is not None}

    def _check_2000(self) -> None:
        vista = [name for name in ("category", "subcategory", "success", "failure")
                 if getattr(self, name) is not None]
        if vista:
            raise CommandError("missing-tag", f"/{vista[0]} needs /get or /set", tag=vista[0],
                               exit=2, fix='auditpol /set /category:"Logon" /success:enable')
        if self.disable and (self.enable or self._wanted_2000()):
            raise CommandError("contradiction", "/disable goes with no category and not with "
                               "/enable", tag="disable", exit=2, fix="auditpol /disable")

    def _vista(self, session: "Session", config: "Config") -> Answer:
        self._check_vista()
        words = (*(self.category or ()), *(self.subcategory or ()))
        location = "domain" if self.domain else "local"
        wanted: dict[str, tuple[bool, bool]] = {}
        with session.store.transaction() if not self.get else session.store.reading():
            if self.clear:
                config.clear_audit(location)
            if self.set:
                wanted = self._wanted_vista(config, words, location)
                _write(config, wanted, location)
        if self.get:
            return Answer((_vista_table(config, words),))
        done = Lines((("The command was successfully executed.",),))
        return Answer((done,), _overridden(config, wanted, self.domain))

    def _check_vista(self) -> None:
        if self._wanted_2000() or self.enable or self.disable:
            raise CommandError("contradiction", "/get, /set and /clear go with /category, not "
                               "with the switches of Windows 2000", exit=2,
                               fix='auditpol /set /category:"Logon" /success:enable')
        if self.get + self.set + self.clear > 1:
            raise CommandError("contradiction", "Only one of /get, /set and /clear", exit=2)
        if not self.clear and self.category is None and self.subcategory is None:
            raise CommandError("missing-tag", "/category says which", exit=2,
                               fix="auditpol /get /category:*")
        if self.set and self.success is None and self.failure is None:
            raise CommandError("missing-tag", "/set needs /success, /failure or both", exit=2,
                               fix='auditpol /set /category:"Logon" /success:enable')

    def _wanted_vista(self, config: "Config", words: tuple[str, ...],
                      location: str) -> dict[str, tuple[bool, bool]]:
        """The new settings: what is not mentioned of a category stays as it is."""
        now = {one.category: one for one in config.audit(location)}
        wanted = {}
        for word in words:
            old = now.get(word, OFF)
            wanted[word] = (old.success if self.success is None else self.success,
                            old.failure if self.failure is None else self.failure)
        return wanted


def _write(config: "Config", wanted: dict[str, tuple[bool, bool]], location: str) -> None:
    for word, (success, failure) in wanted.items():
        config.set_audit(AuditSetting(word, success, failure), location)


def _effective(config: "Config") -> dict[str, AuditSetting]:
    return {one.category: one for one in config.effective_audit()}


def _cell(one: AuditSetting) -> Cell:
    return cells.enum(SETTINGS[one.success, one.failure])


def _listing(config: "Config") -> Lines:
    """Windows 2000's listing of the nine categories."""
    now = _effective(config)
    enabled = any(one.success or one.failure for one in now.values())
    lines: list[Line] = [("Running ...",), (),
                         ("(X) Audit Enabled" if enabled else "(0) Audit Disabled",), ()]
    for name in NAMES:
        lines.append((f"{name.listed:<30} = ", _cell(now.get(name.word, OFF))))
    data = {"enabled": enabled,
            "categories": {one.word: {"success": now.get(one.word, OFF).success,
                                      "failure": now.get(one.word, OFF).failure}
                           for one in NAMES}}
    return Lines(tuple(lines), data, "audit")


def _vista_table(config: "Config", words: tuple[str, ...]) -> Table:
    now = _effective(config)
    rows = tuple((cells.text(one.title), _cell(now.get(one.word, OFF)))
                 for one in NAMES if one.word in words)
    return Table((("category", "Category"), ("setting", "Setting")), rows,
                 "System audit policy", "audit")


def _overridden(config: "Config", wanted: dict[str, tuple[bool, bool]],
                domain: bool) -> tuple[Warn, ...]:
    """The article's note: what was set locally has no effect where the domain says otherwise."""
    if domain:
        return ()
    ruling = {one.category: (one.success, one.failure) for one in config.audit("domain")}
    lost = [word for word, value in wanted.items() if ruling.get(word, value) != value]
    if not lost:
        return ()
    switches = " ".join(f"/{word}:{_word_of(wanted[word])}" for word in lost)
    return (Warn("AUDIT-DOMAIN",
                 f"the domain audit policy overrides the local setting of {', '.join(lost)}",
                 f"auditpol /domain {switches}"),)


def _word_of(value: tuple[bool, bool]) -> str:
    return next(word for word, pair in TYPES.items() if pair == value)
