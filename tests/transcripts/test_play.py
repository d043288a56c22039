"""Playing: contexts, exit classes, directives, questions, Ctrl-C, time-outs, reports."""

import time
from pathlib import Path

import pytest

from commands.errors import CommandError
from commands.spec import Command
from transcripts.conditions import Place
from transcripts.play import ACCEPT, AGAIN, GO_ON, QUIT, SKIP_IT, Options, Watcher
from transcripts.replay import Settings, run_file
from transcripts.results import Report, Result
from transcripts.stage import CannotPlay, Stage

HEAD = "# transcript: 1\n"
KEY = "open-sesame"
TUNNEL = """\
> ipsec static add policy P activatedefaultrule=no
> ipsec static add filter AB ${NetAId} ${NetBId} srcmask=24 dstmask=24 mirrored=no
> ipsec static add filter BA ${NetBId} ${NetAId} srcmask=24 dstmask=24 mirrored=no
> ipsec static add filteraction F
> ipsec static add rule out P AB F tunnel=${3rdExtIP} psk=${PSK}
~ output ignore
> ipsec static add rule in P BA F tunnel=${W2KextIP} psk=${PSK}
~ output ignore
> ipsec static set policy P assign=yes
~ output ignore
> auditpol /enable /logon:all /object:all
~ output ignore
> routing ip add persistentroute ${NetBId} ${NetBMask} External ${3rdExtIP}
~ output ignore
"""


def play(folder: Path, text: str, settings: Settings | None = None,
         watcher: Watcher | None = None) -> Report:
    path = folder / "t.transcript"
    path.write_text(HEAD + text + "\n")
    return run_file(str(path), settings or Settings(), time.perf_counter, watcher)


def only_failure(report: Report) -> Result:
    assert len(report.failures) == 1, report.failures
    return report.failures[0]


def marked(result: Result) -> list[str]:
    return [one.mark + one.text for one in result.diff]


@pytest.mark.parametrize("text", [
    "> ipsec static\nipsec static> ..\nipsec> ..\n> set machine gwA",
    "> bogus\n| <...>\n! ERR unknown-command <*>\n! <...>\n= 2",
    "> lab show clock\n~ output ignore\n",
    "> lab show clock\n| <...>\n| <*>9:00:00<*>\n| <...>\n~ clock +1h\n"
    "> lab show clock\n| <...>\n| <*>10:00:00<*>\n| <...>",
    "# clock: virtual 2010-01-02T03:04:05Z\n> lab show clock\n| <...>\n| <*>1/2/2010<*>\n| <...>",
    "# clock: virtual 2010-01-02T03:04:05Z\n> lab show clock\n~ output ignore\n~ clock +1h\n"
    "> ipsec static add filterlist name=L\n> ipsec static show filterlist all level=verbose\n"
    "| <...>\n| Last Modified           : 1/2/2010 4:04:05 AM\n| <...>",
    "# bind: who=gwB\n> set machine ${who}",
    "# bind: NetA=172.16.0.0/24\n> ping -n 1 ${NetA.host}\n| <...>\n"
    "| Reply from 172.16.0.10: bytes=32 time=20ms TTL=128\n| <...>\n| <*>Average =  20ms\n",
    "> lab show clock\n| <...>\n| <*><time:t><*>\n| <...>\n~ retry 5s",
    "> ipsec static add rule name=r psk=${secret:k}\n~ output ignore\n= 2",
    "> lab show clock | json\n| <...>\n~ json .seed == 252735\n~ json .running < 1s\n",
    "> lab show clock\n~ output ignore\n~ json .seed == 252735\n",
    "> lab run 3s\n~ output ignore\n~ within 3s\n",
    "> lab show clock\n| <...>\n| Seed<*>: <int:seed>\n~ assert ${int:seed} + 1 == 252736\n"
    "~ assert ${seed} == 252735\n",
    "> ping -n 1 ${W2KintIP}\n| <...>\n|     Packets: Sent = <count>, Received = <count:r>, Lost = "
    "<count:l> (<percent>% loss),\n| <...>\n~ assert ${r} - ${l} == 1\n",
    "> ipsec static add policy P activatedefaultrule=no\n~ restart\n"
    "> ipsec static show policy P\n~ output ignore\n",
    "> ipsec static\n~ restart\n> set machine gwA\n",
    "> set machine nowhere\n~ expect-fail not-found\n",
    "> ipsec static add filteraction F qmsec=ESP[DES,MD5]\n~ expect-fail WEAK-SUITE\n",
    "> checklist\n~ expect-fail no-policy\n",
    "~ skip if lab\n> bogus\n",
    "## A\n~ skip if lab\n> bogus\n> bogus\n## B\n> ..\n",
    "> bogus\n~ skip if ${NetA} == 10.1.0.0/24\n",
    "> lab show topology\n| <...>\n| <rows>\n| <*>middle <*>\n| NetA<*>\n| transitB<*>\n"
    "| NetB<*>\n| transitA<*>\n",
])
def test_what_is_right_passes(tmp_path: Path, text: str) -> None:
    report = play(tmp_path, text)
    assert [one.reasons for one in report.failures] == [] and not report.failed


