"""Which command the first words of a line mean: contexts, inheritance, abbreviations.

netsh's order: the own context first, then its parents up to the root; at each of them commands
and sub-contexts. An exact word wins over an abbreviation, wherever it is found; an abbreviation
must be the beginning of one word only.
"""

from commands.index import Node, node_at
from commands.words import Word
from engine.values import NamedTuple

HELP_WORDS = frozenset({"?", "/?", "help"})


class Resolved(NamedTuple):
    """How far the words lead: `node` reached after `used` words, seen from context `base`.

    `candidates` are the words that would fit at the word where it stopped; `ambiguous` says
    that word is the beginning of several of them. `exact` is False after an abbreviation.
    """

    node: Node
    used: int
    base: tuple[str, ...]
    exact: bool = True
    ambiguous: bool = False
    candidates: tuple[str, ...] = ()


def levels(context: tuple[str, ...]) -> list[tuple[str, ...]]:
    """The contexts in which a word is looked up, nearest first."""
    return [context[:depth] for depth in range(len(context), -1, -1)]


def resolve(words: tuple[Word, ...], context: tuple[str, ...]) -> Resolved:
    """The best meaning of the words; `complete_words` tells whether it is one."""
    tries = [_walk(words, base) for base in levels(context)]
    whole = [one for one in tries if complete_words(one, words)]
    for one in whole:
        if one.exact:
            return one
    ambiguous = [one for one in tries if one.ambiguous]
    if whole and not (ambiguous and len(ambiguous[0].base) > len(whole[0].base)):
        return whole[0]
    return max(ambiguous or tries, key=lambda one: (one.used, len(one.base)))


def complete_words(one: Resolved, words: tuple[Word, ...]) -> bool:
    """Whether a command, a context or a group has been reached with no foreign word left."""
    if one.ambiguous or not one.used:
        return False
    if one.node.target:
        return True
    rest = words[one.used:]
    return not rest or len(rest) == 1 and is_help(rest[0])


def is_help(word: Word) -> bool:
    """Whether a word asks for help: ``?``, ``/?`` or ``help``, not in quotes."""
    return not word.quoted and word.text.lower() in HELP_WORDS


def match(word: Word, node: Node) -> tuple[Node | None, bool, tuple[str, ...]]:
    """The child that a word means: (child, exact, what it could be)."""
    if word.quoted:
        return None, False, ()
    typed = word.text.lower()
    child = node.children.get(typed)
    if child is not None:
        return child, True, (typed,)
    found = tuple(name for name in node.children if name.startswith(typed))
    if len(found) == 1 and typed:
        return node.children[found[0]], False, found
    return None, False, found if typed else ()


def _walk(words: tuple[Word, ...], base: tuple[str, ...]) -> Resolved:
    node, exact = node_at(base), True
    for used, word in enumerate(words):
        child, same, found = match(word, node)
        if child is None:
            if node.target and used:
                return Resolved(node, used, base, exact)
            return Resolved(node, used, base, exact, len(found) > 1,
                            found or tuple(node.children))
        node, exact = child, exact and same
    return Resolved(node, len(words), base, exact, candidates=tuple(node.children))
