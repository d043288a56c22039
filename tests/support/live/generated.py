"""strongSwan run with the configuration that `show peerconfig` writes, in its two languages."""

import os
import subprocess
from pathlib import Path

from tests.support.live.network import Network
from tests.support.live.processes import Program, wait_for
from tests.support.live.strongswan import Settings, StrongSwan


class Swanctl(StrongSwan):
    """charon with a swanctl.conf of ours."""

    def __init__(self, network: Network, folder: Path, text: str, version: str = "6.0.1",
                 node: str = "gwB") -> None:
        self.text = text
        super().__init__(network, Settings(version), folder, node)

    def _connection_conf(self) -> str:
        # What a test must decide: nothing starts by itself.
        return self.text.replace("start_action = trap", "start_action = none")

    def begin(self, name: str, seconds: int = 10) -> bool:
        """Begins the tunnel of that name; whether it came up."""
        said = self.swanctl("--initiate", "--child", name, "--timeout", str(seconds), check=False)
        return "initiate completed successfully" in said

    def end(self, name: str) -> None:
        """Takes the tunnel of that name down."""
        self.swanctl("--terminate", "--ike", name, "--force", check=False)

    def algorithms(self) -> str:
        """What its plugins know."""
        return self.swanctl("--list-algs")


class Starter(StrongSwan):
    """The older starter with an ipsec.conf and an ipsec.secrets of ours."""

    def __init__(self, network: Network, folder: Path, text: str, version: str = "6.0.1",
                 node: str = "gwB") -> None:
        self.text = text
        super().__init__(network, Settings(version), folder, node)

    def start(self) -> None:
        conf, secrets = split(self.text)
        (self.folder / "ipsec.conf").write_text(conf.replace("auto=route", "auto=add"))
        (self.folder / "ipsec.secrets").write_text(secrets)
        (self.folder / "strongswan.conf").write_text(self._daemon_conf().replace(
            "socket-default vici", "socket-default vici stroke").replace("  plugins {", """\
  plugins {
    stroke {
      socket = unix:///work/charon.ctl
      secrets_file = /work/ipsec.secrets
    }"""))
        (self.folder / "charon.ctl").unlink(missing_ok=True)
        env = {**os.environ, "STRONGSWAN_CONF": "/work/strongswan.conf"}
        self.program = Program(
            self.argv("/usr/lib/ipsec/starter", "--nofork", "--conf", "/work/ipsec.conf"),
            self.folder / "charon.out", env)
        if not wait_for(lambda: "added configuration" in self.log()):
            self.stop()
            raise AssertionError(f"nothing was loaded:\n{self.program_text()}{self.log()[-3000:]}")

    def program_text(self) -> str:
        """What starter has printed."""
        return (self.folder / "charon.out").read_text(errors="replace")

    def stroke(self, *words: str) -> str:
        """One command of the stroke tool."""
        env = {**os.environ, "STRONGSWAN_CONF": "/work/strongswan.conf"}
        return subprocess.run(self.argv("/usr/lib/ipsec/stroke", *words), text=True, timeout=60,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=env,
                              check=False).stdout

    def begin(self, name: str) -> bool:
        """Begins the tunnel of that name; whether it came up."""
        return "established successfully" in self.stroke("up", name)


def split(text: str) -> tuple[str, str]:
    """The lines of ipsec.conf, and those that it says belong into ipsec.secrets."""
    conf, secrets, inside = [], [], False
    for line in text.splitlines():
        if line == "# ipsec.secrets:":
            inside = True
        elif inside and line.startswith("# ") and " : PSK " in line:
            secrets.append(line.removeprefix("# "))
        else:
            inside = False
            conf.append(line)
    return "\n".join(conf) + "\n", "\n".join(secrets) + "\n"
