"""Debian's own strongSwan, two releases of it, unpacked in folders and run with chroot.

So are WireGuard's and OpenVPN's user space programs, which the benchmark measures as well, and
the consoles that transcripts are typed at (FRR's router and OpenSSH's server), User Mode Linux, a
kernel with ESP that runs as a process, and QEMU with a kernel that has nf_tables as well. Nothing
is installed, no account made and no service started. bookworm's 5.9.8 carries ESP in UDP only,
trixie's 6.0.1 can send it as IP protocol 50; both do ESP in user space (plugin kernel-libipsec).
"""

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from zlib import crc32

COMMON = ("strongswan-charon", "strongswan-swanctl", "strongswan-starter", "strongswan-pki",
          "libcharon-extra-plugins", "libcharon-extauth-plugins", "libstrongswan-standard-plugins",
          "libstrongswan-extra-plugins")
RELEASES = {"5.9.8": ("bookworm", COMMON),
            "6.0.1": ("trixie", (*COMMON, "openssl-provider-legacy")),
            "vpn": ("bookworm", ("wireguard-go", "openvpn")),
            "consoles": ("bookworm", ("frr", "openssh-server", "dash", "coreutils",
                                      "util-linux", "less")),
            "uml": ("bookworm", ("user-mode-linux", "kmod")),
            "qemu": ("bookworm", ("qemu-system-x86", "linux-image-cloud-amd64", "busybox-static",
                                  "kmod"))}
# A /run of its own, so that the daemons of several tests never meet; an /etc where a test has
# made one; and the machine itself as /host where the root has room for it.
CHROOT = ('if [ -d "$1/host" ]; then mount --rbind / "$1/host"; fi && '
          'if [ -d "$2/etc" ]; then mount --bind "$2/etc" "$1/etc"; fi && '
          'mount --bind "$2" "$1/work" && mount --rbind /dev "$1/dev" && '
          'mount --rbind /proc "$1/proc" && mount -t tmpfs none "$1/run" && '
          'mkdir "$1/run/sshd" "$1/run/wireguard" && mount --bind "$2" "$1/run/wireguard" && '
          'root=$1 && shift 2 && exec chroot "$root" "$@"')
KEYRING = "[signed-by=/usr/share/keyrings/debian-archive-keyring.gpg]"
MERGED = ("bin", "sbin", "lib", "lib64")
EMPTY = ("work", "dev", "proc", "run", "tmp", "etc", "var")
HOST = "host"  # in the root of the consoles alone: who logs in there comes back to the machine


def cache() -> Path:
    """Where the unpacked releases are kept between runs."""
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "ipsecsh-interop"


def root(version: str) -> Path:
    """The folder of one of RELEASES, made at its first use."""
    suite, packages = RELEASES[version]
    # Another checkout's list of packages may be another: each has its folder, nobody's goes away.
    folder = cache() / f"{version}-{crc32(' '.join(packages).encode()):08x}"
    if (folder / ".complete").exists():
        return folder
    cache().mkdir(parents=True, exist_ok=True)
    fresh = Path(tempfile.mkdtemp(prefix=f"{version}.", dir=cache()))
    _unpack(suite, packages, fresh)
    (fresh / ".complete").touch()
    fresh.chmod(0o755)
    try:
        fresh.rename(folder)
    except OSError:
        shutil.rmtree(fresh, ignore_errors=True)  # another run was faster
    return folder


def chroot_argv(version: str, work: Path, argv: Sequence[str]) -> list[str]:
    """The words that run a program of a release in a mount namespace; `work` is its /work."""
    return ["sh", "-c", CHROOT, "sh", str(root(version)), str(work), *argv]


def _mirror() -> str:
    """The Debian mirror that this machine uses."""
    lists = (Path("/etc/apt/sources.list"), *Path("/etc/apt/sources.list.d").glob("*"))
    text = "\n".join(one.read_text() for one in lists if one.exists())
    found = re.search(r"https?://\S+/debian(?=/?\s)", text + "\n")
    assert found, "no Debian mirror in /etc/apt"
    return found.group(0)


def _apt(*words: str, config: Path) -> None:
    subprocess.run(["apt-get", "-q", *words], check=True, capture_output=True, timeout=600,
                   env={**os.environ, "APT_CONFIG": str(config),
                        "DEBIAN_FRONTEND": "noninteractive"})


def _unpack(suite: str, packages: tuple[str, ...], folder: Path) -> None:
    with tempfile.TemporaryDirectory(prefix="ipsecsh-apt-") as name:
        top = Path(name)
        for sub in ("etc/sources.list.d", "lists/partial", "cache/archives/partial", "state"):
            (top / sub).mkdir(parents=True)
        (top / "etc/sources.list").write_text(f"deb {KEYRING} {_mirror()} {suite} main\n")
        (top / "status").touch()
        config = top / "apt.conf"
        config.write_text("".join(f'{key} "{value}";\n' for key, value in (
            ("Dir::Etc::sourcelist", top / "etc/sources.list"),
            ("Dir::Etc::sourceparts", top / "etc/sources.list.d"), ("Dir::State", top / "state"),
            ("Dir::State::lists", top / "lists"), ("Dir::State::status", top / "status"),
            ("Dir::Cache", top / "cache"), ("APT::Sandbox::User", "root"))))
        _apt("update", config=config)
        _apt("install", "-y", "--download-only", "--no-install-recommends", *packages,
             config=config)
        for package in sorted((top / "cache/archives").glob("*.deb")):
            subprocess.run(["dpkg", "-x", str(package), str(folder)], check=True)
    for one in MERGED:
        if not (folder / one).exists():
            (folder / one).symlink_to("usr/" + one)
    for one in (*EMPTY, HOST) if "openssh-server" in packages else EMPTY:
        (folder / one).mkdir(exist_ok=True)
    if not (folder / "var/run").exists():
        (folder / "var/run").symlink_to("../run")


if __name__ == "__main__":
    for release in RELEASES:
        print(release, root(release))
