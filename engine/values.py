"""Frozen values and the names of types, without what `typing` costs a cold start.

A one-shot command may take a few times as long as Python itself. An eighth of it went into
importing `typing` and what only `typing` needs there (re, enum), as much again into the code that
collections.namedtuple compiles for each of forty classes. Modules that every command imports take
these names from here instead: a type checker sees those of `typing`; at run time there is a
`NamedTuple` whose classes compile their constructor when the first value is made, and stand-ins
for what only annotations need.
"""

from collections import _tuplegetter  # type: ignore[attr-defined]
from collections.abc import Iterable

# Checkers take a constant of this name as true, wherever it is imported.
TYPE_CHECKING = False

if TYPE_CHECKING:
    from typing import Any as Any
    from typing import ClassVar as ClassVar
    from typing import Generic as Generic
    from typing import NamedTuple as NamedTuple
    from typing import NoReturn as NoReturn
    from typing import Protocol as Protocol
    from typing import Self as Self
    from typing import TextIO as TextIO
    from typing import TypeVar as TypeVar
    from typing import dataclass_transform as dataclass_transform


class _Value(tuple["Any", ...]):
    """What all values have, as collections.namedtuple gives it."""

    __slots__ = ()
    if TYPE_CHECKING:
        _fields: ClassVar[tuple[str, ...]]

    @classmethod
    def _make(cls, fields: Iterable[object]) -> "Self":
        """A value of these fields, all of them and in order. Raises TypeError for more or less."""
        made = tuple.__new__(cls, fields)
        if len(made) != len(cls._fields):
            raise TypeError(f"Expected {len(cls._fields)} arguments, got {len(made)}")
        return made

    def _replace(self, **changed: object) -> "Self":
        """The same with other fields. Raises ValueError for one that it does not have."""
        made = tuple.__new__(type(self), map(changed.pop, self._fields, self))
        if changed:
            raise ValueError(f"Got unexpected field names: {list(changed)!r}")
        return made

    def _asdict(self) -> "dict[str, Any]":
        """The fields by name, in order."""
        return dict(zip(self._fields, self, strict=True))

    def __repr__(self) -> str:
        fields = zip(self._fields, self, strict=True)
        return f"{type(self).__name__}({', '.join(f'{name}={one!r}' for name, one in fields)})"

    def __getnewargs__(self) -> "tuple[Any, ...]":
        """What a copy is made of."""
        return tuple(self)


def _construct(cls: type[_Value], *given: object, **named: object) -> object:
    """The constructor until the first value: compiles the one that is called from then on."""
    owner: Any = next(one for one in cls.__mro__ if "_fields" in one.__dict__)
    names = "".join(f"{name}, " for name in owner._fields)
    made = eval(f"lambda _cls, {names}: _new(_cls, ({names}))",
                {"_new": tuple.__new__, "__builtins__": {}})
    made.__name__, made.__qualname__ = "__new__", f"{owner.__name__}.__new__"
    made.__defaults__ = tuple(owner._field_defaults.values())
    owner.__new__ = staticmethod(made)
    return made(cls, *given, **named)


class _Declaration(type):
    """Turns the body of a class into one of frozen values: its annotations are the fields."""

    def __new__(cls, name: str, bases: tuple[type, ...], body: "dict[str, Any]") -> "Any":
        if not bases:
            return super().__new__(cls, name, bases, body)
        made: Any = type(name, (_Value, *bases[1:]),
                         {"__slots__": (), "__new__": _construct, **body})
        made._fields = tuple(made.__annotations__)
        made.__match_args__ = made._fields  # type: ignore[misc]
        made._field_defaults = {one: body[one] for one in made._fields if one in body}
        for at, field in enumerate(made._fields):
            setattr(made, field, _tuplegetter(at, f"Alias for field number {at}"))
        return made


if not TYPE_CHECKING:
    Any = NoReturn = Self = TextIO = object
    NamedTuple = _Declaration("NamedTuple", (), {})

    class Generic:
        """A class whose subscript says something to a type checker alone."""

        def __class_getitem__(cls, item):
            return cls

    ClassVar = Protocol = Generic

    def TypeVar(name):
        """Any value: which one is checked before the program runs."""
        return object

    def dataclass_transform(**said):
        """A decorator that leaves its class alone."""
        return lambda one: one
