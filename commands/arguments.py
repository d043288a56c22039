"""Binding the words behind a command to its tags: by name, by prefix, by position, by switch.

Everything is bound as far as it goes, so that an unfinished line can be coloured and completed;
the first mistake is kept.
"""

from commands.errors import CommandError, Span
from commands.nearest import nearest
from commands.spec import ASKED, Command, Kind, Tag
from commands.words import USAGE_EXIT, Word, brief
from engine.values import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from commands.session import Session


PROBLEM_LIMIT = 120


class Piece(NamedTuple):
    """A stretch [start, end) of the line and its role, for colours and for masking.

    Roles: context, command, tag, value, secret, option, operator, filter, error, comment.
    """

    start: int
    end: int
    role: str


class Binding(NamedTuple):
    """One tag that was typed: its value and where the value stands in the line."""

    tag: Tag[Any]
    value: object
    text: str
    start: int
    end: int


class Arguments:
    """The state of binding: feed it words, then read `bindings`, `missing` and `error`.

    `given` are the field names that have a value, `expects` is the tag whose value is still to
    be typed at the end of the line.
    """

    def __init__(self, command: type[Command], line: str, session: "Session") -> None:
        self.command, self.line, self.session = command, line, session
        self.bindings: list[Binding] = []
        self.pieces: list[Piece] = []
        self.error: CommandError | None = None
        self.expects: Tag[Any] | None = None
        self.given: set[str] = set()
        self.named = {tag.word.lower(): tag for tag in command.tags if tag.form == "tag"}
        self.switches = {tag.word.lower().lstrip("-/"): tag for tag in command.tags
                         if tag.form in ("dash", "flag", "slash", "colon")}
        self.keywords = {tag.word.lower(): tag for tag in command.tags
                         if tag.form in ("word", "bare")}
        self.rest = next((tag for tag in command.tags if tag.form == "rest"), None)

    @property
    def missing(self) -> tuple[Tag[Any], ...]:
        """Required tags that have no value yet."""
        return tuple(tag for tag in self.command.tags
                     if tag.required and tag.name not in self.given)

    def bind(self, words: tuple[Word, ...]) -> None:
        """Binds all words. Never raises; the first mistake is in `error`."""
        at = 0
        while at < len(words):
            try:
                at = self._one(words, at)
            except CommandError as mistake:
                self.error = self.error or mistake
                self.pieces.append(Piece(words[at].start, words[at].end, "error"))
                at += 1

    def _one(self, words: tuple[Word, ...], at: int) -> int:
        word = words[at]
        if self.rest is not None and not self.switches and self.next_slot() is None:
            return self._take_rest(words, at)
        named = self._named(words, at)
        if named:
            return named
        if not word.quoted:
            switch = self._switch(words, at)
            if switch:
                return switch
            keyword = self.keywords.get(word.text.lower())
            if keyword is not None:
                self.pieces.append(Piece(word.start, word.end, "tag"))
                if keyword.form == "bare":
                    self._store(keyword, True, word.text, word.start, word.end)
                    return at + 1
                return self._following(keyword, words, at)
        secret = self._asked(word)
        if secret is not None:
            self._mark(word.start, word.end, "tag")
            self._store(secret, ASKED, "", word.start, word.end)
            return at + 1
        slot = self.next_slot()
        if slot is not None:
            self._put(slot, word.text, word.start, word.end)
            return at + 1
        if self.rest is not None:
            return self._take_rest(words, at)
        raise self._surplus(word)

    def _asked(self, word: Word) -> Tag[Any] | None:
        """The secret tag of which only the name stands there: its value is asked for."""
        tag = None if word.quoted else self.named.get(word.text.lower())
        wanted = tag is not None and tag.kind.secret and tag.name not in self.given
        return tag if wanted and self.line[word.start:word.end] == word.text else None

    def _take_rest(self, words: tuple[Word, ...], at: int) -> int:
        assert self.rest is not None
        self._put(self.rest, self.rest_text(words, at), words[at].start, words[-1].end)
        return len(words)

    def rest_text(self, words: tuple[Word, ...], at: int) -> str:
        """What is left, as typed; a single quoted word without its quotes."""
        if at == len(words) - 1 and words[at].quoted:
            return words[at].text
        return self.line[words[at].start:words[-1].end]

    def next_slot(self) -> Tag[Any] | None:
        """The tag that a word without a name fills: the first without a value."""
        for tag in self.named.values():
            if not tag.hidden and (tag.many or tag.name not in self.given):
                return tag
        return None

    def _named(self, words: tuple[Word, ...], at: int) -> int:
        """``tag=value`` in its four spellings. Gives the index behind it, 0 if it is none."""
        word = words[at]
        if word.quoted:
            return 0
        following = words[at + 1] if at + 1 < len(words) else None
        if word.equals < 0:
            if following is None or following.equals != 0 or following.quoted:
                return 0
            tag = self._tag(word.text, word)
            if tag is None:
                return 0
            self.pieces.append(Piece(word.start, word.end, "tag"))
            at, word, following = at + 1, following, words[at + 2] if at + 2 < len(words) else None
        else:
            if word.equals == 0:
                raise CommandError("unknown-tag", "There is no argument before '='",
                                   span=Span(word.start, word.end), exit=USAGE_EXIT,
                                   fix='a value that begins with "=" is written in quotes')
            tag = self._tag(word.text[:word.equals], word)
            if tag is None:
                return 0
            self.pieces.append(Piece(word.start, word.cut, "tag"))
        if word.cut < word.end:
            self._put(tag, word.text[word.equals + 1:], word.cut, word.end)
            return at + 1
        if following is None or self._begins_tag(words, at + 1):
            self.expects = tag if following is None else None
            raise CommandError("missing-value", f"{tag.word}: the value is missing",
                               span=Span(word.start, word.end), exit=USAGE_EXIT,
                               fix=f"{tag.word}={tag.kind.usage}")
        self._put(tag, following.text, following.start, following.end)
        return at + 2

    def _begins_tag(self, words: tuple[Word, ...], at: int) -> bool:
        word = words[at]
        if word.quoted:
            return False
        if word.equals > 0:
            return bool(self._matching(word.text[:word.equals]))
        return (at + 1 < len(words) and words[at + 1].equals == 0 and not words[at + 1].quoted
                and bool(self._matching(word.text)))

    def _matching(self, typed: str) -> list[Tag[Any]]:
        typed = typed.lower()
        if typed in self.named:
            return [self.named[typed]]
        return [tag for word, tag in self.named.items() if typed and word.startswith(typed)]

    def _tag(self, typed: str, word: Word) -> Tag[Any] | None:
        found = self._matching(typed)
        if len(found) == 1:
            return found[0]
        if found:
            known = tuple(tag.word for tag in found)
            raise CommandError("ambiguous", f"'{typed}' is ambiguous", known=known,
                               span=Span(word.start, word.start + len(typed)), exit=USAGE_EXIT)
        if self._looks_like_tag(typed, word):
            raise self._unknown_tag(typed, word)
        return None

    def _looks_like_tag(self, typed: str, word: Word) -> bool:
        """A name that is no tag is a mistake, unless it reads like a value with "=" in it."""
        slot = self.next_slot()
        if not (typed.isascii() and typed.isalpha()) or slot is not None and slot.kind.secret:
            return False
        value = word.text[word.equals + 1:]
        return word.equals < 0 or bool(value.strip("="))

    def _unknown_tag(self, typed: str, word: Word) -> CommandError:
        known = tuple(tag.word for tag in self.named.values() if not tag.hidden)
        near = nearest(typed, known)
        fix = f"did you mean {near}=" if near else ""
        return CommandError("unknown-tag", f"'{brief(typed)}' is not a valid argument for this "
                            "command",
                            span=Span(word.start, word.start + len(typed)), known=known,
                            fix=fix, exit=USAGE_EXIT)

    def _switch(self, words: tuple[Word, ...], at: int) -> int:
        """``/all``, ``-n 4``, ``/test:ipsec``. Gives the index behind it, 0 if it is none."""
        word = words[at]
        if word.text[:1] not in ("-", "/") or len(word.text) < 2 or not self.switches:
            return 0
        typed, colon, value = word.text[1:].partition(":")
        tag = self._find_switch(typed, bool(colon), word)
        self.pieces.append(Piece(word.start, word.end, "option"))
        if tag.form in ("flag", "slash"):
            if colon:
                raise CommandError("bad-value", f"{word.text[0]}{typed} takes no value",
                                   span=Span(word.start, word.end), exit=USAGE_EXIT)
            self._store(tag, True, word.text, word.start, word.end)
            return at + 1
        if tag.form == "colon":
            start = min(word.start + len(typed) + 2, word.end)
            if not value:
                raise CommandError("missing-value", f"/{tag.word.lstrip('/-')}: the value is "
                                   "missing", span=Span(word.start, word.end), exit=USAGE_EXIT,
                                   fix=f"/{tag.word.lstrip('/-')}:{tag.kind.usage}")
            self._put(tag, value, start, word.end)
            return at + 1
        return self._following(tag, words, at)

    def _find_switch(self, typed: str, colon: bool, word: Word) -> Tag[Any]:
        lower = typed.lower()
        tag = self.switches.get(lower)
        if tag is not None:
            return tag
        found = [tag for name, tag in self.switches.items() if name.startswith(lower)]
        if len(found) == 1 and len(lower) > 1:
            return found[0]
        known = tuple(switch_word(tag) for tag in self.switches.values() if not tag.hidden)
        near = nearest(word.text[0] + typed, known)
        raise CommandError("unknown-option", f"'{word.text[0]}{brief(typed)}' is not a valid "
                           "option for this command", span=Span(word.start, word.end), known=known,
                           fix=f"did you mean {near}" if near else "", exit=USAGE_EXIT)

    def _following(self, tag: Tag[Any], words: tuple[Word, ...], at: int) -> int:
        if at + 1 == len(words):
            self.expects = tag
            raise CommandError("missing-value", f"{words[at].text}: the value is missing",
                               span=Span(words[at].start, words[at].end), exit=USAGE_EXIT,
                               fix=f"{words[at].text} {tag.kind.usage}")
        value = words[at + 1]
        self._put(tag, value.text, value.start, value.end)
        return at + 2

    def _put(self, tag: Tag[Any], text: str, start: int, end: int) -> None:
        role = "secret" if tag.kind.secret else "value"
        try:
            value = parse_value(tag.kind, text, self.session)
        except ValueError as problem:
            self._mark(start, end, "secret" if tag.kind.secret else "error")
            known = tag.kind.words()
            # A variable is shown by its name: what it stands for may be a key.
            typed = self.line[start:end]
            shown = typed if "${" in typed else text
            self._fail(_bad_value(tag, shown, str(problem), Span(start, end), known))
            value = text
        else:
            self._mark(start, end, role)
        self._store(tag, value, text, start, end)

    def _mark(self, start: int, end: int, role: str) -> None:
        self.pieces.append(Piece(start, end, role))

    def _fail(self, mistake: CommandError) -> None:
        self.error = self.error or mistake

    def _store(self, tag: Tag[Any], value: object, text: str, start: int, end: int) -> None:
        if tag.name in self.given and not tag.many:
            self._fail(CommandError("doubled-tag", f"'{tag.word}' is given twice", tag=tag.name,
                                    span=Span(start, end), exit=USAGE_EXIT))
            return
        self.given.add(tag.name)
        self.bindings.append(Binding(tag, value, text, start, end))

    def _surplus(self, word: Word) -> CommandError:
        known = tuple(tag.word for tag in self.command.tags
                      if not tag.hidden and tag.name not in self.given)
        keys = any(tag.kind.secret for tag in self.command.tags)
        shown = "a value" if keys else f"'{brief(word.text)}'"
        return CommandError("extra-value", f"There is no place for {shown} in this command",
                            span=Span(word.start, word.end), known=known, exit=USAGE_EXIT)


