"""`?` and help in netsh's layouts: a context, a group of commands, one command's usage page."""

from commands import index
from commands.answer import Answer, Cell, Line, Lines
from commands.arguments import switch_word
from commands.index import Node
from commands.layout import wrap
from commands.resolve import levels
from commands.spec import Command, Tag
from engine.values import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from commands.session import Session

NAME_WIDTH = 15
TEXT_WIDTH = 80
FOOTER = ("To view help for a command, type the command, followed by a space, and then",
          " type ?.")


def help_answer(node: Node, session: "Session") -> Answer:
    """The help page of a word: usage of a command, list of a group or a context."""
    if node.target:
        return Answer((_lines(usage_page(index.load(node))),))
    if node.context:
        return Answer((_lines(context_page(node)),))
    return Answer((_lines(group_page(node, session)),))


def context_help(session: "Session") -> Answer:
    """What can be typed where the operator stands, inherited commands included."""
    return Answer((_lines(context_page(index.node_at(session.context))),))


def context_page(node: Node) -> list[str]:
    """The commands of a context, then those of the contexts it inherits from."""
    lines = ["", "The following commands are available:"]
    for base in levels(node.path):
        one = index.node_at(base)
        lines += ["", heading(base, node.path), *_list(one, "")]
    inner = [word for word, child in sorted(node.children.items()) if child.context]
    if inner:
        lines += ["", "The following sub-contexts are available:", " " + " ".join(inner)]
    return [*lines, "", *FOOTER, ""]


def heading(base: tuple[str, ...], own: tuple[str, ...]) -> str:
    """The line above the commands of one context."""
    if base == own:
        return "Commands in this context:"
    return f"Commands in the {' '.join(('ipsecsh', *base))}-context:"


def group_page(node: Node, session: "Session") -> list[str]:
    """The commands that begin with a word, own and inherited."""
    lines = ["", "The following commands are available:"]
    base = _base(node)
    for level in levels(base):
        other = _find(level, node.path[len(base):])
        if other is not None and other.children:
            prefix = " ".join(node.path[len(base):]) + " "
            lines += ["", heading(level, base), *_list(other, prefix)]
    return [*lines, ""]


def _base(node: Node) -> tuple[str, ...]:
    """The context that a group belongs to."""
    path = node.path
    while not index.is_context(path):
        path = path[:-1]
    return path


def _find(base: tuple[str, ...], rest: tuple[str, ...]) -> Node | None:
    try:
        return index.node_at((*base, *rest))
    except KeyError:
        return None


def _list(node: Node, prefix: str) -> list[str]:
    return [entry(prefix + word, _text(child)) for word, child in sorted(node.children.items())]


def _text(node: Node) -> str:
    if node.context:
        return f"Changes to the `{' '.join(('ipsecsh', *node.path))}' context."
    return node.help


def entry(name: str, text: str) -> str:
    """``name           - text``; a long name pushes the dash."""
    return f"{name.ljust(NAME_WIDTH)}- {text}" if len(name) < NAME_WIDTH else f"{name} - {text}"


def usage_page(command: type[Command]) -> list[str]:
    """Usage, parameters with defaults, remarks and examples of one command."""
    lines = ["", "Usage:", *usage_lines(command), "", f"  {command.summary}"]
    shown = [tag for tag in command.tags if not tag.hidden]
    if shown:
        lines += ["", "Parameters:", "", "  Tag              Value"]
        for tag in shown:
            lines += _parameter(tag)
    if command.remarks:
        lines += ["", "Remarks:"]
        for number, remark in enumerate(command.remarks, 1):
            lines += _hanging(f"  {number}. ", remark)
    if command.examples:
        lines += ["", "Examples:", *(f"  {example}" for example in command.examples)]
    return [*lines, ""]


def usage_lines(command: type[Command]) -> list[str]:
    """The syntax, required parameters plain and optional ones in brackets, one a line."""
    words = " ".join(command.words[_context_depth(command):])
    parts = [syntax(tag) for tag in command.tags if not tag.hidden]
    lines = [f"  {words} {parts[0]}" if parts else f"  {words}"]
    return lines + [" " * (len(words) + 3) + part for part in parts[1:]]


def _context_depth(command: type[Command]) -> int:
    depth = 0
    while index.is_context(command.words[:depth + 1]) and depth + 1 < len(command.words):
        depth += 1
    return depth


def syntax(tag: Tag[Any]) -> str:
    """One parameter as the usage page writes it: ``[ [ name = ] <string> ]``."""
    if tag.form == "tag":
        plain = f"[ {tag.word} = ] {tag.kind.usage}"
    elif tag.form in ("flag", "slash"):
        plain = switch_word(tag)
    elif tag.form == "bare":
        plain = tag.word
    elif tag.form == "colon":
        plain = switch_word(tag) + tag.kind.usage
    elif tag.form == "rest":
        plain = tag.kind.usage
    else:
        plain = f"{tag.word if tag.form == 'word' else switch_word(tag)} {tag.kind.usage}"
    plain += " ..." if tag.many else ""
    return plain if tag.required else f"[ {plain} ]"


def _parameter(tag: Tag[Any]) -> list[str]:
    name = tag.word if tag.form in ("tag", "word", "bare", "rest") else switch_word(tag)
    text = tag.help + _default(tag)
    return _hanging(f"  {name.ljust(16)} -", text)


def _default(tag: Tag[Any]) -> str:
    value = tag.default
    if tag.required or value in (None, "", (), False) and tag.form != "tag":
        return ""
    if isinstance(value, bool):
        return f" Default: {'yes' if value else 'no'}."
    if isinstance(value, (int, str)) and value != "" and tag.kind.cell in (
            "int", "enum", "text", "port"):
        return f" Default: {value}."
    return ""


def _hanging(lead: str, text: str) -> list[str]:
    parts = wrap(text, TEXT_WIDTH - len(lead))
    return [lead + parts[0], *(" " * len(lead) + part for part in parts[1:])]


def _lines(lines: list[str]) -> Lines:
    typed: tuple[Line, ...] = tuple((Cell("text", line, line),) if line else () for line in lines)
    return Lines(typed, name="help")
