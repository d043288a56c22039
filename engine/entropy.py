"""Where random octets come from: a type only, so that a whole run can be replayed.

The live driver passes the system's generator, the lab a seeded one. Nothing below the drivers
may reach for randomness by itself.
"""

from collections.abc import Callable

Entropy = Callable[[int], bytes]
"""Called with a number of octets, gives that many unpredictable ones."""
