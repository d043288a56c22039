"""Every word that can be typed and where its command lives, without importing any of them.

A one-shot command imports only the module it needs; completion, abbreviation and `?` need only
this table. A test compares it with the declarations. Owners of a command edit its row here.
"""

from commands.contexts import CONTEXTS as CONTEXTS
from commands.contexts import GROUPS
from commands.diag.rows import DIAGNOSIS
from engine.values import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from commands.spec import Command

_STATIC = "commands.static."
_DYNAMIC = "commands.dynamic."
_ROUTING = "commands.routing."
_TOOLS = "commands.tools."
_IMPAIR = "commands.lab.impair:"
_FAULT = "commands.lab.fault:"
_MIDDLE = "commands.lab.middle:"

# (path, "module:Class", help)
ROWS: list[tuple[str, str, str]] = [
    ("..", "commands.root:Up", "Goes up one context level."),
    ("?", "commands.root:QuestionMark", "Displays a list of commands."),
    ("help", "commands.root:Help", "Displays a list of commands."),
    ("alias", "commands.root:Alias", "Adds an alias, or shows one."),
    ("unalias", "commands.root:Unalias", "Deletes an alias."),
    ("show alias", "commands.root:ShowAlias", "Lists all defined aliases."),
    ("bye", "commands.root:Bye", "Exits the program."),
    ("exit", "commands.root:Exit", "Exits the program."),
    ("quit", "commands.root:Quit", "Exits the program."),
    ("dump", "commands.root:Dump", "Displays a configuration script."),
    ("exec", "commands.root:Exec", "Runs a script file."),
    ("pushd", "commands.root:Pushd", "Pushes the current context on a stack."),
    ("popd", "commands.root:Popd", "Pops a context from the stack."),
    ("set machine", "commands.root:SetMachine",
     "Sets the current machine on which to operate."),
    ("set file", "commands.root:SetFile", "Copies the console output to a file."),
    ("online", "commands.mode:Online", "Sets the current mode to online."),
    ("offline", "commands.mode:Offline", "Sets the current mode to offline."),
    ("set mode", "commands.mode:SetMode", "Sets the current mode to online or offline."),
    ("show mode", "commands.mode:ShowMode", "Shows the current mode."),
    ("commit", "commands.mode:Commit", "Commits changes made while in offline mode."),
    ("abort", "commands.mode:Abort", "Discards changes made while in offline mode."),
    ("flush", "commands.mode:Flush", "Discards changes made while in offline mode."),
    ("show changes", "commands.mode:ShowChanges",
     "Shows changes made while in offline mode, as commands."),
    ("confirm", "commands.probation:Confirm", "Keeps changes that commit confirm= has made."),
    ("show revisions", "commands.probation:ShowRevisions",
     "Shows who changed the store, when, and by which lines."),
    ("rollback", "commands.probation:Rollback", "Makes the store what it was at a revision."),
    ("delete revisions", "commands.probation:DeleteRevisions",
     "Forgets the revisions before the newest, and the keys in them."),
    ("ipsec static add policy", _STATIC + "policy:AddPolicy",
     "Creates a policy with the specified name."),
    ("ipsec static set policy", _STATIC + "policy:SetPolicy", "Modifies a policy."),
    ("ipsec static delete policy", _STATIC + "policy:DeletePolicy",
     "Deletes a policy and its rules."),
    ("ipsec static add filterlist", _STATIC + "filterlist:AddFilterList",
     "Creates an empty filter list."),
    ("ipsec static set filterlist", _STATIC + "filterlist:SetFilterList",
     "Modifies a filter list."),
    ("ipsec static delete filterlist", _STATIC + "filterlist:DeleteFilterList",
     "Deletes a filter list."),
    ("ipsec static add filter", _STATIC + "filter:AddFilter",
     "Adds a filter to a filter list."),
    ("ipsec static delete filter", _STATIC + "filter:DeleteFilter",
     "Deletes a filter from a filter list."),
    ("ipsec static add filteraction", _STATIC + "filteraction:AddFilterAction",
     "Creates a filter action."),
    ("ipsec static set filteraction", _STATIC + "filteraction:SetFilterAction",
     "Modifies a filter action."),
    ("ipsec static delete filteraction", _STATIC + "filteraction:DeleteFilterAction",
     "Deletes a filter action."),
    ("ipsec static add rule", _STATIC + "rule:AddRule", "Creates a rule for a policy."),
    ("ipsec static set rule", _STATIC + "rule:SetRule", "Modifies a rule of a policy."),
    ("ipsec static delete rule", _STATIC + "rule:DeleteRule", "Deletes a rule of a policy."),
    ("ipsec static set defaultrule", _STATIC + "rule:SetDefaultRule",
     "Modifies the default response rule of a policy."),
    ("ipsec static add certificate", _STATIC + "certificate:AddCertificate",
     "Adds a certificate, an authority or a revocation list by its file."),
    ("ipsec static delete certificate", _STATIC + "certificate:DeleteCertificate",
     "Deletes a certificate from the store; its file stays."),
    ("ipsec static show certificate", _STATIC + "certificate:ShowCertificate",
     "Displays certificates: whose they are, until when, what is wrong."),
    ("ipsec static set store", _STATIC + "store:SetStore", "Sets the current policy store."),
    ("ipsec static set batch", _STATIC + "store:SetBatch", "Sets the batch update mode."),
    ("ipsec static show peerconfig", _STATIC + "peerconfig:ShowPeerConfig",
     "Displays the tunnels of a policy for another program."),
    ("ipsec static show gpoassignedpolicy", _STATIC + "store:ShowGpoAssignedPolicy",
     "Displays details of a group assigned policy."),
    ("ipsec static exportpolicy", _STATIC + "exchange:ExportPolicy",
     "Exports all the policies from the policy store."),
    ("ipsec static importpolicy", _STATIC + "exchange:ImportPolicy",
     "Imports the policies from a file to the policy store."),
    ("ipsec static restorepolicyexamples", _STATIC + "exchange:RestorePolicyExamples",
     "Restores the default policies."),
    ("ipsec static delete all", _STATIC + "store:DeleteAll",
     "Deletes all policies, filter lists, and filter actions."),
    ("ipsec static show store", _STATIC + "store:ShowStore", "Displays the current policy store."),
    ("ipsec static show all", _STATIC + "show:ShowAll",
     "Displays details of all policies and related information."),
    ("ipsec static show policy", _STATIC + "show:ShowPolicy", "Displays policy details."),
    ("ipsec static show filterlist", _STATIC + "show:ShowFilterList",
     "Displays filter list details."),
    ("ipsec static show filteraction", _STATIC + "show:ShowFilterAction",
     "Displays filter action details."),
    ("ipsec static show rule", _STATIC + "show:ShowRule", "Displays rule details."),
    ("ipsec dynamic show mmsas", _DYNAMIC + "sas:ShowMmsas",
     "Displays main mode security associations."),
    ("ipsec dynamic show qmsas", _DYNAMIC + "sas:ShowQmsas",
     "Displays quick mode security associations."),
    ("ipsec dynamic show mmfilter", _DYNAMIC + "filters:ShowMmfilter",
     "Displays main mode filters."),
    ("ipsec dynamic show qmfilter", _DYNAMIC + "filters:ShowQmfilter",
     "Displays quick mode filters."),
    ("ipsec dynamic add mmpolicy", _DYNAMIC + "policies:AddMmpolicy",
     "Adds a main mode policy to the running machine."),
    ("ipsec dynamic set mmpolicy", _DYNAMIC + "policies:SetMmpolicy",
     "Modifies a main mode policy of the running machine."),
    ("ipsec dynamic delete mmpolicy", _DYNAMIC + "policies:DeleteMmpolicy",
     "Deletes a main mode policy of the running machine."),
    ("ipsec dynamic add qmpolicy", _DYNAMIC + "policies:AddQmpolicy",
     "Adds a quick mode policy to the running machine."),
    ("ipsec dynamic set qmpolicy", _DYNAMIC + "policies:SetQmpolicy",
     "Modifies a quick mode policy of the running machine."),
    ("ipsec dynamic delete qmpolicy", _DYNAMIC + "policies:DeleteQmpolicy",
     "Deletes a quick mode policy of the running machine."),
    ("ipsec dynamic show mmpolicy", _DYNAMIC + "policies:ShowMmpolicy",
     "Displays main mode policies of the running machine."),
    ("ipsec dynamic show qmpolicy", _DYNAMIC + "policies:ShowQmpolicy",
     "Displays quick mode policies of the running machine."),
    ("ipsec dynamic add rule", _DYNAMIC + "rules:AddRule",
     "Adds a rule and its filters to the running machine."),
    ("ipsec dynamic set rule", _DYNAMIC + "rules:SetRule",
     "Modifies a rule of the running machine."),
    ("ipsec dynamic delete rule", _DYNAMIC + "rules:DeleteRule",
     "Deletes a rule of the running machine."),
    ("ipsec dynamic show rule", _DYNAMIC + "rules:ShowRule",
     "Displays the rules that were added to the running machine."),
    ("ipsec dynamic delete all", _DYNAMIC + "whole:DeleteAll",
     "Deletes what was added to the running machine."),
    ("ipsec dynamic delete sa", _DYNAMIC + "whole:DeleteSa",
     "Deletes all security associations."),
    ("ipsec dynamic show all", _DYNAMIC + "whole:ShowAll",
     "Displays policies, filters, SAs and statistics of the running machine."),
    ("ipsec dynamic show stats", _DYNAMIC + "stats:ShowStats",
     "Displays IKE and IPsec statistics."),
    ("ipsec dynamic show tunnels", _DYNAMIC + "tunnels:ShowTunnels",
     "Displays the configured tunnels, and why one is down."),
    ("ipsec dynamic show config", _DYNAMIC + "config:ShowConfig",
     "Displays the IPsec configuration parameters."),
    ("ipsec dynamic set config", _DYNAMIC + "config:SetConfig",
     "Sets an IPsec configuration parameter."),
    ("routing ip add filter", _ROUTING + "filter:AddFilter",
     "Adds a packet filter to an interface."),
    ("routing ip delete filter", _ROUTING + "filter:DeleteFilter",
     "Deletes a packet filter of an interface."),
    ("routing ip set filter", _ROUTING + "filter:SetFilter",
     "Sets what an interface does with packets that match no filter."),
    ("routing ip show filter", _ROUTING + "filter:ShowFilter",
     "Displays the packet filters of an interface."),
    ("routing ip add persistentroute", _ROUTING + "route:AddPersistentRoute",
     "Adds a persistent static route."),
    ("routing ip set persistentroute", _ROUTING + "route:SetPersistentRoute",
     "Modifies a persistent static route."),
    ("routing ip delete persistentroute", _ROUTING + "route:DeletePersistentRoute",
     "Deletes a persistent static route."),
    ("routing ip show persistentroutes", _ROUTING + "route:ShowPersistentRoutes",
     "Displays the persistent static routes."),
    ("routing ip add rtmroute", _ROUTING + "route:AddRtmRoute",
     "Adds a route that lasts until the machine restarts."),
    ("routing ip set rtmroute", _ROUTING + "route:SetRtmRoute",
     "Modifies a route of the routing table."),
    ("routing ip delete rtmroute", _ROUTING + "route:DeleteRtmRoute",
     "Deletes a route of the routing table."),
    ("routing ip show rtmroutes", _ROUTING + "route:ShowRtmRoutes",
     "Displays the routes of the routing table."),
    ("ipsec dump", "commands.dumps:IpsecDump", "Displays a configuration script."),
    ("ipsec static dump", "commands.dumps:StaticDump", "Displays a configuration script."),
    ("routing dump", "commands.dumps:RoutingDump", "Displays a configuration script."),
    ("routing ip dump", "commands.dumps:RoutingIpDump", "Displays a configuration script."),
    ("interface dump", "commands.dumps:InterfaceDump", "Displays a configuration script."),
    ("interface ip dump", "commands.dumps:InterfaceIpDump", "Displays a configuration script."),
    ("routing ip add interface", _ROUTING + "interface:AddInterface",
     "Adds an interface to the router."),
    ("routing ip delete interface", _ROUTING + "interface:DeleteInterface",
     "Deletes an interface from the router."),
    ("routing ip set interface", _ROUTING + "interface:SetInterface",
     "Modifies an interface of the router."),
    ("routing ip show interface", _ROUTING + "interface:ShowInterface",
     "Displays the interfaces of the router."),
    ("routing ip set loglevel", _ROUTING + "settings:SetLogLevel", "Sets the logging level."),
    ("routing ip show loglevel", _ROUTING + "settings:ShowLogLevel",
     "Displays the logging level."),
    ("routing ip add preferenceforprotocol", _ROUTING + "settings:AddPreference",
     "Sets the preference level of a protocol that has none of its own."),
    ("routing ip set preferenceforprotocol", _ROUTING + "settings:SetPreference",
     "Modifies the preference level of a protocol."),
    ("routing ip delete preferenceforprotocol", _ROUTING + "settings:DeletePreference",
     "Gives a protocol the preference level it had from the start."),
    ("routing ip show preferenceforprotocol", _ROUTING + "settings:ShowPreference",
     "Displays the preference levels of protocols."),
    ("routing ip show protocol", _ROUTING + "settings:ShowProtocol",
     "Displays the protocols that routes come from."),
    ("routing ip reset", _ROUTING + "settings:Reset", "Resets IP routing to a clean state."),
    ("interface ip set address", "commands.interface.address:SetAddress",
     "Sets address and default gateway of an interface."),
    ("interface ip add address", "commands.interface.address:AddAddress",
     "Adds a default gateway to an interface."),
    ("interface ip delete address", "commands.interface.address:DeleteAddress",
     "Deletes the default gateway of an interface."),
    ("interface ip set subinterface", "commands.interface.subinterface:SetSubinterface",
     "Sets the MTU of an interface."),
    ("interface ip show interface", "commands.interface.address:ShowInterface",
     "Displays the adapters."),
    ("interface ip show offload", "commands.interface.address:ShowOffload",
     "Displays the offload information of the adapters."),
    ("interface ip show address", "commands.interface.show:ShowAddress",
     "Displays the IP addresses of the interfaces."),
    ("interface ip show config", "commands.interface.show:ShowConfig",
     "Displays addresses and further configuration of the interfaces."),
    ("firewall set icmpsetting", "commands.firewall.icmp:SetIcmpSetting",
     "Allows or refuses a type of ICMP message."),
    ("firewall show icmpsetting", "commands.firewall.icmp:ShowIcmpSetting",
     "Displays which ICMP messages are answered."),
    ("lab show topology", "commands.lab.lab:ShowTopology",
     "Displays the machines and the links between them."),
    ("lab show machines", "commands.lab.lab:ShowMachines", "Displays the machines of the lab."),
    ("lab show clock", "commands.lab.lab:ShowClock", "Displays the virtual clock."),
    ("lab show links", _IMPAIR + "ShowLinks",
     "Displays the links, their impairments and what they lost."),
    ("lab set link", _IMPAIR + "SetLink", "Impairs a link, or mends it."),
    ("lab add drop", _IMPAIR + "AddDrop", "Loses chosen packets on a link."),
    ("lab delete drop", _IMPAIR + "DeleteDrop", "Lets chosen packets pass again."),
    ("lab add adapter", "commands.lab.adapter:AddAdapter",
     "Plugs another adapter into a machine."),
    ("lab delete adapter", "commands.lab.adapter:DeleteAdapter",
     "Takes an adapter out of a machine."),
    ("lab send", "commands.lab.send:Send", "Sends a burst of datagrams between two machines."),
    ("lab add fault", _FAULT + "AddFault", "Breaks one thing of the lab on purpose."),
    ("lab delete fault", _FAULT + "DeleteFault", "Mends what was broken on purpose."),
    ("lab show fault", _FAULT + "ShowFault", "Displays the faults there are, or one of them."),
    ("lab add nat", _MIDDLE + "AddNat", "Puts a NAT between gwA and its router."),
    ("lab add proxy", _MIDDLE + "AddProxy", "Puts a proxy between gwA and its router."),
    ("lab delete nat", _MIDDLE + "DeleteNat", "Takes the NAT away."),
    ("lab delete proxy", _MIDDLE + "DeleteProxy", "Takes the proxy away."),
    ("lab issue certificate", "commands.lab.issue:IssueCertificate",
     "Issues a certificate of the lab's own authority to a machine."),
    ("lab restart", "commands.lab.lab:Restart", "Restarts a machine."),
    ("lab run", "commands.lab.lab:Run", "Lets the lab's time pass."),
    ("lab reset", "commands.lab.lab:Reset", "Puts the lab back as it was delivered."),
    ("capture start", "commands.capture.capture:Start", "Starts a capture on an interface."),
    ("capture stop", "commands.capture.capture:Stop", "Stops the running capture."),
    ("capture show", "commands.capture.capture:Show", "Displays the captured frames."),
    ("capture save", "commands.capture.capture:Save", "Writes the captured frames to a file."),
    *DIAGNOSIS,
    ("ping", _TOOLS + "ping:Ping", "Sends ICMP echo requests from the current machine."),
    ("tracert", _TOOLS + "tracert:Tracert", "Shows the routers between here and a target."),
    ("ipconfig", _TOOLS + "ipconfig:IpConfig", "Displays the IP configuration."),
    ("route print", _TOOLS + "route:RoutePrint", "Displays the routing table."),
    ("route add", _TOOLS + "route:RouteAdd", "Adds a route."),
    ("route delete", _TOOLS + "route:RouteDelete", "Deletes a route."),
    ("route change", _TOOLS + "route:RouteChange", "Changes gateway or metric of a route."),
    ("route", _TOOLS + "route:Route",
     "Displays or changes the routing table (-p, -f before the verb)."),
    ("netdiag", _TOOLS + "netdiag:NetDiag", "Tests the network components; /test:ipsec."),
    ("ipsecmon", _TOOLS + "ipsecmon:IpsecMon",
     "Displays active security associations and IPsec statistics."),
    ("ipsecomon", _TOOLS + "ipsecmon:IpsecOMon",
     "The article's spelling of ipsecmon."),
    ("auditpol", _TOOLS + "auditpol:AuditPol", "Displays or sets the audit policy."),
    ("eventlog show", _TOOLS + "eventlog:EventLogShow", "Displays the security log."),
    ("net start", _TOOLS + "net:NetStart", "Starts a service."),
    ("net stop", _TOOLS + "net:NetStop", "Stops a service."),
]


