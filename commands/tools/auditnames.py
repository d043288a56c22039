"""The nine audit categories under every name that Windows ever gave them."""

from typing import NamedTuple


class AuditName(NamedTuple):
    """One category: our word (auditpol 2000's switch), 2000's listing, Vista's title."""

    word: str
    listed: str
    title: str


NAMES = (
    AuditName("system", "AuditCategorySystem", "System"),
    AuditName("logon", "AuditCategoryLogon", "Logon/Logoff"),
    AuditName("object", "AuditCategoryObjectAccess", "Object Access"),
    AuditName("privilege", "AuditCategoryPrivilegeUse", "Privilege Use"),
    AuditName("process", "AuditCategoryDetailedTracking", "Detailed Tracking"),
    AuditName("policy", "AuditCategoryPolicyChange", "Policy Change"),
    AuditName("sam", "AuditCategoryAccountManagement", "Account Management"),
    AuditName("directory", "AuditCategoryDirectoryService", "DS Access"),
    AuditName("account", "AuditCategoryAccountLogon", "Account Logon"),
)

# Subcategories of Vista and later that report what IKE and the driver do.
SUBCATEGORIES = {
    "IPsec Main Mode": "logon",
    "IPsec Quick Mode": "logon",
    "IPsec Extended Mode": "logon",
    "IPsec Driver": "system",
    "Filtering Platform Packet Drop": "object",
}

# The types that a category can be audited for: the word, then (success, failure).
TYPES = {
    "all": (True, True),
    "success": (True, False),
    "failure": (False, True),
    "none": (False, False),
}

SETTINGS = {
    (False, False): "No",
    (True, False): "Success",
    (False, True): "Failure",
    (True, True): "Success and Failure",
}


def title_of(word: str) -> str:
    """The title of a category under "Event Category:" and in Vista's listing."""
    for one in NAMES:
        if one.word == word:
            return one.title
    return word


def _spellings(one: AuditName) -> tuple[str, ...]:
    first = one.title.partition("/")[0]
    return (one.word.lower(), one.title.lower(), first.lower())


def categories_called(text: str) -> tuple[str, ...]:
    """Our words for a Vista category name; ``*`` is all nine.

    Raises ValueError with the names that are known.
    """
    wanted = text.strip().lower()
    if wanted == "*":
        return tuple(one.word for one in NAMES)
    for one in NAMES:
        if wanted in _spellings(one):
            return (one.word,)
    known = ", ".join(one.title for one in NAMES)
    raise ValueError(f"must be * or one of {known}")
