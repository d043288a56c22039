"""ipsec dynamic add, set, delete, show mmpolicy and qmpolicy."""

from typing import TYPE_CHECKING, Any

from commands import cells
from commands.answer import NOTHING, Answer, Record, Records
from commands.dynamic.live import REMARK, Users, edit, live, main_of, quick_of, taken
from commands.kinds import Choice, Number, YesNo
from commands.methods import MainModeMethods, QuickModeMethods
from commands.names import ObjectName
from commands.spec import Command, tag
from commands.static.common import given
from engine.policy.live import PFS_GROUPS, Live, LiveRule, MainPolicy, QuickPolicy
from engine.policy.model import DEFAULT_MAIN_MODE, DEFAULT_QUICK_MODE
from engine.policy.verify import MINUTES_MAX
from engine.suites import (
    MainModeMethod,
    QuickModeMethod,
    format_main_mode,
    format_quick_mode,
)

if TYPE_CHECKING:
    from commands.session import Session
    from engine.policy.store import Config

MINUTES = Number(1, MINUTES_MAX, "<minutes>")


class MainName(ObjectName):
    """The name of a main mode policy of the running machine."""

    noun = "main mode policy"

    def known(self, config: "Config", session: "Session") -> list[tuple[str, str]]:
        return [(one.name, "") for one in live(session).mains]


class QuickName(ObjectName):
    """The name of a quick mode policy of the running machine."""

    noun = "quick mode policy"

    def known(self, config: "Config", session: "Session") -> list[tuple[str, str]]:
        return [(one.name, "") for one in live(session).quicks]


def _users(rules: tuple[LiveRule, ...], main: str = "", quick: str = "") -> Users:
    return Users(tuple(one.name for one in rules
                       if (main and one.main.casefold() == main.casefold())
                       or (quick and one.quick.casefold() == quick.casefold())))


def _changed(session: "Session", field: str, old: MainPolicy | QuickPolicy,
             new: MainPolicy | QuickPolicy) -> Answer:
    """Puts a policy in the place of another; rules that name it are negotiated anew."""
    found = live(session)
    kept: dict[str, Any] = {field: tuple(new if one is old else one
                                         for one in getattr(found, field))}
    edit(session, found._replace(**kept))
    return NOTHING


def _deleted(session: "Session", field: str,
             doomed: "tuple[MainPolicy | QuickPolicy, ...]") -> Answer:
    """Deletes policies; all of them or, when a rule names one, none."""
    found = live(session)
    kind = "Main mode policy" if field == "mains" else "Quick mode policy"
    for one in doomed:
        names = {"main": one.name} if field == "mains" else {"quick": one.name}
        _users(found.rules, **names).refuse(kind, one.name)
    kept: dict[str, Any] = {field: tuple(one for one in getattr(found, field)
                                         if one not in doomed)}
    edit(session, found._replace(**kept))
    return NOTHING


class AddMmpolicy(Command, words="ipsec dynamic add mmpolicy",
                  help="Adds a main mode policy to the running machine.", remarks=(REMARK,),
                  examples=('ipsec dynamic add mmpolicy name=mmp qmpermm=10 mmlifetime=300 '
                            'softsa=20 mmsec="3DES-SHA1-3 DES-SHA1-2 3DES-MD5-3"',)):
    """How main mode is made for the rules that name it."""

    name: str = tag(MainName(new=True), "Name of the policy.")
    qmpermm: int = tag(Number(), "Quick modes per main mode; 0 is no limit.", default=0)
    mmlifetime: int = tag(MINUTES, "Minutes until main mode is negotiated again.", default=480)
    softsaexpirationtime: int = tag(MINUTES, "Minutes that clear traffic stays agreed.",
                                    default=480)
    mmsecmethods: tuple[MainModeMethod, ...] = tag(
        MainModeMethods(), "Main mode security methods, the preferred first.",
        default=DEFAULT_MAIN_MODE)

    def run(self, session: "Session") -> Answer:
        """Adds it."""
        found = live(session)
        taken("main", self.name, tuple(one.name for one in found.mains))
        edit(session, found._replace(mains=(*found.mains, MainPolicy(
            self.name, self.qmpermm, self.mmlifetime, self.softsaexpirationtime,
            self.mmsecmethods))))
        return NOTHING


