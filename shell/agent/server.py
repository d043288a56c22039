"""The agent's end of the socket: who may come, one thread a shell, one command at a time.

The loop's thread reads and writes the sockets; a shell's thread runs its lines with the turn in
its hand. What a shell is slow to read waits in a bounded buffer, so nobody holds up the packets.
"""

import os
import socket
import struct
import threading
from base64 import b64decode, b64encode
from contextlib import ExitStack
from errno import EADDRINUSE
from queue import Queue
from typing import TYPE_CHECKING, Any

from commands.answer import Block
from commands.errors import CommandError, Interrupted
from commands.files import Files
from commands.session import Session
from engine.errors import Broken
from shell.agent.wire import (
    VERSION,
    Frames,
    Message,
    WireError,
    encode,
    encode_error,
    pack,
    state_of,
    take_state,
)
from shell.operator import login

if TYPE_CHECKING:
    from collections.abc import Callable

    from engine.live.gateway import Gateway
    from engine.policy.store import Store

SITTINGS_MOST = 32
UNREAD_MOST = 64 << 20
LOCKED_EXIT, LOCKED_SECONDS, LOCKED_RETRY = 6, 5.0, 0.05
_CREDENTIALS = struct.Struct("3i")


class Server:
    """Listens at `path`. Raises Broken: "in-use" when an agent does so already, "io"."""

    def __init__(self, gateway: "Gateway", path: str, open_store: "Callable[[], Store]",
                 requests: "dict[str, Callable[[], Message]]") -> None:
        self.gateway, self.path, self.open_store = gateway, path, open_store
        self.requests = requests
        self.sittings: set[Sitting] = set()
        self.refused = 0
        self._socket = _listen(path)
        gateway.loop.watch(self._socket.fileno(), self._accept)

    def _accept(self) -> None:
        try:
            peer, _ = self._socket.accept()
        except OSError:
            return
        pid, uid, _ = _CREDENTIALS.unpack(peer.getsockopt(
            socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size))
        if uid not in (0, os.geteuid()) or len(self.sittings) >= SITTINGS_MOST:
            self.refused += 1
            text = ("too many shells" if uid in (0, os.geteuid())
                    else f"user {uid} may not talk to this agent")
            self.gateway.log("shell-refused", priority=4, uid=uid, pid=pid, text=text)
            _refuse(peer, text)
            return
        peer.setblocking(False)
        self.sittings.add(Sitting(self, peer, uid, pid))

    def close(self) -> None:
        """No shell comes any more; those that are there are sent away."""
        self.gateway.loop.forget(self._socket.fileno())
        self._socket.close()
        for one in list(self.sittings):
            one.end()
        if os.path.exists(self.path):
            os.unlink(self.path)


def _refuse(peer: socket.socket, text: str) -> None:
    error = CommandError("agent", text, exit=3)
    try:
        peer.settimeout(0.5)
        peer.sendall(pack({"type": "refused", "error": encode_error(error)}))
    except OSError:
        pass
    peer.close()


def _listen(path: str) -> socket.socket:
    one = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK
                        | socket.SOCK_CLOEXEC)
    before = os.umask(0o177)
    try:
        folder = os.path.dirname(path)
        os.makedirs(folder, mode=0o700, exist_ok=True)
        try:
            one.bind(path)
        except OSError as error:
            if error.errno != EADDRINUSE or _answers(path):
                raise
            os.unlink(path)  # left by an agent that died
            one.bind(path)
        one.listen(16)
    except OSError as error:
        one.close()
        if error.errno == EADDRINUSE:
            raise Broken("in-use", f"an agent is running already at {path}") from None
        raise Broken("io", f"the socket {path} cannot be made: {error.strerror}") from None
    finally:
        os.umask(before)
    return one