@pytest.mark.parametrize(("text", "reason"), [
    ("> set machine nowhere\n", "exit class 1, expected 0"),
    ("> set machine gwA\n~ expect-fail not-found\n",
     "line 3: was expected to fail with not-found, but it passed"),
    ("> set machine nowhere\n~ expect-fail elsewhere\n",
     "line 3: was expected to fail with elsewhere, but it reported not-found"),
    ("> lab run 3s\n~ output ignore\n~ within 2s\n", "line 4: took 3 s, not within 2s"),
    ("> lab show clock\n~ output ignore\n~ json .seed == 1\n",
     "line 4: json .seed == 1: .seed is 252735"),
    ("> set machine gwA\n~ json .a == 1\n", "line 3: json .a == 1: there is no output"),
    ("> lab show clock\n| <...>\n| Seed<*>: <int:s>\n~ assert ${s} == 1\n",
     "line 5: assert ${s} == 1 is not true: ${s} is 252735"),
    ("> ..\n~ assert ${nobody} == 1\n", "line 3: ${nobody} is not bound"),
    ("> ..\n~ assert up < 3\n", "line 3: assert up < 3: 'up' and '3' have no order"),
    ("> ..\n~ skip if ${nobody} == 1\n", "line 3: skip if ${nobody} == 1: ${nobody}"),
    ("~ inject psk-mismatch\n> ..\n", "line 2: inject psk-mismatch: 'lab add fault psk-mismatch' "
     "did not work"),
    ("~ inject no-such-fault\n> ..\n", "Fault with name 'no-such-fault' does not exist"),
    ("~ inject link nowhere loss=1\n> ..\n", "Link with name 'nowhere' does not exist"),
    ("~ wait state(toB)=up\n> ..\n", "line 2: wait state(toB)=up: nothing in force is called"),
    ("~ wait event(541) 5s\n> ..\n", "line 2: wait event(541) 5s: it is not so after 5 s"),
    ("ipsec> set machine gwA\n", "the context is the root, not ipsec"),
    ("> ipsec static delete all\n? Really?\n< y\n", "line 3: differs from column 1"),
    ("> ipsec static delete all\n? <*>\n< n\n", "exit class 5, expected 0"),
    ("> ..\n? Really?\n< y\n", "line 3: the output ends before this line"),
])
def test_what_is_wrong_says_why(tmp_path: Path, text: str, reason: str) -> None:
    failure = only_failure(play(tmp_path, text))
    assert any(reason in one for one in failure.reasons), failure.reasons


def test_a_changed_line_is_shown_as_a_diff_with_its_reason(tmp_path: Path) -> None:
    report = play(tmp_path, "> set machine hostA\n> ipconfig\n| Windows 2000 IP Configuration\n"
                            "| <...>\n|         Subnet Mask . . . . . . . . . . . : 255.0.0.0\n"
                            "| <...>\n")
    failure = only_failure(report)
    assert failure.exchange.line == 3
    assert "-|         Subnet Mask . . . . . . . . . . . : 255.0.0.0" in marked(failure)
    assert " | Windows 2000 IP Configuration" in marked(failure)
    assert failure.reasons[0].startswith("line 6: ")


