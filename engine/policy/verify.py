"""The rules a change must satisfy, one function each, run on the changed object before commit.

Each raises Refused with a stable rule name and one sentence; a function named after a noun runs
all rules of that noun. What Windows accepts although the article calls it wrong is no rule here:
see `engine.policy.lint`.
"""

from collections.abc import Iterable

from engine.address import ALL_ONES, Address, Network, format_address, prefix_mask
from engine.errors import Refused
from engine.policy.methods import (
    KILOBYTES_MAX,
    KILOBYTES_MIN,
    SECONDS_MAX,
    SECONDS_MIN,
)
from engine.policy.model import (
    ACTIONS,
    CONNECTION_TYPES,
    SERVER_WORDS,
    AuthMethod,
    DefaultRule,
    Filter,
    FilterAction,
    FilterList,
    Policy,
    Rule,
    Side,
)
from engine.suites import QuickModeMethod
from engine.values import NoReturn

NAME_MAX = 255
DESCRIPTION_MAX = 255
KEY_MAX = 1024
METHODS_MAX = 32
# Lifetimes travel as 32 bits of seconds (RFC 2407 4.5), the store counts minutes.
MINUTES_MAX = 0xFFFFFFFF // 60
QUICK_MODES_MAX = 0x7FFFFFFF
TCP, UDP = 6, 17
RESERVED_NAMES = {"all": ("Policy", "FilterList", "FilterAction", "Rule"), "default": ("Rule",)}
MULTICAST = 0xE0000000


def refuse(rule: str, text: str, kind: str = "", name: str = "", hint: str = "") -> NoReturn:
    """Raises the Refused of a rule."""
    raise Refused(rule, text, kind=kind, name=name, hint=hint)


# --- names and texts ----------------------------------------------------------------------------


def name_usable(kind: str, name: str) -> None:
    """A name has 1 to 255 printable characters and is none of netsh's own words."""
    if not name.strip():
        refuse("bad-name", f"the name of a {kind} must not be empty", kind, name)
    if len(name) > NAME_MAX:
        refuse("bad-name", f"the name of a {kind} must have at most {NAME_MAX} characters",
               kind, name[:NAME_MAX])
    text_clean(kind, "name", name)
    if name != name.strip():
        refuse("bad-name", f"the name of a {kind} must not begin or end with a blank", kind, name)
    if kind in RESERVED_NAMES.get(name.casefold(), ()):
        refuse("bad-name", f"'{name}' means more than one {kind} and cannot be the name of one",
               kind, name)


def text_clean(kind: str, what: str, text: str) -> None:
    """No control characters, line separators or halves of characters: one line must hold it."""
    if text.isprintable():
        return
    for character in text:
        if is_control(character):
            refuse("bad-text", f"the {what} of a {kind} must not hold the character "
                               f"U+{ord(character):04X}", kind)


def is_control(character: str) -> bool:
    """Whether a typed line could not hold the character."""
    code = ord(character)
    return (code < 32 or 127 <= code < 160 or 0xD800 <= code <= 0xDFFF
            or code in (0x2028, 0x2029))


def description_usable(kind: str, text: str) -> None:
    """A description has at most 255 printable characters."""
    if len(text) > DESCRIPTION_MAX:
        refuse("bad-text", f"the description of a {kind} must have at most {DESCRIPTION_MAX} "
                           "characters", kind)
    text_clean(kind, "description", text)


def name_free(kind: str, name: str, taken: Iterable[str], where: str = "") -> None:
    """No two objects of a kind share a name, whatever the case."""
    if name.casefold() in (one.casefold() for one in taken):
        refuse("name-taken", f"{kind} with name '{name}' already exists{where}", kind, name,
               "choose another name, or change the existing one with set")


def number_between(what: str, value: int, low: int, high: int) -> None:
    """A number lies in its range."""
    if not low <= value <= high:
        refuse("range", f"{what} must be {low}-{high}", name=what)


def one_of(what: str, value: str, words: Iterable[str]) -> None:
    """A word is one of a set."""
    if value not in words:
        refuse("bad-value", f"{what} must be one of {', '.join(words)}", name=what)


# --- what is in use -----------------------------------------------------------------------------


def not_in_use(kind: str, name: str, users: tuple[str, ...]) -> None:
    """A filter list or filter action that a rule uses stays."""
    if users:
        listed = ", ".join(f"'{user}'" for user in users)
        refuse("in-use", f"{kind} with name '{name}' is used by rule {listed}", kind, name,
               "delete or change the rule first")


