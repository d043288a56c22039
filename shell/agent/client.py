"""The shell's end of the socket: a session whose commands run in an agent."""

import os
import socket
from base64 import b64decode, b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from commands.answer import Answer
from commands.errors import CommandError, Interrupted
from commands.files import Files
from commands.session import Session
from shell.agent.wire import (
    VERSION,
    Frames,
    Message,
    WireError,
    decode,
    decode_error,
    pack,
    state_of,
    take_state,
)

if TYPE_CHECKING:
    from engine.lab.lab import Lab
    from engine.policy.store import Store
    from engine.world import World

UNABLE_EXIT = 3
CONNECT_SECONDS = 5.0


def unreachable(path: str, reason: str, fix: str = "ipsecsh -r lab") -> CommandError:
    """No agent can be talked to at `path`."""
    return CommandError("agent", f"the agent at {path} cannot be reached: {reason}",
                        fix=fix, exit=UNABLE_EXIT)


class Agent:
    """One connection. Raises CommandError (exit 3) whenever the agent is not there any more."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.associations = 0
        self.generation = -1
        self.offline, self.uncommitted = False, 0
        self.deadline: float | None = None
        self._open()

    def _open(self) -> None:
        self._frames = Frames()
        self._waiting: list[Message] = []
        self._lost = False
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
        try:
            self._connect(self.path)
            self.hello = self.request({"type": "hello", "version": VERSION}, "hello")
            self._socket.settimeout(None)
            if self.hello.get("version") != VERSION:
                raise unreachable(self.path, "it is of another version", "restart the agent")
        except BaseException:
            self._socket.close()
            raise
        self._note(self.hello)

    def _connect(self, path: str) -> None:
        try:
            self._socket.settimeout(CONNECT_SECONDS)
            self._socket.connect(path)
        except PermissionError:
            raise unreachable(path, "this user may not talk to it",
                              "run it as root or as the agent's user") from None
        except ConnectionRefusedError:
            raise unreachable(path, "no agent is running there",
                              "start it (ipsecsh agent run), or ipsecsh -r lab") from None
        except OSError as error:
            raise unreachable(path, error.strerror or str(error)) from None

    def close(self) -> None:
        """Says nothing more."""
        self._socket.close()

    # --- messages ------------------------------------------------------------------------------

    def _send(self, message: Message) -> None:
        try:
            self._socket.sendall(pack(message))
        except OSError as error:
            self._lost = True
            raise unreachable(self.path, error.strerror or "it has gone") from None

    def _receive(self) -> Message:
        while not self._waiting:
            try:
                octets = self._socket.recv(1 << 16)
                self._waiting += self._frames.add(octets)
            except (OSError, WireError) as error:
                self._lost = True
                raise unreachable(self.path, str(error)) from None
            if not octets:
                self._lost = True
                raise unreachable(self.path, "it has ended")
        message = self._waiting.pop(0)
        if message["type"] == "refused":
            raise decode_error(message["error"])
        return message

    def request(self, message: Message, wanted: str) -> Message:
        """Sends a message and gives the answer of the wanted type."""
        try:
            self._send(message)
        except CommandError:
            # An agent that sends us away says why before it closes.
            self._receive()
            raise
        while True:
            answer = self._receive()
            if answer["type"] == wanted:
                return answer
            if answer["type"] == "done" and "error" in answer:
                raise decode_error(answer["error"])

    def _note(self, message: Message) -> None:
        self.associations = int(message.get("associations", 0))
        self.generation = int(message.get("generation", -1))
        self.offline = bool(message.get("offline"))
        self.uncommitted = int(message.get("uncommitted", 0))
        deadline = message.get("deadline")
        self.deadline = None if deadline is None else float(deadline)
        self.names = {str(name): str(text) for name, text in message.get("names", {}).items()}

    # --- what commands.remote asks -------------------------------------------------------------

    def run(self, text: str, session: Session) -> Answer:
        """Runs one command there; blocks are emitted as they come."""
        if self._lost:
            # The agent may have been started again meanwhile.
            self._socket.close()
            self._open()
        state = state_of(session)
        folder = os.path.abspath(session.folder)
        self._send({"type": "line", "text": text,
                    "state": {**state, "folder": folder, "home": os.path.expanduser("~")}})
        done = self._until_done(session)
        if "state" in done:
            folder, yes = session.folder, session.yes
            take_state(session, done["state"])
            session.folder, session.yes = folder, yes
        self._note(done)
        session.deadline = self.deadline
        session.variables.update(self.names)
        if "error" in done:
            raise decode_error(done["error"])
        if done.get("interrupted"):
            raise Interrupted
        answer = decode(done["answer"])
        assert isinstance(answer, Answer)
        return answer

    def _until_done(self, session: Session) -> Message:
        interrupted = False
        while True:
            try:
                message = self._receive()
            except KeyboardInterrupt:
                if interrupted:
                    raise
                interrupted = True
                self._send({"type": "interrupt"})
                continue
            if message["type"] == "done":
                return message
            if message["type"] == "block":
                session.emit(decode(message["block"]))
            else:
                self._send({"type": "reply", **self._reply(message, session)})

    def _reply(self, message: Message, session: Session) -> Message:
        """What the agent wants of the operator or of the operator's files."""
        files, path = Files(), str(message.get("path", ""))
        try:
            if message["type"] == "ask":
                return {"text": session.ask(str(message["question"])) if session.ask else ""}
            if message["type"] == "read":
                return {"data": b64encode(files.read(path, int(message["most"]))).decode()}
            if message["type"] == "exists":
                return {"exists": files.exists(path)}
            octets = b64decode(message["data"])
            if message["type"] == "folder":
                files.folder(path)
            elif message["type"] == "replace":
                files.replace(path, octets)
            else:
                files.write(path, octets, message["type"] == "append")
        except OSError as error:
            return {"errno": error.errno or 5, "text": error.strerror or str(error)}
        return {}

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All lines within it become true together, or none."""
        self._transact({"type": "begin"})
        try:
            yield
        except BaseException:
            self._transact({"type": "end", "done": False})
            raise
        self._transact({"type": "end", "done": True})

    def _transact(self, message: Message) -> None:
        done = self.request(message, "done")
        if "error" in done:
            raise decode_error(done["error"])

    def store(self) -> "Store":
        """A copy of the agent's store, to complete names from; it holds no key."""
        from engine.policy.store import Store
        return Store.from_copy(b64decode(self.request({"type": "store"}, "store")["data"]))