def _answers(path: str) -> bool:
    """Whether somebody listens there."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        try:
            probe.connect(path)
        except ConnectionRefusedError:
            return False
        except OSError:
            return True
        return True


class Gone(Exception):
    """The shell at the other end has left."""


class OperatorFiles(Files):
    """Files where the operator's shell runs, read and written by it."""

    def __init__(self, sitting: "Sitting") -> None:
        self._sitting = sitting
        self.home = "/"

    def full(self, name: str, folder: str) -> str:
        if name == "~" or name.startswith("~/"):
            name = self.home + name[1:]
        return os.path.join(folder, name)

    def read(self, path: str, most: int) -> bytes:
        return b64decode(self._sitting.ask({"type": "read", "path": path, "most": most})["data"])

    def folder(self, path: str) -> None:
        self._send(path, b"", "folder")

    def write(self, path: str, octets: bytes, append: bool = False) -> None:
        self._send(path, octets, "append" if append else "write")

    def exists(self, path: str) -> bool:
        return bool(self._sitting.ask({"type": "exists", "path": path})["exists"])

    def replace(self, path: str, octets: bytes) -> None:
        self._send(path, octets, "replace")

    def _send(self, path: str, octets: bytes, verb: str) -> None:
        self._sitting.ask({"type": verb, "path": path, "data": b64encode(octets).decode()})


