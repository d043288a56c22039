"""Engine errors, system errors and our own bugs as CommandErrors."""

import os
import sys
from typing import TYPE_CHECKING

from commands.errors import CommandError
from commands.places import state_folder
from engine.errors import EngineError

if TYPE_CHECKING:
    from commands.parser import Parse

LOG_LIMIT = 1_000_000


def explain(failure: "EngineError | OSError", parsed: "Parse") -> CommandError:
    """The operator's form of an engine or system error; its tag is the word to blame."""
    if isinstance(failure, EngineError):
        from commands.static.errors import engine_error_to_command_error
        built = parsed.command is not None and parsed.error is None and not parsed.missing
        return engine_error_to_command_error(failure, parsed.build() if built else None)
    where = f"{failure.filename}: " if failure.filename else ""
    return CommandError("cannot-open", where + (failure.strerror or str(failure)))


def explain_any(failure: Exception) -> CommandError:
    """The operator's form of a failure outside any line, as of a script's transaction."""
    from commands.parser import Parse
    nothing = Parse("", "empty")
    if isinstance(failure, EngineError):
        return explain(failure, nothing)
    return report_bug(failure, nothing)


def report_bug(bug: Exception, parsed: "Parse") -> CommandError:
    """Our own mistake: the traceback goes to the log, secrets masked; one line for the operator."""
    from commands.masking import mask
    path = _log(mask(parsed)[0], _traceback(bug, parsed))
    where = f"; {path} has the details" if path else ""
    return CommandError("internal", "ipsecsh made a mistake of its own "
                        f"({type(bug).__name__}){where}")


def _traceback(bug: Exception, parsed: "Parse") -> str:
    import traceback
    text = "".join(traceback.format_exception(bug))
    for binding in parsed.bindings:
        if binding.tag.kind.secret and len(binding.text) > 1:
            text = text.replace(binding.text, "********")
    return text


def log_path() -> str:
    """The log file in the user's XDG state folder."""
    return os.path.join(state_folder(os.environ), "ipsecsh.log")


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
