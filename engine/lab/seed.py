"""What makes two runs equal: the lab's epoch, its seed, and octets drawn from a seed."""

from engine.entropy import Entropy

EPOCH = 1079514000.0
"""2004-03-17 09:00:00 UTC in Unix seconds: the day KB 252735 was last modified."""
SEED = 252735


def seeded_entropy(seed: int, name: str) -> Entropy:
    """A stream of octets that depends on nothing but `seed` and `name`.

    Every host has its own stream, so that what one machine draws never moves another's.
    """
    from random import Random
    return Random(f"{seed}/{name}").randbytes
