"""A machine of QEMU's with Debian's cloud kernel, and this machine's files as its root.

For what User Mode Linux has not: ESP and nf_tables in one kernel. The first program, made here,
loads the drivers of the shared root (virtiofs) and goes there; /run, /dev and all that the network
has are the guest's own. QEMU computes every instruction (TCG), so that it is the same everywhere:
a machine that lends its processor may lend too little of it to boot a kernel of Debian's.
"""

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

from tests.support.live.guest import first_program
from tests.support.live.processes import Program, wait_for
from tests.support.live.roots import root

MEMORY = "768M"
DRIVERS = ("virtio_pci", "virtiofs")
LIBRARIES = "usr/lib/x86_64-linux-gnu"
SERVERS = Path("/run/virtiofsd")
FIRST = """#!/bin/busybox sh
for one in {drivers}; do /bin/busybox insmod "/$one"; done
/bin/busybox mount -t virtiofs all /root
exec /bin/busybox switch_root /root {init}
"""


def in_machine(words: Sequence[str], folder: Path, timeout: float = 600.0) -> str:
    """Runs a program as root in the guest; what its console said, the last line its exit code."""
    base = root("qemu")
    release = next((base / "lib/modules").iterdir()).name
    if not (base / "lib/modules" / release / "modules.dep").exists():
        subprocess.run(["chroot", str(base), "/sbin/depmod", release], check=True)
    init = first_program(base, words, folder, "mount -t devtmpfs none /dev")
    image = folder / "initrd"
    image.write_bytes(_image(base, base / "lib/modules" / release, init))
    socket = folder / "root.sock"
    with Program([*_loaded(base, "usr/lib/qemu/virtiofsd"), f"--socket-path={socket}",
                  "-o", "source=/", "-o", "sandbox=chroot", "-o", "cache=always"],
                 folder / "virtiofsd.txt") as server:
        wait_for(lambda: socket.exists() or not server.running)
        assert server.running, server.text()
        argv = _argv(base, release, folder)
        with Program(argv, folder / "console.txt",
                     {**os.environ, "QEMU_MODULE_DIR": str(base / LIBRARIES / "qemu")}) as guest:
            wait_for(lambda: not guest.running, timeout, 0.2)
    (SERVERS / f"{str(socket).replace('/', '.')}.pid").unlink(missing_ok=True)  # it never does
    return guest.text()


def _loaded(base: Path, program: str) -> list[str]:
    """The words that start a program of the unpacked release with the libraries beside it."""
    return [str(base / "lib64/ld-linux-x86-64.so.2"), "--library-path",
            f"{base / LIBRARIES}:{base / 'lib/x86_64-linux-gnu'}", str(base / program)]


def _argv(base: Path, release: str, folder: Path) -> list[str]:
    return [*_loaded(base, "usr/bin/qemu-system-x86_64"), "-L", str(base / "usr/share/qemu"),
            "-L", str(base / "usr/share/seabios"), "-nodefaults", "-no-user-config", "-no-reboot",
            "-display", "none", "-serial", "stdio", "-m", MEMORY, "-smp", "2",
            "-accel", "tcg", "-cpu", "max",
            "-machine", "q35,memory-backend=shared",
            "-object", f"memory-backend-memfd,id=shared,size={MEMORY},share=on",
            "-chardev", f"socket,id=files,path={folder}/root.sock",
            "-device", "vhost-user-fs-pci,chardev=files,tag=all",
            "-kernel", str(base / f"boot/vmlinuz-{release}"), "-initrd", str(folder / "initrd"),
            "-append", "console=ttyS0 quiet panic=-1"]


def _image(base: Path, modules: Path, init: Path) -> bytes:
    """The first file system: a shell, the drivers in the order of their needs, and FIRST."""
    needs = {Path(name).stem: [name, *rest.split()] for name, _, rest in (
        line.partition(":") for line in (modules / "modules.dep").read_text().splitlines())}
    drivers: dict[str, bytes] = {}
    for one in DRIVERS:
        for path in reversed(needs[one]):
            drivers[Path(path).name] = (modules / path).read_bytes()
    first = FIRST.format(drivers=" ".join(drivers), init=init)
    files = [("bin", b"", 0o40755), ("root", b"", 0o40755),
             ("bin/busybox", (base / "bin/busybox").read_bytes(), 0o100755),
             *((name, data, 0o100644) for name, data in drivers.items()),
             ("init", first.encode(), 0o100755), ("TRAILER!!!", b"", 0)]
    return b"".join(_entry(number, *one) for number, one in enumerate(files, 1))


def _entry(number: int, name: str, data: bytes, mode: int) -> bytes:
    """One file of a cpio archive (newc), as the kernel unpacks them."""
    fields = (number, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(name) + 1, 0)
    head = b"070701" + b"".join(b"%08x" % one for one in fields) + name.encode() + b"\0"
    return head + bytes(-len(head) % 4) + data + bytes(-len(data) % 4)
