"""Everything that another run may have otherwise is typed: no cell is a guess.

Each bundled transcript is typed twice, the second time with another seed, on another day and at
other addresses. What differs between the two has to stand in a cell whose type says why.
"""

from itertools import groupby

import pytest

from commands.answer import VOLATILE
from commands.layout import SpanLine
from commands.session import Session
from engine.lab.site import DEFAULT, bound
from transcripts.lines import fold
from transcripts.model import Transcript
from transcripts.replay import bundled, find, load, make_session
from transcripts.said import say
from transcripts.symbols import Symbols

# The article's nets are as large as ever: their size counts in the weight of a filter.
ELSEWHERE = {"NetA": "172.16.108.0/24", "NetB": "192.168.7.0/24", "TransitA": "100.64.3.0/25",
             "3rdExtIP": "203.0.114.5", "Middle": "10.9.9.8/29"}
# Not taken apart: the lab's addresses are found by their values.
BY_VALUE = frozenset({"line", "warning", "hint", "known"})
# From here on a chance, not the command, decides what is printed.
CHANCE = ("loss=", "duplicate=", "reorder=", "corrupt=", "jitter=")
LOOKS = ("ipconfig", "netdiag", "ipsecmon", "route print", "ipsecomon")


def spoken(transcript: Transcript, session: Session) -> list[list[str]]:
    """What each command printed, with every typed difference taken out."""
    symbols = Symbols(session.site or DEFAULT)
    said = []
    for exchange in transcript.exchanges:
        if any(word in exchange.command for word in CHANCE):
            break
        session.context = exchange.context
        for one in exchange.before:
            if one.name == "clock" and isinstance(one.value, float):
                session.lab.run(session.lab.now + one.value)
        lines = say(exchange.command, session).lines
        if "show" in exchange.command or exchange.command.startswith(LOOKS):
            lines += say(exchange.command + " | json", session).lines
        said.append(in_any_order([(any(span.type == "sorted" for span in line),
                                   neutral(line, symbols)) for _, line in lines]))
    session.close()
    return said


def in_any_order(lines: list[tuple[bool, str]]) -> list[str]:
    """The lines; what stands in the order of its values in the order of what is left of it."""
    found: list[str] = []
    for ordered, run in groupby(lines, lambda pair: pair[0]):
        keys = [key for _, key in run]
        found += sorted(keys) if ordered else keys
    return found


def neutral(line: SpanLine, symbols: Symbols) -> str:
    parts = []
    for span in line:
        if span.type in VOLATILE:
            parts.append(f"<{span.type}>")
        elif span.type == "ip":
            parts.append(symbols.address(span.text))
        elif span.type == "net":
            parts.append(symbols.network(span.text))
        elif span.type == "mask":
            parts.append(symbols.mask(span.text))
        elif span.type == "fill":
            parts.append(span.text[:1])
        elif span.type in BY_VALUE:
            parts.append(symbols.words(span.text))
        else:
            parts.append(span.text)
    # Blanks beside the cells of a table are as many as the widest cell asks for.
    padded = any(span.text.isspace() for span in line)
    return fold("".join(parts)) if padded else "".join(parts).rstrip()


@pytest.mark.parametrize("name", bundled())
def test_what_another_run_has_otherwise_is_typed(name: str) -> None:
    transcript = load(find(name))
    here = make_session(transcript.header, "")
    there = make_session(transcript.header, "")
    there.seed, there.epoch = 7, 1_700_000_123.0
    there.bind(ELSEWHERE)
    for exchange, one, two in zip(transcript.exchanges, spoken(transcript, here),
                                  spoken(transcript, there), strict=False):
        assert one == two, f"{name}:{exchange.line}: {exchange.command}"


def test_the_article_s_names_are_those_of_the_lab() -> None:
    session = Session()
    names = {name: value for name, value in session.variables.items() if name != "PSK"}
    assert DEFAULT.names().items() >= names.items()
    session.bind({})
    assert session.site == DEFAULT == bound({})


