"""What may follow a command: ``| include X``, ``| json``, ``> FILE``; it works on the answer.

The filters see rendered lines whose spans keep their cell types, so a filtered answer is still
typed, masked and recordable.
"""

from commands.errors import CommandError, Span
from commands.words import USAGE_EXIT, Word, brief
from engine.values import NamedTuple

# name -> (needs an argument, help)
FILTERS: dict[str, tuple[bool, str]] = {
    "include": (True, "Lines that contain the text."),
    "exclude": (True, "Lines that do not contain the text."),
    "begin": (True, "From the first line that contains the text."),
    "section": (True, "Blocks (up to a blank line) that contain the text."),
    "count": (False, "The number of lines."),
    "json": (False, "The answer as one JSON document."),
    "jsonl": (False, "The answer as one JSON document a line."),
    "csv": (False, "The answer as comma-separated values."),
    "save": (True, "Writes the answer to a file."),
    "no-more": (False, "Without paging."),
}
FORMATS = ("json", "jsonl", "csv")


class Stage(NamedTuple):
    """One step behind the command: a filter (`op` "|") or a redirection (">" or ">>")."""

    op: str
    name: str
    argument: str
    start: int
    end: int


class Cut(NamedTuple):
    """A line cut at its operators: the command's words, the stages, the first mistake.

    `groups` are the words of each stage, operator left out, for colouring and completion.
    """

    words: tuple[Word, ...]
    stages: tuple[Stage, ...]
    groups: tuple[tuple[Word, ...], ...] = ()
    operators: tuple[Word, ...] = ()
    error: CommandError | None = None


def cut(words: tuple[Word, ...]) -> Cut:
    """Separates the command from its pipes. An operator begins a word, outside quotes."""
    first = next((index for index, word in enumerate(words) if _operator(word)), len(words))
    if first == len(words):
        return Cut(words, ())
    operators: list[Word] = []
    groups: list[list[Word]] = []
    for word in words[first:]:
        sign = _operator(word)
        if sign:
            operators.append(Word(sign, word.start, word.start + len(sign)))
            groups.append([])
            rest = word.text[len(sign):]
            if rest:
                groups[-1].append(Word(rest, word.start + len(sign), word.end))
        else:
            groups[-1].append(word)
    stages: list[Stage] = []
    error = None
    for operator, group in zip(operators, groups, strict=True):
        try:
            stages.append(_stage(operator, group))
        except CommandError as mistake:
            error = error or mistake
    return Cut(words[:first], tuple(stages), tuple(map(tuple, groups)), tuple(operators), error)


def _operator(word: Word) -> str:
    if word.quoted:
        return ""
    if word.text.startswith(">>"):
        return ">>"
    return word.text[0] if word.text[:1] in ("|", ">") else ""


def _stage(operator: Word, group: list[Word]) -> Stage:
    end = group[-1].end if group else operator.end
    if operator.text != "|":
        if len(group) != 1:
            raise _mistake("missing-value" if not group else "extra-value",
                           f"'{operator.text}' must be followed by one file name", operator, end)
        return Stage(operator.text, "file", group[0].text, operator.start, end)
    if not group:
        raise _mistake("unknown-filter", "'|' must be followed by a filter", operator, end,
                       tuple(FILTERS))
    name = filter_name(group[0])
    argument = " ".join(word.text for word in group[1:])
    if FILTERS[name][0] and not argument:
        what = "a file name" if name == "save" else "a text"
        raise _mistake("missing-value", f"'{name}' must be followed by {what}", group[0], end)
    if not FILTERS[name][0] and argument:
        raise _mistake("extra-value", f"'{name}' takes nothing behind it", group[1], end)
    return Stage("|", name, argument, operator.start, end)


def filter_name(word: Word) -> str:
    """The filter meant by a word or its unique beginning. Raises CommandError."""
    typed = word.text.lower()
    if typed in FILTERS:
        return typed
    found = [name for name in FILTERS if name.startswith(typed)]
    if len(found) == 1:
        return found[0]
    code = "ambiguous" if found else "unknown-filter"
    text = f"'{word.text}' is ambiguous" if found else f"There is no filter '{brief(word.text)}'"
    raise _mistake(code, text, word, word.end, tuple(found or FILTERS))


def _mistake(code: str, text: str, word: Word, end: int,
             known: tuple[str, ...] = ()) -> CommandError:
    return CommandError(code, text, span=Span(word.start, end), known=known, exit=USAGE_EXIT)
