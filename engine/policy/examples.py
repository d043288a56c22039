"""The sample policies that Windows delivers: three policies, two filter lists, three actions.

Public descriptions of Windows 2000 and of Server 2003 give them the same names and the same
rules, so both releases restore the same objects here.
"""

from engine.errors import NotFound
from engine.policy.model import (
    ANY,
    ME,
    AuthMethod,
    DefaultRule,
    Filter,
    FilterAction,
    FilterList,
    Policy,
    Rule,
)
from engine.policy.store import Config
from engine.suites import QuickModeMethod

ICMP = 1
RELEASES = ("win2k", "win2003")
LIFE = (100_000, 900)
METHODS = tuple(QuickModeMethod(cipher, integrity, "", *LIFE) for cipher, integrity in (
    ("3DES", "SHA1"), ("3DES", "MD5"), ("DES", "SHA1"), ("DES", "MD5")))

LISTS = (
    FilterList("All IP Traffic", "Matches all IP packets from this computer to any other "
               "computer, except broadcast, multicast, Kerberos, RSVP and ISAKMP (IKE).",
               (Filter(ME, ANY),)),
    FilterList("All ICMP Traffic", "Matches all ICMP packets between this computer and any "
               "other computer.", (Filter(ME, ANY, protocol=ICMP),)),
)
ACTIONS = (
    FilterAction("Permit", "Permits unsecured IP packets to pass through.", "permit"),
    FilterAction("Request Security (Optional)", "Accepts unsecured communication, but requests "
                 "that clients establish trust and security methods.", inpass=True, soft=True,
                 methods=METHODS),
    FilterAction("Require Security", "Accepts unsecured communication, but always requires "
                 "clients to establish trust and security methods.", inpass=True,
                 methods=METHODS),
)
POLICIES = (
    Policy("Client (Respond Only)", "Communicates normally; secures traffic with servers that "
           "ask for it.", default_rule=DefaultRule(True)),
    Policy("Server (Request Security)", "For all IP traffic, always requests security; allows "
           "unsecured communication with clients that do not respond.",
           default_rule=DefaultRule(True)),
    Policy("Secure Server (Require Security)", "For all IP traffic, always requires security; "
           "does not allow unsecured communication with untrusted clients.",
           default_rule=DefaultRule(True)),
)
KERBEROS = (AuthMethod("kerberos"),)
RULES = tuple(
    Rule(name, policy, name, action, auth=KERBEROS) for policy, name, action in (
        ("Server (Request Security)", "All IP Traffic", "Request Security (Optional)"),
        ("Server (Request Security)", "All ICMP Traffic", "Permit"),
        ("Secure Server (Require Security)", "All IP Traffic", "Require Security"),
        ("Secure Server (Require Security)", "All ICMP Traffic", "Permit")))


def restore(config: Config, location: str) -> None:
    """Puts the samples into a location; those of the same names become what they were.

    The caller holds the transaction. An assigned sample policy stays assigned.
    """
    for one in LISTS:
        _list(config, one, location)
    for action in ACTIONS:
        _action(config, action, location)
    for policy in POLICIES:
        _policy(config, policy, location)
    for rule in RULES:
        config.add_rule(rule, location)


def _list(config: Config, wanted: FilterList, location: str) -> None:
    try:
        config.replace_filterlist(wanted.name, wanted, location)
    except NotFound:
        config.add_filterlist(wanted, location)
        return
    config.delete_filters(wanted.name, lambda one: True, location)
    for one in wanted.filters:
        config.add_filter(wanted.name, one, location)


def _action(config: Config, wanted: FilterAction, location: str) -> None:
    try:
        config.replace_filteraction(wanted.name, wanted, location)
    except NotFound:
        config.add_filteraction(wanted, location)


def _policy(config: Config, wanted: Policy, location: str) -> None:
    try:
        old = config.policy(wanted.name, location)
    except NotFound:
        config.add_policy(wanted, location)
        return
    config.replace_policy(wanted.name, wanted._replace(assigned=old.assigned), location)
    for rule in config.rules(wanted.name, location):
        config.delete_rule(wanted.name, rule.guid, location)