def test_the_line_behind_an_elision_is_held_against_the_last_one(tmp_path: Path) -> None:
    report = play(tmp_path, "> set machine hostA\n> ipconfig\n| <...>\n"
                            "|         Default Gateway . . . . . . . . . : 10.1.0.9\n")
    failure = only_failure(report)
    assert marked(failure) == [
        " | <...>", "-|         Default Gateway . . . . . . . . . : 10.1.0.9",
        "+|         Default Gateway . . . . . . . . . : 10.1.0.1"]
    assert failure.reasons == ("line 5: differs from column 52: expected '9', got '1'",)


def test_unexpected_output_is_a_failure(tmp_path: Path) -> None:
    failure = only_failure(play(tmp_path, "> set machine nowhere\n"))
    assert failure.reasons == ("line 2: nothing more was expected", "exit class 1, expected 0")
    assert marked(failure)[-2:] == ["-= 0", "+= 1"]


def test_nothing_runs_after_the_session_has_ended(tmp_path: Path) -> None:
    report = play(tmp_path, "> bye\n> show alias\n> show alias\n")
    assert report.incomplete == "line 2 has ended the session" and report.failed
    assert [one.verdict for one in report.results] == ["passed", "not run", "not run"]
    assert not play(tmp_path, "> bye\n").failed


def test_a_retry_lets_virtual_time_pass(tmp_path: Path) -> None:
    ready = "> lab show clock\n| <...>\n| <*>9:00:04<*>\n| <...>\n~ retry {}s\n"
    assert play(tmp_path, ready.format(5)).failures == ()
    assert play(tmp_path, ready.format(2)).failed
    asserted = "> lab show clock\n~ output ignore\n~ json .running >= 4s\n~ retry {}s\n"
    assert play(tmp_path, asserted.format(5)).failures == ()
    assert play(tmp_path, asserted.format(2)).failed


def test_a_tunnel_is_waited_for_and_broken(tmp_path: Path) -> None:
    text = TUNNEL + """\
> set machine hostA
> ping -n 2 ${NetB.host}
~ output ignore
> set machine gwA
~ wait state(out)=up
~ wait state(P)=up
~ wait sas >= 1 1s
> ping -n 1 ${W2KintIP}
~ output ignore
~ inject link middle state=down
> set machine hostA
> ping -n 1 ${NetB.host}
~ output ignore
= 1
~ inject link middle state=up
~ inject drop middle protocol=50
> ping -n 1 ${NetB.host}
~ output ignore
= 1
~ inject off drop
> ping -n 1 ${NetB.host}
~ output ignore
~ inject restart gwA
> set machine gwA
~ wait sas == 0
> ipsec dynamic show qmsas
| IPsec QuickMode Security Associations not available.
~ wait state(out)=down
~ wait event(541)
"""
    report = play(tmp_path, text)
    assert [one.reasons for one in report.failures] == []
    broken = play(tmp_path, text + "~ wait state(out)=up 3s\n")
    assert only_failure(broken).reasons == (
        "line 45: wait state(out)=up 3s: it is not so after 3 s",)


def test_a_capture_can_be_typed_again(tmp_path: Path) -> None:
    text = ("> ipsec static add filterlist name=L\n"
            "> ipsec static show filterlist all level=verbose\n| <...>\n| GUID<*>: <guid:list>\n"
            "| <...>\n> ipsec static delete filterlist name=${guid:list}\n")
    report = play(tmp_path, text)
    assert not report.failed
    assert report.captures["guid:list"].text.startswith("{")


def test_a_key_is_masked_in_reports(tmp_path: Path) -> None:
    text = (f"> ipsec static add rule name=r psk={KEY}\n"
            f"> ipsec static add policy name=P description={KEY}\n"
            "> ipsec static show policy P\n| nothing\n")
    report = play(tmp_path, text)
    assert KEY not in str([one.reasons + one.diff + (one.prompt,) for one in report.results])
    assert "psk=********" in report.failures[0].prompt


def test_a_revealed_key_is_known_by_its_name(tmp_path: Path) -> None:
    text = "> netdiag /test:ipsec /debug{}\n| <...>\n| <*>Preshared key: {}\n| <...>\n"
    assert not play(tmp_path, TUNNEL + text.format("", "${PSK}")).failed
    assert not play(tmp_path, TUNNEL + text.format("", "********")).failed
    assert not play(tmp_path, TUNNEL + text.format(" reveal=yes", "${PSK}")).failed
    shown = only_failure(play(tmp_path, TUNNEL + text.format(" reveal=yes", "********")))
    assert "kb252735" not in str(shown)


