"""The places an operator can stand in, and what words that begin several commands are for."""

# (path, help): the places an operator can stand in.
CONTEXTS: tuple[tuple[str, str], ...] = (
    ("ipsec", "IP Security: the policy store and the running state."),
    ("ipsec static", "IPsec policies, rules, filter lists and filter actions in the store."),
    ("ipsec dynamic", "What IPsec runs now: filters, security associations, statistics."),
    ("routing", "Routing and Remote Access."),
    ("routing ip", "IP packet filters of interfaces and static routes."),
    ("interface", "Network interfaces."),
    ("interface ip", "IP addresses of the interfaces."),
    ("firewall", "The machine's own firewall."),
    ("lab", "The embedded network: machines, links and clock."),
    ("capture", "Network Monitor's work: start, stop, show and save a capture."),
    ("diag", "Is the tunnel right, and if not, what to type."),
    ("transcript", "Recorded sessions that are run and compared."),
)

# Help of the words that begin several commands; "" is any context that names no text of its own.
GROUPS: dict[str, dict[str, str]] = {
    "": {
        "add": "Adds a configuration entry to a list of entries.",
        "delete": "Deletes a configuration entry from a list of entries.",
        "set": "Updates configuration settings.",
        "show": "Displays information.",
        "net": "Starts and stops services.",
        "eventlog": "Displays the logs of events.",
        "support": "Packs what somebody else needs to look at.",
    },
    "ipsec static": {
        "add": "Creates new policies and related information.",
        "delete": "Deletes policies and related information.",
        "set": "Modifies existing policies and related information.",
        "show": "Displays details of policies and related information.",
    },
}
