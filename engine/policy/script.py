"""A configuration as netsh lines: executed into an empty store they give an equal one.

The order is the one that works: lists and actions, then policies, then rules, then what is
assigned. A filter made from a DNS name is written with the address that the name had.
"""

from engine.address import format_address, prefix_mask
from engine.policy.methods import format_main_modes, format_quick_modes
from engine.policy.model import (
    ANY,
    GPO,
    LOCATIONS,
    ME,
    PROTOCOLS,
    AuditSetting,
    AuthMethod,
    Certificate,
    DefaultRule,
    Filter,
    FilterAction,
    FilterList,
    Policy,
    Route,
    RrasFilter,
    Rule,
    Secret,
    Side,
)
from engine.policy.router import KEYS, Router
from engine.values import TYPE_CHECKING

if TYPE_CHECKING:
    from engine.policy.store import Config

SECTIONS = ("ipsec", "interface", "routing", "audit")
AUDIT_WORDS = {(True, True): "all", (True, False): "success", (False, True): "failure",
               (False, False): "none"}
ANY_ICMP = 255
USUAL_MTU = 1500


def dump(config: "Config", sections: tuple[str, ...] = SECTIONS, *,
         reveal: bool = False) -> list[str]:
    """The lines of the sections of a machine's configuration.

    A pre-shared key is written only when `reveal` is True; otherwise a comment before the rule's
    line says which key has to be filled in.
    """
    writers = {"ipsec": _ipsec, "interface": _interface, "routing": _routing, "audit": _audit}
    with config.reading():
        return [line for section in sections for line in writers[section](config, reveal)]


# --- lines of single objects --------------------------------------------------------------------


def quote(text: str) -> str:
    """A value as it is typed: in quotes where blanks or signs of the grammar ask for it.

    Inside quotes ``\\'`` is a double quote; ``\\${`` is not a variable anywhere.
    """
    if not text:
        return '""'
    text = text.replace("${", "\\${")
    if not any(sign in text for sign in " \t\"=|>") and text[0] not in "#;?":
        return text
    # A backslash before an apostrophe means itself only outside quotes.
    return '"' + '"\\\'"'.join(part.replace('"', "\\'") for part in text.split("\\'")) + '"'


def line(words: str, **tags: str) -> str:
    """A command line: its words, then the tags that have a value."""
    return " ".join([words, *(f"{name}={value}" for name, value in tags.items() if value)])


def filterlist_line(one: FilterList) -> str:
    """``add filterlist``."""
    return line("add filterlist", name=quote(one.name), description=_optional(one.description))


def canonical(side: Side) -> Side:
    """A name counts for the address it had; 0.0.0.0 is this computer or everybody by its mask."""
    if side.kind == "dns":
        side = Side("ip", side.address, side.prefix)
    if side.kind == "ip" and side.address == 0:
        return {32: ME, 0: ANY}.get(side.prefix, side)
    return side


def filter_tags(one: Filter) -> dict[str, str]:
    """The tags of ``add filter`` but for filterlist and description, defaults left out."""
    one = one._replace(source=canonical(one.source), destination=canonical(one.destination))
    return {"srcaddr": _side(one.source), "dstaddr": _side(one.destination),
            "protocol": PROTOCOLS.get(one.protocol, str(one.protocol)) if one.protocol else "",
            "mirrored": _yes(one.mirrored), "srcmask": _mask(one.source),
            "dstmask": _mask(one.destination), "srcport": _number(one.source_port),
            "dstport": _number(one.destination_port)}


def filter_line(filterlist: str, one: Filter) -> str:
    """``add filter``."""
    return line("add filter", filterlist=quote(filterlist),
                description=_optional(one.description), **filter_tags(one))


def filteraction_line(one: FilterAction) -> str:
    """``add filteraction``."""
    return line("add filteraction", name=quote(one.name), description=_optional(one.description),
                qmpfs=_yes(one.qmpfs), inpass=_yes(one.inpass), soft=_yes(one.soft),
                action=one.action, qmsecmethods=quote(format_quick_modes(one.methods)))


