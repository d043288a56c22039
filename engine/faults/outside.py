"""Faults between the gateways: what a path loses, delays, shortens or reorders."""

from engine.faults.fault import OWN, OWN_HOST, PEER, Fault

_ANYWHERE: tuple[str, ...] = ()

PATH = (
    Fault("udp500-blocked-on-path", "path", "A device on the way drops UDP 500.",
          running=("ipsec dynamic delete sa", "lab add drop link={link} protocol=UDP port=500"),
          undo=("lab delete drop link={link} protocol=UDP port=500",), link=True,
          machines=_ANYWHERE),
    Fault("esp-blocked-ike-passes", "path", "A device on the way drops ESP and lets IKE pass.",
          running=("lab add drop link={link} protocol=50",),
          undo=("lab delete drop link={link} protocol=50",), link=True, machines=_ANYWHERE),
    Fault("nat-in-path-no-natt", "path",
          "A NAT stands before the gateway, which does not use NAT traversal.",
          ("lab add nat", "ipsec static set rule name={back_rule} policy={policy} tunnel={behind}",
           "*moved", "ipsec dynamic set config property=natt value=no"),
          ("ipsec dynamic delete sa", "set machine {other}", "ipsec dynamic delete sa"),
          machines=(OWN,), also=("fragments-lost-on-path",)),
    Fault("pmtu-blackhole", "mtu",
          "A link carries less than its routers know, and nobody says so.",
          running=("lab set link {link} mtu={value}",), undo=("lab set link {link} mtu=1500",),
          link=True, value="1400", choice="octets that pass", machines=_ANYWHERE,
          tries=((OWN_HOST, "ping -n 2 {far_host}"), (OWN_HOST, "ping -n 2 -l 1400 {far_host}"))),
    Fault("tunnel-mtu-needs-frag", "mtu",
          "No fault: the gateway says that a packet is too long for the tunnel.",
          ("interface ip set subinterface interface={outside} mtu={value}",),
          value="1000", choice="MTU of the outer interface", verdict="PASS",
          tries=((OWN_HOST, "ping -n 1 {far_host}"),
                 (OWN_HOST, "ping -n 2 -f -l 1400 {far_host}"))),
    Fault("replay-drops-reordering", "esp",
          "The path reorders packets by more than the replay window.",
          running=("lab set link {link} reorder={value}",), undo=("lab set link {link} reorder=0",),
          link=True, value="20%", choice="share of packets that are overtaken",
          machines=_ANYWHERE,
          tries=((OWN_HOST, "ping {far_host}"), (OWN_HOST, "lab send {machine} {far_host}"))),
    Fault("stale-sa-after-peer-reboot", "esp",
          "The other gateway has restarted and knows nothing of the associations any more.",
          running=("lab restart {machine} boot=1s",),
          undo=("set machine {other}", "ipsec dynamic delete sa"), once=True, machine=PEER,
          machines=(PEER,), needs=("tunnel", "associations")),
)
