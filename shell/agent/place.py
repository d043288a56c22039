"""Where an agent's socket is, and whether a shell should look for one."""

import os
from collections.abc import Mapping

SYSTEM = "/run/ipsecsh/agent.sock"
VARIABLE = "IPSECSH_AGENT"
PREFIX = "unix:"


def places(environment: Mapping[str, str]) -> tuple[str, ...]:
    """The sockets to try, in order; IPSECSH_AGENT names one, or "none"."""
    given = environment.get(VARIABLE, "")
    if given:
        return () if given == "none" else (given,)
    runtime = environment.get("XDG_RUNTIME_DIR", "")
    return (SYSTEM, *((os.path.join(runtime, "ipsecsh", "agent.sock"),) if runtime else ()))


def own_place(environment: Mapping[str, str]) -> str:
    """Where an agent of this user listens: systemd's runtime folder, or the user's."""
    folder = environment.get("RUNTIME_DIRECTORY", "").split(":")[0]
    if folder:
        return os.path.join(folder, "agent.sock")
    found = places({**environment, VARIABLE: ""})
    return found[0] if os.geteuid() == 0 or len(found) == 1 else found[1]


def found(environment: Mapping[str, str]) -> str:
    """The socket of an agent that should be running, "" when there is none."""
    return next((one for one in places(environment) if os.path.exists(one)), "")
