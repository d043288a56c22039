"""What the examination has of negotiations: our attempts, how they ended, lines that show it."""

from engine.diagnose import showing
from engine.diagnose.checks.declare import show
from engine.diagnose.exam.run import BIG, IP_AND_ICMP
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


_ANSWERED = tuple((f"{mode}{number}", f"{mode}{number + 1}")
                  for mode, last in (("MM", 6), ("QM", 3)) for number in range(1, last))


def unheard(look: Look) -> Exchange | None:
    """The negotiation in which the other gateway repeats what we have answered, if any."""
    for one in reversed(look.side.exchanges() if look.side is not None else []):
        for name, answer in _ANSWERED:
            if sum(each.again for each in one.named(name, False)) and sum(
                    each.again for each in one.named(answer, True)):
                return one
    return None


def too_long(look: Look) -> int:
    """Octets of echoes that the other gateway never answered, though it answers short ones; they
    are as long as the message of IKE that it did not answer either. 0 for none.
    """
    big = look.seen.probe(BIG) if look.seen is not None else None
    if look.seen is None or big is None or look.seen.replies(BIG):
        return 0
    return big.size + IP_AND_ICMP


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