class SetMmpolicy(Command, words="ipsec dynamic set mmpolicy",
                  help="Modifies a main mode policy of the running machine.", remarks=(REMARK,),
                  examples=("ipsec dynamic set mmpolicy name=mmp mmlifetime=60",)):
    """What is not given stays as it is."""

    name: str = tag(MainName(), "Name of the policy.")
    qmpermm: int | None = tag(Number(), "Quick modes per main mode; 0 is no limit.",
                              default=None)
    mmlifetime: int | None = tag(MINUTES, "Minutes until main mode is negotiated again.",
                                 default=None)
    softsaexpirationtime: int | None = tag(MINUTES, "Minutes that clear traffic stays agreed.",
                                           default=None)
    mmsecmethods: tuple[MainModeMethod, ...] | None = tag(
        MainModeMethods(), "Main mode security methods, the preferred first.", default=None)

    def run(self, session: "Session") -> Answer:
        """Replaces it; rules that name it are negotiated anew."""
        old = main_of(live(session), self.name)
        return _changed(session, "mains", old, old._replace(**given(
            qmpermm=self.qmpermm, mmlifetime=self.mmlifetime,
            softsaexpirationtime=self.softsaexpirationtime, methods=self.mmsecmethods)))


class DeleteMmpolicy(Command, words="ipsec dynamic delete mmpolicy",
                     help="Deletes a main mode policy of the running machine.",
                     remarks=("One that a rule names is not deleted.",),
                     examples=("ipsec dynamic delete mmpolicy name=spare",)):
    """One policy or all of them."""

    name: str = tag(MainName(all=True), "Name of the policy, or all.")

    def run(self, session: "Session") -> Answer:
        """Deletes; of "all" either all or none."""
        found = live(session)
        return _deleted(session, "mains", found.mains if self.name == "all"
                        else (main_of(found, self.name),))


class AddQmpolicy(Command, words="ipsec dynamic add qmpolicy",
                  help="Adds a quick mode policy to the running machine.", remarks=(REMARK,),
                  examples=('ipsec dynamic add qmpolicy name=qmp pfsgroup=GRP2 '
                            'qmsec="ESP[3DES,SHA1]"',)):
    """What quick mode offers for the rules that name it."""

    name: str = tag(QuickName(new=True), "Name of the policy.")
    soft: bool = tag(YesNo(), "Clear traffic with a peer that has no IPsec.", default=False)
    pfsgroup: str = tag(Choice(*PFS_GROUPS), "Group of session key PFS.", default="NOPFS")
    qmsecmethods: tuple[QuickModeMethod, ...] = tag(
        QuickModeMethods(), "Quick mode security methods, the preferred first.",
        default=DEFAULT_QUICK_MODE)

    def run(self, session: "Session") -> Answer:
        """Adds it."""
        found = live(session)
        taken("quick", self.name, tuple(one.name for one in found.quicks))
        edit(session, found._replace(quicks=(*found.quicks, QuickPolicy(
            self.name, self.soft, self.pfsgroup, self.qmsecmethods))))
        return NOTHING


class SetQmpolicy(Command, words="ipsec dynamic set qmpolicy",
                  help="Modifies a quick mode policy of the running machine.",
                  remarks=(REMARK,),
                  examples=("ipsec dynamic set qmpolicy name=qmp pfsgroup=GRP2",)):
    """What is not given stays as it is."""

    name: str = tag(QuickName(), "Name of the policy.")
    soft: bool | None = tag(YesNo(), "Clear traffic with a peer that has no IPsec.",
                            default=None)
    pfsgroup: str | None = tag(Choice(*PFS_GROUPS), "Group of session key PFS.", default=None)
    qmsecmethods: tuple[QuickModeMethod, ...] | None = tag(
        QuickModeMethods(), "Quick mode security methods, the preferred first.", default=None)

    def run(self, session: "Session") -> Answer:
        """Replaces it; rules that name it are negotiated anew."""
        old = quick_of(live(session), self.name)
        return _changed(session, "quicks", old, old._replace(**given(
            soft=self.soft, pfsgroup=self.pfsgroup, methods=self.qmsecmethods)))