class Node(NamedTuple):
    """One word of the command tree: what follows it, and the command it ends, if any."""

    path: tuple[str, ...]
    help: str
    target: str
    context: bool
    children: "dict[str, Node]"


_tree: list[Node] = []


def register(path: str, target: str, help: str) -> None:
    """Adds a command that lives on a higher floor ("transcript run"); the shell does it."""
    if (path, target, help) not in ROWS:
        ROWS.append((path, target, help))
        forget_tree()


def forget_tree() -> None:
    """Builds the tree anew at its next use: the table has changed."""
    _tree.clear()


def tree() -> Node:
    """The root of all words, built once."""
    if not _tree:
        root = Node((), "The root context.", "", True, {})
        for path, text in CONTEXTS:
            _put(root, tuple(path.split()), text, "", True)
        for path, target, text in ROWS:
            _put(root, tuple(path.split()), text, target, False)
        _tree.append(root)
    return _tree[0]


def _put(root: Node, path: tuple[str, ...], text: str, target: str, context: bool) -> None:
    node = root
    for depth in range(1, len(path)):
        word = path[depth - 1]
        child = node.children.get(word)
        if child is None:
            child = Node(path[:depth], _group_help(path[:depth]), "", False, {})
            node.children[word] = child
        node = child
    old = node.children.get(path[-1])
    children = old.children if old else {}
    node.children[path[-1]] = Node(path, text, target, context, children)


def _group_help(path: tuple[str, ...]) -> str:
    texts = GROUPS.get(" ".join(path[:-1]), {})
    return (texts.get(path[-1]) or GROUPS[""].get(path[-1])
            or f"Commands that begin with {path[-1]}.")


def node_at(path: tuple[str, ...]) -> Node:
    """The node of a full path. Raises KeyError when there is none."""
    node = tree()
    for word in path:
        node = node.children[word]
    return node


def is_context(path: tuple[str, ...]) -> bool:
    """Whether an operator can stand at that path."""
    try:
        return node_at(path).context
    except KeyError:
        return False


def load(node: Node) -> "type[Command]":
    """Imports the module of a command and gives its class."""
    module, _, name = node.target.partition(":")
    command: type[Command] = getattr(__import__(module, fromlist=(name,)), name)
    return command
