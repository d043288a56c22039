"""The world in which the examples of the transcripts' commands can be typed as they stand.

A test types them all; `commands.schema` describes what they answer. Whoever types registers the
commands before (`transcripts.rows`).
"""

import os
from collections.abc import Mapping

from commands.run import run_line
from commands.session import Session
from engine.lab.seed import EPOCH
from transcripts.recording.sitting import listen

# A recorded console, and one that somebody has copied.
CAST = ('{"version": 2, "width": 80, "height": 24}\n'
        '[0.1, "o", "ipsecsh>ipsec static show policy all\\r\\n'
        'ERR IPsec[05072] : There are no Policies in Policy Store\\r\\n"]\n'
        '[0.2, "o", "ipsecsh>"]\n')
PASTED = ("ipsecsh>ipsec static add filterlist L\n"
          "ipsecsh>ipsec static show filterlist L\n")
# A transcript that expects what is not printed.
WRONG = "# transcript: 1\n\n> ipsec static show filterlist all\n| There is nothing.\n"
FILES: Mapping[str, str] = {"old.cast": CAST, "pasted.txt": PASTED, "wrong.transcript": WRONG}
TYPED = tuple(f"ipsec static add filterlist L{number}" for number in range(12))
RECORDED = ("transcript start file=tunnel.transcript", "ipsec static show filterlist all")
# What is typed before the examples of one command.
BEFORE: Mapping[str, tuple[str, ...]] = {
    "transcript stop": RECORDED,
    **dict.fromkeys(("transcript check", "transcript export"), (*RECORDED, "transcript stop")),
    "transcript unmask": ("transcript run article-1-policy junit=report.xml map=report.map",),
}
# What shows the shape of an answer, where the examples take long or show too little.
VARIANTS: Mapping[str, tuple[str, ...]] = {
    "transcript run": ("transcript run wrong.transcript", "transcript run article-1-policy"),
    "transcript check": ("transcript check wrong.transcript", "transcript check kb252735"),
    "transcript export": ("transcript export tunnel.transcript to=cast out=tunnel.cast",),
}


def typed(line: str, session: Session) -> None:
    """A line is typed, and heard by the journal."""
    with session.heard(line):
        run_line(line, session)


def prepared(path: str, folder: str) -> Session:
    """A session with a journal, in a folder with files, for the examples of a command."""
    session = Session("", yes=True)
    session.folder = folder
    listen(session, os.path.join(folder, "journal"), lambda: EPOCH)
    for name, content in FILES.items():
        with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
            file.write(content)
    for line in (*TYPED, *BEFORE.get(path, ())):
        typed(line, session)
    return session