def parse_value(kind: Kind[Any], text: str, session: "Session") -> object:
    """The value of a text: as it is, or, for a fixed word, its unique beginning."""
    try:
        return kind.parse(text, session)
    except ValueError:
        found = [word for word in kind.words() if text and word.lower().startswith(text.lower())]
        if len(found) > 1:
            raise ValueError("is ambiguous: " + ", ".join(found)) from None
        if not found:
            raise
        return kind.parse(found[0], session)


def switch_word(tag: Tag[Any]) -> str:
    """How a switch is typed: ``-n``, ``/all``, ``/test:``."""
    plain = tag.word.lstrip("-/")
    if tag.form in ("dash", "flag"):
        return "-" + plain
    return "/" + plain + (":" if tag.form == "colon" else "")


def _bad_value(tag: Tag[Any], text: str, problem: str, span: Span,
               known: tuple[str, ...]) -> CommandError:
    shown = "the value" if tag.kind.secret else f"'{brief(text)}'"
    near = nearest(text, known) if known and not tag.kind.secret else ""
    problem = problem if len(problem) <= PROBLEM_LIMIT else problem[:PROBLEM_LIMIT] + "..."
    return CommandError("bad-value", f"{tag.word}: {shown} {problem}", tag=tag.name, span=span,
                        known=known, fix=f"did you mean {near}" if near else "", exit=USAGE_EXIT)
