"""One declaration a command: parser, completion, `?`, help, docs and dump all read it.

    class AddFilterList(Command, words="ipsec static add filterlist",
                        help="Creates an empty filter list."):
        name: str = tag(FilterListName(new=True), "Name of the filter list.")
        description: str = tag(Text(), "Brief information about the filter list.", default="")

        def run(self, session: Session) -> Answer: ...

Field order is tag order: netsh lets a tag's name be left out when values come in that order.
The class body is read without evaluating annotations or generating code, because declaring
a hundred dataclasses costs more than a one-shot command may take in all.
"""

from collections.abc import Iterable

from commands.answer import Answer
from engine.values import TYPE_CHECKING, Any, ClassVar, Generic, Self, TypeVar, dataclass_transform

if TYPE_CHECKING:
    from commands.session import Session
    from engine.policy.transactions import Row

T = TypeVar("T")


class Kind(Generic[T]):
    """What a value may be. `usage` is the hint in usage pages, `cell` the cell type.

    `secret` kinds are masked wherever the typed line goes (history, logs, errors, transcripts);
    their `question` asks for a value that is not typed in the line.
    """

    usage: str = "<string>"
    cell: str = "text"
    secret: bool = False
    question: str = "Value: "

    def parse(self, text: str, session: "Session") -> T:
        """The value of `text`. Raises ValueError("must be ...") without the tag's name."""
        raise NotImplementedError

    def complete(self, prefix: str, session: "Session") -> Iterable[tuple[str, str]]:
        """Candidates (value, one line of help) that may start with `prefix`."""
        return ()

    def words(self) -> tuple[str, ...]:
        """The fixed words of an enumeration (they may be abbreviated), else empty."""
        return ()


class Required:
    """The default of a tag that must be given."""


REQUIRED: Any = Required()


class Asked:
    """The value of a secret tag of which only the name was typed: the operator is asked for it."""


ASKED: Any = Asked()

FORMS = ("tag", "dash", "flag", "slash", "colon", "word", "bare", "rest")


class Tag(Generic[T]):
    """One parameter of a command.

    `form` says how it is typed:
      tag    netsh's ``name=value`` or by position        word   a keyword, then a value (MASK m)
      dash   an option with a value: ``-n 4``             slash  a Windows switch: ``/all``
      flag   an option without: ``-t``                    colon  a switch with one: ``/test:ipsec``
      bare   a keyword without a value                    rest   all that is left, as typed
    `flag`, `slash` and `bare` give True when present. `many` collects a tuple. `word` is what is
    typed when it differs from the field's name. `hidden` tags work but are not offered.
    """

    __slots__ = ("name", "kind", "help", "default", "form", "many", "word", "hidden")

    def __init__(self, kind: Kind[T], help: str, default: Any, form: str, many: bool,
                 word: str, hidden: bool) -> None:
        assert form in FORMS
        self.name = ""
        self.kind, self.help, self.default = kind, help, default
        self.form, self.many, self.word, self.hidden = form, many, word, hidden

    @property
    def required(self) -> bool:
        return self.default is REQUIRED


def tag(kind: Kind[Any], help: str, *, default: Any = REQUIRED, form: str = "tag",
        many: bool = False, word: str = "", hidden: bool = False) -> Any:
    """Declares one parameter as a class attribute (Any, so that the annotation is the type)."""
    return Tag(kind, help, default, form, many, word, hidden)


# As thousands of lines of a script need them.
_new, _set = object.__new__, object.__setattr__
WRITING_VERBS = frozenset({"add", "set", "delete"})
WRITING_CONTEXTS = frozenset({("ipsec", "static"), ("routing", "ip"), ("interface", "ip")})


@dataclass_transform(kw_only_default=True, frozen_default=True, field_specifiers=(tag,))
class Command:
    """A typed command: its class is the declaration, an instance one parsed line.

    Class keywords: `words` the full path ("ipsec static add policy"), `help` one sentence,
    `destructive` asks for --yes without a terminal, `remarks` and `examples` for the usage page
    (an example is a whole line and is run by a test), `single` says that it makes one change at
    most or has transactions of its own, so that it needs no way back around it; `rows` that a
    line often adds one row and nothing else (`row`). `writes`, from its words, says that the
    whole of it is one transaction of the store, reads included. Tags of a base class come before
    the own ones, or behind them with `own_first`: commands that are asked alike share them.
    """

    words: ClassVar[tuple[str, ...]] = ()
    summary: ClassVar[str] = ""
    tags: ClassVar[tuple[Tag[Any], ...]] = ()
    secrets: ClassVar[frozenset[str]] = frozenset()
    destructive: ClassVar[bool] = False
    single: ClassVar[bool] = False
    rows: ClassVar[bool] = False
    writes: ClassVar[bool] = False
    remarks: ClassVar[tuple[str, ...]] = ()
    examples: ClassVar[tuple[str, ...]] = ()

    if not TYPE_CHECKING:

        def __init__(self, given=(), **values):
            for one in self.tags:
                self.__dict__[one.name] = values.pop(one.name, one.default)
            assert not values, f"no such field: {values}"
            self.__dict__["given"] = given

        def __setattr__(self, name, value):
            raise AttributeError(f"a command is frozen: {name}")

    @property
    def has_secret(self) -> bool:
        """Whether a key was typed."""
        return not self.secrets.isdisjoint(self.__dict__["given"])

    @classmethod
    def read(cls, fields: dict[str, Any]) -> Self:
        """A command with these fields, all of them and "given", as the plain reader has them."""
        command = _new(cls)
        _set(command, "__dict__", fields)
        return command

    @property
    def names_given(self) -> frozenset[str]:
        """The field names the operator typed (the others hold defaults)."""
        return frozenset(self.order_given)

    @property
    def order_given(self) -> tuple[str, ...]:
        """The same in typed order, once for each value: the order of keys is their preference."""
        return tuple(self.__dict__.get("given", ()))

    def __init_subclass__(cls, words: str = "", help: str = "", destructive: bool = False,
                          single: bool = False, rows: bool = False, own_first: bool = False,
                          remarks: tuple[str, ...] = (), examples: tuple[str, ...] = (),
                          **rest: Any) -> None:
        super().__init_subclass__(**rest)
        own = []
        for name, value in list(cls.__dict__.items()):
            if isinstance(value, Tag):
                value.name = name
                value.word = value.word or name
                own.append(value)
                delattr(cls, name)
        cls.tags = (*own, *cls.tags) if own_first else (*cls.tags, *own)
        cls.secrets = frozenset(one.name for one in cls.tags if one.kind.secret)
        cls.words, cls.summary, cls.destructive = tuple(words.split()), help, destructive
        cls.single, cls.rows, cls.remarks, cls.examples = single, rows, remarks, examples
        cls.writes = (cls.words[:2] in WRITING_CONTEXTS and len(cls.words) > 2
                      and cls.words[2] in WRITING_VERBS)

    def run(self, session: "Session") -> Answer:
        """Does it. Raises CommandError or an EngineError; returns data, never text."""
        raise NotImplementedError

    @classmethod
    def row(cls, fields: dict[str, Any], session: "Session", known: dict[str, Any]) -> "Row | None":
        """All that a line with these fields changes, where that is one row of a filter list and
        may be added together with others; None where it has to run. Raises as `run`.

        `known` is for what was looked up for one line and serves the next one.
        """
        return None
