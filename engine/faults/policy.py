"""Faults of the written policy: rules, filters, actions, the store (catalogue: policy layers)."""

from engine.faults.fault import Fault

_SET_OUT = "ipsec static set rule name={out_rule} policy={policy} "
_SET_BACK = "ipsec static set rule name={back_rule} policy={policy} "
_FORGET = ("ipsec static delete filter filterlist={out_list} srcaddr={local} srcmask={local_mask} "
           "dstaddr={remote} dstmask={remote_mask}",
           "ipsec static delete filter filterlist={back_list} srcaddr={remote} "
           "srcmask={remote_mask} dstaddr={local} dstmask={local_mask}")


def _filters(*, remote: str = "remote", rest: str = "mirrored=no") -> tuple[str, ...]:
    """Both one-way filters replaced by others between `local` and the network of that word."""
    far = f"{{{remote}}}", f"{{{remote}_mask}}"
    return (*_FORGET,
            "ipsec static add filter filterlist={out_list} srcaddr={local} srcmask={local_mask} "
            f"dstaddr={far[0]} dstmask={far[1]} {rest}",
            f"ipsec static add filter filterlist={{back_list}} srcaddr={far[0]} srcmask={far[1]} "
            f"dstaddr={{local}} dstmask={{local_mask}} {rest}")


POLICY = (
    Fault("auth-methods-differ-between-rules", "policy",
          "The rule back authenticates by Kerberos, the rule out does not.",
          (_SET_BACK + "kerberos=yes",)),
    Fault("mirrored-on-tunnel-filter", "policy",
          "The Mirrored box is set on the filters of both tunnel rules.",
          _filters(rest="mirrored=yes")),
    Fault("protocol-specific-tunnel-filter", "policy",
          "The filters of the tunnel name TCP and a port.",
          _filters(rest="mirrored=no protocol=TCP dstport={value}"),
          value="80", choice="the TCP port"),
    Fault("wrong-tunnel-endpoint", "policy",
          "The rule out ends its tunnel at an address that nobody has.",
          (_SET_OUT + "tunnel={value}",), value="{nobody}", choice="the wrong end"),
    Fault("both-rules-same-endpoint", "policy",
          "Both rules end their tunnel at the other gateway.",
          (_SET_BACK + "tunnel={peer}",)),
    Fault("missing-second-rule", "policy", "The rule back is not there.",
          ("ipsec static delete rule name={back_rule} policy={policy}",)),
    Fault("rule-disabled", "policy", "The rule back is there, but not activated.",
          (_SET_BACK + "activate=no",)),
    Fault("policy-not-assigned", "policy", "The policy is complete, but not assigned.",
          ("ipsec static set policy name={policy} assign=no",)),
    Fault("soft-association-allowed", "policy",
          "The filter action falls back to clear text, and the other gateway speaks no IKE.",
          ("ipsec static set filteraction name={action} soft=yes",),
          ("set machine {other}", "net stop policyagent"),
          ("set machine {other}", "net start policyagent"), also=("peer-service-down",)),
    Fault("default-response-rule-on", "policy", "The default response rule is active.",
          ("ipsec static set defaultrule policy={policy} activate=yes",), verdict="WARN"),
    Fault("overlapping-filters-shadow", "policy",
          "A more specific filter takes one pair of hosts out of the tunnel.",
          ('ipsec static add filterlist name="One pair of hosts"',
           'ipsec static add filter filterlist="One pair of hosts" srcaddr={near_address} '
           "dstaddr={far_address} mirrored=no",
           'ipsec static add filteraction name="Let it pass" action={value}',
           'ipsec static add rule name="One pair of hosts" policy={policy} '
           'filterlist="One pair of hosts" filteraction="Let it pass"'),
          value="permit", choice="permit or block"),
    Fault("domain-policy-overrides", "policy-store",
          "The domain assigns a policy of its own, without any rule.",
          ("ipsec static set store location=domain",
           'ipsec static add policy name="Domain policy" activatedefaultrule=no',
           'ipsec static set policy name="Domain policy" assign=yes',
           "ipsec static set store location=local")),
)

QUICK_MODE = (
    Fault("phase2-proposal-mismatch", "ike-phase2",
          "The filter action offers a suite that the other gateway does not accept.",
          ("ipsec static set filteraction name={action} qmsecmethods={value}",),
          value='"ESP[AES192,SHA512]"', choice="the quick mode methods"),
    Fault("pfs-mismatch", "ike-phase2",
          "The other gateway insists on perfect forward secrecy for quick mode, this one does not.",
          ("ipsec static set filteraction name={action} qmpfs=yes",), machine="gwB"),
    Fault("lifetime-mismatch", "ike-phase2",
          "The other gateway's associations live for five minutes only.",
          ("ipsec static set filteraction name={action} qmsecmethods={short}",), machine="gwB",
          verdict="WARN"),
    Fault("peer-filter-not-mirrored", "ike-phase2",
          "The filters name a wider network than the other gateway's mirror image does.",
          _filters(remote="wide")),
    Fault("weak-des-proposal", "crypto-strength",
          "DES, MD5 and the 768-bit group are all that is offered.",
          ("ipsec static set policy name={policy} mmsecmethods=DES-MD5-1",
           'ipsec static set filteraction name={action} qmsecmethods="ESP[DES,MD5]"'),
          verdict="WARN"),
)
