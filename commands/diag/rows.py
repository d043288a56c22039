"""The rows of the diagnosis in the table of all words (`commands.index`)."""

_CHECKLIST, _REPORT = "commands.diag.checklist:", "commands.report.command:"

# (path, "module:Class", help)
DIAGNOSIS: tuple[tuple[str, str, str], ...] = (
    ("diag check", "commands.diag.check:DiagCheck",
     "Names what is wrong with the tunnel, and what to type about it."),
    ("diag explain", "commands.diag.explain:DiagExplain",
     "Explains a cause, an event of the log, a rule, or the last finding."),
    ("diag fix", "commands.diag.fix:DiagFix",
     "Mends the first cause that diag check names, with your consent."),
    ("diag list", "commands.diag.listing:DiagList",
     "Lists the checks, or the causes they can find."),
    ("diag negotiation", "commands.diag.negotiation:DiagNegotiation",
     "Shows failed negotiations: offered against expected."),
    ("diag probe", "commands.diag.probing:DiagProbe",
     "Asks the other gateway which offers it accepts, one at a time."),
    ("diag trace", "commands.diag.trace:DiagTrace",
     "Follows a packet through every stage of every machine."),
    ("diag checklist", _CHECKLIST + "DiagChecklist",
     "Walks the article's steps with live evidence, verdicts and fixes."),
    ("checklist", _CHECKLIST + "Checklist",
     "Walks the article's steps with live evidence, verdicts and fixes."),
    ("diag checklist resume", _CHECKLIST + "DiagChecklistResume",
     "Goes on with a checklist that was left."),
    ("checklist resume", _CHECKLIST + "ChecklistResume",
     "Goes on with a checklist that was left."),
    ("diag checklist report", _REPORT + "DiagChecklistReport",
     "Writes the last checklist as a report to hand on."),
    ("checklist report", _REPORT + "ChecklistReport",
     "Writes the last checklist as a report to hand on."),
    ("support bundle", "commands.support.command:SupportBundle",
     "Packs report, configuration, logs, captures and counters into one file."),
    ("diag checklist undo", _CHECKLIST + "DiagChecklistUndo",
     "Undoes a fix that the checklist has typed."),
    ("checklist undo", _CHECKLIST + "ChecklistUndo",
     "Undoes a fix that the checklist has typed."),
)