def policy_line(one: Policy) -> str:
    """``add policy``, not assigned yet."""
    return line("add policy", name=quote(one.name), description=_optional(one.description),
                mmpfs=_yes(one.mmpfs), qmpermm=str(one.qmpermm), mmlifetime=str(one.mmlifetime),
                activatedefaultrule=_yes(one.default_rule.active),
                pollinginterval=str(one.pollinginterval),
                mmsecmethods=quote(format_main_modes(one.methods)))


def default_rule_lines(policy: Policy, reveal: bool = False) -> list[str]:
    """``set defaultrule``, where ``add policy`` has not said all of it."""
    rule = policy.default_rule
    if rule == DefaultRule(rule.active):
        return []
    comment, auth = _auth(rule.auth, "default rule of policy", policy.name, reveal)
    head = line("set defaultrule", policy=quote(policy.name), qmpfs=_yes(rule.qmpfs),
                activate=_yes(rule.active), qmsecmethods=quote(format_quick_modes(rule.methods)))
    return [*comment, " ".join([head, *auth])]


def rule_lines(rule: Rule, reveal: bool = False) -> list[str]:
    """``add rule``, with a comment before it when its key is not shown."""
    comment, auth = _auth(rule.auth, "rule", rule.name, reveal)
    head = line("add rule", name=quote(rule.name), policy=quote(rule.policy),
                filterlist=quote(rule.filterlist), filteraction=quote(rule.filteraction),
                tunnel="" if rule.tunnel is None else format_address(rule.tunnel),
                conntype=rule.conntype, activate=_yes(rule.active),
                description=_optional(rule.description))
    return [*comment, " ".join([head, *auth])]


def certificate_lines(one: Certificate, reveal: bool = False) -> list[str]:
    """``add certificate``, with a comment before it when its password is not shown."""
    password = Secret(one.password).reveal()
    text = line("add certificate", name=quote(one.name), type=one.type, file=quote(one.file),
                key=_optional(one.key), password=_optional(password) if reveal else "")
    if reveal or not password:
        return [text]
    return [f'# password of certificate "{one.name}" is not shown: add password="..."', text]


def rras_filter_line(one: RrasFilter) -> str:
    """``add filter`` of ``routing ip``."""
    tags = {"name": quote(one.interface), "filtertype": one.direction.upper(),
            "srcaddr": format_address(one.source),
            "srcmask": format_address(prefix_mask(one.source_prefix)),
            "dstaddr": format_address(one.destination),
            "dstmask": format_address(prefix_mask(one.destination_prefix))}
    if one.protocol == 1:
        tags |= {"proto": "ICMP", "type": str(one.source_port), "code": str(one.destination_port)}
    elif one.protocol in (6, 17):
        proto = "TCP-EST" if one.established else PROTOCOLS[one.protocol]
        tags |= {"proto": proto, "srcport": str(one.source_port),
                 "dstport": str(one.destination_port)}
    else:
        tags["proto"] = str(one.protocol) if one.protocol else "ANY"
    return line("add filter", **tags)


def route_line(one: Route) -> str:
    """``add persistentroute``."""
    return line("add persistentroute", dest=format_address(one.destination),
                mask=format_address(prefix_mask(one.prefix)), name=quote(one.interface),
                nhop=format_address(one.gateway), proto=quote(one.protocol),
                metric=str(one.metric), view=one.view)


# --- sections -----------------------------------------------------------------------------------


def _ipsec(config: "Config", reveal: bool) -> list[str]:
    lines = ["# IPsec policies of " + config.name, "pushd ipsec static"]
    for one in config.certificates():
        lines += certificate_lines(one, reveal)
    for location in LOCATIONS:
        lines += location_lines(config, location, reveal)
    return [*lines, "set store location=local", "popd", *_settings(config)]


def location_lines(config: "Config", location: str, reveal: bool) -> list[str]:
    """What makes the lists, actions, policies and rules of a location; [] when it has none.

    The first line is the ``set store`` that the others belong to.
    """
    lines = []
    for filterlist in config.filterlists(location):
        lines.append(filterlist_line(filterlist))
        lines += [filter_line(filterlist.name, one) for one in filterlist.filters]
    lines += [filteraction_line(one) for one in config.filteractions(location)]
    policies = config.policies(location)
    for policy in policies:
        lines += [policy_line(policy), *default_rule_lines(policy, reveal)]
        for rule in config.rules(policy.name, location):
            lines += rule_lines(rule, reveal)
    gpo = config.get_setting(GPO) if location == "domain" else ""
    lines += [line("set policy", name=quote(policy.name), assign="yes", gponame=_optional(gpo))
              for policy in policies if policy.assigned]
    return [f"set store location={location}", *lines] if lines else []


