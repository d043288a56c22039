"""Where the secrets of a run come from: a file, the environment, the operator, or nowhere."""

import os
from collections.abc import Callable, Mapping

from engine.entropy import Entropy
from engine.policy.model import Secret
from transcripts.octets import read_octets

# A careful administrator's key, in signs that no language has to quote, and a careless one's.
GENERATED_OCTETS = 24
WEAK_LETTERS = 8
FILE_MOST = 4096


class NoSecret(Exception):
    """A secret that cannot be had; the text says which and why, and not what it is."""


def resolve(name: str, source: str, entropy: Entropy, environment: Mapping[str, str],
            ask: Callable[[str], str] | None, folder: str = "") -> Secret:
    """The secret of a source: generate, weak, ask, env:NAME or @FILE. Raises NoSecret."""
    if source in ("generate", "weak"):
        from base64 import b32encode
        made = b32encode(entropy(GENERATED_OCTETS)).decode().rstrip("=").lower()
        return Secret(made if source == "generate" else made[:WEAK_LETTERS])
    if source == "ask":
        if ask is None:
            raise NoSecret(f"secret '{name}' is to be asked for, and nobody is there to answer")
        value = ask(f"Secret {name}: ")
    elif source.startswith("env:"):
        value = environment.get(source[4:], "")
    else:
        value = _read(name, os.path.join(folder, os.path.expanduser(source[1:])))
    if not value:
        raise NoSecret(f"secret '{name}' is empty: {source} gives nothing")
    return Secret(value)


def _read(name: str, path: str) -> str:
    try:
        return read_octets(path, FILE_MOST).decode().rstrip("\r\n")
    except OSError as error:
        raise NoSecret(f"secret '{name}': {path} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise NoSecret(f"secret '{name}': {path} is not UTF-8 text") from None
