"""The command line of the program, read without argparse (which costs more than a `show`)."""

from typing import Any, NamedTuple

FORMATS = ("table", "json", "jsonl", "csv")
COLOUR_MODES = ("auto", "always", "never")

USAGE = """\
Usage: ipsecsh [-a FILE] [-c CONTEXT] [-r MACHINE] [-f FILE] [--store FILE]
               [--atomic] [--yes] [-o FORMAT] [--color auto|always|never]
               [--record FILE] [--version] [--help] [COMMAND ...]
       ipsecsh agent run [--interface NAME=DEVICE ...] [--store FILE] ...

  COMMAND ...     run one command and end; each argument is one word of it
  -a FILE         run the lines of FILE first, then go on
  -c CONTEXT      start in that context, as in -c "ipsec static"
  -f FILE         run a script and end; - is standard input
  -r MACHINE      act on that machine of the lab (gwA unless told otherwise);
                  lab: the lab, though an agent runs here; unix:PATH: that agent
  --store FILE    the policy store (else IPSECSH_STORE, else the data folder)
  --atomic        with -f: all of the script or nothing
  --yes           answer the questions of destructive commands with yes
  -o FORMAT       table, json, jsonl or csv
  --record FILE   record all that is typed as a transcript
  --color MODE    auto, always or never
  --version       print the version
  --help          print this

Exit codes: 0 done, 1 a command failed, 2 usage, 3 could not run,
4 nothing was run, 5 needs --yes, 6 store locked, 130 interrupted.
Without COMMAND, -f and a terminal, standard input is read as a script.
"""


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
    version: bool = False
    help: bool = False


# option -> (field, takes a value)
OPTIONS: dict[str, tuple[str, bool]] = {
    "-a": ("alias_file", True), "-c": ("context", True), "-f": ("script", True),
    "-r": ("machine", True), "--store": ("store", True), "-o": ("format", True),
    "--color": ("color", True), "--record": ("record", True),
    "--atomic": ("atomic", False), "--yes": ("yes", False),
    "--version": ("version", False), "--help": ("help", False), "-?": ("help", False),
    "/?": ("help", False), "-h": ("help", False),
}
CHOICES = {"format": FORMATS, "color": COLOUR_MODES}


def read_options(arguments: list[str]) -> Options:
    """Reads the arguments up to the command. Raises UsageError."""
    given: dict[str, Any] = {}
    at = 0
    while at < len(arguments) and (arguments[at][:1] == "-" or arguments[at] == "/?"):
        if arguments[at] == "--":
            at += 1
            break
        name, equals, value = arguments[at].partition("=")
        if name not in OPTIONS or equals and not name.startswith("--"):
            raise UsageError(f"unknown option {arguments[at]}")
        field, takes_value = OPTIONS[name]
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


def _check(options: Options) -> None:
    for field, known in CHOICES.items():
        value = getattr(options, field)
        if value not in known:
            raise UsageError(f"'{value}' is none of {', '.join(known)}")
    if options.help or options.version:
        return
    if options.command and options.script is not None:
        raise UsageError("a command and -f exclude each other")
    if options.atomic and options.command:
        raise UsageError("--atomic belongs to a script")
