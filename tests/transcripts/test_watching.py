"""Looking on: every command shown, asked about, typed at a speed; a prompt where one fails."""

import time
from pathlib import Path

import pytest

from commands.answer import Block
from commands.errors import CommandError
from commands.render import render_text
from commands.run import run_line
from commands.session import Session

TEXT = """\
# transcript: 1
## First
> ipsec static add filterlist name=L
## Second
> ipsec static add filterlist name=M
| no such line
> ipsec static show filterlist L
~ output ignore
"""


class Looking:
    """A session with somebody at it, who gives the answers they are told to."""

    def __init__(self, folder: Path, answers: list[str], text: str = TEXT) -> None:
        (folder / "t.transcript").write_text(text)
        self.session = Session()
        self.session.folder = str(folder)
        self.answers, self.seen, self.waited = answers, "", 0.0
        self.session.emit, self.session.ask = self.emit, self.ask
        self.session.echo, self.session.wait = self.echo, self.wait
        self.session.nested = self.nested
        self.places: list[str] = []
        self.typed = ""

    def emit(self, block: Block) -> None:
        self.seen += render_text(block)

    def ask(self, question: str) -> str:
        self.seen += question
        answer = self.answers.pop(0)
        if answer == "later":
            time.sleep(0.6)
        return answer

    def echo(self, text: str) -> None:
        self.seen += text

    def wait(self, seconds: float) -> None:
        self.waited += seconds

    def nested(self, session: Session, place: str, words: tuple[str, ...]) -> str:
        assert session is not self.session and self.answers[-1] in (*words, "")
        self.places.append(place)
        if self.typed:
            run_line(self.typed, session)
        return self.answers.pop(0)

    def run(self, *options: str) -> tuple[str, int]:
        answer = run_line(" ".join(("transcript run t.transcript", *options)), self.session)
        return render_text(answer), answer.exit


def test_each_command_is_shown_and_asked_about(tmp_path: Path) -> None:
    looking = Looking(tmp_path, ["", "s", "c"])
    said, exit = looking.run("step=yes")
    assert (said.split(", ")[:3], exit) == (["t: 2 commands", "0 failed", "1 skipped"], 0)
    assert looking.seen.count("Enter: type it") == 3
    for part in ("## First\n", "> ipsec static add filterlist name=M\n", "No. of Filters"):
        assert part in looking.seen
    looking = Looking(tmp_path, ["q"])
    said, exit = looking.run("step=yes")
    assert exit == 4 and "left before line 3" in said


def test_a_failure_is_shown_where_it_happens_and_not_again(tmp_path: Path) -> None:
    looking = Looking(tmp_path, ["c"])
    said, exit = looking.run("step=yes", "diff=words")
    assert exit == 1 and said.count("\n") == 1
    assert "line 5 failed: > ipsec static add filterlist name=M\n" \
           "~ [-| no such line-]" in looking.seen


def test_it_is_typed_as_fast_as_is_wanted(tmp_path: Path) -> None:
    text = "# transcript: 1\n> ping -n 2 127.0.0.1\n~ output ignore\n"
    looking = Looking(tmp_path, [], text)
    looking.run("speed=2x")
    assert looking.seen.startswith("> ping -n 2 127.0.0.1\n") and "Reply from" in looking.seen
    signs = len("ping -n 2 127.0.0.1") * 0.05
    assert looking.waited == pytest.approx((signs + 1.0) / 2, abs=0.3)


@pytest.mark.parametrize(("word", "summary", "exit"), [
    ("continue", "3 commands, 1 failed", 1), ("", "3 commands, 1 failed", 1),
    ("accept", "3 commands, 0 failed", 0), ("quit", "left at line 5", 1)])
def test_a_failure_opens_a_prompt_with_its_state(word: str, summary: str, exit: int,
                                                 tmp_path: Path) -> None:
    looking = Looking(tmp_path, [word])
    looking.typed = "show alias" if word else ""
    said, code = looking.run("onfail=shell")
    assert summary in said and code == exit
    assert looking.places == ["line 5"] and "## First" not in looking.seen


def test_what_is_mended_by_hand_can_be_tried_again(tmp_path: Path) -> None:
    text = "# transcript: 1\n> ipsec static add policy Q act=no\n~ output ignore\n" \
           "~ clock +1h\n> ipsec static set policy P desc=x\n> lab show clock\n| <...>\n" \
           "| <*>10:00:00<*>\n| <...>\n"
    looking = Looking(tmp_path, ["retry"], text)
    looking.typed = "ipsec static add policy P act=no"
    said, exit = looking.run("onfail=shell")
    assert exit == 0 and "3 commands, 0 failed" in said, looking.seen


def test_the_time_of_whoever_looks_on_does_not_count(tmp_path: Path) -> None:
    looking = Looking(tmp_path, ["later", "", ""], TEXT.replace("| no such line\n", ""))
    said, exit = looking.run("step=yes", "total=0.5s", "timeout=0.5s")
    assert exit == 0, said


def test_nobody_is_there(tmp_path: Path) -> None:
    looking = Looking(tmp_path, [])
    looking.session.ask = looking.session.nested = None
    for option in ("step=yes", "onfail=shell"):
        with pytest.raises(CommandError, match="needs somebody at a terminal") as caught:
            looking.run(option)
        assert caught.value.exit == 3
    with pytest.raises(CommandError, match="must be 0 or a speed such as 4x"):
        looking.run("speed=fast")


def test_ctrl_c_ends_the_run_and_says_where(tmp_path: Path) -> None:
    looking = Looking(tmp_path, [])

    def pressed(*_: object) -> str:
        raise KeyboardInterrupt

    looking.session.nested = pressed
    said, exit = looking.run("onfail=shell")
    assert exit == 130 and "not all of it ran: Ctrl-C at line 5" in said
