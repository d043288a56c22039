"""When two configurations are equal: a hash over all but GUIDs and time stamps."""

import hashlib
from typing import TYPE_CHECKING

from engine.policy.model import LOCATIONS, Filter, Policy
from engine.policy.script import canonical

if TYPE_CHECKING:
    from engine.policy.store import Config


def digest(config: "Config") -> str:
    """SHA-256, in hexadecimal, over everything an operator could have typed."""
    sink = hashlib.sha256()
    with config.reading():
        for location in LOCATIONS:
            _feed(sink, tuple(_policy(config, one, location) for one in config.policies(location)))
            _feed(sink, tuple((one.name, one.description, tuple(
                _filter(each) for each in one.filters))
                for one in config.filterlists(location)))
            _feed(sink, tuple(one._replace(guid="", modified=0.0)
                              for one in config.filteractions(location)))
            _feed(sink, config.audit(location))
        interfaces = config.interfaces()
        _feed(sink, (config.machine, interfaces, config.routes(), config.settings()))
        _feed(sink, tuple(one._replace(guid="") for one in config.certificates()))
        for one in interfaces:
            _feed(sink, (config.rras_filters(one.name), config.fragcheck(one.name),
                         config.rras_default(one.name, "input"),
                         config.rras_default(one.name, "output")))
    return sink.hexdigest()


def _policy(config: "Config", one: Policy, location: str) -> tuple[object, ...]:
    rules = tuple(rule._replace(guid="", modified=0.0) for rule in config.rules(one.name, location))
    return one._replace(guid="", modified=0.0), rules


def _filter(one: Filter) -> Filter:
    return one._replace(guid="", source=canonical(one.source),
                        destination=canonical(one.destination))


def _feed(sink: "hashlib._Hash", value: object) -> None:
    """Feeds nested tuples without ambiguity: kind, length, content."""
    if isinstance(value, tuple):
        sink.update(b"(%d:" % len(value))
        for one in value:
            _feed(sink, one)
    else:
        # str.encode gives the octets of a Secret, which str() and repr() would mask.
        octets = value.encode() if isinstance(value, str) else repr(value).encode()
        kind = "str" if isinstance(value, str) else type(value).__name__
        sink.update(f"{kind}{len(octets)}:".encode() + octets)
