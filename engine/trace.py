"""The vocabulary of packet decisions: why a packet lived or died, as data.

Every stage of a host that decides about a packet may add one `Step`. Recording costs nothing
when nobody asked: a host records only while its `trace` list is not None.
"""

from typing import NamedTuple


class Step(NamedTuple):
    """One decision about one packet at one machine.

    `packet` is the trace id a packet keeps from birth through encapsulation to delivery;
    `stage` one of "receive", "rras-input", "rras-output", "route", "ttl", "spd", "hold", "ike",
    "esp", "ah", "fragment", "reassemble", "deliver", "link"; `verdict` "pass", "drop", "hold",
    "protect", "send" or "deliver"; `reason` a short stable name (it is also the drop counter's
    name); `detail` the object that decided (filter number, route, SPI) in words. `flow` is the
    packet as this stage saw it: source, destination, protocol and ports.
    """

    time: float
    machine: str
    packet: int
    stage: str
    verdict: str
    reason: str = ""
    detail: str = ""
    flow: tuple[int, int, int, int, int] = (0, 0, 0, 0, 0)
