"""Faults of main mode, and of the machine around the policy: filters, routes, hosts, services."""

from engine.faults.fault import OWN_HOST, PEER, PEER_HOST, Fault

_CERTIFIED = 'rootca="CN=Lab Root"'

MAIN_MODE = (
    Fault("psk-mismatch", "ike-phase1", "The pre-shared keys of the gateways differ.",
          ("ipsec static set rule name={out_rule} policy={policy} psk={value}",
           "ipsec static set rule name={back_rule} policy={policy} psk={value}"),
          value="kb252753", choice="the key that this gateway has"),
    Fault("phase1-proposal-mismatch", "ike-phase1",
          "Main mode offers a suite that the other gateway does not accept.",
          ("ipsec static set policy name={policy} mmsecmethods={value}",),
          value="AES192-SHA512-5", choice="the main mode methods"),
    Fault("peer-identity-mismatch", "ike-phase1",
          "The other gateway expects another identity than this gateway's address.",
          ("ipsec dynamic set config property=remoteid value={value}",),
          ("ipsec dynamic delete sa",), machine=PEER,
          value="gateway.example.com", choice="the identity that is expected"),
    Fault("negotiation-delay-only", "ike-phase1",
          "No fault: a slow path, on which the first echo does not wait for the negotiation.",
          running=("lab set link transitA delay={value}", "lab set link middle delay={value}",
                   "lab set link transitB delay={value}", "ipsec dynamic delete sa"),
          undo=("lab set link transitA delay=10ms", "lab set link middle delay=10ms",
                "lab set link transitB delay=10ms"),
          value="40ms", choice="the delay of each outer link", verdict="PASS"),
    Fault("cert-expired-or-not-yet-valid", "time/pki",
          "Both gateways use certificates, and this one's is outside its validity.",
          ("lab issue certificate machine={machine} state={value}",
           "ipsec static set rule name={out_rule} policy={policy} " + _CERTIFIED,
           "ipsec static set rule name={back_rule} policy={policy} " + _CERTIFIED,
           "set machine {other}", "lab issue certificate machine={other}",
           "ipsec static set rule name={their_out_rule} policy={their_policy} " + _CERTIFIED,
           "ipsec static set rule name={their_back_rule} policy={their_policy} " + _CERTIFIED),
          value="expired", choice="expired or future"),
)

FILTERING = (
    Fault("rras-output-filter-missing-neta-netb", "filtering",
          "The output filters of the outer interface lack the tunnel's networks.",
          ("*tunnel_output",), needs=("tunnel", "fence")),
    Fault("rras-input-filter-missing-netb-neta", "filtering",
          "The input filters of the outer interface lack the tunnel's networks.",
          ("*tunnel_input",), needs=("tunnel", "fence")),
    Fault("rras-filter-drops-ike", "filtering",
          "The RRAS filters of the outer interface have no entry for IKE.",
          ("*ike_output", "*ike_input"), ("ipsec dynamic delete sa",),
          needs=("tunnel", "fence")),
)

ROUTING = (
    Fault("missing-route-to-netb", "routing", "No route covers the other network.",
          ("routing ip delete persistentroute dest={remote} mask={remote_mask} name={outside}",)),
    Fault("route-wrong-egress-interface", "routing",
          "The route to the other network leaves by a second adapter on the same wire.",
          ('lab add adapter machine={machine} name="External 2" addr={second} mask={second_mask} '
           "link={outside_link}",
           "routing ip delete persistentroute dest={remote} mask={remote_mask} name={outside}",
           'routing ip add persistentroute dest={peer_net} mask=255.255.255.0 name="External 2" '
           "nhop={hop}",
           "routing ip add persistentroute dest={remote} mask={remote_mask} "
           'name="External 2" nhop={peer}'),
          running=("ipsec dynamic delete sa",)),
)

HOSTS = (
    Fault("ip-forwarding-off", "host", "Routing is switched off on the gateway.",
          ("net stop remoteaccess",)),
    Fault("host-default-gateway-wrong", "host", "A host's default gateway is no gateway.",
          ("interface ip set address name={adapter} gateway={wrong_gateway} gwmetric=1",),
          machine=OWN_HOST, machines=(OWN_HOST, PEER_HOST), needs=()),
    Fault("host-firewall-blocks-icmp", "host", "The host drops echo requests.",
          ("firewall set icmpsetting type=8 mode=disable",),
          machine=PEER_HOST, machines=(OWN_HOST, PEER_HOST), needs=()),
)

SERVICES = (
    Fault("service-not-running", "service", "The IPSEC Policy Agent is stopped.",
          running=("net stop policyagent",), undo=("net start policyagent",)),
    Fault("peer-service-down", "service", "IKE does not run at the other gateway.",
          running=("net stop policyagent",), undo=("net start policyagent",), machine=PEER,
          machines=(PEER,)),
    Fault("auditing-off", "observability", "Nothing is audited.",
          ("auditpol /disable",), verdict="WARN"),
)