def not_assigned(policy: Policy) -> None:
    """The assigned policy stays."""
    if policy.assigned:
        refuse("assigned", f"Policy with name '{policy.name}' is assigned", "Policy", policy.name,
               f'ipsec static set policy name="{policy.name}" assign=no')


def not_default_rule(name: str, policy: str) -> None:
    """The default response rule belongs to its policy."""
    if name.casefold() == "default":
        refuse("default-rule", "the default response rule cannot be deleted, only deactivated",
               "Rule", name, f'ipsec static set defaultrule policy="{policy}" activate=no')


# --- policies and rules -------------------------------------------------------------------------


def policy(new: Policy) -> Policy:
    """All rules of a policy; gives it with `qmpermm` 1 where master key PFS demands it."""
    name_usable("Policy", new.name)
    description_usable("Policy", new.description)
    number_between("qmpermm", new.qmpermm, 0, QUICK_MODES_MAX)
    number_between("mmlifetime", new.mmlifetime, 1, MINUTES_MAX)
    number_between("pollinginterval", new.pollinginterval, 1, MINUTES_MAX)
    methods_counted("mmsecmethods", len(new.methods))
    default_rule(new.default_rule)
    return master_key_pfs(new)


def master_key_pfs(new: Policy) -> Policy:
    """Master key PFS means one quick mode a main mode."""
    return new._replace(qmpermm=1) if new.mmpfs else new


def default_rule(new: DefaultRule) -> None:
    """All rules of a default response rule."""
    methods_counted("qmsecmethods", len(new.methods))
    for method in new.methods:
        quick_mode(method)
    authentication(new.auth)


def rule(new: Rule) -> None:
    """All rules of a rule, but for the objects it names."""
    name_usable("Rule", new.name)
    description_usable("Rule", new.description)
    one_of("conntype", new.conntype, CONNECTION_TYPES)
    authentication(new.auth)
    if new.tunnel is not None:
        tunnel_end(new.tunnel)


def tunnel_end(address: Address) -> None:
    """A tunnel ends at one host."""
    if address == 0 or address >= MULTICAST or address >> 24 == 127:
        refuse("tunnel-end", f"a tunnel cannot end at {format_address(address)}", "Rule", "tunnel",
               hint="the tunnel end is the other gateway's (or the own) external address")


def authentication(auth: tuple[AuthMethod, ...]) -> None:
    """At least one method; Kerberos and a key at most once; a key and a CA have a value."""
    if not auth:
        refuse("no-auth", "a rule needs an authentication method")
    methods_counted("authentication methods", len(auth))
    for kind in ("kerberos", "psk"):
        if [method.kind for method in auth].count(kind) > 1:
            refuse("doubled", f"a rule has at most one {kind} authentication method")
    for method in auth:
        one_of("an authentication method", method.kind, ("kerberos", "psk", "rootca"))
        if method.kind != "rootca" and (method.certmap or method.excludecaname):
            refuse("contradiction", f"{method.kind} has neither certmap nor excludecaname")
        if method.kind != "kerberos":
            authentication_value(method)
        elif method.value:
            refuse("contradiction", "kerberos takes no value")


def authentication_value(method: AuthMethod) -> None:
    """A pre-shared key or CA name has 1 to 1024 printable characters. Never quotes the key."""
    if not 1 <= len(method.value) <= KEY_MAX:
        refuse("range", f"{method.kind} must have 1-{KEY_MAX} characters")
    # A character of the key must not appear in a message: all that is said is the rule.
    if any(is_control(character) for character in method.value):
        refuse("bad-text", f"{method.kind} must not hold control characters")


def methods_counted(what: str, count: int) -> None:
    """Some offers, not too many for a proposal."""
    if not 1 <= count <= METHODS_MAX:
        refuse("range", f"there must be 1-{METHODS_MAX} {what}")


def quick_mode(method: QuickModeMethod) -> None:
    """An offer has integrity, and its lifetimes are 0 (the defaults) or in netsh's ranges."""
    if not method.esp_auth and not method.is_aead and (method.esp_cipher or not method.ah_auth):
        # Encryption under AH alone would pass, but RFC 4303 1 wants the integrity inside ESP.
        refuse("no-integrity", "a quick mode method needs an integrity algorithm")
    if method.esp_auth and method.is_aead:
        refuse("two-integrities", f"{method.esp_cipher} takes no integrity algorithm beside it")
    if method.kilobytes:
        number_between("the lifetime in kilobytes", method.kilobytes, KILOBYTES_MIN,
                       KILOBYTES_MAX)
    if method.seconds:
        number_between("the lifetime in seconds", method.seconds, SECONDS_MIN, SECONDS_MAX)


