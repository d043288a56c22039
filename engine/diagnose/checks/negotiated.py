"""What the examination has of negotiations: our attempts, how they ended, lines that show it."""

from engine.diagnose import showing
from engine.diagnose.checks.declare import show
from engine.diagnose.exchange import Exchange
from engine.diagnose.finding import Evidence
from engine.diagnose.look import Look
from engine.history import Outcome

SHOWN = 9


def attempts(look: Look) -> list[Exchange]:
    """The negotiations that we began during the test, with anybody that our rules name.

    A single informational message is none: it may have left at the very end of the test.
    """
    side = look.side
    return [one for one in side.exchanges() if one.ours
            and any(each.name != "INFO" for each in one.messages)] if side is not None else []


def outcome(look: Look, mode: str) -> Outcome | None:
    """How the last negotiation of that mode with the other gateway ended."""
    if look.seen is None:
        return None
    ours = [one for one in look.seen.outcomes.get(look.own.name, ()) if one.mode == mode]
    return ours[-1] if ours else None


def wire_lines(look: Look, exchange: Exchange | None) -> tuple[Evidence, ...]:
    """The messages of a negotiation as the capture has them."""
    side = look.side
    if side is None or exchange is None:
        return ()
    lines = []
    for one in exchange.messages[:SHOWN]:
        extra = f", notify {one.notify}" if one.notify else ""
        again = " again" if one.again else ""
        lines.append(f"{one.time - exchange.messages[0].time:.2f} s "
                     f"{'out' if one.outgoing else 'in'} {one.name}{again}{extra}")
    return (show(look.own, look, showing.frames(look.own.name, side.outside), *lines),)


def event_lines(look: Look) -> tuple[Evidence, ...]:
    """The failure events of the test, as the log has them."""
    if look.seen is None:
        return ()
    failed = [one for one in look.seen.events.get(look.own.name, ()) if one.event_id == 547]
    if not failed:
        return ()
    fields = dict(failed[-1].fields)
    line = (f"event 547: {fields.get('Mode', '').strip()}, failure point "
            f"{fields.get('Failure Point', '')}: {fields.get('Failure Reason', '')}")
    return (show(look.own, look, showing.LAST_EVENT, " ".join(line.split())),)
