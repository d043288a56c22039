"""``~ wait``: whether a tunnel is up, an event was logged, so many associations are there."""

from typing import TYPE_CHECKING

from transcripts.conditions import related

if TYPE_CHECKING:
    from commands.session import Session
    from engine.host import Host
    from transcripts.directives import Wait


class NothingSuch(Exception):
    """No rule, policy or filter has the name; the text lists those that are in force."""


def is_so(wait: "Wait", session: "Session") -> bool:
    """Whether what is waited for is so now, on the current machine. Raises NothingSuch."""
    host = session.lab.hosts[session.machine]
    if wait.what == "event":
        return any(event.event_id == int(wait.name) for event in host.log)
    if wait.what == "sas":
        count = sum(pair.outbound is not None for pair in host.sad.pairs())
        return related(count, wait.operator, int(wait.wanted))
    return is_up(wait.name, host, _stored(session)) == (wait.wanted == "up")


def _stored(session: "Session") -> set[str]:
    """The policies of the current machine and their rules: what is not in force is down."""
    config = session.config
    policies = [one.name for one in config.policies()]
    return {name.casefold() for policy in policies
            for name in (policy, *(rule.name for rule in config.rules(policy)))}


def is_up(name: str, host: "Host", stored: set[str]) -> bool:
    """Whether an association of that rule, policy or filter may carry traffic."""
    wanted = name.casefold()
    named = {one.id: (one.rule, one.policy, one.name) for one in host.spd.entries}
    meant = {entry for entry, names in named.items()
             if wanted in (each.casefold() for each in names)}
    if not meant and wanted not in stored:
        known = sorted({each for names in named.values() for each in names if each})
        raise NothingSuch(f"nothing in force is called '{name}'"
                          + (f" (known: {', '.join(known)})" if known else ""))
    return any(pair.outbound is not None and pair.entry.partition("/")[0] in meant
               for pair in host.sad.pairs())
