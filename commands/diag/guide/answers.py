"""Files of answers, for a checklist that nobody sits at: NAME = yes, no or skip, one a line.

A question has its own name; a fix is ``fix.STEP``, all that have no line of their own ``fix``.
"""

from typing import TYPE_CHECKING

from commands.errors import CommandError
from engine.diagnose.guide.all import NAMES, STEPS
from engine.diagnose.guide.around import AUDIT
from engine.diagnose.guide.machine import FENCE

if TYPE_CHECKING:
    from commands.session import Session

YES, NO, SKIP = "yes", "no", "skip"
WORDS = (YES, NO, SKIP)
MOST = 1 << 16
FIX = "fix"
QUESTIONS = (FENCE.name, "hosts", "peer", AUDIT.name)
KNOWN = (FIX, *QUESTIONS, *(f"{FIX}.{name}" for name in NAMES))

Answers = dict[str, str]


def read(session: "Session", name: str) -> Answers:
    """The answers of a file. Raises CommandError, with file and line of a mistake."""
    try:
        octets = session.files.read(session.files.full(name, session.folder), MOST + 1)
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or error
        raise CommandError("file", f"{name} cannot be read: {why}", tag="answers") from None
    if len(octets) > MOST:
        raise CommandError("file", f"{name} is no file of answers: it is too long", tag="answers")
    found: Answers = {}
    for number, line in enumerate(octets.decode("utf-8-sig", "replace").splitlines(), 1):
        text = line.partition("#")[0].strip()
        if text:
            key, answer = _pair(name, number, text)
            found[key] = answer
    return found


def _pair(name: str, number: int, text: str) -> tuple[str, str]:
    key, equals, answer = (part.strip().lower() for part in text.partition("="))
    if not equals or key not in KNOWN:
        raise CommandError("bad-answer", f"{name}:{number}: '{key}' is no step and no question",
                           tag="answers", known=KNOWN)
    if answer not in WORDS:
        raise CommandError("bad-answer", f"{name}:{number}: '{answer}' is no answer",
                           tag="answers", known=WORDS)
    return key, answer


def written(answers: Answers) -> str:
    """A file of these answers, in the order of the steps; `read` reads it."""
    lines = ["# Answers for `checklist answers=FILE`: yes, no or skip."]
    order = {key: at for at, key in enumerate(KNOWN)}
    for key in sorted(answers, key=lambda one: order.get(one, len(order))):
        if key in order:
            lines.append(f"{key} = {answers[key]}" + _comment(key))
    return "\n".join(lines) + "\n"


def _comment(key: str) -> str:
    step = next((one for one in STEPS if key == f"{FIX}.{one.name}"), None)
    return f"  # {step.asks}" if step is not None else ""