class RemoteSession(Session):
    """A session whose store and machine are an agent's."""

    def __init__(self, agent: Agent, **options: Any) -> None:
        super().__init__("", machine=str(agent.hello["machine"]), **options)
        self.agent = self.remote = agent
        self.variables = dict(agent.names)
        self._copied: tuple[object, ...] = ()

    @property
    def store(self) -> "Store":
        """A copy of the agent's store as of the last command."""
        now = (self.agent.generation, self.agent.offline, self.agent.uncommitted)
        if self._store is None or self._copied != now:
            if self._store is not None:
                self._store.close()
            self._store = self.agent.store()
            self._copied = now
        return self._store

    @property
    def base(self) -> "Store":
        return self.store

    @property
    def offline(self) -> bool:
        return self.agent.offline

    @property
    def uncommitted(self) -> int:
        return self.agent.uncommitted

    def look_due(self) -> None:
        """The agent sees to it."""

    @property
    def live(self) -> bool:
        return True

    @property
    def world(self) -> "World":
        raise CommandError("live", "the machine is the agent's", exit=UNABLE_EXIT)

    @property
    def lab(self) -> "Lab":
        raise CommandError("live", "this is a live machine, and that belongs to the lab",
                           fix="ipsecsh -r lab", exit=UNABLE_EXIT)

    def wall(self) -> float:
        from time import time
        return time()

    def settle(self) -> None:
        """The agent sees to it."""

    def close(self) -> None:
        super().close()
        self.agent.close()

