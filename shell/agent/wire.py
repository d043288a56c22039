"""What travels between a shell and an agent: framed JSON objects whose values keep their types.

A frame is four octets of length, then one JSON object with a "type". Blocks of answers travel as
they are: tuples, cells and secrets come out as what they went in.
"""

import json
import struct
from collections.abc import Callable
from typing import Any

from commands import answer
from commands.errors import CommandError, Span
from engine.policy.model import Secret

VERSION = 1
FRAME_MOST = 64 << 20
Message = dict[str, Any]

_LENGTH = struct.Struct("!I")
# All that an answer may be made of; a test sends one of each.
_VALUES: dict[str, Callable[..., Any]] = {
    name: one for name, one in vars(answer).items()
    if isinstance(one, type) and issubclass(one, tuple)}
_LISTS: dict[str, type[list[Any]]] = {
    name: one for name, one in vars(answer).items()
    if isinstance(one, type) and issubclass(one, list)}


class WireError(Exception):
    """The other end does not speak this protocol."""


def pack(message: Message) -> bytes:
    """One frame."""
    body = json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode(
        "utf-8", "surrogatepass")
    return _LENGTH.pack(len(body)) + body


class Frames:
    """Takes octets as they come, gives whole messages. Raises WireError."""

    def __init__(self) -> None:
        self._data = bytearray()

    def add(self, octets: bytes) -> list[Message]:
        """The messages that are complete now."""
        self._data += octets
        found: list[Message] = []
        while len(self._data) >= _LENGTH.size:
            size = _LENGTH.unpack_from(self._data)[0]
            if size > FRAME_MOST:
                raise WireError(f"a frame of {size} octets")
            end = _LENGTH.size + size
            if len(self._data) < end:
                break
            found.append(_message(bytes(self._data[_LENGTH.size:end])))
            del self._data[:end]
        return found


def _message(body: bytes) -> Message:
    try:
        message = json.loads(body.decode("utf-8", "surrogatepass"))
    except (ValueError, RecursionError):
        raise WireError("a frame that is no JSON") from None
    if not isinstance(message, dict) or not isinstance(message.get("type"), str):
        raise WireError("a frame without a type")
    return message


def encode(value: object, reveal: bool = False) -> Any:
    """A value as JSON; a secret is its mask unless the operator said reveal=yes."""
    if isinstance(value, Secret):
        return ["secret", value.reveal() if reveal else Secret.MASK]
    if value is None or isinstance(value, (str, int, float)):
        return value
    if isinstance(value, dict):
        return ["dict", [[encode(key, reveal), encode(one, reveal)]
                         for key, one in value.items()]]
    kind = type(value).__name__
    if kind in _VALUES or kind in _LISTS or kind in ("tuple", "list"):
        assert isinstance(value, (tuple, list))
        return [kind, *(encode(one, reveal) for one in value)]
    raise TypeError(f"no {kind} travels")


def decode(data: Any) -> Any:
    """The value of `encode`. Raises WireError."""
    if not isinstance(data, list):
        if isinstance(data, dict):
            raise WireError("an untyped object")
        return data
    if not data or not isinstance(data[0], str):
        raise WireError("an untyped list")
    kind, rest = data[0], data[1:]
    if kind == "secret":
        return Secret(str(rest[0]) if rest else "")
    try:
        if kind == "dict":
            return {decode(key): decode(one) for key, one in rest[0]}
        if kind == "tuple":
            return tuple(decode(one) for one in rest)
        if kind == "list" or kind in _LISTS:
            return _LISTS.get(kind, list)(decode(one) for one in rest)
        return _VALUES[kind](*(decode(one) for one in rest))
    except (KeyError, TypeError, ValueError, IndexError, RecursionError):
        raise WireError(f"a bad {kind}") from None


def encode_error(error: CommandError) -> Message:
    """A mistake as a JSON object."""
    return {"code": error.code, "text": error.text, "tag": error.tag, "span": error.span,
            "known": list(error.known), "fix": error.fix, "exit": error.exit, "line": error.line,
            "place": error.place, "values": encode(error.values)}


def decode_error(data: Message) -> CommandError:
    """The mistake of `encode_error`. Raises WireError."""
    try:
        span = Span(*data["span"]) if data["span"] else None
        error = CommandError(data["code"], data["text"], tag=data["tag"], span=span,
                             known=tuple(data["known"]), fix=data["fix"], exit=data["exit"],
                             values=tuple(decode(data["values"])))
        error.line, error.place = data["line"], data["place"]
    except (KeyError, TypeError):
        raise WireError("a bad error") from None
    return error


STATE = ("machine", "location", "domain", "batch", "folder")


def state_of(session: Any) -> Message:
    """What a line is typed in: context, machine, location, variables, and what the shell can do."""
    state: Message = {name: getattr(session, name) for name in STATE}
    return {**state, "context": list(session.context), "yes": session.yes,
            "variables": [[name, encode(value, True)] for name, value in session.variables.items()],
            "aliases": session.aliases, "asks": session.ask is not None,
            "waits": session.wait is not None}


def take_state(session: Any, state: Message) -> None:
    """Puts the other end's state into a session. Raises WireError."""
    try:
        for name in STATE:
            if type(state[name]) is not type(getattr(session, name)):
                raise WireError(f"a bad {name}")
            setattr(session, name, state[name])
        session.context = tuple(str(word) for word in state["context"])
        session.variables = {str(name): decode(value) for name, value in state["variables"]}
        session.aliases = {str(name): str(text) for name, text in state["aliases"].items()}
        session.yes = bool(state["yes"])
    except (KeyError, TypeError, ValueError, AttributeError):
        raise WireError("a bad state") from None
