"""Conversations as operators have them: every context, abbreviations, mistakes, keys, Ctrl-C.

`typist` types one into the real prompt loop (without its terminal) and records it; what it gives
is the transcript and everything secret that was typed.
"""

import io
import random
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from prompt_toolkit.input import DummyInput
from prompt_toolkit.output import DummyOutput

from commands import index
from commands.session import Session
from commands.witness import listened
from shell.program import TRANSCRIPT_ROWS
from shell.repl import Repl
from shell.show import Show
from transcripts.recording.command import begin, finish
from transcripts.recording.compose import Recorded
from transcripts.recording.sitting import listen

POLICIES = ("P1", '"My Policy"', "toB")
LISTS = ("L1", '"NetA to NetB"', '"NetB to NetA"')
ACTIONS = ("F1", "ESP")
RULES = ("R1", "out", "in")
MACHINES = ("gwA", "gwB", "hostA", "hostB", "r1")
NETS = ("10.1.0.0", "10.2.0.0", "192.0.2.0", "198.51.100.0")
HOSTS = ("10.1.0.1", "10.1.0.10", "10.2.0.10", "10.2.0.1", "192.0.2.1", "198.51.100.1",
         "198.51.100.254", "10.2.0.77", "8.8.4.4", "hostB", "hostA", "gwB")
YES = ("yes", "no", "y", "n", "YES")
SHOWS = (
    "ipsec static show all", "ipsec static sh pol all", "ipsec st show filterlist all level=verb",
    "ipsec static show filteraction all format=table", "ipsec static show rule all {policy}",
    "ipsec static show policy {policy} verbose", "ipsec static show rule {rule} {policy} v",
    "ipsec static show store", "ipsec static show gpo", "ipsec static show certificate",
    "ipsec static show rule all {policy} reveal=yes", "dump reveal=yes",
    "ipsec static show peerconfig {policy} swanctl reveal=yes",
    "ipsec dynamic show mmsas", "ipsec dynamic show qmsas", "ipsec dyn show qmsas format=table",
    "ipsec dynamic show mmfilter all", "ipsec dynamic show qmfilter", "ipsec dynamic show stats",
    "ipsec dynamic show stats type=drops", "ipsec dynamic show config", "ipsec dynamic show all",
    "ipsec dynamic show mmpolicy all", "ipsec dynamic show qmpolicy all",
    "ipsec dynamic show rule", "routing ip show filter", "routing ip show interface",
    "routing ip show persistentroutes", "routing ip show rtmroutes", "routing ip show loglevel",
    "routing ip show preferenceforprotocol", "routing ip show protocol",
    "interface ip show address", "interface ip show config", "interface ip show interface",
    "interface ip show offload", "firewall show icmpsetting", "lab show topology",
    "lab show machines", "lab show clock", "lab show links", "lab show fault",
    "capture show", "diag trace 10.1.0.10 10.2.0.10", "checklist fix=yes", "ipconfig",
    "ipconfig /all", "route print", "netdiag /test:ipsec",
    "netdiag /test:ipsec /debug", "netdiag /debug reveal=yes", "ipsecmon", "ipsecomon",
    "auditpol", "eventlog show", "eventlog show id=541", "eventlog show last=3", "show alias",
    "dump", "ipsec dump", "routing ip dump", "interface dump", "?", "help", "ping ?",
    "ipsec static add rule ?", "ipsec static show", "transcript list",
)
PIPES = ("", "", "", "", " | include Add", " | json", " | count", " | exclude Local", " | csv",
         " | jsonl", " | begin a", " | sec Rule", " | no-more")
