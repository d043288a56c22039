"""`diag list`: the checks there are, and what each of them can find."""

from typing import TYPE_CHECKING

from commands import cells
from commands.answer import Answer, Table
from commands.kinds import Choice
from commands.spec import Command, tag
from engine.diagnose.checks.all import CHECKS
from engine.diagnose.checks.declare import PHASES

if TYPE_CHECKING:
    from commands.session import Session

COLUMNS = (("name", "Check"), ("phase", "Phase"), ("kind", "From"), ("asks", "Question"))
CODES = (("code", "Code"), ("check", "Check"), ("severity", "Severity"), ("title", "Cause"))


class DiagList(Command, words="diag list", help="Lists the checks, or the causes they can find.",
               remarks=("From says what a check reads: static is configuration alone, live a test "
                        "with packets, history what was kept.",),
               examples=("diag list", "diag list what=codes", "diag list phase=negotiation")):
    """Two tables, one at a time."""

    what: str = tag(Choice("checks", "codes"), "What is listed.", default="checks")
    phase: str = tag(Choice("all", *PHASES), "Only this part.", default="all")

    def run(self, session: "Session") -> Answer:
        """In the order in which they are asked."""
        checks = [one for one in CHECKS if self.phase in ("all", one.phase)]
        if self.what == "checks":
            return Answer((Table(COLUMNS, tuple(
                (cells.name(one.name), cells.enum(one.phase), cells.enum(one.kind),
                 cells.text(one.asks)) for one in checks), "", "checks"),))
        from engine.diagnose.causes.known import CAUSES
        found = {code: one.name for one in reversed(checks) for code in one.codes}
        rows = [(cells.enum(code), cells.name(found.get(code, "anything")),
                 cells.enum(cause.severity), cells.text(cause.title))
                for code, cause in CAUSES.items() if self.phase == "all" or code in found]
        return Answer((Table(CODES, tuple(rows), "", "codes"),))
