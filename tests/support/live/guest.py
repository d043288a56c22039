"""A Linux kernel of Debian's as a process (User Mode Linux), with this machine's files as its root.

For what the kernel of the machine at hand has not: ESP of its own. It boots in seconds and needs
no virtualisation; /run and all that the network has are its own.
"""

import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.support.live.processes import Program, wait_for
from tests.support.live.roots import root

MEMORY = "768M"
MODULES = ("tun", "veth", "esp4", "xfrm_user", "nf_tables")
TOP = Path(__file__).parent.parent.parent.parent
INIT = """#!/bin/sh
export PATH={path} HOME=/run LC_ALL=C.UTF-8
mount -t proc none /proc && mount -t sysfs none /sys && mount -t tmpfs none /run
{more}
mount -t tmpfs none {root}/run
printf '#!/bin/sh\\nexec chroot {root} /sbin/modprobe "$@"\\n' > /run/modprobe
chmod +x /run/modprobe && echo /run/modprobe > /proc/sys/kernel/modprobe
for one in {modules}; do /run/modprobe "$one" || echo "no module $one"; done
ip link set lo up
cd {top} && {words}
echo "guest ended: $?"
sync
poweroff -f
"""
ENDED = "guest ended: "


def in_guest(words: Sequence[str], folder: Path, timeout: float = 420.0) -> str:
    """Runs a program as root in the guest; what its console said, the last line its exit code.

    `folder` is one of this machine's, for the guest's first program.
    """
    base = root("uml")
    modules = base / "lib/modules"
    if not modules.is_symlink():
        modules.symlink_to("/usr/lib/uml/modules")  # seen from within the folder
    init = first_program(base, words, folder)
    argv = [str(base / "usr/bin/linux.uml"), f"mem={MEMORY}", "root=/dev/root",
            "rootfstype=hostfs", "rootflags=/", "rw", f"init={init}", "con0=null,fd:1",
            "con=null", "quiet"]
    log = folder / "console.txt"
    with Program(argv, log, {**os.environ, "TMPDIR": str(folder)}) as guest:
        if not wait_for(lambda: not guest.running, timeout, 0.2):
            os.killpg(guest.pid, signal.SIGKILL)  # its processes are processes here
    return log.read_text(errors="replace")


def first_program(base: Path, words: Sequence[str], folder: Path, more: str = ":") -> Path:
    """What a guest begins with, `words` in it; its modules are those of the folder `base`."""
    init = folder / "init.sh"
    init.write_text(INIT.format(
        path=f"{Path(sys.executable).parent}:{os.environ['PATH']}:/usr/sbin:/sbin", root=base,
        modules=" ".join(MODULES), top=TOP, words=" ".join(words), more=more))
    init.chmod(0o755)
    return init