class DeleteQmpolicy(Command, words="ipsec dynamic delete qmpolicy",
                     help="Deletes a quick mode policy of the running machine.",
                     remarks=("One that a rule names is not deleted.",),
                     examples=("ipsec dynamic delete qmpolicy name=spare",)):
    """One policy or all of them."""

    name: str = tag(QuickName(all=True), "Name of the policy, or all.")

    def run(self, session: "Session") -> Answer:
        """Deletes; of "all" either all or none."""
        found = live(session)
        return _deleted(session, "quicks", found.quicks if self.name == "all"
                        else (quick_of(found, self.name),))


# --- show ---------------------------------------------------------------------------------------


def main_records(session: "Session", found: Live, name: str = "all") -> Records:
    """The policy in force, and what was added beside it."""
    rows = [(one, "Dynamic") for one in found.mains]
    active = session.config.active_policy()
    if active is not None:
        one = active[1]
        rows.insert(0, (MainPolicy(one.name, 1 if one.mmpfs else one.qmpermm, one.mmlifetime,
                                   methods=one.methods), active[0].capitalize()))
    return Records(tuple(Record((
        ("name", "Mainmode Policy Name", cells.name(one.name)),
        ("origin", "Origin", cells.enum(origin)),
        ("qmpermm", "QM per MM", cells.number(one.qmpermm)),
        ("mmlifetime", "Lifetime (minutes)", cells.number(one.mmlifetime)),
        ("softsaexpirationtime", "Soft SA expiration", cells.number(one.softsaexpirationtime)),
        ("methods", "Security Methods",
         cells.method(" ".join(format_main_mode(each) for each in one.methods))),
    ), "", "mmpolicy") for one, origin in rows
        if name.casefold() in ("all", one.name.casefold())), "No. of Main Mode Policies",
        "mmpolicies")


def quick_records(found: Live, name: str = "all") -> Records:
    """What was added; the quick modes of the policy in force are those of its filters."""
    return Records(tuple(Record((
        ("name", "QM Negotiation Policy", cells.name(one.name)),
        ("soft", "Soft", cells.yes(one.soft)),
        ("pfsgroup", "PFS Group", cells.enum(one.pfsgroup)),
        ("methods", "Security Methods",
         cells.method(" ".join(format_quick_mode(each) for each in one.methods))),
    ), "", "qmpolicy") for one in found.quicks
        if name.casefold() in ("all", one.name.casefold())), "No. of Quick Mode Policies",
        "qmpolicies")


class ShowMmpolicy(Command, words="ipsec dynamic show mmpolicy",
                   help="Displays main mode policies of the running machine.",
                   examples=("ipsec dynamic show mmpolicy all",)):
    """The one in force and the added ones."""

    name: str = tag(MainName(all=True), "Name of the policy, or all.", default="all")

    def run(self, session: "Session") -> Answer:
        """Raises CommandError for a name that is not there."""
        shown = main_records(session, live(session), self.name)
        if self.name != "all" and not shown.records:
            main_of(live(session), self.name)
        return Answer((shown,))


class ShowQmpolicy(Command, words="ipsec dynamic show qmpolicy",
                   help="Displays quick mode policies of the running machine.",
                   examples=("ipsec dynamic show qmpolicy all",)):
    """The added ones."""

    name: str = tag(QuickName(all=True), "Name of the policy, or all.", default="all")

    def run(self, session: "Session") -> Answer:
        """Raises CommandError for a name that is not there."""
        if self.name != "all":
            quick_of(live(session), self.name)
        return Answer((quick_records(live(session), self.name),))
