"""Consoles that a transcript is typed at: a router of FRR, and a gateway behind OpenSSH's server.

Both come from Debian and run in a chroot with an /etc of their own: the account that logs in is
none of the machine's. A console is reached through a small script, as a person's alias would do it.
"""

import os
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.support.live.network import WAN_B, Network
from tests.support.live.processes import Program, wait_for
from tests.support.live.roots import chroot_argv, root

ROOT = "consoles"
PROGRAM = Path(sys.executable).parent / "ipsecsh"
PASSWORD = "Zebra-over-ssh-4471"
USER, PORT = "gw", 2222
PASSWD = """root:x:0:0::/work:/bin/sh
gw:x:0:0::/work:/work/login
sshd:x:100:65534::/run/sshd:/bin/false
frr:x:101:101::/run:/bin/false
"""
GROUP = "root:x:0:\nnogroup:x:65534:\nfrr:x:101:\nfrrvty:x:102:root,frr\n"
SERVER = f"""ListenAddress {WAN_B}:{PORT}
HostKey /work/host_key
PidFile none
UsePAM no
PermitRootLogin yes
AuthorizedKeysFile /work/authorized_keys
StrictModes no
KbdInteractiveAuthentication no
PrintMotd no
PrintLastLog no
"""
# What is behind the login: a shell of ours on the machine itself, or the words of the client.
LOGIN = """#!/bin/dash
run="exec {program} --store {store}"
[ "$1" = -c ] && run=$2
exec chroot /host env -i TERM="$TERM" PATH={path}:/usr/bin:/bin HOME={home} \\
    XDG_STATE_HOME={home} sh -c "$run"
"""


def script(path: Path, argv: Sequence[str], **env: str) -> Path:
    """An executable that runs `argv`, followed by its own words."""
    lines = [f"export {key}={shlex.quote(value)}" for key, value in env.items()]
    path.write_text("\n".join(("#!/bin/sh", *lines, f'exec {shlex.join(argv)} "$@"', "")))
    path.chmod(0o755)
    return path


def own_etc(folder: Path) -> None:
    """An /etc for the chroot: Debian's, and the accounts of the consoles."""
    etc = folder / "etc"
    shutil.copytree(root(ROOT) / "etc", etc, symlinks=True)
    (etc / "passwd").write_text(PASSWD)
    (etc / "group").write_text(GROUP)
    hashed = subprocess.run(["perl", "-e", "print crypt($ARGV[0], '$6$consoles$')", PASSWORD],
                            check=True, capture_output=True, text=True).stdout
    (etc / "shadow").write_text("".join(f"{line.split(':')[0]}:*:::::::\n"
                                        for line in PASSWD.splitlines()).replace(
                                            f"{USER}:*", f"{USER}:{hashed}"))
    (etc / "nsswitch.conf").write_text("passwd: files\ngroup: files\nshadow: files\nhosts: files\n")
    for name in ("frr", "other"):
        (etc / "pam.d" / name).write_text("".join(f"{kind} required pam_permit.so\n" for kind in (
            "auth", "account", "password", "session")))
    (etc / "frr").mkdir(exist_ok=True)
    (etc / "frr/vtysh.conf").write_text("hostname gwA\nno service integrated-vtysh-config\n")


class Router:
    """FRR's zebra and staticd on a machine of the network; a context manager that ends them."""

    def __init__(self, network: Network, folder: Path, routes: Sequence[str] = ()) -> None:
        self.network, self.folder, self.node = network, folder, "gwA"
        (folder / "run").mkdir(parents=True)
        own_etc(folder)
        self.programs: list[Program] = []
        self.vtysh = script(folder / "vtysh", self._argv("vtysh", "--vty_socket", "/work/run"),
                            HOME="/work")
        try:
            self._start("zebra", ())
            self._start("staticd", routes)
        except BaseException:
            self.stop()
            raise

    def _start(self, name: str, lines: Sequence[str]) -> None:
        text = "\n".join((f"hostname {self.node}", *lines, ""))
        (self.folder / f"{name}.conf").write_text(text)
        argv = self._argv(f"/usr/lib/frr/{name}", "-u", "root", "-g", "root", "-P", "0",
                          "-f", f"/work/{name}.conf", "-i", f"/work/run/{name}.pid",
                          "-z", "/work/run/zserv.api", "--vty_socket", "/work/run",
                          "--log", "stdout")
        one = Program(argv, self.folder / f"{name}.log")
        self.programs.append(one)
        if not wait_for((self.folder / f"run/{name}.vty").exists, 20.0):
            raise AssertionError(f"{name} did not start:\n{one.text()[-2000:]}")

    def _argv(self, *argv: str) -> list[str]:
        return self.network.argv(self.node, chroot_argv(ROOT, self.folder, argv))

    def stop(self) -> None:
        """Ends the daemons."""
        for one in reversed(self.programs):
            one.end()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        self.stop()


class Gateway:
    """OpenSSH's server on gwB with a shell of ours behind it; a context manager that ends it."""

    def __init__(self, network: Network, folder: Path) -> None:
        self.network, self.folder = network, folder
        folder.mkdir(parents=True)
        own_etc(folder)
        for name in ("host_key", "key"):
            subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f",
                            str(folder / name)], check=True)
        shutil.copy(folder / "key.pub", folder / "authorized_keys")
        (folder / "sshd_config").write_text(SERVER)
        (folder / "login").write_text(LOGIN.format(
            program=PROGRAM, store=folder / "store.db", path=PROGRAM.parent, home=folder))
        (folder / "login").chmod(0o755)
        self.program = Program(network.argv("gwB", chroot_argv(ROOT, folder, [
            "/usr/sbin/sshd", "-D", "-e", "-f", "/work/sshd_config"])), folder / "sshd.log")
        if not wait_for(lambda: "listening on" in self.program.text(), 20.0):
            self.stop()
            raise AssertionError(f"sshd did not start:\n{self.program.text()[-2000:]}")

    def ssh(self, *options: str, key: bool = True, known: bool = True, port: int = PORT,
            words: Sequence[str] = ()) -> str:
        """The words of a client on gwA, as target= takes them."""
        hosts = self.folder / "known_hosts"
        if known:
            kind, octets, _ = (self.folder / "host_key.pub").read_text().split()
            hosts.write_text(f"[{WAN_B}]:{port} {kind} {octets}\n")
        argv = ["ssh", "-F", "none", "-o", f"UserKnownHostsFile={hosts}",
                "-o", "GlobalKnownHostsFile=none", "-o", "IdentitiesOnly=yes", "-o",
                "IdentityAgent=none", "-i", str(self.folder / "key" if key else "/dev/null"),
                "-p", str(port), *options, f"{USER}@{WAN_B}", *words]
        return shlex.join(self.network.argv("gwA", argv))

    def sessions(self) -> list[int]:
        """The server's processes for those who are logged in."""
        found = Path(f"/proc/{self.program.pid}/task/{self.program.pid}/children").read_text()
        return [int(pid) for pid in found.split()]

    def drop(self) -> None:
        """The connections break, as when the server's machine crashes."""
        for pid in self.sessions():
            os.kill(pid, signal.SIGKILL)

    def stop(self) -> None:
        """Ends the server, and whoever is logged in."""
        self.drop()
        self.program.end()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        self.stop()
