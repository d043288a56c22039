"""All that a run found, as JSON."""

from collections.abc import Sequence
from json import dumps

from transcripts.report import result_data
from transcripts.reports.junit import properties
from transcripts.results import BAD, SKIPPED, Report


def data(reports: Sequence[Report]) -> str:
    """An array with an object for each file."""
    return dumps([_file(one) for one in reports], indent=1, ensure_ascii=False) + "\n"


def _file(report: Report) -> dict[str, object]:
    return {
        "name": report.name, "file": report.path, "failed": report.failed,
        "commands": report.commands, "failures": report.count(*BAD),
        "skipped": report.count(SKIPPED), "incomplete": report.incomplete or report.problem,
        "seconds": round(report.seconds, 6), "properties": dict(properties(report)),
        "captures": {name: one.text for name, one in report.captures.items()},
        "results": [{**result_data(report, one), "section": one.exchange.section,
                     "label": one.exchange.label, "virtual": round(one.virtual, 6),
                     "output": [f"{line.sigil} {line.text}".rstrip() for line in one.lines]}
                    for one in report.results],
    }
