"""How netsh lays out policies, rules, filter lists and actions: fields, sheets, tables.

A field is (JSON key, label, cell). The normal list is a Record of fields; a sheet is what the
verbose list prints, with objects inside objects, and carries the same nesting as data.
"""

from collections.abc import Iterable, Mapping
from functools import cache

from commands import cells
from commands.answer import Cell, Line, Lines, Record, Records, Table
from commands.clock import time_cell
from engine.policy.model import (
    PROTOCOLS,
    AuthMethod,
    DefaultRule,
    Filter,
    FilterAction,
    FilterList,
    Policy,
    Rule,
    Secret,
    Side,
)
from engine.suites import format_main_mode, format_quick_mode
from engine.values import Any

Field = tuple[str, str, Cell]
Data = dict[str, Any]

YES_NO = ("NO", "YES")
LABEL_WIDTH = 24
STORES = {"local": "Local Store", "persistent": "Persistent Store", "domain": "Domain Store"}
SIDE_WORDS = {"any": "<Any IP Address>", "me": "<My IP Address>"}
NONE = Cell("text", None, "NONE")
FILTER_COLUMNS = (("mirrored", "Mirrored"), ("description", "Description"), ("source", "Source"),
                  ("source_mask", "Source Mask"), ("destination", "Destination"),
                  ("destination_mask", "Dest. Mask"), ("protocol", "Protocol"),
                  ("source_port", "Src Port"), ("destination_port", "Dest Port"))


class Sheet:
    """A growing block of aligned lines and, beside it, the same as nested data."""

    def __init__(self) -> None:
        self.lines: list[Line] = []

    def fields(self, fields: Iterable[Field]) -> Data:
        """Adds ``Label : value`` lines; gives them as data."""
        fields = tuple(fields)
        self.lines += [(padded(label), cell) for _, label, cell in fields]
        return {key: cell for key, _, cell in fields}

    def title(self, text: str) -> None:
        """Adds an underlined title with a blank line before it."""
        self.lines += [(), (text,), (cells.fill("-", len(text)),)]

    def block(self, data: object, name: str) -> Lines:
        """The finished block."""
        return Lines(tuple(self.lines), data, name)


@cache
def padded(label: str) -> str:
    """A label in its column; there are a few dozen, and thousands of lines that begin with them."""
    return f"{label:<{LABEL_WIDTH}}: "


# --- cells --------------------------------------------------------------------------------------


def yes(value: bool) -> Cell:
    """YES or NO."""
    return cells.yes(value, YES_NO)


def text(value: str) -> Cell:
    """A description; NONE when there is none."""
    return cells.text(value) if value else NONE


def store(location: str, machine: str) -> Cell:
    """``Local Store <gwA>``."""
    return cells.text(f"{STORES[location]} <{machine}>")


def side(one: Side) -> Cell:
    """An address, or Windows' words in angle brackets."""
    if one.kind in SIDE_WORDS:
        return Cell("enum", one.kind, SIDE_WORDS[one.kind])
    return Cell("enum", one.name, f"<{one.name} Server>") if one.kind == "server" else cells.ip(
        one.address)


def dns_name(one: Side) -> Cell:
    """The name behind an address, if it was typed as a name."""
    if one.kind == "dns":
        return cells.name(one.name)
    if one.kind == "ip":
        what = "Address" if one.prefix == 32 else "Subnet"
        return Cell("enum", "", f"<A Specific IP {what}>")
    return side(one)


def protocol(number: int) -> Cell:
    """ANY, TCP, or the number."""
    shown = PROTOCOLS.get(number, str(number))
    return Cell("protocol", number, shown)


def port(number: int) -> Cell:
    """A port, ANY for 0."""
    return Cell("port", number, str(number) if number else "ANY")


# --- fields of the normal lists -----------------------------------------------------------------


def policy_fields(one: Policy) -> list[Field]:
    """The six fields of ``show policy``, in the captured order."""
    return [("name", "Policy Name", cells.name(one.name)),
            ("description", "Description", text(one.description)),
            ("modified", "Last Modified", time_cell(one.modified)),
            ("assigned", "Assigned", yes(one.assigned)),
            ("mmpfs", "Master PFS", yes(one.mmpfs)),
            ("pollinginterval", "Polling Interval",
             cells.period(one.pollinginterval * 60, f"{one.pollinginterval} minutes"))]