CHANGES = (
    "ipsec static add policy {policy}", "ipsec static add pol name={policy} act=no mmpfs={yes}",
    "ipsec static add policy {policy} description=\"the 'first' one\" mmlifetime=60",
    "ipsec static set policy {policy} assign={yes}", "ipsec static delete policy {policy}",
    "ipsec static add filterlist {list}", "ipsec static add filterlist name={list} desc=${{NetA}}",
    "ipsec static add filter {list} {net} {net} mir={yes} srcm=24 dstm=24",
    "ipsec static add filter filterlist={list} srcaddr={net} dstaddr={net} srcmask=255.255.255.0 "
    "dstmask=255.255.255.0 mirrored=no",
    "ipsec static add filter {list} me any prot=tcp srcp=0 dstp=80",
    "ipsec static add filter {list} {host} dstaddr={net} dstmask=24",
    "ipsec static delete filterlist {list}",
    "ipsec static add filteraction {action}",
    "ipsec static add filteraction {action} qmsec=\"ESP[AES256,SHA256] ESP[3DES,SHA1]\" soft={yes}",
    "ipsec static set filteraction {action} inpass={yes}",
    "ipsec static add rule {rule} {policy} {list} {action} tunnel=198.51.100.1 psk={key}",
    "ipsec static add rule {rule} {policy} {list} {action} 192.0.2.1 psk={key}",
    "ipsec static add rule name={rule} policy={policy} filterlist={list} filteraction={action} "
    "tunnel=198.51.100.1 description=\"key is {plain}\" psk={key}",
    "ipsec static set rule {rule} {policy} psk={key}", "ipsec static delete rule {rule} {policy}",
    "ipsec static set defaultrule {policy} psk={key}",
    "ipsec static restorepolicyexamples win2k", "ipsec static set store location=persistent",
    "ipsec static set store local", "ipsec static set batch enable",
    "ipsec static set batch disable",
    "ipsec static exportpolicy {file}.ipsec", "ipsec static importpolicy {file}.ipsec",
    "ipsec dynamic set config property=ipsecloginterval value=120",
    "ipsec dynamic add mmpolicy M1", "ipsec dynamic add qmpolicy Q1 qmsec=ESP[3DES,SHA1]",
    "ipsec dynamic add rule srcaddr={host} dstaddr={host} mmpolicy=M1 psk={key}",
    "ipsec dynamic delete all", "ipsec dynamic delete sa",
    "routing ip add filter External OUTPUT {net} 255.255.255.0 {net} 255.255.255.0 any",
    "routing ip add filter name=External filtertype=input srcaddr={host} srcmask=255.255.255.255 "
    "dstaddr={host} dstmask=255.255.255.255 proto=ANY",
    "routing ip set filter External OUTPUT DROP", "routing ip set filter External output forward",
    "routing ip delete filter External OUTPUT {net} 255.255.255.0 {net} 255.255.255.0 any",
    "routing ip add persistentroute {net} 255.255.255.0 External 198.51.100.1",
    "routing ip delete persistentroute {net} 255.255.255.0 External 198.51.100.1",
    "routing ip add rtmroute {net} 255.255.255.0 External 192.0.2.254 metric=3",
    "routing ip set loglevel error", "routing ip add preferenceforprotocol rip 120",
    "interface ip set address External static 192.0.2.7 255.255.255.0 192.0.2.254 1",
    "interface ip add address Internal gateway=10.1.0.254 gwmetric=1",
    "route add {net} MASK 255.255.255.0 198.51.100.1", "route delete {net}",
    "route -p add {net} mask 255.255.255.0 192.0.2.254 metric 2",
    "auditpol /enable /logon:all /object:all", "auditpol /disable", "net stop policyagent",
    "net start policyagent", "lab set link middle delay=50ms", "lab set link NetA state=down",
    "lab set link NetA state=up", "lab set link middle mtu=900", "lab add drop middle protocol=50",
    "lab add drop transitA message=MM5 count=1", "lab delete drop", "lab restart gwA boot=5s",
    "lab run 90s", "lab run 1h", "lab add fault psk-mismatch", "lab delete fault all",
    "lab send hostA hostB count=5", "capture start", "capture start External machine=gwB",
    "capture stop", "capture save {file}.pcap", "lab show clock > {file}.txt",
    "ipconfig | save {file}.log", "ping -n 1 {host}", "ping -n 2 -l 1400 {host}",
    "ping -n 1 -i 2 {host}", "ping -f -l 2000 -n 1 {host}", "set machine {machine}",
    "set mach {machine}", "set machine gwA", "alias sp ipsec static show policy", "sp all",
    "unalias sp", "pushd ipsec static", "pushd routing ip", "popd", "ipsec static", "routing ip",
    "lab", "..", "ipsec", "static", "exec {script}", "exec {file}.none",
    "firewall set icmpsetting type=8 mode=disable", "lab add nat", "lab delete nat",
)
MISTAKES = (
    "bogus", "ipsec stattic show all", "ipsec static add policy", "ipsec static add pol nam=",
    "ipsec static add policy P1 colour=red", "ipsec static show policy nothing",
    "ipsec static add rule {rule} nowhere {list} {action} psk={key}",
    "ipsec static add rule {rule} psk={key} colour=red", "add rule x psk={key}",
    "ipsec static add filter {list} 10.1.0.256 any", "ipsec static add filter {list} 10.1.0.7 any "
    "srcmask=24", "ping nowhere", "ping -n 0 {host}", "routing ip add filter Nowhere input",
    'ipsec static add policy "unclosed', "set machine mars", "popd", "show", "ipsec static s all",
    "${{NoSuchName}}", "ping -S {host} {host}", "ipsec static show policy all | bogus",
    "ipsec static show policy all | include", "rem a comment", "# psk={key}",
)
# (line, answers): a question is answered; ^C and ^D are keys.
QUESTIONS = (
    ("ipsec static delete all", ("y",)), ("ipsec static delete all", ("n",)),
    ("ipsec static delete all", ("^C",)), ("ipsec static delete all", ("",)),
    ("lab reset", ("no",)), ("lab reset", ("yes",)), ("routing ip reset", ("y",)),
    ("checklist", ("why", "y", "n", "quit")), ("checklist", ("y", "y", "back", "quit")),
    ("checklist", ("^C",)), ("checklist", ("n",) * 4 + ("q",)),
    ("ipsec static add rule {rule} {policy} {list} {action} 198.51.100.1 psk", ("{plain}",)),
    ("ipsec static add rule {rule} {policy} {list} {action} 198.51.100.1 psk", ("^C",)),
    ("ipsec static set rule {rule} {policy} psk", ("{plain}",)),
)
# (line, echoes): Ctrl-C after so many echoes.
ENDLESS = (("ping -t 10.1.0.1", 3), ("ping -t {host}", 2), ("ping -t -l 100 10.2.0.10", 1))
SCRIPTS = (
    "pushd ipsec static\nadd policy S1 act=no\nadd filterlist S2\nshow filterlist S2\npopd\n",
    "# a script\nipsec static\nadd rule R1 P1 L1 F1 tunnel=198.51.100.1 psk={plain}\nshow policy "
    "all\nbogus\n..\n..\nping -n 1 10.1.0.1\n",
    "@echo off\nset KEY={plain}\nnetsh ipsec static add policy name=B1\nnetsh ipsec static add "
    "rule name=B2 policy=B1 filterlist=L1 filteraction=F1 psk=%KEY%\nnetsh ipsec static show "
    "policy all >nul\n",
)
KEYS = ("kb252735", "short", "Tr0ub4dor&3-Tr0ub4dor&3", "correct horse battery staple!",
        "n0t-s0-w3ak-Zq8XvB2LmK9pR4", "ümlaut-Schlüssel-äöü-12345", "q'uote\\and$dollar{}<x>9Y7")


