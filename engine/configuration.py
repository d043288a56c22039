"""What a host takes from the policy store, read once as one frozen value."""

from typing import NamedTuple

from engine.agent import PolicySnapshot, number_setting, read_policy
from engine.esp.replay import DEFAULT_WINDOW, MAX_WINDOW, MIN_WINDOW
from engine.pipeline.hold import HOLD_MOST, PER_NEGOTIATION
from engine.pipeline.node import OUTER_DF
from engine.policy.model import AuditSetting, Interface, Machine, Route, RrasDefault, RrasFilter
from engine.policy.store import Config


class HostSnapshot(NamedTuple):
    """All that a host needs of the store, read once; an equal one means nothing changed."""

    machine: Machine
    interfaces: tuple[Interface, ...]
    routes: tuple[Route, ...]
    filters: tuple[RrasFilter, ...]
    defaults: tuple[RrasDefault, ...]
    fragcheck: tuple[str, ...]
    audit: tuple[AuditSetting, ...]
    policy: PolicySnapshot
    hold: int
    outer_df: str = OUTER_DF[0]
    fragment_first: bool = False
    window: int = DEFAULT_WINDOW


def read_host(config: Config) -> HostSnapshot:
    """Reads a machine's configuration."""
    interfaces = config.interfaces()
    defaults = tuple(
        RrasDefault(one.name, direction, config.rras_default(one.name, direction))
        for one in interfaces for direction in ("input", "output"))
    fragcheck = tuple(one.name for one in interfaces if config.fragcheck(one.name))
    return HostSnapshot(config.machine, interfaces, config.routes(), config.rras_filters(),
                        defaults, fragcheck, config.effective_audit(), read_policy(config),
                        number_setting(config, "holdpackets", PER_NEGOTIATION, HOLD_MOST),
                        word_setting(config, "outerdf", OUTER_DF),
                        word_setting(config, "fragmentation", ("after", "before")) == "before",
                        max(number_setting(config, "replaywindow", DEFAULT_WINDOW, MAX_WINDOW),
                            MIN_WINDOW))


def word_setting(config: Config, key: str, words: tuple[str, ...]) -> str:
    """A machine's setting as one of some words; the first when it is anything else."""
    text = config.get_setting(key).casefold()
    return text if text in words else words[0]
