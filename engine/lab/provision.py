"""The lab's machines as they are on a fresh store: gwA bare, gwB the article's third party."""

from engine.policy.store import Store


def open_store(path: str, seed: int) -> Store:
    """Opens the store at `path` ("" for memory); a new one is given the lab's machines.

    Raises Broken like `Store.open`.
    """
    raise NotImplementedError


def provision(store: Store) -> None:
    """Writes the default machines in one transaction; time stamps are the lab's epoch."""
    raise NotImplementedError


def reset(store: Store) -> None:
    """`lab reset`: every machine back to its default, the others gone."""
    raise NotImplementedError