# --- filter lists, filters, filter actions ------------------------------------------------------


def filterlist(new: FilterList) -> None:
    """All rules of a filter list (its filters have their own)."""
    name_usable("FilterList", new.name)
    description_usable("FilterList", new.description)


def filter(new: Filter) -> None:
    """All rules of a filter; two nets, as thousands of lines of a script have them, pass first."""
    source, destination, description, protocol, source_port, destination_port = new[:6]
    if description and not (len(description) <= DESCRIPTION_MAX and description.isprintable()):
        description_usable("Filter", description)
    if not (_is_net(source) and _is_net(destination)):
        for what, side in (("srcaddr", source), ("dstaddr", destination)):
            side_usable(what, side)
        servers_face_me(new)
        sides_differ(new)
    if protocol or source_port or destination_port:
        ports("a filter", protocol, source_port, destination_port)


# The bits of an address that are outside a mask of 0 to 32 ones.
_OUTSIDE = tuple(ALL_ONES >> prefix for prefix in range(33))


def _is_net(side: Side) -> bool:
    """Whether a side is an address without bits outside its mask, and nothing else."""
    kind, address, prefix, name = side
    return (kind == "ip" and not name and 0 <= prefix <= 32 and 0 <= address <= ALL_ONES
            and not address & _OUTSIDE[prefix])


def side_usable(what: str, side: Side) -> None:
    """A side is a known kind, and its address has no bits outside its mask."""
    one_of(what, side.kind, ("ip", "me", "any", "dns", "server"))
    number_between(f"the mask of {what}", side.prefix, 0, 32)
    if side.kind == "server":
        one_of(what, side.name, SERVER_WORDS)
    if side.kind in ("ip", "dns"):
        number_between(what, side.address, 0, ALL_ONES)
        no_host_bits(what, side.address, side.prefix)
    text_clean("Filter", what, side.name)


def no_host_bits(what: str, address: Address, prefix: int) -> None:
    """An address is not more specific than its mask."""
    if address & ~prefix_mask(prefix) & ALL_ONES:
        network = Network(address & prefix_mask(prefix), prefix)
        refuse("host-bits", f"{what} {format_address(address)} has bits set outside the mask "
                            f"{format_address(prefix_mask(prefix))}",
               "Filter", what, hint=f"the network is {network}")


def servers_face_me(new: Filter) -> None:
    """Where one side is a server word, the other one is this computer (netsh's remark)."""
    for side, other in ((new.source, new.destination), (new.destination, new.source)):
        if side.kind == "server" and other.kind != "me":
            refuse("server-me", f"where one side is {side.name} the other one must be me",
                   "Filter", "dstaddr" if side is new.source else "srcaddr")


def sides_differ(new: Filter) -> None:
    """A filter from this computer to itself would never match."""
    if new.source.kind == "me" and new.destination.kind == "me":
        refuse("contradiction", "srcaddr and dstaddr cannot both be me", "Filter", "dstaddr")


def ports(what: str, protocol: int, source_port: int, destination_port: int) -> None:
    """Ports are 0-65535, and only TCP and UDP have them."""
    number_between("protocol", protocol, 0, 255)
    number_between("srcport", source_port, 0, 65535)
    number_between("dstport", destination_port, 0, 65535)
    if (source_port or destination_port) and protocol not in (TCP, UDP):
        refuse("ports", f"{what} may name a port only with protocol TCP or UDP", "Filter",
               "srcport" if source_port else "dstport")


def filter_new(new: Filter, existing: Iterable[Filter]) -> None:
    """A list does not hold the same filter twice, whatever its description."""
    def essence(one: Filter) -> Filter:
        return one._replace(guid="", description="")

    if essence(new) in map(essence, existing):
        refuse("exists", "the filter already exists in the filter list", "Filter")


def filteraction(new: FilterAction) -> None:
    """All rules of a filter action."""
    name_usable("FilterAction", new.name)
    description_usable("FilterAction", new.description)
    one_of("action", new.action, ACTIONS)
    methods_counted("qmsecmethods", len(new.methods))
    for method in new.methods:
        quick_mode(method)
    flags_need_negotiate(new)


def flags_need_negotiate(new: FilterAction) -> None:
    """Only an action that negotiates has session key PFS, inbound passthrough or fall-back."""
    flags = [word for word in ("qmpfs", "inpass", "soft") if getattr(new, word)]
    if new.action != "negotiate" and flags:
        refuse("contradiction", f"action={new.action} cannot have {', '.join(flags)}=yes",
               "FilterAction", new.name)
