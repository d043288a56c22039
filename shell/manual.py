"""The manual page, made from the declarations: ``python -m shell.manual`` writes docs/ipsecsh.1.

A test compares the file with what this module says now, so it cannot grow old.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

from commands import index
from shell.options import DECLARED, EXITS

PATH = Path(__file__).parent.parent / "docs" / "ipsecsh.1"

DESCRIPTION = """\
ipsecsh is a netsh-like shell over a store of IPsec policies and an IKEv1/ESP tunnel engine. It
does what Microsoft KB 252735 describes: it builds a tunnel between two gateways, fences it with
packet filters, routes into it, and proves that traffic is protected. Everything runs on an
embedded network of two gateways, two routers and two hosts, in virtual time and without
privileges; with an agent (ipsecsh agent run) the same commands act on this machine."""
LINES = (
    ("context", "A context's name alone goes there, .. goes up; a full path works from anywhere, "
     "and what a context does not know is looked for in its parents."),
    ("tag=value", "Values come by tag, in any order, or by position in the order of the usage "
     "page. Words, tags and fixed values may be cut to any unambiguous beginning. Names with "
     "blanks stand in double quotes."),
    ("?", "Behind any command: its usage page. At the prompt it answers at once, without Enter."),
    ("| include X, exclude, begin, section, count, json, jsonl, csv, save FILE, no-more",
     "What becomes of the output; > FILE and >> FILE as at a Windows prompt."),
    ("#, ;, rem", "Begin a comment line in a script."),
)
ENVIRONMENT = (
    ("IPSECSH_STORE", "The policy store, where --store does not name one."),
    ("IPSECSH_AGENT", "The socket of the agent to talk to."),
    ("XDG_DATA_HOME, XDG_STATE_HOME", "Where the store, and where history and log are kept."),
    ("NO_COLOR, CLICOLOR_FORCE, TERM", "Whether output is coloured."),
)
EXAMPLES = (
    ("ipsecsh", "The prompt, on the embedded network."),
    ("ipsecsh transcript run kb252735", "The whole article, replayed and compared."),
    ("ipsecsh -f setup.txt --atomic", "A script, all of it or nothing."),
    ("ipsecsh -o json ipsec static show policy all", "Data instead of text."),
    ("source <(ipsecsh --completion bash)", "Tab completes ipsecsh's own words in bash."),
)


def manual() -> str:
    """The text of docs/ipsecsh.1."""
    options = " ".join(f"[\\fB{_text(one.name)}\\fR" + (f" \\fI{one.value}\\fR]" if one.value
                                                       else "]") for one in DECLARED)
    lines = ['.TH IPSECSH 1 "" "ipsecsh" "User Commands"', ".SH NAME",
             "ipsecsh \\- a netsh\\-like IPsec shell with its own tunnel engine", ".SH SYNOPSIS",
             f".B ipsecsh\n{options} [\\fICOMMAND\\fR ...]", ".SH DESCRIPTION", _text(DESCRIPTION)]
    lines += _list("OPTIONS", ((f"{one.name} {one.value}".rstrip(), _sentence(one.help))
                               for one in DECLARED))
    lines += _list("THE LINE", LINES)
    lines += _list("CONTEXTS", index.CONTEXTS)
    for context, rows in _commands():
        title = f"COMMANDS OF {context.upper()}" if context else "COMMANDS OF EVERY CONTEXT"
        lines += _list(title, rows)
    lines += _list("EXIT STATUS", ((str(code), _sentence(text)) for code, text in EXITS))
    lines += _list("ENVIRONMENT", ENVIRONMENT)
    lines += _list("EXAMPLES", EXAMPLES)
    lines += [".SH SEE ALSO", "Every command with its parameters: docs/commands.md, and",
              ".B help", "at the prompt. IKEv1 is retired (RFC 9395): for new tunnels use IKEv2."]
    return "\n".join(lines) + "\n"


def _commands() -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """Each context with the commands that begin with its words, their help beside them."""
    contexts = sorted((name for name, _ in index.CONTEXTS), key=len, reverse=True)
    for wanted in ("", *(name for name, _ in index.CONTEXTS)):
        rows = [(path, text) for path, target, text in sorted(index.ROWS)
                if target.startswith(("commands.", "transcripts."))
                and next((one for one in contexts if path.startswith(one + " ")), "") == wanted]
        if rows:
            yield wanted, rows


def _list(title: str, rows: "Iterator[tuple[str, str]] | tuple[tuple[str, str], ...] | "
          "list[tuple[str, str]]") -> list[str]:
    lines = [f".SH {title}"]
    for head, text in rows:
        lines += [".TP", f".B {_text(head)}", _text(text)]
    return lines


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:] + ("" if text.endswith(".") else ".")


def _text(text: str) -> str:
    """A text whose signs mean themselves to roff."""
    text = text.replace("\\", "\\e").replace("-", "\\-")
    return "\n".join("\\&" + line if line[:1] in (".", "'") else line
                     for line in text.splitlines())


if __name__ == "__main__":
    from transcripts.rows import ROWS
    for row in ROWS:
        index.register(*row)
    PATH.write_text(manual(), encoding="utf-8")
    sys.stdout.write(f"{PATH} written\n")
