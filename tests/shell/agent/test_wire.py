"""What travels between a shell and an agent comes out as it went in."""

import pytest

from commands import answer as answers
from commands.answer import (
    Answer,
    Cell,
    Joined,
    Lines,
    Record,
    Records,
    Table,
    Warn,
)
from commands.errors import CommandError, Span
from commands.render import render_text
from commands.run import run_line
from commands.session import Session
from engine.policy.model import Secret
from shell.agent.wire import (
    FRAME_MOST,
    Frames,
    WireError,
    decode,
    decode_error,
    encode,
    encode_error,
    pack,
    state_of,
    take_state,
)

CELL = Cell("ip", "10.1.0.1", "10.1.0.1")
ANSWERS = [
    Answer(),
    Answer((Lines((("Ping ", CELL), ()), {"to": CELL, "list": [1, 2.5, None, True]}, "ping"),)),
    Answer((Table((("a", "A"),), ((CELL,),), "t", "n", "none"),), (Warn("CODE", "text", "x"),), 1),
    Answer((Record((("k", "Label", CELL),)), Records((Record(()),), "No."))),
    Answer((Lines((), [1, Joined(("seq=", CELL))]),)),
    Answer((Lines((("odd \udcff \u2028 text",),)),)),
]
# Whatever may be looked at while an agent runs.
LOOKS = ("dump", "ipsec dump reveal=yes", "ipconfig /all", "route print", "checklist",
         "netdiag /test:ipsec /debug", "ipsecmon", "routing ip show rtmroutes", "show alias",
         "lab show topology", "lab show links", "ipsec dynamic show all", "eventlog show",
         "capture start", "capture show", "auditpol", "ipsec static show all", "?")


@pytest.mark.parametrize("answer", ANSWERS)
def test_answers_travel(answer: Answer) -> None:
    frames = Frames()
    octets = pack({"type": "done", "answer": encode(answer)})
    found = [one for at in range(len(octets)) for one in frames.add(octets[at:at + 1])]
    assert [decode(one["answer"]) for one in found] == [answer]


def test_every_kind_of_value_that_an_answer_has_is_among_those_sent() -> None:
    sent = repr(ANSWERS)
    for name, kind in vars(answers).items():
        if isinstance(kind, type) and issubclass(kind, (tuple, list)):
            assert f"{name}(" in sent, name


@pytest.mark.parametrize("line", LOOKS)
def test_what_commands_say_travels(line: str) -> None:
    session = Session()
    for one in ("ipsec static add policy P", "capture start", "ping -n 1 10.1.0.10"):
        run_line(one, session)
    answer = run_line(line, session)
    assert render_text(decode(encode(answer, True)), "json") == render_text(answer, "json")
    assert render_text(decode(encode(answer, True))) == render_text(answer)


def test_a_key_travels_masked_unless_it_was_asked_for() -> None:
    answer = Answer((Lines(((Cell("secret", Secret("hunter2"), Secret.MASK),),)),))
    assert b"hunter2" not in pack({"type": "done", "answer": encode(answer)})
    found = decode(encode(answer, reveal=True))
    cell = found.blocks[0].lines[0][0]
    assert cell.value.reveal() == "hunter2" and cell.text == Secret.MASK


def test_a_mistake_travels_with_its_place() -> None:
    error = CommandError("not-found", "text", tag="name", span=Span(3, 7), known=("a", "b"),
                         fix="do", exit=5, values=(CELL,))
    error.line, error.place = "the line", "file:3"
    found = decode_error(encode_error(error))
    assert vars(found) == vars(error)


@pytest.mark.parametrize("octets", [
    b"\0\0\0\2{}", b"\0\0\0\2[]", b"\0\0\0\3abc", (FRAME_MOST + 1).to_bytes(4, "big"),
    b"\0\0\0\x0a" + b"[" * 10, pack({"type": "x"})[:4] + b"{" * 12])
def test_what_is_no_frame_is_refused(octets: bytes) -> None:
    with pytest.raises(WireError):
        Frames().add(octets)


@pytest.mark.parametrize("data", [{}, [], [1], ["Cell", 1], ["Popen", "ls"], ["dict", 1],
                                  ["Answer", 1, 2, 3, 4, 5], ["dict", [[["list"], 1]]]])
def test_what_is_no_value_is_refused(data: object) -> None:
    with pytest.raises(WireError):
        decode(data)


def test_the_state_of_a_session_travels() -> None:
    one, other = Session(), Session()
    one.context, one.machine, one.aliases = ("ipsec", "static"), "gw", {"x": "show policy"}
    one.variables["NetA"] = "10.9.0.0/24"
    take_state(other, state_of(one))
    assert (other.context, other.machine, other.aliases) == (one.context, "gw", one.aliases)
    assert other.variables == one.variables
    assert other.variables["PSK"].reveal() == "kb252735"  # type: ignore[attr-defined]


@pytest.mark.parametrize("change", [{"machine": 1}, {"context": None}, {"variables": [["a"]]},
                                    {"aliases": []}, {"batch": "yes"}])
def test_a_state_that_is_none_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(WireError):
        take_state(Session(), {**state_of(Session()), **change})
