"""Engine errors and our own bugs as CommandErrors: codes, exit classes, the word to blame."""

import os
import sys
from typing import TYPE_CHECKING

from commands.errors import CommandError, Span
from engine.errors import Broken, EngineError, NotFound, Refused

if TYPE_CHECKING:
    from commands.parser import Parse

# netsh's numbers: confirmed ones first, then those of its neighbours.
EXISTS_CODES = {"Policy": "IPsec[05005]", "FilterList": "IPsec[05010]",
                "FilterAction": "IPsec[05014]", "Rule": "IPsec[05020]"}
MISSING_CODES = {"Policy": "IPsec[05030]", "FilterList": "IPsec[05049]",
                 "FilterAction": "IPsec[05066]", "Rule": "IPsec[05071]"}
STORE_CODE = "IPsec[05073]"
EXIT_FAILED, EXIT_CANNOT_RUN, EXIT_LOCKED = 1, 3, 6
LOG_LIMIT = 1_000_000


def explain(failure: "EngineError | OSError", parsed: "Parse") -> CommandError:
    """The operator's form of an engine or system error."""
    if isinstance(failure, NotFound):
        code = MISSING_CODES.get(failure.kind, "not-found")
        return CommandError(code, str(failure), span=_typed(failure.name, parsed),
                            known=failure.known, exit=EXIT_FAILED)
    if isinstance(failure, Refused):
        codes = EXISTS_CODES if failure.rule == "name-taken" else {}
        return CommandError(codes.get(failure.kind, failure.rule), str(failure),
                            span=_typed(failure.name, parsed), fix=failure.hint, exit=EXIT_FAILED)
    if isinstance(failure, Broken):
        return broken(failure)
    if isinstance(failure, OSError):
        where = f"{failure.filename}: " if failure.filename else ""
        return CommandError("cannot-open", where + (failure.strerror or str(failure)),
                            exit=EXIT_FAILED)
    return CommandError("failed", str(failure), exit=EXIT_FAILED)


def broken(failure: Broken) -> CommandError:
    """Something outside failed: exit 6 for a locked store, 3 for everything else."""
    exit = EXIT_LOCKED if failure.kind == "locked" else EXIT_CANNOT_RUN
    code = STORE_CODE if failure.kind in ("locked", "damaged", "newer", "io") else failure.kind
    return CommandError(code, str(failure), exit=exit)


def _typed(name: str, parsed: "Parse") -> Span | None:
    """Where the operator typed that name."""
    for binding in parsed.bindings:
        if name and binding.text.lower() == name.lower() and not binding.tag.kind.secret:
            return Span(binding.start, binding.end)
    return None


def report_bug(bug: Exception, parsed: "Parse") -> CommandError:
    """Our own mistake: the traceback goes to the log, secrets masked; one line for the operator."""
    from commands.masking import mask
    path = _log(mask(parsed)[0], _traceback(bug, parsed))
    where = f"; {path} has the details" if path else ""
    return CommandError("internal", "ipsecsh made a mistake of its own "
                        f"({type(bug).__name__}){where}", exit=EXIT_FAILED)


def _traceback(bug: Exception, parsed: "Parse") -> str:
    import traceback
    text = "".join(traceback.format_exception(bug))
    for binding in parsed.bindings:
        if binding.tag.kind.secret and len(binding.text) > 1:
            text = text.replace(binding.text, "********")
    return text


def log_path() -> str:
    """The log file in the user's XDG state folder."""
    base = os.environ.get("XDG_STATE_HOME") or os.path.join(
        os.path.expanduser("~"), ".local", "state")
    return os.path.join(base, "ipsecsh", "ipsecsh.log")


def _log(line: str, text: str) -> str:
    """Appends to the log and gives its path, or "" when it cannot be written."""
    path = log_path()
    try:
        os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
        if os.path.exists(path) and os.path.getsize(path) > LOG_LIMIT:
            flags |= os.O_TRUNC
        with os.fdopen(os.open(path, flags, 0o600), "w", encoding="utf-8",
                       errors="backslashreplace") as log:
            log.write(f"python {sys.version.split()[0]}, line: {line}\n{text}\n")
    except OSError:
        return ""
    return path
