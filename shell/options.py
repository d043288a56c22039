"""The command line of the program, read without argparse (which costs more than a `show`)."""

from engine.values import Any, NamedTuple

FORMATS = ("table", "json", "jsonl", "csv")
COLOUR_MODES = ("auto", "always", "never")
SHELLS = ("bash", "zsh")


class Option(NamedTuple):
    """One option: how it is typed, its field of `Options`, its value, and what it does."""

    name: str
    field: str
    value: str
    help: str
    others: tuple[str, ...] = ()


DECLARED = (
    Option("-a", "alias_file", "FILE", "run the lines of FILE first, then go on"),
    Option("-c", "context", "CONTEXT", 'start in that context, as in -c "ipsec static"'),
    Option("-f", "script", "FILE", "run a script and end; - is standard input"),
    Option("-r", "machine", "MACHINE", "act on that machine of the lab (gwA unless told "
           "otherwise); lab: the lab, though an agent runs here; unix:PATH: that agent"),
    Option("--store", "store", "FILE", "the policy store (else IPSECSH_STORE, else the data "
           "folder)"),
    Option("--atomic", "atomic", "", "with -f: all of the script or nothing"),
    Option("--yes", "yes", "", "answer the questions of destructive commands with yes"),
    Option("-o", "format", "FORMAT", "how to answer: table, json, jsonl or csv"),
    Option("--color", "color", "MODE", "when to colour: auto, always or never"),
    Option("--record", "record", "FILE", "record all that is typed as a transcript"),
    Option("--completion", "completion", "SHELL", "print the completion script of bash or zsh"),
    Option("--version", "version", "", "print the version"),
    Option("--help", "help", "", "print this", ("-h", "-?", "/?")),
)
EXITS = (
    (0, "done; warnings alone are no failure"),
    (1, "a command failed, an expectation did not match, a check says FAIL"),
    (2, "usage: an unknown option, a line that cannot be understood"),
    (3, "could not run: no store, no privilege, the agent cannot be reached"),
    (4, "nothing was run"),
    (5, "a destructive command needs --yes"),
    (6, "the store is locked by another writer"),
    (130, "interrupted by Ctrl-C"),
)
WIDTH, HELP_COLUMN = 80, 18


def usage() -> str:
    """The usage page."""
    from textwrap import fill
    parts = " ".join([*(f"[{one.name}{' ' + one.value if one.value else ''}]"
                        for one in DECLARED), "[COMMAND ...]"])
    lines = [fill(parts, WIDTH, initial_indent="Usage: ipsecsh ", subsequent_indent=" " * 15,
                  break_on_hyphens=False),
             "       ipsecsh agent run [--interface NAME=DEVICE ...] [--store FILE] ...", ""]
    heads = [("COMMAND ...", "run one command and end; each argument is one word of it"),
             *((f"{one.name} {one.value}".rstrip(), one.help) for one in DECLARED)]
    for head, text in heads:
        lines.append(fill(text, WIDTH, initial_indent=f"  {head:<{HELP_COLUMN - 2}}",
                          subsequent_indent=" " * HELP_COLUMN))
    exits = ", ".join(f"{code} {text.split(':')[0].split(';')[0]}" for code, text in EXITS)
    return "\n".join([*lines, "", fill("Exit codes: " + exits + ".", WIDTH),
                      "Without COMMAND, -f and a terminal, standard input is read as a script.",
                      ""])


class UsageError(Exception):
    """A command line that cannot be understood; the text says why."""


class Options(NamedTuple):
    """The command line as values; None is "not given"."""

    command: tuple[str, ...] = ()
    alias_file: str | None = None
    context: str = ""
    script: str | None = None
    machine: str | None = None
    store: str | None = None
    atomic: bool = False
    yes: bool = False
    format: str = "table"
    color: str = "auto"
    record: str | None = None
    completion: str = ""
    version: bool = False
    help: bool = False


OPTIONS = {name: one for one in DECLARED for name in (one.name, *one.others)}
CHOICES = {"format": FORMATS, "color": COLOUR_MODES, "completion": ("", *SHELLS)}
# netsh's own switches, which it takes in any case and behind a slash, too.
NETSH_SWITCHES = frozenset({"a", "c", "f", "r", "h", "?"})


def read_options(arguments: list[str]) -> Options:
    """Reads the arguments up to the command. Raises UsageError."""
    given: dict[str, Any] = {}
    at = 0
    while at < len(arguments) and (arguments[at][:1] == "-" or _is_switch(arguments[at])):
        if arguments[at] == "--":
            at += 1
            break
        name, equals, value = arguments[at].partition("=")
        if _is_switch(name):
            name = "-" + name[1:].lower()
        if name not in OPTIONS or equals and not name.startswith("--"):
            raise UsageError(f"unknown option {arguments[at]}")
        field, takes_value = OPTIONS[name].field, bool(OPTIONS[name].value)
        at += 1
        if not takes_value and equals:
            raise UsageError(f"option {name} takes no value")
        if takes_value and not equals:
            if at == len(arguments):
                raise UsageError(f"option {name} needs a value")
            value, at = arguments[at], at + 1
        if field in given:
            raise UsageError(f"option {name} is given twice")
        given[field] = value if takes_value else True
    options = Options()._replace(command=tuple(arguments[at:]), **given)
    _check(options)
    return options


def _is_switch(argument: str) -> bool:
    return argument[:1] in ("-", "/") and argument[1:].lower() in NETSH_SWITCHES


def _check(options: Options) -> None:
    for field, known in CHOICES.items():
        value = getattr(options, field)
        if value not in known:
            raise UsageError(f"'{value}' is none of {', '.join(known)}")
    if options.help or options.version or options.completion:
        return
    if options.command and options.script is not None:
        raise UsageError("a command and -f exclude each other")
    if options.atomic and options.command:
        raise UsageError("--atomic belongs to a script")