def _interface(config: "Config", reveal: bool) -> list[str]:
    lines = ["# Interface configuration of " + config.name, "pushd interface ip"]
    for one in config.interfaces():
        gateway = "none" if one.gateway is None else format_address(one.gateway)
        lines.append(line("set address", name=quote(one.name), source="static",
                          addr=format_address(one.address),
                          mask=format_address(prefix_mask(one.prefix)), gateway=gateway))
        if one.mtu != USUAL_MTU:
            lines.append(line("set subinterface", interface=quote(one.name), mtu=str(one.mtu)))
    return [*lines, "popd"]


def _router(config: "Config") -> list[str]:
    router = Router(config)
    lines = ["reset", line("set loglevel", loglevel=router.loglevel)]
    lines += [line("add preferenceforprotocol", proto=name, preflevel=str(level))
              for name, level in router.preferences()]
    for one in config.interfaces():
        found = router.interface(one.name)
        if found is None:
            lines.append(line("delete interface", name=quote(one.name)))
            continue
        lines.append(line("add interface", name=quote(one.name), state="enable"))
        if found.values:
            lines.append(line("set interface", name=quote(one.name), **found.values))
    return lines


def _routing(config: "Config", reveal: bool) -> list[str]:
    lines = ["# IP configuration of " + config.name, "pushd routing ip", *_router(config)]
    for one in config.interfaces():
        name = quote(one.name)
        if config.fragcheck(one.name):
            lines.append(line("set filter", name=name, fragcheck="enable"))
        for direction in ("input", "output"):
            action = config.rras_default(one.name, direction)
            if action != "forward":
                lines.append(line("set filter", name=name, filtertype=direction.upper(),
                                  action=action.upper()))
        lines += [rras_filter_line(each) for each in config.rras_filters(one.name)]
    return [*lines, *(route_line(one) for one in config.routes()), "popd"]


def _settings(config: "Config") -> list[str]:
    """``set config`` for what is not left at its default."""
    lines = [line("set config", property=key, value=quote(value))
             for key, value in config.settings() if key != GPO and not key.startswith(KEYS)]
    return ["pushd ipsec dynamic", *lines, "popd"] if lines else []


def _audit(config: "Config", reveal: bool) -> list[str]:
    lines = []
    for switches, location in (("/enable", "local"), ("/domain /enable", "domain")):
        settings = config.audit(location)
        if settings:
            lines.append(" ".join(["auditpol", switches, *map(_audit_switch, settings)]))
    return ["# Audit policy of " + config.name, *lines] if lines else []


# --- pieces -------------------------------------------------------------------------------------


def _auth(auth: tuple[AuthMethod, ...], what: str, name: str,
          reveal: bool) -> tuple[list[str], list[str]]:
    """The comment lines and the tags of authentication methods, in their order."""
    comments, tags = [], []
    for method in auth:
        if method.kind == "kerberos":
            tags.append("kerberos=yes")
        elif method.kind == "rootca":
            tags.append("rootca=" + quote(method.rootca))
        elif reveal:
            tags.append("psk=" + quote(Secret(method.value).reveal()))
        else:
            comments.append(f'# key of {what} "{name}" is not shown: add psk="..."')
    return comments, tags


def _audit_switch(one: AuditSetting) -> str:
    return f"/{one.category}:{AUDIT_WORDS[one.success, one.failure]}"


def _side(side: Side) -> str:
    if side.kind in ("me", "any"):
        return side.kind
    return side.name if side.kind == "server" else format_address(side.address)


def _mask(side: Side) -> str:
    return format_address(prefix_mask(side.prefix)) if side.kind in ("ip", "dns") else ""


def _yes(value: bool) -> str:
    return "yes" if value else "no"


def _number(value: int) -> str:
    return str(value) if value else ""


def _optional(text: str) -> str:
    return quote(text) if text else ""
