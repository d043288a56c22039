"""What this process may do, and what is missing for an agent, in words."""

from pathlib import Path

CAPABILITIES = {"CAP_NET_BIND_SERVICE": 10, "CAP_NET_ADMIN": 12, "CAP_NET_RAW": 13}
WHY = {
    "CAP_NET_ADMIN": "the TUN device, routes, rules and the filter table",
    "CAP_NET_RAW": "ESP, AH and captures",
    "CAP_NET_BIND_SERVICE": "UDP port 500",
}
STATUS = Path("/proc/self/status")


def effective() -> int:
    """The effective capabilities of this process as bits."""
    for line in STATUS.read_text().splitlines():
        if line.startswith("CapEff:"):
            return int(line.split()[1], 16)
    return 0


def missing(mask: int) -> tuple[str, ...]:
    """The capabilities an agent needs and `mask` lacks, each with what it is needed for."""
    return tuple(f"{name} (for {why})" for name, why in WHY.items()
                 if not mask >> CAPABILITIES[name] & 1)
