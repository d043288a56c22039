"""What people do in several lines: a change window, a capture, a fault that is hunted down.

Each story is typed whole, wherever a conversation comes to it. A line is its text, or the text
with the answers to its questions, or with the seconds of the lab's time after which Ctrl-C comes.
"""

POLICY = '"IPSec tunnel with third-party gateway"'
RULE = f'"NetA to NetB" {POLICY}'
Typing = str | tuple[str, tuple[str, ...]] | tuple[str, float]

STORIES: tuple[tuple[Typing, ...], ...] = (
    # Changes that are collected, looked at, and made together, or not.
    ("offline", "ipsec static add pol {name} act=no", "ipsec static add filterlist {list}",
     "ipsec st add filter {list} {net} {net} srcm=24 dstm=24 mir=no", "show changes",
     "show changes as=diff | include filter", "show mode", "commit", "show revisions last=3",
     "online", "show revisions 3"),
    ("set mode offline", "interface ip set address External static 192.0.2.7 255.255.255.0",
     "ipsec static set policy {policy} assign={yes}", "show changes | json", "abort", "commit",
     "set mode mode=online", "show mode"),
    ("offline", "ipsec static add policy {name} desc=${{NetA}} act=no", "commit confirm=2",
     "show mode", "lab run 90s", "show revisions", "lab run 90s", "ipsec static show policy all"),
    ("offline", "ipsec static add filteraction {name} qmsec=ESP[3DES,SHA1]", "commit confirm=5",
     "confirm", "confirm", ("rollback previous", ("y",)), "show changes since=2", "online"),
    ("ipsec static add policy {name} act=no", "ipsec static set policy {name} desc=mine",
     "show revisions", ("rollback 3", ("y",)), "ipsec static show policy all",
     ("rollback previous", ("n",)), ("rollback previous", ("y",)), "rollback 999",
     ("delete revisions", ("y",)), "show revisions"),
    ("offline", "ipsec static set rule " + RULE + " psk={key}", "show changes", "offline",
     "set machine gwB", "ipsec static add policy {name} act=no", "show changes", "flush",
     "set machine gwA", "online"),
    # Frames, as Network Monitor shows them.
    ("capture start External", "set machine hostA", "ping -n 2 10.2.0.10", "set machine gwA",
     "capture show last=4", "capture show | include ESP | count", "capture stop",
     "capture save {file}.pcap", "capture save {file}.pcapng keys={file}.keys reveal=yes",
     "capture save {file}.pcapng keys={file}.keys", "diag check capture={file}.pcap"),
    ("capture start External machine=gwB protocol=50", "lab send hostA hostB count=3 size=60",
     "capture show External gwB", "capture show External gwB | json", "capture stop External gwB"),
    ("capture start Internal address=10.1.0.10", "tracert 10.2.0.10", "capture show Internal",
     "capture stop Internal", "eventlog show last=4", "eventlog show > {file}.log",
     "diag check log={file}.log"),
    # What somebody else looks at.
    ("checklist", "checklist report file={file}.html", "checklist report file={file}.md mask=no",
     "support bundle file={file}.zip", "support bundle file={file}.zip",
     "support bundle file={file}.tar.gz mask=no overwrite=yes", "support bundle file={file}.bin"),
    ("checklist save={file}.answers", "checklist answers={file}.answers",
     "checklist view=alone answers={file}.answers", "checklist resume", "checklist undo"),
    (("checklist", ("y", "n", "why", "q")), ("checklist resume", ("y",) * 9), "checklist undo",
     ("checklist undo", ("y",)), ("checklist view=alone", ("y", "n", "y", "skip", "q"))),
    ("ipsec static show peerconfig " + POLICY + " {peer}",
     "ipsec static show peerconfig " + POLICY + " {peer} side=own",
     "ipsec static show peerconfig " + POLICY + " {peer} reveal=yes | include 10.",
     "ipsec static show peerconfig " + POLICY + " {peer} > {file}.conf",
     "diag check peer={file}.conf"),
    # Names for lines, scripts, the console in a file.
    ("alias qm ipsec dynamic show qmsas", "qm", "qm | include SPI", "alias qm", "show alias",
     'alias key "ipsec static set rule x y psk={key}"', "key", "alias", "unalias qm", "qm"),
    ("alias w ipsec static add policy", "w {name} act=no", "w {name}", "show revisions last=1",
     "unalias w"),
    ("set file open {file}.log", "ipsec static show policy all",
     "ipsec static add rule r p psk={key}", "set file close", "set file append {file}.log",
     "lab show clock", "set file mode=close", "set file close now"),
    ("exec {script}", "exec {script} | count", "exec {script} > {file}.txt",
     "pushd ipsec static", "exec {script}", "popd"),
    ("pushd ipsec static", "add policy {name} act=no", "pushd routing ip", "show loglevel", "popd",
     "show policy {name}", "popd", "popd"),
    # Names as people have them.
    ("ipsec static add policy {uni} act=no desc={uni}", "ipsec static add filterlist {uni}",
     "ipsec static show policy {uni}", "ipsec static show policy all format=table",
     "ipsec static set policy {uni} newname={uni}", "dump | include add", "dump | json",
     "ipsec static add rule {uni} {uni} {uni} nothing tunnel=198.51.100.1 psk={key}",
     "ipsec static delete policy {uni}"),
    # Keys wherever one can be typed, and where none belongs.
    ("ipsec static set rule " + RULE + " psk={key}", "ipsec static set rule " + RULE + " PSK={key}",
     "ipsec static set rule " + RULE + " ps={key}", "ipsec static set rule " + RULE + " pks={key}",
     "ipsec static set rule " + RULE + " psk = {key}", "netsh ipsec static set rule " + RULE
     + " psk={key}", "netsh ipsec static>set rule " + RULE + " psk={key}",
     "[gwA] ipsecsh ipsec static>set rule " + RULE + " psk={key}",
     ("ipsec static set rule " + RULE + " psk", ("{plain}",)), "; psk={key}", "rem psk {key}",
     "bogus psk={key} | count", "ipsec static add policy \"{plain}\" act=no",
     "ipsec static show rule all " + POLICY + " level=verbose reveal=yes", "dump | section psk"),
    ("ipsec static set rule " + RULE + " description=\"it is {plain}\" psk={key}",
     "ipsec static show rule " + RULE, "ipsec static show rule " + RULE + " | json",
     "dump | include description", "show revisions last=2", "ipsec static show rule all " + POLICY
     + " format=table | csv"),
    # Something breaks on the way, and is found and mended.
    ("lab add fault {fault}", "ipsec dynamic show tunnels", "set machine hostA",
     "ping -n 3 10.2.0.10", "set machine gwA", "diag check", ("diag fix", ("y",)),
     "diag explain last", "lab delete fault all", "ipsec dynamic delete sa", "diag check"),
    ("lab add fault {fault} machine=gwB", "diag check machine=gwA",
     "diag trace 10.1.0.10 10.2.0.10", "lab show fault", "lab delete fault {fault}",
     "lab delete fault all"),
    ("lab add fault {fault}", "lab add fault {fault}", "lab run 10m", "diag check all",
     "checklist", ("diag fix", ("y",) * 3), "netdiag /test:ipsec", "eventlog show last=6"),
    ("lab set link middle state=down", "ping -n 2 10.2.0.10", "diag check ping=no",
     "lab set link middle state=up delay=80ms", "lab run 3m", "ipsec dynamic show qmsas"),
    ("diag probe", ("diag probe", ("y",)), ("diag probe", ("n",)), "diag list", "diag explain 547",
     "diag explain psk-mismatch", "diag explain nothing"),
    # Filters of the running machine.
    ("ipsec dynamic add mmpolicy {name} mmsec=AES256-SHA1-2",
     "ipsec dynamic add qmpolicy {name} qmsec=ESP[AES128,SHA1]",
     "ipsec dynamic add rule srcaddr=10.1.0.0 srcmask=24 dstaddr=10.2.0.77 dstmask=32 "
     "mmpolicy={name} qmpolicy={name} actioninbound=negotiate actionoutbound=negotiate "
     "psk={key}", "ipsec dynamic show rule", "ipsec dynamic show rule type=transport | json",
     "ipsec dynamic show rule resolvedns=yes", "ipsec dynamic show qmfilter | section 10.2.0.77",
     "ipsec dynamic set mmpolicy {name} mmpfs=yes", "ipsec dynamic show mmpolicy all",
     "ipsec dynamic delete rule 10.1.0.0 10.2.0.77", "ipsec dynamic delete all"),
    ("ipsec dynamic add mmpolicy {name}", "ipsec dynamic add qmpolicy {name}",
     "ipsec dynamic add rule srcaddr=10.1.0.10 dstaddr=10.2.0.0 dstmask=255.255.0.0 "
     "tunneldst=198.51.100.1 mmpolicy={name} qmpolicy={name} kerberos=yes",
     "ipsec dynamic show rule type=tunnel", "ipsec dynamic show mmfilter all",
     "ipsec dynamic show mmfilter all resolvedns=yes", "ipsec dynamic set config ikelogging 1",
     "ipsec dynamic show config | json", "ipsec dynamic delete qmpolicy {name}",
     "ipsec dynamic delete all"),
    # Routes, adapters, certificates.
    ("routing ip add persistentroute 10.9.0.0 255.255.0.0 External 192.0.2.254 metric=5",
     "routing ip show persistentroutes", "route print", "route print 10.* | include 10.",
     "routing ip set persistentroute 10.9.0.0 255.255.0.0 External nhop=192.0.2.77",
     "routing ip add rtmroute {net} 255.255.0.0 Internal 10.1.0.254", "routing ip show rtmroutes",
     "route delete 10.9.0.0", "routing ip dump", ("routing ip reset", ("y",)), "routing ip dump"),
    ("routing ip add filter External input {host} 255.255.255.255 {host} 255.255.255.255 udp 500 "
     "500",
     "routing ip add filter External input {net} 255.255.0.0 {net} 255.255.255.0 tcp 0 80",
     "routing ip set filter External input drop", "routing ip show filter",
     "routing ip show filter External | json", "ping -n 1 198.51.100.1",
     "routing ip set filter External input forward", "ipsec dynamic show stats type=drops"),
    ("interface ip set address Internal static 10.1.0.7 255.255.255.0",
     "interface ip show address", "ipconfig /all", "diag check phase=host",
     "interface ip set address Internal static 10.1.0.1 255.255.255.0",
     "interface ip set subinterface External mtu=1300", "interface ip show interface",
     "interface ip show config | json", "lab add adapter gwA Spare 10.77.0.1 24 spare",
     "interface ip show config Spare", "lab delete adapter gwA Spare"),
    ("lab issue certificate", "lab issue certificate gwB state=expired",
     "ipsec static show certificate", "ipsec static show certificate | json",
     "ipsec static show certificate | include CN", "ipsec static add certificate {name} {file}.pem",
     "ipsec static delete certificate all"),
    ("ipsec static exportpolicy {file}", "ipsec static exportpolicy {file} reveal=yes",
     "ipsec static importpolicy {file}", ("ipsec static delete all", ("y",)),
     "ipsec static set policy " + POLICY + " assign=no", ("ipsec static delete all", ("yes",)),
     "ipsec static importpolicy {file}", "ipsec static show all"),
    # Ctrl-C while the lab works.
    (("lab run 15h", 400.0), "lab show clock", "ipsec dynamic show mmsas",
     ("lab send hostA hostB count=500", 0.1), "lab run 1s"),
    (("ping -n 20 10.2.0.10", 2.5), ("tracert 10.2.0.10", 0.05), ("diag check", 1.0),
     ("checklist", 2.0), "lab show clock | count"),
    ("set machine hostA", ("ping -n 6 10.2.0.10", 3.2), ("ping -t 10.2.0.10", 6.0),
     "set machine gwA", ("lab run 2h | count", 60.0), "eventlog show last=2"),
    # Transcripts about transcripts.
    ("transcript list | include mirrored", "transcript check {tiny}", "transcript run {tiny}",
     "transcript run {tiny} junit={file}.xml tap={file}.tap json={file}.json",
     "transcript export {tiny} to=md out={file}.md run=no", "transcript export {tiny} to=script "
     "out={file}.txt", "transcript run mirrored-filter set=NetA=172.20.0.0/24"),
)
NAMES = ("P7", '"Change 42"', "Site-B", "x")
UNICODE = ('"Köln–Zürich"', "политика", '"日本 トンネル"', "Ω", '"naïve ☃"', '"e\u0301cole"',
           '"שלום"')
PEERS = ("swanctl", "ipsec.conf", "ios", "junos", "windows", "powershell", "cisco")