class Line(NamedTuple):
    """What is typed, the answers to its questions, and when Ctrl-C is pressed (0: never)."""

    text: str
    answers: tuple[str, ...] = ()
    interrupt: int = 0


def conversation(seed: int, length: int = 18) -> list[Line]:
    """The lines of one conversation; the same seed gives the same."""
    draw = random.Random(seed)
    lines = []
    for _ in range(draw.randint(4, length)):
        kind = draw.random()
        if kind < 0.33:
            one = Line(draw.choice(SHOWS) + draw.choice(PIPES))
        elif kind < 0.82:
            one = Line(draw.choice(CHANGES))
        elif kind < 0.90:
            one = Line(draw.choice(MISTAKES))
        elif kind < 0.97:
            one = Line(*draw.choice(QUESTIONS))
        else:
            text, echoes = draw.choice(ENDLESS)
            one = Line(text, (), echoes)
        lines.append(one)
    return lines


class Typed(NamedTuple):
    """A recorded conversation, the keys that were typed in it, and what the screen showed."""

    made: Recorded
    path: Path
    keys: tuple[str, ...]
    screen: str


class Typist:
    """Types a conversation into a prompt loop that has no terminal."""

    def __init__(self, folder: Path, seed: int, start: Callable[[Session], object] = id) -> None:
        self.folder, self.draw = folder, random.Random(seed)
        self.keys: list[str] = []
        self.answers: list[str] = []
        self.waits = 0
        for row in TRANSCRIPT_ROWS:
            index.register(*row)
        self.screen = io.StringIO()
        self.session = session = Session("", seed=self.draw.randint(1, 10**6))
        session.folder = str(folder)
        start(session)
        clock = iter(range(1_700_000_000, 1_800_000_000)).__next__
        listen(session, str(folder / "journal.jsonl"), lambda: float(clock()))
        self.repl = Repl(session, Show(session, out=self.screen, err=self.screen), DummyInput(),
                         DummyOutput(), str(folder))
        session.ask = listened(session, self.ask)
        session.ask_hidden = listened(session, self.ask, hidden=True)
        session.wait = self.wait

    def fill(self, text: str) -> str:
        """A template with its blanks filled in."""
        draw = self.draw
        plain = draw.choice(KEYS)
        if "{key}" in text or "{plain}" in text:
            self.keys.append(plain)
        quoted = f'"{plain}"' if any(sign in plain for sign in ' "|>') else plain
        script = self.folder / f"script{draw.randint(0, 99)}.{draw.choice(('txt', 'bat'))}"
        if "{script}" in text:
            secret = draw.choice(KEYS[2:5]).replace(" ", "")
            self.keys.append(secret)
            script.write_text(draw.choice(SCRIPTS).replace("{plain}", secret))
        return text.format(
            policy=draw.choice(POLICIES), list=draw.choice(LISTS), action=draw.choice(ACTIONS),
            rule=draw.choice(RULES), net=draw.choice(NETS), host=draw.choice(HOSTS),
            machine=draw.choice(MACHINES), yes=draw.choice(YES), key=quoted, plain=plain,
            file=draw.choice((str(self.folder / "out"), "rel")), script=script)

    def ask(self, question: str) -> str:
        """The next answer, or Ctrl-C when there is none left."""
        answer = self.answers.pop(0) if self.answers else "^C"
        if answer == "^C":
            raise KeyboardInterrupt
        return answer

    def wait(self, seconds: float) -> None:
        """Ctrl-C comes when its time has come."""
        self.waits -= 1
        if self.waits <= 0:
            if self.session.witness is not None:
                self.session.witness.interrupted()
            raise KeyboardInterrupt

    def type(self, line: Line) -> None:
        """Types one line."""
        plain = self.draw.choice(KEYS)
        self.answers = [answer.replace("{plain}", plain) for answer in line.answers]
        if any("{plain}" in answer for answer in line.answers):
            self.keys.append(plain)
        self.waits = line.interrupt or 4
        text = self.fill(line.text)
        before = "".join(f"{one}>" for one in ("",))
        self.screen.write(f"{before}{text}\n")
        self.repl.type(text)

    def record(self, lines: list[Line]) -> Typed:
        """Types and records a whole conversation."""
        path = self.folder / "c.transcript"
        begin(self.session, str(path), "A generated conversation")
        for line in lines:
            self.type(line)
        written, made = finish(self.session)
        self.session.close()
        return Typed(made, Path(written), tuple(self.keys), self.screen.getvalue())
