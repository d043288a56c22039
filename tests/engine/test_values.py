"""`engine.values.NamedTuple` is `typing.NamedTuple` to whoever uses it."""

import copy
import inspect
import pickle
import typing
from collections.abc import Callable
from typing import Any

import pytest

from engine import values


class Ours(values.NamedTuple):
    """A route."""

    to: str
    via: str = ""
    metric: int = 1

    @property
    def text(self) -> str:
        return f"{self.to} {self.via}"

    @classmethod
    def default(cls, via: str) -> "Ours":
        return cls("0.0.0.0", via)


class Theirs(typing.NamedTuple):
    """A route."""

    to: str
    via: str = ""
    metric: int = 1

    @property
    def text(self) -> str:
        return f"{self.to} {self.via}"

    @classmethod
    def default(cls, via: str) -> "Theirs":
        return cls("0.0.0.0", via)


class OneField(values.NamedTuple):
    only: int


class NoField(values.NamedTuple):
    pass


class Named(Ours):
    """A subclass, made before the class it comes from has made a value."""

    def __str__(self) -> str:
        return self.to


def shown(use: Callable[[Any], Any], kind: type) -> str:
    """What a use gives or raises; the names of the two classes do not matter."""
    try:
        said = repr(use(kind))
    except (TypeError, ValueError, AttributeError) as error:
        said = f"{type(error).__name__}: {error}"
    return said.replace(kind.__name__, "Kind")


USES: list[Callable[[Any], Any]] = [
    lambda kind: kind("a"),
    lambda kind: kind("a", "b", 3),
    lambda kind: kind(metric=2, to="a"),
    lambda kind: kind(),
    lambda kind: kind("a", "b", 3, 4),
    lambda kind: kind("a", to="b"),
    lambda kind: kind("a", bogus=1),
    lambda kind: kind("a") == ("a", "", 1),
    lambda kind: hash(kind("a")) == hash(("a", "", 1)),
    lambda kind: kind("b") > kind("a", "z"),
    lambda kind: kind("a")._replace(metric=7),
    lambda kind: kind("a")._asdict(),
    lambda kind: kind._make(["a", "b", 3]),
    lambda kind: kind._make(["a"]),
    lambda kind: (kind._fields, kind._field_defaults, kind.__match_args__),
    lambda kind: kind.default("10.0.0.1").text,
    lambda kind: pickle.loads(pickle.dumps(kind("a", "b"))),
    lambda kind: copy.deepcopy(kind("a", "b")),
    lambda kind: kind("a").__dict__,
    lambda kind: setattr(kind("a"), "to", "b"),
    lambda kind: (kind.__doc__, kind.__module__, kind.__annotations__),
    lambda kind: (kind("a"), inspect.signature(kind))[1].parameters.keys(),
    lambda kind: typing.get_type_hints(kind),
]


@pytest.mark.parametrize("use", USES)
def test_a_value_is_what_typing_makes_of_the_same_class(use: Callable[[Any], Any]) -> None:
    assert shown(use, Ours) == shown(use, Theirs)


def test_a_field_that_is_none_cannot_be_replaced() -> None:
    unknown: dict[str, Any] = {"bogus": 7}
    for value in (Ours("a"), Theirs("a")):
        with pytest.raises((TypeError, ValueError), match="bogus"):  # by Python's version
            value._replace(**unknown)


def test_a_subclass_may_make_the_first_value() -> None:
    named = Named("a")
    assert (type(named), str(named), named) == (Named, "a", Ours("a"))
    assert type(Ours("a")) is Ours and type(Named("b")) is Named


def test_one_field_and_none() -> None:
    assert OneField(3) == (3,) and OneField(only=3).only == 3
    assert NoField() == () and repr(NoField()) == "NoField()"


def test_values_of_one_class_are_made_by_one_compiled_constructor() -> None:
    Ours("a")
    made = Ours.__new__
    Ours("b"), Named("c")
    assert Ours.__new__ is made and Named.__new__ is made


def test_a_value_matches_a_pattern() -> None:
    match Ours("a", "b"):
        case Ours(to, via):
            assert (to, via) == ("a", "b")
        case _:
            pytest.fail("no match")
