"""A strongSwan gateway on gwB (or gwA): configured, started, asked and ended by a test."""

import os
import subprocess
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.support.live.network import NET_A, NET_B, WAN_A, WAN_B, Network
from tests.support.live.processes import Program, wait_for
from tests.support.live.roots import chroot_argv, root

PSK = "interop-secret-key"
# kernel-libipsec first: the first plugin that offers ESP is used, kernel-netlink does routes.
PLUGINS = ("random nonce drbg openssl gcrypt aes des md5 sha1 sha2 hmac kdf cmac gcm ctr gmp x509 "
           "pubkey pem pkcs1 pkcs8 revocation constraints kernel-libipsec kernel-netlink "
           "socket-default vici updown").split()
FOLDERS = ("x509", "x509ca", "private", "x509crl", "pubkey", "rsa", "ecdsa", "pkcs8", "pkcs12",
           "x509ocsp", "x509aa", "x509ac", "bliss", "conf.d")


@dataclass(frozen=True)
class Settings:
    """What a strongSwan end is to be; the defaults answer the article's kind of tunnel."""

    version: str = "6.0.1"
    ike: str = "aes128-sha1-modp1024"
    esp: str = "aes128-sha1"
    psk: str = PSK
    local: str = WAN_B
    remote: str = WAN_A
    local_net: str = NET_B
    remote_net: str = NET_A
    certificate: str = ""
    local_id: str = ""
    remote_id: str = ""
    ike_options: dict[str, str] = field(default_factory=dict)
    child_options: dict[str, str] = field(default_factory=dict)
    log: str = "default = 1\n      ike = 2\n      chd = 2\n      cfg = 2"

    @property
    def raw(self) -> bool:
        """Whether ESP goes as protocol 50 when no NAT is in between."""
        return self.version != "5.9.8"


class StrongSwan:
    """One charon with its folder; a context manager that ends it."""

    def __init__(self, network: Network, settings: Settings, folder: Path,
                 node: str = "gwB") -> None:
        self.network, self.settings, self.folder, self.node = network, settings, folder, node
        self.root = root(settings.version)
        self.program: Program | None = None
        for one in FOLDERS:
            (folder / "swanctl" / one).mkdir(parents=True, exist_ok=True)
        self.start()

    def configure(self, **changes: object) -> None:
        """Changes settings; they take effect at the next start or `load`."""
        self.settings = replace(self.settings, **changes)  # type: ignore[arg-type]

    def start(self) -> None:
        """Starts charon and loads the connection."""
        (self.folder / "strongswan.conf").write_text(self._daemon_conf())
        (self.folder / "charon.vici").unlink(missing_ok=True)
        env = {**os.environ, "STRONGSWAN_CONF": "/work/strongswan.conf"}
        self.program = Program(self.argv("/usr/lib/ipsec/charon"), self.folder / "charon.out",
                               env)
        if not wait_for((self.folder / "charon.vici").exists, 30.0):
            self.stop()
            raise AssertionError(f"charon did not start:\n{self.log()[-2000:]}")
        self.load()

    def load(self) -> None:
        """Loads the connection anew."""
        (self.folder / "swanctl/swanctl.conf").write_text(self._connection_conf())
        self.swanctl("--load-all", "--noprompt", "--file", "/work/swanctl/swanctl.conf")

    def stop(self) -> None:
        """An orderly end: deletes are sent."""
        if self.program is not None:
            self.program.end()
            self.program = None

    def kill(self) -> None:
        """A crash: nothing is sent."""
        if self.program is not None:
            self.program.kill()
            self.program = None

    def restart(self) -> None:
        """Crashes and comes back with nothing in its memory."""
        self.kill()
        self.start()

    def argv(self, *argv: str) -> list[str]:
        """The words that run a program in its root."""
        return self.network.argv(self.node, chroot_argv(self.settings.version, self.folder, argv))

    def swanctl(self, *words: str, check: bool = True, timeout: float = 40.0) -> str:
        """One swanctl command."""
        env = {**os.environ, "SWANCTL_DIR": "/work/swanctl",
               "STRONGSWAN_CONF": "/work/strongswan.conf"}
        done = subprocess.run(self.argv("swanctl", *words, "--uri", "unix:///work/charon.vici"),
                              text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              env=env, timeout=timeout, check=False)
        if check and done.returncode:
            raise AssertionError(f"swanctl {words}: {done.stdout}\n{self.log()[-3000:]}")
        return done.stdout

    def initiate(self, seconds: int = 15) -> bool:
        """Begins the tunnel; whether it came up."""
        said = self.swanctl("--initiate", "--child", "net", "--timeout", str(seconds), check=False)
        return "initiate completed successfully" in said

    def pki(self, *words: str) -> bytes:
        """One pki command; files are named as /work/..."""
        return subprocess.run(self.argv("pki", *words), check=True, capture_output=True,
                              timeout=60).stdout

    def sas(self) -> str:
        """What it thinks is up."""
        return self.swanctl("--list-sas")

    def log(self) -> str:
        """Its log."""
        path = self.folder / "charon.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        self.stop()

    # --- its files -----------------------------------------------------------------------------

    def _daemon_conf(self) -> str:
        plugins = [one for one in PLUGINS if (
            self.root / f"usr/lib/ipsec/plugins/libstrongswan-{one}.so").exists()]
        return f"""charon {{
  load = {" ".join(plugins)}
  install_virtual_ip = no
  retransmit_timeout = 1.0
  retransmit_tries = 3
  retry_initiate_interval = 0
  threads = 16
  dos_protection = no
  filelog {{
    main {{
      path = /work/charon.log
      flush_line = yes
      time_format = %H:%M:%S
      {self.settings.log}
    }}
  }}
  syslog {{
    daemon {{
      default = -1
    }}
    auth {{
      default = -1
    }}
  }}
  plugins {{
    vici {{
      socket = unix:///work/charon.vici
    }}
    kernel-libipsec {{
      allow_peer_ts = yes
      raw_esp = {"yes" if self.settings.raw else "no"}
    }}
    openssl {{
      load_legacy = yes
    }}
  }}
}}
swanctl {{
  socket = unix:///work/charon.vici
  load = random nonce drbg openssl x509 pubkey pem pkcs1 pkcs8
}}
"""

    def _connection_conf(self) -> str:
        one = self.settings
        local, remote = ("auth = pubkey\n certs = gw.crt", "auth = pubkey") if one.certificate \
            else ("auth = psk", "auth = psk")
        local += f'\n id = "{one.local_id}"' if one.local_id else ""
        remote += f'\n id = "{one.remote_id}"' if one.remote_id else ""
        ike = "".join(f"    {key} = {value}\n" for key, value in one.ike_options.items())
        child = "".join(f"        {key} = {value}\n" for key, value in one.child_options.items())
        return f"""connections {{
  peer {{
    version = 1
    local_addrs = {one.local}
    remote_addrs = {one.remote}
    proposals = {one.ike}
    keyingtries = 1
    rand_time = 0
    send_cert = always
{ike}    local {{
      {local}
    }}
    remote {{
      {remote}
    }}
    children {{
      net {{
        mode = tunnel
        local_ts = {one.local_net}
        remote_ts = {one.remote_net}
        esp_proposals = {one.esp}
        start_action = none
        rand_time = 0
{child}      }}
    }}
  }}
}}
secrets {{
  ike-peer {{
    secret = "{one.psk}"
  }}
}}
"""
