"""What may come next: words of the context, tags still missing, values, filters.

The line up to the cursor is parsed as it is; the word under the cursor (or nothing, after a
blank) is what gets replaced.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, NamedTuple

from commands import index
from commands.arguments import Arguments, switch_word
from commands.index import Node
from commands.pipes import FILTERS, cut
from commands.resolve import complete_words, levels, resolve
from commands.spec import Kind, Tag
from commands.words import Word, quote, split_words

if TYPE_CHECKING:
    from commands.session import Session

CANDIDATE_LIMIT = 500
DESTRUCTIVE_HINT = "(asks first)"


class Candidate(NamedTuple):
    """One completion: ``text[start:]`` is replaced by `value`; `help` is one line."""

    start: int
    value: str
    help: str


def candidates(text: str, session: "Session") -> list[Candidate]:
    """Everything that may stand at the end of the text, best first."""
    line = split_words(text, session.variables)
    if line.comment >= 0 or line.error is not None and not line.unfinished:
        return []
    words = line.words
    fresh = not line.unfinished and (not words or words[-1].end < len(text))
    current = Word("", len(text), len(text)) if fresh else words[-1]
    before = words if fresh else words[:-1]
    if line.unfinished:
        current = _opened(current, text)
    pipe = cut((*before, current))
    if pipe.operators and (pipe.groups or current.text[:1] in "|>"):
        return _stage_candidates(text, pipe.operators[-1], pipe.groups[-1], session)
    return _limit(_command_candidates(text, before, current, session))


def _limit(found: Iterable[Candidate]) -> list[Candidate]:
    seen: dict[str, Candidate] = {}
    for one in found:
        seen.setdefault(one.value, one)
        if len(seen) >= CANDIDATE_LIMIT:
            break
    return list(seen.values())


def _opened(word: Word, text: str) -> Word:
    """The word of an open quote: it is being typed, so it is no finished quoted word."""
    return word._replace(quoted=False)


def _command_candidates(text: str, before: tuple[Word, ...], current: Word,
                        session: "Session") -> Iterable[Candidate]:
    found = resolve(before, session.context)
    if before and complete_words(found, before) and found.node.target:
        if found.node.path in (("help",), ("?",)):
            yield from _word_candidates((*before[found.used:],), current, session)
        else:
            yield from _argument_candidates(text, found.node, before[found.used:], current, session)
        if not (found.node.children and found.used == len(before)):
            return
    yield from _word_candidates(before, current, session)


def _word_candidates(before: tuple[Word, ...], current: Word,
                     session: "Session") -> Iterable[Candidate]:
    """Words of the own context first, then of its parents; never what is asked by `?`."""
    prefix = current.text.lower()
    for base in levels(session.context):
        node = _reach(before, base)
        if node is None or node.target and not node.children:
            continue
        for word, child in sorted(node.children.items()):
            if word.startswith(prefix) and word != "?":
                yield Candidate(current.start, word, child.help)


def _reach(before: tuple[Word, ...], base: tuple[str, ...]) -> Node | None:
    if not before:
        return index.node_at(base)
    found = resolve(before, base)
    if found.base != base or found.used < len(before) or found.ambiguous:
        return None
    return found.node


def _argument_candidates(text: str, node: Node, before: tuple[Word, ...], current: Word,
                         session: "Session") -> Iterable[Candidate]:
    arguments = Arguments(index.load(node), text, session)
    arguments.bind(before)
    if arguments.expects is not None:
        yield from value_candidates(arguments.expects, current.text, current.start, session)
        return
    if current.equals >= 0:
        yield from _after_equals(arguments, current, session)
        return
    if current.text[:1] in ("/", "-") and ":" in current.text:
        yield from _after_colon(arguments, current, session)
        return
    prefix = current.text
    slot = arguments.next_slot()
    yield from _tag_candidates(arguments, prefix, current.start)
    alone = len([tag for tag in arguments.command.tags if not tag.hidden]) == 1
    if slot is not None and (prefix or slot.required or alone):
        yield from value_candidates(slot, prefix, current.start, session)
    if arguments.rest is not None and slot is None:
        yield from value_candidates(arguments.rest, prefix, current.start, session)


def _after_equals(arguments: Arguments, current: Word,
                  session: "Session") -> Iterable[Candidate]:
    typed = current.text[:current.equals].lower()
    if not typed:
        return
    found = [tag for word, tag in arguments.named.items() if word == typed]
    found = found or [tag for word, tag in arguments.named.items() if word.startswith(typed)]
    if len(found) == 1:
        yield from value_candidates(found[0], current.text[current.equals + 1:], current.cut,
                                    session)


def _after_colon(arguments: Arguments, current: Word, session: "Session") -> Iterable[Candidate]:
    """The values of a switch such as ``/test:``."""
    name, _, value = current.text[1:].partition(":")
    for word, tag in arguments.switches.items():
        if tag.form == "colon" and name and word.startswith(name.lower()):
            yield from value_candidates(tag, value, current.start + len(name) + 2, session)
            return


def _tag_candidates(arguments: Arguments, prefix: str, start: int) -> Iterable[Candidate]:
    given = arguments.given
    for tag in arguments.command.tags:
        if tag.hidden or tag.name in given and not tag.many or tag.form == "rest":
            continue
        word = typed_form(tag)
        shown = prefix.lower()
        if shown[:1] == "-" and word[:1] == "/" or shown[:1] == "/" and word[:1] == "-":
            word = shown[0] + word[1:]
        if word.lower().startswith(shown):
            need = "" if tag.required else " (optional)"
            yield Candidate(start, word, f"{tag.help}{need} {hint(tag)}".rstrip())


def typed_form(tag: Tag[Any]) -> str:
    """What is typed for a tag, up to its value: ``name=``, ``-n``, ``/test:``, ``MASK``."""
    if tag.form == "tag":
        return tag.word + "="
    return tag.word if tag.form in ("word", "bare") else switch_word(tag)


def hint(tag: Tag[Any]) -> str:
    """The value hint of a tag; empty for a switch without a value."""
    return "" if tag.form in ("flag", "slash", "bare") else tag.kind.usage


def value_candidates(tag: Tag[Any], prefix: str, start: int,
                     session: "Session") -> Iterable[Candidate]:
    """The values of a tag that begin with what is typed, quoted where needed."""
    kind: Kind[Any] = tag.kind
    if kind.secret:
        return
    lower = prefix.lower()
    for value, text in kind.complete(prefix, session):
        if value.lower().startswith(lower):
            yield Candidate(start, quote(value), text)


def _stage_candidates(text: str, operator: Word, group: tuple[Word, ...],
                      session: "Session") -> list[Candidate]:
    typing = bool(group) and group[-1].end == len(text) and group[-1].text != ""
    current = group[-1] if typing else Word("", len(text), len(text))
    position = len([word for word in group if word.text]) - (1 if typing else 0)
    if operator.text == "|" and position == 0:
        return [Candidate(current.start, name, text) for name, (_, text) in FILTERS.items()
                if name.startswith(current.text.lower())]
    wants_file = operator.text != "|" or "save".startswith(group[0].text.lower() or "-")
    if wants_file and position == (0 if operator.text != "|" else 1):
        from commands.kinds import Path
        return [Candidate(current.start, quote(name), text)
                for name, text in Path().complete(current.text, session)
                if name.startswith(current.text)]
    return []