def list_fields(one: FilterList, where: Cell) -> list[Field]:
    """The fields of ``show filterlist``, in the captured order."""
    return [("name", "FilterList Name", cells.name(one.name)),
            ("description", "Description", text(one.description)),
            ("store", "Store", where),
            ("modified", "Last Modified", time_cell(one.modified)),
            ("guid", "GUID", cells.guid(one.guid)),
            ("count", "No. of Filters", cells.count(len(one.filters)))]


def action_fields(one: FilterAction, where: Cell) -> list[Field]:
    """The fields of ``show filteraction``."""
    methods = one.methods if one.action == "negotiate" else ()
    return [("name", "FilterAction Name", cells.name(one.name)),
            ("description", "Description", text(one.description)),
            ("store", "Store", where),
            ("action", "Action", cells.enum(one.action.upper())),
            ("soft", "AllowUnsecure(Fallback)", yes(one.soft)),
            ("inpass", "Inbound Passthrough", yes(one.inpass)),
            ("count", "No. of Security Methods", cells.count(len(methods))),
            ("modified", "Last Modified", time_cell(one.modified)),
            ("guid", "GUID", cells.guid(one.guid))]


def rule_fields(one: Rule) -> list[Field]:
    """The fields of ``show rule`` before the authentication methods."""
    return [("name", "Rule Name", cells.name(one.name)),
            ("guid", "Rule ID", cells.guid(one.guid)),
            ("active", "Activated", yes(one.active)),
            ("filterlist", "Filterlist Name", cells.name(one.filterlist)),
            ("filteraction", "FilterAction Name", cells.name(one.filteraction)),
            ("tunnel", "Tunnel Dest IP Address",
             NONE if one.tunnel is None else cells.ip(one.tunnel)),
            ("conntype", "Connection Type", cells.enum(one.conntype.upper()))]


def default_rule_fields(one: DefaultRule) -> list[Field]:
    """The same of the default response rule, which has no name of its own."""
    return [("name", "Rule Name", NONE),
            ("active", "Activated", yes(one.active)),
            ("filterlist", "Filterlist Name", Cell("enum", "dynamic", "<Dynamic>")),
            ("filteraction", "FilterAction Name", cells.text("Default Response")),
            ("tunnel", "Tunnel Dest IP Address", NONE),
            ("conntype", "Connection Type", cells.enum("ALL"))]


def filter_fields(one: Filter) -> list[Field]:
    """The fields of one filter in a verbose list; this computer has no mask."""
    fields = [("description", "Description", text(one.description)),
              ("mirrored", "Mirrored", yes(one.mirrored))]
    for key, label, end in (("source", "Source", one.source),
                            ("destination", "Destination", one.destination)):
        fields.append((key, f"{label} IP Address", side(end)))
        if end.kind in ("ip", "dns", "any"):
            fields.append((f"{key}_mask", f"{label} Mask", cells.mask(end.prefix)))
        fields.append((f"{key}_dns", f"{label} DNS Name", dns_name(end)))
    return [*fields, ("protocol", "Protocol", protocol(one.protocol)),
            ("source_port", "Source Port", port(one.source_port)),
            ("destination_port", "Destination Port", port(one.destination_port))]


# --- blocks -------------------------------------------------------------------------------------


def records(groups: Iterable[list[Field]], count_label: str, name: str) -> Records:
    """The normal list of several objects with their count; without a label no count."""
    return Records(tuple(Record(tuple(fields)) for fields in groups),
                   f"{count_label:<{LABEL_WIDTH}}" if count_label else "", name)


def filter_table(filters: Iterable[Filter], title: str = "") -> Table:
    """Filters one a line, beginning with YES or NO (mirrored)."""
    rows = tuple((yes(one.mirrored), text(one.description), side(one.source),
                  cells.mask(one.source.prefix), side(one.destination),
                  cells.mask(one.destination.prefix), protocol(one.protocol),
                  port(one.source_port), port(one.destination_port)) for one in filters)
    return Table(FILTER_COLUMNS, rows, title, "filters", "There are no filters.")


# --- parts of sheets ----------------------------------------------------------------------------


