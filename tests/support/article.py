"""KB 252735 as lines to type: what every way of typing must turn into the same store."""

POLICY = "IPSec tunnel with third-party gateway"
LINES = (
    "ipsec static",
    f'add policy name="{POLICY}" description="NetA and NetB" activatedefaultrule=no',
    'add filterlist name="NetA to NetB"',
    'add filter filterlist="NetA to NetB" srcaddr=10.1.0.0 srcmask=255.255.255.0 '
    'dstaddr=10.2.0.0 dstmask=255.255.255.0 protocol=ANY mirrored=no '
    'description="From NetA to NetB"',
    'add filterlist name="NetB to NetA"',
    'add filter filterlist="NetB to NetA" srcaddr=10.2.0.0 srcmask=24 dstaddr=10.1.0.0 dstmask=24 '
    'mirrored=no description="From NetB to NetA"',
    'add filteraction name="IPSec tunnel: ESP DES/MD5" action=negotiate inpass=no soft=no '
    'qmpfs=no qmsecmethods="ESP[DES,MD5]"',
    f'add rule name="NetA to NetB" policy="{POLICY}" filterlist="NetA to NetB" '
    'filteraction="IPSec tunnel: ESP DES/MD5" tunnel=198.51.100.1 conntype=all psk=kb252735',
    f'add rule name="NetB to NetA" policy="{POLICY}" filterlist="NetB to NetA" '
    'filteraction="IPSec tunnel: ESP DES/MD5" tunnel=192.0.2.1 conntype=all psk=kb252735',
    f'set policy name="{POLICY}" assign=yes',
    "routing ip",
    "add filter name=External filtertype=output srcaddr=10.1.0.0 srcmask=255.255.255.0 "
    "dstaddr=10.2.0.0 dstmask=255.255.255.0 proto=any",
    "add filter name=External filtertype=output srcaddr=192.0.2.1 srcmask=255.255.255.255 "
    "dstaddr=198.51.100.1 dstmask=255.255.255.255 proto=any",
    "set filter name=External filtertype=output action=drop",
    "add filter name=External filtertype=input srcaddr=10.2.0.0 srcmask=255.255.255.0 "
    "dstaddr=10.1.0.0 dstmask=255.255.255.0 proto=any",
    "add filter name=External filtertype=input srcaddr=198.51.100.1 srcmask=255.255.255.255 "
    "dstaddr=192.0.2.1 dstmask=255.255.255.255 proto=any",
    "set filter name=External filtertype=input action=drop",
    "add persistentroute 10.2.0.0 255.255.255.0 External 198.51.100.1",
    "auditpol /enable /logon:all /object:all",
)


def full_lines() -> tuple[str, ...]:
    """The same with the context in front of each line, as one-shot commands need it."""
    context, lines = "", []
    for line in LINES:
        if line in ("ipsec static", "routing ip"):
            context = line + " "
        else:
            lines.append(line if line.startswith("auditpol") else context + line)
    return tuple(lines)


# The store of an article that came by any way: the first two show what has to be equal.
SHOW_DUMP = "dump"
SHOW_FILTERS = "netdiag /test:ipsec /debug"