def test_a_secret_has_its_source(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("from-a-file\n")
    text = ("# secrets: a=env:KEY b=@key c\n" + TUNNEL.replace("${PSK}", "${secret:a}")
            + "> ipsec static show policy P verbose reveal=yes\n~ output ignore\n"
              "~ json [0] exists\n").replace("~ json [0] exists\n", "")
    settings = Settings(environment={"KEY": "from-outside"})
    assert not play(tmp_path, text, settings).failed
    with pytest.raises(CannotPlay, match="secret 'a' is empty: env:KEY gives nothing"):
        play(tmp_path, text)
    with pytest.raises(CannotPlay, match="secret 'b': .*none cannot be read: No such file"):
        play(tmp_path, text, settings._replace(secrets=(("b", "@none"),)))
    with pytest.raises(CannotPlay, match="secret 'c' is to be asked for"):
        play(tmp_path, text, settings._replace(secrets=(("c", "ask"),)))
    asked: list[str] = []

    def ask(question: str) -> str:
        asked.append(question)
        return "typed"

    assert not play(tmp_path, text, settings._replace(secrets=(("c", "ask"),), ask=ask)).failed
    assert asked == ["Secret c: "]


def test_generated_secrets_are_the_same_for_the_same_seed(tmp_path: Path) -> None:
    text = ("# seed: {}\n> ipsec static add policy name=${{secret:a}} activatedefaultrule=no\n"
            "> ipsec static add policy name=${{secret:b}} activatedefaultrule=no\n"
            "> ipsec static show policy all\n~ output ignore\n~ json .[0].name != ${{secret:b}}\n"
            "~ json .[0].name == {}\n")
    first = play(tmp_path, text.format(1, "x")).failures[0].reasons[-1]
    name = first.rpartition(" ")[2]
    assert len(name) > 20
    assert not play(tmp_path, text.format(1, name)).failed
    assert play(tmp_path, text.format(2, name)).failed


# --- questions and Ctrl-C -----------------------------------------------------------------------


def test_a_question_is_answered_as_the_transcript_says(tmp_path: Path) -> None:
    text = ("> ipsec static add policy P activatedefaultrule=no\n> ipsec static delete all\n"
            "? ipsec static delete all: are you sure? (y/n)\n< {}\n{}")
    assert not play(tmp_path, text.format("y", "")).failed
    refused = "! ERR not-confirmed <*>\n! <...>\n= 5\n> ipsec static show policy P\n~ output ignore"
    assert not play(tmp_path, text.format("n", refused)).failed
    assert not play(tmp_path, text.format("^D", refused)).failed
    assert not play(tmp_path, text.format("^C", "| Control-C\n= 130\n")).failed


def test_without_a_question_what_destroys_is_confirmed_unless_it_is_refused(
        tmp_path: Path) -> None:
    assert not play(tmp_path, "> ipsec static delete all\n").failed
    assert not play(tmp_path, "> ipsec static delete all\n! ERR needs-yes <*>\n! <...>\n= 5").failed


def test_a_question_without_an_answer_ends_the_command(tmp_path: Path) -> None:
    text = "> checklist\n| <...>\n? <*>\n< quit\n| <...>\n= 1\n"
    assert not play(tmp_path, text).failed
    failure = only_failure(play(tmp_path, text.replace("< quit", "< n")))
    assert failure.reasons[0].startswith("asked 'Is traffic that does not belong to the tunnel ")
    assert failure.reasons[0].endswith("which the transcript does not answer")
    assert failure.exit == 130


def test_ctrl_c_comes_behind_the_lines_before_it(tmp_path: Path) -> None:
    text = ("> set machine hostA\n> ping -t ${W2KintIP}\n| Pinging 10.1.0.1 with <*>\n|\n"
            "| Reply<*>\n| Reply<*>\n| Reply<*>\n< ^C\n|\n| Ping statistics for 10.1.0.1:\n"
            "|     Packets: Sent = 3, <*>\n| <...>\n| Control-C\n= 130\n")
    report = play(tmp_path, text)
    assert [one.reasons for one in report.failures] == []


def test_ctrl_c_comes_at_its_time(tmp_path: Path) -> None:
    text = ("> lab run 1h\n< ^C @90s\n| Control-C\n= 130\n"
            "> lab show clock\n~ output ignore\n~ json .running == 90s\n"
            "> lab run 1m\n~ output ignore\n")
    report = play(tmp_path, text)
    assert [one.reasons for one in report.failures] == []
    late = play(tmp_path, "> lab run 10s\n~ output ignore\n< ^C @90s\n> lab run 5m\n"
                          "~ output ignore\n")
    assert [one.reasons for one in late.failures] == []


# --- time ---------------------------------------------------------------------------------------


class Busy(Command, words="try busy", help="Works until it is stopped."):
    """Says a line, and does not end."""

    def run(self, session):  # type: ignore[no-untyped-def]
        from commands.cells import say
        session.emit(say("working"))
        while True:
            pass


@pytest.fixture
def busy() -> None:
    from commands import index
    index.register("try busy", f"{__name__}:Busy", "Works until it is stopped.")
    import sys
    sys.modules[__name__] = sys.modules.get(__name__) or __import__("types").ModuleType(__name__)
    sys.modules[__name__].Busy = Busy  # type: ignore[attr-defined]


@pytest.mark.usefixtures("busy")
def test_a_command_that_does_not_end_is_ended(tmp_path: Path) -> None:
    report = play(tmp_path, "# timeout: 0.2s\n> try busy\n| done\n> set machine gwA\n")
    failure = only_failure(report)
    assert failure.timed_out and failure.exit == 124
    assert failure.reasons[0] == "timed out after 0.2 s; what it had printed is shown"
    assert "+| working" in marked(failure)
    assert report.results[1].verdict == "passed"
    assert report.seconds < 5


@pytest.mark.usefixtures("busy")
def test_the_time_of_all_commands_is_limited(tmp_path: Path) -> None:
    report = play(tmp_path, "# timeout: 10s total 0.3s\n> try busy\n> try busy\n> ..\n")
    assert report.incomplete == "the total time-out of 0.3 s is over"
    assert [one.verdict for one in report.results] == ["failed", "not run", "not run"]
    options = Options(timeout=0.1, total=0.25)
    report = play(tmp_path, "> try busy\n" * 9, Settings(options=options))
    assert 2 <= report.commands <= 4 and report.failed


def test_a_pattern_that_backtracks_for_ever_is_ended(tmp_path: Path) -> None:
    text = ("# timeout: 0.3s\n> ipsec static add policy name=" + "a" * 60 + "b\n"
            "> ipsec static show policy all\n| <...>\n| Policy Name<*>: <re((?:a+)+)>\n| <...>\n")
    assert play(tmp_path, text).failed


def test_a_real_clock_is_followed(tmp_path: Path) -> None:
    slept: list[float] = []
    settings = Settings(sleep=slept.append)
    text = ("# clock: real\n> lab show clock\n~ output ignore\n~ clock +2s\n> lab show clock\n"
            "~ output ignore\n~ json .running >= 2s\n~ wait event(541) 0.2s\n> ..\n")
    failure = only_failure(play(tmp_path, text, settings))
    assert "it is not so after 0.2 s" in failure.reasons[0]
    assert slept[0] == 2.0 and len(slept) >= 4


# --- parts of a transcript ----------------------------------------------------------------------

PARTS = """\
> lab show clock
| <...>
| Seed<*>: <int:seed>
## Middle
~ label here
> bogus
= 7
> show alias
~ output ignore
## End
> bogus
= 8
"""


@pytest.mark.parametrize(("begin", "end", "verdicts"), [
    ("", "", ["passed", "failed", "passed", "failed"]),
    ("here", "", ["skipped", "failed", "passed", "failed"]),
    ("End", "", ["skipped", "skipped", "skipped", "failed"]),
    ("L9", "", ["skipped", "skipped", "passed", "failed"]),
    ("", "End", ["passed", "failed", "passed", "skipped"]),
    ("Middle", "9", ["skipped", "failed", "skipped", "skipped"]),
])
def test_a_part_is_judged(tmp_path: Path, begin: str, end: str, verdicts: list[str]) -> None:
    report = play(tmp_path, PARTS, Settings(options=Options(begin=begin, end=end)))
    assert [one.verdict for one in report.results] == verdicts
    assert "int:seed" in report.captures


def test_an_unknown_label_is_named(tmp_path: Path) -> None:
    with pytest.raises(CannotPlay, match=r"from=there is no label.*\(labels: here\)"):
        play(tmp_path, PARTS, Settings(options=Options(begin="there")))


def test_it_may_stop_at_the_first_failure(tmp_path: Path) -> None:
    report = play(tmp_path, PARTS, Settings(options=Options(stop=True)))
    assert [one.verdict for one in report.results] == ["passed", "failed", "not run", "not run"]
    assert report.incomplete == "stopped at line 7, which failed"


def test_what_it_requires_must_be_there(tmp_path: Path) -> None:
    assert not play(tmp_path, "# requires: lab has(python3)\n> ..\n").failed
    with pytest.raises(CannotPlay, match="requires target, which is not given here"):
        play(tmp_path, "# requires: target\n> ..\n")
    assert not play(tmp_path, "# requires: ci\n> ..\n", Settings(
        options=Options(place=Place(environment={"CI": "1"})))).failed


def test_impossible_addresses_are_named(tmp_path: Path) -> None:
    with pytest.raises(CannotPlay, match="header 'bind': NetA and NetB|overlap"):
        play(tmp_path, "# bind: NetA=10.2.0.0/16\n> ..\n")


class Looker(Watcher):
    """Chooses what it was told to, and remembers what it saw."""

    def __init__(self, before: list[str], after: list[str]) -> None:
        self.choices = {"before": before, "after": after}
        self.seen: list[str] = []

    def before(self, exchange, prompt: str) -> str:  # type: ignore[no-untyped-def]
        self.seen.append(prompt)
        return self.choices["before"].pop(0) if self.choices["before"] else GO_ON

    def after(self, result: Result, stage: Stage) -> str:
        self.seen.append(result.verdict)
        return self.choices["after"].pop(0) if self.choices["after"] else GO_ON


@pytest.mark.parametrize(("before", "after", "verdicts", "incomplete"), [
    ([], [], ["passed", "failed", "passed"], ""),
    ([GO_ON, SKIP_IT], [], ["passed", "skipped", "passed"], ""),
    ([GO_ON, QUIT], [], ["passed", "not run", "not run"], "left before line 3"),
    ([], [GO_ON, AGAIN, AGAIN], ["passed", "failed", "passed"], ""),
    ([], [GO_ON, ACCEPT], ["passed", "passed", "passed"], ""),
    ([], [GO_ON, QUIT], ["passed", "failed", "not run"], "left at line 3"),
])
def test_who_looks_on_decides(tmp_path: Path, before: list[str], after: list[str],
                              verdicts: list[str], incomplete: str) -> None:
    looker = Looker(list(before), list(after))
    report = play(tmp_path, "> ..\n> bogus\n> ..\n", watcher=looker)
    assert [one.verdict for one in report.results] == verdicts
    assert report.incomplete == incomplete
    assert looker.seen[:2] == ["> ..", "passed"]
    assert report.results[1].accepted is (after == [GO_ON, ACCEPT])


def test_a_store_of_the_header_is_a_file_beside_the_transcript(tmp_path: Path) -> None:
    text = "# store: own.db\n> ipsec static add filterlist name=L\n"
    assert play(tmp_path, text).failures == ()
    assert (tmp_path / "own.db").exists()
    assert play(tmp_path, text).failed
    restarted = ("# store: own.db\n~ restart\n> ipsec static show filterlist L\n~ output ignore\n")
    assert not play(tmp_path, restarted).failed


def test_files_go_into_a_folder_that_is_gone_afterwards(tmp_path: Path) -> None:
    text = ("> lab show clock > ${tmp}/clock.txt\n> exec ${tmp}/clock.txt\n~ output ignore\n= 1\n"
            "> capture start\n~ output ignore\n> capture save ${tmp}/x.pcap\n"
            "| 0 packets written to ${tmp}/x.pcap.\n")
    report = play(tmp_path, text)
    assert [one.reasons for one in report.failures] == []
    assert [path.name for path in tmp_path.iterdir()] == ["t.transcript"]


def test_an_error_of_the_command_is_the_operator_s() -> None:
    assert issubclass(CannotPlay, Exception) and not issubclass(CannotPlay, CommandError)