def write_auth(sheet: Sheet, auth: tuple[AuthMethod, ...], reveal: bool) -> list[Cell]:
    """``Authentication Methods(n)`` and one line for each."""
    sheet.lines += [(f"Authentication Methods({len(auth)})",)]
    found = []
    for method in auth:
        if method.kind == "kerberos":
            cell = cells.enum("KERBEROS")
            sheet.lines.append(("    ", cell))
        elif method.kind == "psk":
            cell = cells.secret(Secret(method.value))
            sheet.lines.append((f"{'    Preshared Key':<{LABEL_WIDTH}}: ", cell))
        else:
            cell = cells.text(method.rootca)
            sheet.lines.append((f"{'    Root CA':<{LABEL_WIDTH}}: ", cell))
        found.append(cell)
    return found


def write_list(sheet: Sheet, one: FilterList, where: Cell) -> Data:
    """A filter list with its filters."""
    data = sheet.fields(list_fields(one, where))
    data["filters"] = []
    for index, each in enumerate(one.filters):
        sheet.lines += [("Filter(s)",), ("---------",)] if index == 0 else [()]
        data["filters"].append(sheet.fields(filter_fields(each)))
    return data


def write_action(sheet: Sheet, one: FilterAction, where: Cell) -> Data:
    """A filter action with its security methods, the preferred first."""
    data = sheet.fields(action_fields(one, where))
    if one.action == "negotiate":
        data |= sheet.fields([("qmpfs", "QMPFS", yes(one.qmpfs))])
        data["methods"] = [cells.method(format_quick_mode(method)) for method in one.methods]
        write_methods(sheet, data["methods"])
    return data


def write_methods(sheet: Sheet, methods: Iterable[Cell]) -> None:
    """One line a security method."""
    for cell in methods:
        sheet.fields([("", "Security Method", cell)])


def write_rule(sheet: Sheet, one: Rule, reveal: bool, details: bool) -> Data:
    """A rule; `details` adds what only the verbose list has."""
    data = sheet.fields(rule_fields(one))
    if details:
        data |= sheet.fields([("description", "Description", text(one.description)),
                              ("modified", "Last Modified", time_cell(one.modified))])
    data["auth"] = write_auth(sheet, one.auth, reveal)
    return data


def write_default_rule(sheet: Sheet, one: DefaultRule, reveal: bool, details: bool) -> Data:
    """The default response rule."""
    data = sheet.fields(default_rule_fields(one))
    data["auth"] = write_auth(sheet, one.auth, reveal)
    if details:
        data |= sheet.fields([("qmpfs", "QMPFS", yes(one.qmpfs))])
        data["methods"] = [cells.method(format_quick_mode(method)) for method in one.methods]
        write_methods(sheet, data["methods"])
    return data


def write_policy(sheet: Sheet, one: Policy, where: Cell, rules: tuple[Rule, ...],
                 shown: Mapping[str, Any]) -> Data:
    """A policy with its rules; `shown` has "reveal", "lists" and "actions" by name."""
    data = sheet.fields([
        *policy_fields(one)[:2], ("store", "Store", where), *policy_fields(one)[2:3],
        ("guid", "GUID", cells.guid(one.guid)), *policy_fields(one)[3:],
        ("mmlifetime", "MainMode LifeTime",
         cells.period(one.mmlifetime * 60, f"{one.mmlifetime} minutes")),
        ("qmpermm", "Quick Mode Limit", cells.number(one.qmpermm))])
    data["methods"] = [cells.method(format_main_mode(method)) for method in one.methods]
    for cell in data["methods"]:
        sheet.fields([("", "Main Mode Method", cell)])
    data |= sheet.fields([("count", "No. of Rules", cells.count(len(rules) + 1))])
    data["rules"] = [write_rule_details(sheet, rule, where, shown) for rule in rules]
    sheet.title("Rule Details")
    data["default_rule"] = write_default_rule(sheet, one.default_rule, shown["reveal"], True)
    return data


def write_rule_details(sheet: Sheet, rule: Rule, where: Cell, shown: Mapping[str, Any]) -> Data:
    """A rule with its filter list and filter action."""
    sheet.title("Rule Details")
    data = write_rule(sheet, rule, shown["reveal"], True)
    sheet.title("FilterList Details")
    data["filterlist"] = write_list(sheet, shown["lists"][rule.filterlist], where)
    sheet.title("FilterAction Details")
    data["filteraction"] = write_action(sheet, shown["actions"][rule.filteraction], where)
    return data
