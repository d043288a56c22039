"""A router's console as targets are: echo, colours, redrawn lines, paging, passwords, bad ends.

Run as a program on a terminal of its own; its arguments say what is wrong with it.
"""

import getpass
import os
import signal
import sys
import time

TITLE, PASTE = "\x1b]0;router\x07", "\x1b[?2004h"
MORE = "--More--"
PAGERS = (":", "lines 1-4/10 (END)", "Press RETURN to continue ")
KEYS = (b" ", b"q", b"\r")
SECRET = "Zebra-Zebra-9931"


def say(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


def page(lines: list[str]) -> None:
    """A page of four lines, then a key, as routers do it: the question is rubbed out again."""
    import termios
    import tty
    before = termios.tcgetattr(0)
    for at, line in enumerate(lines):
        if at and at % 4 == 0:
            say(MORE)
            tty.setraw(0)
            os.read(0, 1)
            termios.tcsetattr(0, termios.TCSANOW, before)
            say("\b" * len(MORE) + " " * len(MORE) + "\b" * len(MORE))
        say(line + "\n")


def less() -> None:
    """What less asks on a plain terminal; another key than the right one ends the session."""
    import termios
    import tty
    before = termios.tcgetattr(0)
    say("WARNING: terminal is not fully functional\n")
    for pager, wanted in zip(reversed(PAGERS), reversed(KEYS), strict=True):
        say(pager)
        tty.setraw(0)
        key = os.read(0, 1)
        termios.tcsetattr(0, termios.TCSANOW, before)
        say("\r" + " " * len(pager) + "\r")
        if key != wanted:
            sys.exit(f"{pager}: {key!r}")
    say("the end\n")


def show(rest: str) -> None:
    if rest == "less":
        less()
    elif rest == "routes":
        page([f"R  10.{at}.0.0/16  via 192.0.2.{at}" for at in range(10)])
    elif rest == "colours":
        say("\x1b[1;32mup\x1b[0m  \x1b[31mdown\x1b[m\n")
    elif rest == "progress":
        for at in range(0, 101, 50):
            say(f"\r{at}%")
            time.sleep(0.01)
        say("\rdone\x1b[K\n")
    elif rest == "key":
        say(f"key {SECRET}\n")
    elif rest == "table":
        say("Name          SPI         Octets\n----------    ----------  ------\n"
            "west          0x1f2e3d4c     840\n")
    else:
        say("% Unknown command\n")


def sleep(rest: str) -> None:
    say("waiting...\n")
    try:
        time.sleep(float(rest))
    except KeyboardInterrupt:
        say("\ninterrupted\n")


def endless(rest: str) -> None:
    try:
        for at in range(1_000_000):
            say(f"line {at}\n")
            time.sleep(float(rest or 0))
    except KeyboardInterrupt:
        say("\nstopped\n")


def leave(rest: str) -> None:
    sys.exit(0)


def crash(rest: str) -> None:
    say("Segmentation fault\n")
    os._exit(139)


def reload(rest: str) -> None:
    say("Proceed with reload? [confirm] ")
    say("reloading\n" if input() == "y" else "kept\n")


def stuck(rest: str) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    say("about to hang")
    time.sleep(60)


COMMANDS = {"exit": leave, "crash": crash, "reload": reload, "show": show, "sleep": sleep,
            "endless": endless, "stuck": stuck}


def begin(faults: list[str]) -> None:
    if "mute" in faults:
        say("booting\n")
        time.sleep(60)
    if "stillborn" in faults:
        say("no such host\n")
        sys.exit(7)
    if "login" in faults:
        say("login: ")
        name = input()
        key = getpass.getpass("Password: ")
        if (name, key) != ("admin", SECRET):
            say("Login incorrect\n")
            sys.exit(1)


def main(faults: list[str]) -> None:
    begin(faults)
    context = ""
    while True:
        say(f"{TITLE}{PASTE}\r\x1b[Jr1{context}# ")
        try:
            line = input().strip()
        except (EOFError, KeyboardInterrupt):
            say("\n")
            continue
        word, _, rest = line.partition(" ")
        context = {"configure": "(config)", "end": ""}.get(word, context)
        if word in COMMANDS:
            COMMANDS[word](rest)
        elif line and word not in ("configure", "end"):
            say(f"% Unknown command: {line}\n")


if __name__ == "__main__":
    main(sys.argv[1:])
