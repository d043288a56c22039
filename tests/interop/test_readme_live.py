"""README's live section, typed as it stands on a fresh gateway in namespaces."""

import re
import sys
from pathlib import Path

import pytest

from tests.support.live.agent import ping
from tests.support.live.network import HOST_A, Network
from tests.support.live.processes import Program, wait_for
from tests.support.live.strongswan import Settings, StrongSwan

pytestmark = pytest.mark.interop
README = Path(__file__).parent.parent.parent / "README.md"


def blocks() -> list[str]:
    """The fenced blocks of the live section: the lines of the tunnel, then the commands."""
    section = README.read_text().partition("## Live")[2].partition("\n## ")[0]
    return re.findall(r"```\w*\n(.*?)```", section, re.DOTALL)


def test_readme_brings_up_a_tunnel_with_nothing_but_esp_on_the_wire(tmp_path: Path) -> None:
    tunnel, commands = blocks()
    (tmp_path / "tunnel.txt").write_text(tunnel)
    # A fresh machine: nothing in /run and /var/lib, the program on the PATH.
    script = ("mount -t tmpfs none /run && mount -t tmpfs none /var/lib && "
              f"cd {tmp_path} && export PATH={Path(sys.executable).parent}:$PATH "
              "XDG_STATE_HOME=$PWD && unset IPSECSH_AGENT IPSECSH_STORE && set -e\n"
              f"{commands}\necho done\nwait\n")
    settings = Settings(ike="aes256-sha256-modp2048", esp="aes256-sha256", psk="a long secret")
    with Network() as network, StrongSwan(network, settings, tmp_path / "b"), \
            Program(network.argv("gwB", ["tcpdump", "-n", "-l", "-i", "wan0", "ip"]),
                    tmp_path / "wire.txt") as wire:
        network.set("gwA", "net.ipv4.ip_forward", 0)
        with Program(network.argv("gwA", ["sh", "-c", script]), tmp_path / "said.txt") as typed:
            try:
                assert wait_for(lambda: "\ndone\n" in typed.text(), 120.0), typed.text()
                assert ping(network, count=5) == 5
                assert ping(network, "hostB", HOST_A, count=5) == 5
            finally:
                # The agent is a child of the script: it is in a namespace of its own.
                network.run("gwA", "sh", "-c", f"kill $(cat /proc/{typed.pid}/task/*/children)",
                            check=False)
        said = typed.text()
        assert "Reply from 10.2.0.10" in said and "ICMP" not in said and "ESP" in said
        assert re.search(r"out +203.0.113.2 +10.1.0.0/24 +10.2.0.0/24 +up", said), said
        assert wait_for(lambda: wire.text().count("ESP(") > 20, 5.0), wire.text()
        assert "ICMP" not in wire.text()