class Sitting:
    """One shell: its socket, its session, its thread."""

    def __init__(self, server: Server, peer: socket.socket, uid: int, pid: int) -> None:
        self.server, self.peer, self.uid, self.pid = server, peer, uid, pid
        self.loop = server.gateway.loop
        self.stop = threading.Event()
        self._frames = Frames()
        self._requests: Queue[Message | None] = Queue()
        self._replies: Queue[Message | None] = Queue()
        self._unread = bytearray()
        self._sending = threading.Lock()
        self._open = True
        self._files = OperatorFiles(self)
        self._atomic: ExitStack | None = None
        self.session: Session | None = None
        self.loop.watch(peer.fileno(), self._read)
        threading.Thread(target=self._work, name=f"shell {pid}", daemon=True).start()

    # --- the loop's thread ---------------------------------------------------------------------

    def _read(self) -> None:
        try:
            octets = self.peer.recv(1 << 16)
            messages = self._frames.add(octets)
        except BlockingIOError:
            return
        except (OSError, WireError):
            octets, messages = b"", []
        if not octets:
            self.end()
            return
        for one in messages:
            if one["type"] == "interrupt":
                self.stop.set()
                self.loop.progress()
            elif one["type"] == "reply":
                self._replies.put(one)
                self.loop.progress()
            else:
                self._requests.put(one)

    def _flush(self) -> None:
        with self._sending:
            try:
                sent = self.peer.send(self._unread)
                del self._unread[:sent]
            except BlockingIOError:
                return
            except OSError:
                self._unread.clear()
            if not self._unread and self._open:
                self.loop.watch_writable(self.peer.fileno(), None)

    def end(self) -> None:
        """The shell has gone, or has to; its thread finds out. In the loop's thread only."""
        if not self._open:
            return
        self._open = False
        self.loop.forget(self.peer.fileno())
        self.server.sittings.discard(self)
        self.stop.set()
        self._requests.put(None)
        self._replies.put(None)
        self.loop.progress()
        self.peer.close()

    # --- the shell's thread --------------------------------------------------------------------

    def send(self, message: Message) -> None:
        """Sends a message, or keeps it until the shell reads. Raises Gone."""
        octets = pack(message)
        with self._sending:
            if not self._open or len(self._unread) + len(octets) > UNREAD_MOST:
                raise Gone
            if not self._unread:
                try:
                    octets = octets[self.peer.send(octets):]
                except BlockingIOError:
                    pass
                except OSError:
                    raise Gone from None
            if octets:
                self._unread += octets
                self.loop.watch_writable(self.peer.fileno(), self._flush)
                self.loop.wake()

    def ask(self, message: Message) -> Message:
        """Asks the shell for something and waits; packets go on. Raises Gone, OSError."""
        self.send(message)
        while self._replies.empty():
            if not self._open:
                raise Gone
            self.loop.sleep(0.05)
        reply = self._replies.get()
        if reply is None:
            raise Gone
        if "errno" in reply:
            raise OSError(int(reply["errno"]), str(reply.get("text", "")))
        return reply

    def _work(self) -> None:
        session: Session | None = None
        try:
            with self.loop.turn():
                session = self.session = self._session()
            while (request := self._requests.get()) is not None:
                self._serve(request, session)
        except Gone:
            pass
        except Exception as bug:
            from commands.failures import report_bug
            from commands.parser import Parse
            text = str(report_bug(bug, Parse("", "empty")))
            self.server.gateway.log("bug", priority=2, text=text)
        finally:
            with self.loop.turn():
                if self._atomic is not None:
                    self._atomic.__exit__(Gone, Gone(), None)
                if session is not None:
                    session.close()
                self.end()

    def _session(self) -> Session:
        gateway = self.server.gateway
        session = Session(machine=gateway.name)
        session.user, session.emit, session.files = login(self.uid), self._emit, self._files
        session.attach(self.server.open_store(), gateway)
        gateway.interrupted_by(self.stop)
        return session

    def _serve(self, request: Message, session: Session) -> None:
        kind = request["type"]
        if kind == "line":
            self._line(request, session)
        elif kind == "begin" or kind == "end":
            self._transact(kind, bool(request.get("done")), session)
        elif kind == "hello":
            with self.loop.turn():
                self.send({"type": "hello", "version": VERSION, "machine": session.machine,
                           **self._figures(session)})
        elif kind == "store":
            with self.loop.turn():
                octets = session.store.copy_without_keys()
            self.send({"type": "store", "data": b64encode(octets).decode()})
        elif kind in self.server.requests:
            with self.loop.turn():
                answer = self.server.requests[kind]()
            self.send({"type": kind, **answer})
        else:
            error = CommandError("agent", f"this agent knows no request '{kind}'", exit=3)
            self.send({"type": "done", "error": encode_error(error)})

    def _figures(self, session: Session) -> Message:
        up = sum(one.outbound is not None for one in self.server.gateway.host.sad.pairs())
        return {"generation": session.base.generation(), "uncommitted": session.uncommitted,
                "names": self.server.gateway.names_of_article(), "offline": session.offline,
                "deadline": session.deadline, "associations": up}

    def _emit(self, block: Block) -> None:
        reveal = self.session is not None and self.session.reveal
        self.send({"type": "block", "block": encode(block, reveal)})

    def _line(self, request: Message, session: Session) -> None:
        """Runs one line; a store that another writer holds is waited for without the turn."""
        waited = 0.0
        while True:
            with self.loop.turn():
                done = self._run(request, session)
            locked = done.get("error", {}).get("exit") == LOCKED_EXIT
            if not locked or waited >= LOCKED_SECONDS:
                break
            self.stop.wait(LOCKED_RETRY)
            waited += LOCKED_RETRY
        self.send({"type": "done", **done})

    def _run(self, request: Message, session: Session) -> Message:
        from commands.failures import explain_any
        from commands.run import run_line
        state = request.get("state")
        done: Message = {}
        try:
            if not isinstance(state, dict) or not isinstance(request.get("text"), str):
                raise WireError("a line without its state")
            take_state(session, state)
            self._files.home = str(state.get("home", "/"))
            session.ask = self._question if state.get("asks") else None
            session.wait = self._wait if state.get("waits") else None
            self.server.gateway.refresh()
            answer = run_line(request["text"], session)
            done["answer"] = encode(answer, session.reveal)
        except CommandError as mistake:
            done["error"] = encode_error(mistake)
        except (Interrupted, KeyboardInterrupt):
            done["interrupted"] = True
        except Gone:
            raise
        except WireError as wrong:
            done["error"] = encode_error(CommandError("agent", f"not understood: {wrong}", exit=3))
        except Exception as failure:
            done["error"] = encode_error(explain_any(failure))
        done["state"] = state_of(session)
        self.stop.clear()
        return {**done, **self._figures(session)}

    def _question(self, question: str) -> str:
        return str(self.ask({"type": "ask", "question": question}).get("text", ""))

    def _wait(self, seconds: float) -> None:
        gateway = self.server.gateway
        gateway.run(gateway.now + seconds)

    def _transact(self, kind: str, done: bool, session: Session) -> None:
        """`--atomic`: one transaction from "begin" to "end"."""
        result: Message = {}
        with self.loop.turn():
            try:
                if kind == "begin" and self._atomic is None:
                    self._atomic = ExitStack()
                    self._atomic.enter_context(session.store.transaction())
                    session.atomic = True
                elif kind == "end" and self._atomic is not None:
                    stack, self._atomic = self._atomic, None
                    session.atomic = False
                    raised: Any = (None, None, None) if done else (Gone, Gone(), None)
                    stack.__exit__(*raised)
                    session.world.reload()
            except Broken as failure:
                from commands.failures import explain_any
                self._atomic = None
                result["error"] = encode_error(explain_any(failure))
            self.send({"type": "done", **result, "state": state_of(session),
                       **self._figures(session)})
