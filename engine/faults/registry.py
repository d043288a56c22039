"""Every fault by its name, in the catalogue's order of layers."""

from engine.errors import NotFound
from engine.faults.fault import Fault
from engine.faults.machine import FILTERING, HOSTS, MAIN_MODE, ROUTING, SERVICES
from engine.faults.outside import PATH
from engine.faults.policy import POLICY, QUICK_MODE

FAULTS: dict[str, Fault] = {
    one.name: one for one in (*MAIN_MODE, *POLICY, *QUICK_MODE, *FILTERING, *ROUTING, *HOSTS,
                              *PATH, *SERVICES)}


def fault(name: str) -> Fault:
    """The fault of that name. Raises NotFound."""
    found = FAULTS.get(name.lower())
    if found is None:
        raise NotFound("Fault", name, tuple(FAULTS))
    return found
