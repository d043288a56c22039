"""What goes into a bundle: the report, the configuration, logs, counters, frames, versions."""

import os
import platform
import sys
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, NamedTuple

from commands.answer import Block
from commands.clock import iso_time
from commands.diag.guide.walk import Walk
from commands.errors import CommandError
from commands.render import render_text
from commands.report.facts import Facts
from commands.report.markdown import markdown
from commands.report.masking import Masker
from commands.report.page import page
from commands.run import run_line
from commands.support.frames import Frame, StandIns, masked_pcap, newest
from commands.version import VERSION
from engine.errors import EngineError

if TYPE_CHECKING:
    from commands.session import Session

# What is typed for support on each gateway, and the member that holds what it says.
SHOWS = (
    ("counters", "ipsec dynamic show stats"), ("drops", "ipsec dynamic show stats type=drops"),
    ("associations", "ipsec dynamic show qmsas"), ("main-modes", "ipsec dynamic show mmsas"),
    ("tunnels", "ipsec dynamic show tunnels"), ("filters", "netdiag /test:ipsec /debug"),
    ("settings", "ipsec dynamic show config"), ("routes", "route print"),
    ("adapters", "ipconfig /all"), ("audit", "auditpol"), ("log", "eventlog show"),
)
LIBRARIES = ("cryptography", "gmpy2", "prompt_toolkit", "pycryptodomex", "pyroute2", "scapy")
# Shares of the whole size.
TEXTS, FRAMES = 32, 4
UNWRAPPED, LOG_MOST = 1 << 16, 1 << 15


class Member(NamedTuple):
    """A file of the bundle; `cut` says what was left out of it, "" when nothing was."""

    name: str
    octets: bytes
    what: str
    cut: str = ""


def members(session: "Session", walk: Walk, facts: Facts, mask: Masker,
            size: int) -> Iterator[Member]:
    """Every member, the most important ones first; together they have at most `size` octets."""
    share = size // TEXTS
    yield _text("report.html", page(facts), "the report", share)
    yield _text("report.md", markdown(facts), "the same as Markdown", share)
    for machine in machines(session, walk, facts):
        yield _text(f"{machine}/dump.txt", mask.text(_dump(session, machine)),
                    "the configuration as commands, without keys", share)
        for name, line in SHOWS:
            yield _text(f"{machine}/{name}.txt", mask.text(_said(session, machine, line)),
                        line, share)
    yield _text("versions.txt", _versions(), "versions", share)
    yield _text("program.log", mask.text(_program_log(min(share, LOG_MOST))),
                "the program's own log", share)
    yield from _captures(session, walk, mask, size // FRAMES)


def machines(session: "Session", walk: Walk, facts: Facts) -> list[str]:
    """The gateways in view, ours first."""
    if walk.state.view != "both" or session.live:
        return [facts.machine]
    names = [one.name for one in session.store.machines() if one.role == "gateway"]
    return [facts.machine, *(name for name in names if name != facts.machine)]


def _text(name: str, text: str, what: str, most: int) -> Member:
    """A text, of which the newest part stays when it is too long."""
    octets = text.encode("utf-8", "replace")
    if len(octets) <= most:
        return Member(name, octets, what)
    left = octets[-(most - 80):]
    left = left[left.find(b"\n") + 1:] if b"\n" in left[:400] else left
    cut = f"the first {len(octets) - len(left)} octets"
    return Member(name, f"({cut} were left out)\n".encode() + left, what, cut)


def _dump(session: "Session", machine: str) -> str:
    from engine.policy.script import dump
    return "\n".join(dump(session.store.on(machine))) + "\n"


def _said(session: "Session", machine: str, line: str) -> str:
    """What a line says on that machine, or why it says nothing."""
    before, session.emit = session.emit, lambda block: None
    place, session.machine = session.machine, machine
    blocks: list[Block] = []
    session.emit = blocks.append
    try:
        answer = run_line(line, session)
        text = "".join(render_text(block, width=UNWRAPPED) for block in blocks)
        return f"> {line}\n" + text + render_text(answer, width=UNWRAPPED)
    except (CommandError, EngineError) as error:
        return f"> {line}\n{error}\n"
    finally:
        session.emit, session.machine = before, place


def _versions() -> str:
    """The program, what it runs on, the libraries; nothing that names the machine."""
    from importlib.metadata import PackageNotFoundError, version
    lines = [f"ipsecsh {VERSION}", f"Python {sys.version.split()[0]}",
             f"{platform.system()} {platform.release()} {platform.machine()}"]
    for name in LIBRARIES:
        try:
            lines.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            lines.append(f"{name} is not installed")
    return "\n".join(lines) + "\n"


def _program_log(most: int) -> str:
    """The end of the log of our own mistakes."""
    from commands.failures import log_path
    try:
        with open(log_path(), "rb") as file:
            file.seek(0, 2)
            file.seek(max(0, file.tell() - most))
            text = file.read(most).decode("utf-8", "replace")
            return text.replace(os.path.expanduser("~"), "~")
    except OSError:
        return "There is none: the program made no mistake of its own.\n"


# --- frames ---------------------------------------------------------------------------------------


def _captures(session: "Session", walk: Walk, mask: Masker, most: int) -> Iterator[Member]:
    """What the checklist saw, and every capture there is; then which stand-in is which label."""
    world, standins = session.world, StandIns(mask)
    found: dict[str, list[Frame]] = {}
    seen = [(world.wall(time), packet.build()) for time, packet, _ in walk.frames
            if packet is not None]
    if seen:
        found["checklist"] = sorted(seen, key=lambda one: one[0])
    for (machine, interface), capture in world.captures.items():
        found[f"{machine}-{_plain(interface)}"] = [
            (world.wall(one.time), one.octets) for one in capture.packets]
    for name, frames in found.items():
        kept, left = newest(frames, most // len(found))
        octets = masked_pcap(kept, standins) if mask.addresses else _whole(kept)
        yield Member(f"capture/{name}.pcap", octets, "captured frames",
                     f"the first {left} frames" if left else "")
    if mask.addresses and found:
        lines = ["# stand-in address, label in the report", *standins.table()]
        yield Member("capture/addresses.txt", ("\n".join(lines) + "\n").encode(),
                     "which address of the captures is which label of the report")


def _whole(frames: Iterable[Frame]) -> bytes:
    from engine.capture import pcap_file
    return pcap_file((wall, octets, len(octets)) for wall, octets in frames)


def _plain(name: str) -> str:
    """A name as part of a file's name."""
    return "".join(sign if sign.isalnum() and sign.isascii() else "-" for sign in name) or "x"


def readme(facts: Facts, found: Iterable[Member]) -> bytes:
    """What is in the bundle, for whoever opens it."""
    made = iso_time(facts.made)[:19].replace("T", " ")
    lines = [f"Support bundle of {facts.machine}, made {made} UTC by ipsecsh {facts.version}.",
             f"Traffic: {facts.traffic}. Begin with report.html.", "", facts.foot, ""]
    if facts.masked:
        lines += ["Captures have stand-in addresses (capture/addresses.txt) and headers only;",
                  "of IKE, offers and notifies in the clear are whole.", ""]
    lines += [f"{one.name:<28} {one.what}" + (f" ({one.cut} left out)" if one.cut else "")
              for one in found]
    lines += ["", "sha256sum -c SHA256SUMS checks that nothing was changed."]
    return ("\n".join(lines) + "\n").encode("utf-8", "replace")


