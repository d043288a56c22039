"""Conversations as operators have them: every context, abbreviations, mistakes, keys, Ctrl-C.

Some begin on a fresh machine, some with the article typed and its tunnel up. The lines come from
lists of what people type, and from the declarations of all commands. `tests.support.typist` types
and records them.
"""

import random
from collections.abc import Sequence
from typing import NamedTuple

from commands import index
from commands.spec import Command, Kind, Tag
from tests.support.article import full_lines
from tests.support.stories import STORIES
from transcripts.rows import ROWS

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
PIPES = ("", "", "", "", " | include Addr", " | json", " | count", " | exclude Local", " | csv",
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


# How many of the seeds stand for a whole story.
STORY = 0.2
# With a tunnel up: what there is to see, and what makes another one of it.
RUNNING = (
    "ipsec dynamic show qmsas", "ipsec dynamic show mmsas all", "ipsec dyn show qmsas form=list",
    "ipsec dynamic show tunnels", "ipsecmon", "netdiag /test:ipsec /debug", "eventlog show",
    "eventlog show id=541", "eventlog show | count", "capture show", "capture show filter=esp",
    "diag check", "diag check all", "diag list", "diag list causes", "diag explain last",
    "diag trace 10.1.0.10 10.2.0.10", "diag trace 10.1.0.10 10.2.0.10 | json",
    "ipsec dynamic show stats", "ipsec dynamic show stats type=drops", "ipsec dynamic show all",
    "ipsec dynamic show qmsas | json", "ipsec dynamic show mmsas | csv", "ipsec dyn show qmfilter",
    "ping -n 2 10.2.0.10", "ping -n 1 -l 1400 10.2.0.10", "ping -n 3 -w 1 10.2.0.10",
    "tracert 10.2.0.10", "ipsec dynamic delete sa", "lab restart gwB", "lab restart gwA boot=5s",
    "lab run 15h", "lab run 1h", "lab run 2m", "set machine hostA", "set machine gwA",
    "set machine gwB", "set machine hostB", "net stop policyagent", "net start policyagent",
    "lab add fault {fault}", "lab delete fault all", "lab show fault {fault}", "lab show clock",
    "lab set link middle delay=200ms", "lab set link NetB mtu=1300", "capture start External",
    "capture stop", "lab add nat", "lab delete nat", "lab add proxy", "lab show links",
    "lab send hostA hostB count=20 size=400", "lab add drop middle protocol=50 count=2",
    "ipsec static set policy \"IPSec tunnel with third-party gateway\" assign={yes}",
    "ipsec static show all level=verbose", "ipsec static show rule all "
    "\"IPSec tunnel with third-party gateway\" level=verbose", "dump", "checklist fix=yes",
    "transcript run mirrored-filter", "transcript run {tiny}", "transcript run {tiny} | count",
    "ipsec static set filteraction \"IPSec tunnel: ESP DES/MD5\" soft={yes} inpass={yes}",
    "ipsec static set rule \"NetA to NetB\" \"IPSec tunnel with third-party gateway\" psk={key}",
    "exec {script}", "lab show machines", "ipsec static show peerconfig "
    "\"IPSec tunnel with third-party gateway\" format=cisco",
    "ipsec dynamic show qmsas | include SPI > {file}.txt", "ipsecmon | include 0x",
)
MENDS = (("diag fix", ("y",)), ("diag fix", ("n",)), ("diag fix", ("^C",)), ("diag fix", ("yes",)),
         ("checklist", ("y",) * 12), ("lab reset", ("y",)))
# Not typed: they end the conversation or begin another, or are the recorder's own.
LEFT_OUT = frozenset({"bye", "exit", "quit", "transcript start", "transcript stop",
                      "transcript save", "transcript run", "history", "exec"})
# What stands for a value when the declaration says no more than its cell type.
VALUES = {
    "ip": HOSTS[:9], "net": NETS, "mask": ("24", "255.255.255.0", "32"), "name": POLICIES + LISTS,
    "text": ("plain", '"two words"', "a<b>c", "$x", "any", "50ms", "toB"), "port": ("0", "80"),
    "path": ("{file}.out",), "dur": ("5s", "1m"), "secret": ("{key}",), "machine": MACHINES,
}


# A transcript that conversations run: its report has times and paths in it.
TINY = """# transcript: 1
# title: tiny

> lab show clock
| <...>
> ipsec static add policy name=T psk=${secret:k} colour=red
= 2
"""


class Line(NamedTuple):
    """What is typed, the answers to its questions, and when Ctrl-C is pressed: after so many
    echoes, or `after` so many seconds of the lab's time (0: never).

    `seed` decides what its blanks are filled with.
    """

    text: str
    answers: tuple[str, ...] = ()
    interrupt: int = 0
    seed: int = 0
    after: float = 0.0


def conversation(seeds: Sequence[int], running: bool) -> list[Line]:
    """A line or a story of each seed, `running` behind the article and its tunnel."""
    lines = []
    if running:
        lines = [Line(text) for text in full_lines()]
        lines += [Line("set machine hostA"), Line("ping 10.2.0.10"), Line("set machine gwA")]
    for seed in seeds:
        draw = random.Random(seed)
        told = story(draw) if draw.random() < STORY else [_line(draw, running)]
        lines += [one._replace(seed=seed) for one in told]
    return lines


def story(draw: random.Random) -> list[Line]:
    """All lines of a story."""
    lines = []
    for one in draw.choice(STORIES):
        text, more = (one, ()) if isinstance(one, str) else one
        lines.append(Line(text, (), 0, 0, more) if isinstance(more, float) else Line(text, more))
    return lines


def _line(draw: random.Random, running: bool) -> Line:
    kind = draw.random()
    if running and kind < 0.6:
        return Line(draw.choice(RUNNING) + draw.choice(PIPES[:6])) if draw.random() < 0.9 \
            else Line(*draw.choice(MENDS))
    kind = draw.random()
    if kind < 0.25:
        return Line(draw.choice(SHOWS) + draw.choice(PIPES))
    if kind < 0.45:
        return Line(declared(draw))
    if kind < 0.82:
        return Line(draw.choice(CHANGES))
    if kind < 0.90:
        return Line(draw.choice(MISTAKES))
    if kind < 0.97:
        return Line(*draw.choice(QUESTIONS))
    text, echoes = draw.choice(ENDLESS)
    return Line(text, (), echoes)


def declared(draw: random.Random) -> str:
    """A line of any command with any of its tags, right or wrong."""
    for row in ROWS:
        index.register(*row)
    paths = [row[0] for row in index.ROWS if row[0] not in LEFT_OUT]
    path = draw.choice(paths)
    command = index.load(index.node_at(tuple(path.split())))
    words = [path]
    for one in command.tags:
        if one.required or draw.random() < 0.25:
            words.append(_typed(one, command, draw))
    return " ".join(words)


def _typed(one: Tag[object], command: type[Command], draw: random.Random) -> str:
    if one.form in ("flag", "slash", "bare"):
        return {"flag": "-", "slash": "/", "bare": ""}[one.form] + one.word
    value = _value(one.kind, draw)
    forms = {"tag": f"{one.word}={value}", "dash": f"-{one.word} {value}",
             "colon": f"/{one.word}:{value}", "word": f"{one.word} {value}"}
    return forms.get(one.form, value)


def _value(kind: Kind[object], draw: random.Random) -> str:
    if kind.secret:
        return "{key}"
    if kind.words() and draw.random() < 0.9:
        return draw.choice(kind.words())
    low, high = getattr(kind, "low", None), getattr(kind, "high", None)
    if low is not None and high is not None:
        return str(draw.choice((low, min(low + 1, high), high, high + 1)))
    return draw.choice(VALUES.get(kind.cell, VALUES["text"]))
