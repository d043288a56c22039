"""The program from outside: exit codes, streams, formats, scripts, start-up."""

import io
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from commands import index
from commands.version import VERSION
from engine.errors import Broken
from engine.policy.store import Store
from shell import program
from shell.app import main
from transcripts.rows import ROWS

ROOT = Path(__file__).parent.parent.parent
ARTICLE = "ipsec static add policy name="

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def ipsecsh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
            capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs the program in this process: (exit code, standard output, standard error)."""
    for name in ("XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.setenv(name, str(tmp_path))
    monkeypatch.delenv("IPSECSH_STORE", raising=False)
    monkeypatch.delenv("CLICOLOR_FORCE", raising=False)
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str, typed: str | bytes = "") -> tuple[int, str, str]:
        octets = typed.encode() if isinstance(typed, str) else typed
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(octets)))
        code = main(list(arguments))
        caught = capsys.readouterr()
        return code, caught.out, caught.err

    return run


def test_a_command_runs_and_the_store_lies_in_the_data_folder(ipsecsh: Run,
                                                              tmp_path: Path) -> None:
    assert ipsecsh("ipsec", "static", "add", "filterlist", "name=My List")[0] == 0
    code, out, err = ipsecsh("ipsec", "static", "show", "filterlist", "all")
    assert (code, err) == (0, "") and "My List" in out
    store = tmp_path / "ipsecsh" / "store.db"
    assert store.stat().st_mode & 0o777 == 0o600
    assert store.parent.stat().st_mode & 0o777 == 0o700


def test_the_store_is_named_by_option_before_environment(ipsecsh: Run, tmp_path: Path,
                                                         monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IPSECSH_STORE", str(tmp_path / "env.db"))
    ipsecsh("set", "machine", "gwB")
    ipsecsh("--store", "option.db", "set", "machine", "gwB")
    assert (tmp_path / "env.db").exists() and (tmp_path / "option.db").exists()
    assert not (tmp_path / "ipsecsh" / "store.db").exists()


@pytest.mark.parametrize(("arguments", "code", "error"), [
    (["bogus"], 2, "ERR unknown-command"),
    (["ipsec", "static", "add", "policy", "mmpfs=no"], 2, "ERR missing-tag"),
    (["ipsec", "static", "delete", "policy", "name=x"], 1, "ERR not-found"),
    (["--bogus"], 2, "ERR usage"),
    (["-c", "bogus", "dump"], 2, "ERR unknown-command"),
    (["-r", "nowhere", "dump"], 1, "ERR not-found"),
    (["-f", "missing.txt"], 1, "ERR no-script"),
    (["-a", "missing.txt", "dump"], 1, "ERR no-script"),
    (["lab", "reset"], 5, "ERR needs-yes"),
    (["ipsec static show policy all"], 2, "ERR unknown-command"),
])
def test_a_failure_is_on_standard_error_with_its_exit_code(
        arguments: list[str], code: int, error: str, ipsecsh: Run) -> None:
    done = ipsecsh(*arguments)
    assert done[:2] == (code, "")
    assert done[2].startswith(error)
    assert "Traceback" not in done[2]


@pytest.mark.parametrize(("content", "code"), [(b"no database at all" * 100, 3), (None, 3)])
def test_a_store_that_cannot_be_used_is_exit_3(content: bytes | None, code: int, ipsecsh: Run,
                                               tmp_path: Path) -> None:
    store = tmp_path / "store.db"
    if content is None:
        store.mkdir()
    else:
        store.write_bytes(content)
    done = ipsecsh("--store", str(store), "ipsec", "static", "show", "policy", "all")
    assert done[:2] == (code, "")
    assert done[2].startswith("ERR IPsec[05073]") and "Traceback" not in done[2]


def test_a_script_goes_on_after_a_failed_line_and_names_it(ipsecsh: Run, tmp_path: Path) -> None:
    (tmp_path / "s.txt").write_text("ipsec static add filterlist A\nbogus\n"
                                    "ipsec static add filterlist B\nipsec static show store\n")
    code, out, err = ipsecsh("-f", "s.txt")
    assert code == 1 and out
    assert err.startswith("s.txt:2: ERR unknown-command : ")
    dump = ipsecsh("dump")[1]
    assert "name=A" in dump and "name=B" in dump


def test_an_atomic_script_leaves_nothing_behind_when_it_fails(ipsecsh: Run) -> None:
    ipsecsh("ipsec", "static", "add", "filterlist", "kept")
    before = ipsecsh("dump")[1]
    code, out, err = ipsecsh("--atomic", "-f", "-",
                             typed="ipsec static add filterlist A\nbogus\nalias a b\n")
    assert (code, out) == (1, "") and err.startswith("-:2: ERR unknown-command")
    assert ipsecsh("dump")[1] == before
    assert ipsecsh("--atomic", "-f", "-", typed="ipsec static add filterlist A\n")[0] == 0
    assert "name=A" in ipsecsh("dump")[1]


def test_a_running_lab_follows_an_atomic_script(ipsecsh: Run) -> None:
    lines = ["ipconfig", "ipsec static", "add policy P activatedefaultrule=no", "add filterlist L",
             "add filter L any any protocol=ICMP", "add filteraction B action=block",
             "add rule R P L B", "set policy P assign=yes", "ping -n 1 10.1.0.10"]
    plain = ipsecsh("-f", "-", "--store", "a.db", typed="\n".join(lines))
    atomic = ipsecsh("-f", "-", "--store", "b.db", "--atomic", typed="\n".join(lines))
    assert plain[:2] == atomic[:2]
    assert plain[0] == 1 and "Reply from" not in plain[1]
    assert atomic[2] == ("-:9: ERR failed : The command did not succeed\n"
                         "  ping -n 1 10.1.0.10\n")


@pytest.mark.parametrize("arguments", [[], ["-f", "-"]])
def test_standard_input_is_a_script(arguments: list[str], ipsecsh: Run) -> None:
    code, out, _ = ipsecsh(*arguments, typed="pushd ipsec static\r\nadd filterlist A\r\n"
                                             "show filterlist all\r\n")
    assert code == 0 and "A" in out


@pytest.mark.parametrize("typed", ["", "\n\n", "# only a note\n"])
def test_nothing_to_run_is_exit_4(typed: str, ipsecsh: Run) -> None:
    assert ipsecsh(typed=typed) == (4, "", "")


def test_bye_ends_a_script_with_what_happened_before(ipsecsh: Run) -> None:
    assert ipsecsh(typed="bye\nbogus\n") == (0, "", "")
    assert ipsecsh(typed="bogus\nexit\n")[0] == 1


def test_a_script_with_octets_that_are_no_text_is_one_error(ipsecsh: Run) -> None:
    code, out, err = ipsecsh(typed=b"\x80\x81")
    assert (code, out) == (1, "") and err.startswith("ERR bad-script : standard input")


def test_a_context_a_machine_and_an_alias_file_come_first(ipsecsh: Run, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("alias made add filterlist name=Made\n")
    assert ipsecsh("-a", "a.txt", "-c", "ipsec static", "-r", "gwB", "made")[0] == 0
    assert "Made" in ipsecsh("-r", "GWB", "dump")[1]
    assert "Made" not in ipsecsh("dump")[1]


def test_json_is_one_document_and_errors_are_objects(ipsecsh: Run) -> None:
    ipsecsh("ipsec", "static", "add", "filterlist", "A")
    code, out, err = ipsecsh("-o", "json", "ipsec", "static", "show", "filterlist", "all")
    assert code == 0 and err == "" and json.loads(out)
    code, out, err = ipsecsh("-o", "json", "ipsec", "static", "add", "filterlist", "A")
    error = json.loads(err)
    assert (code, out, error["code"], error["column"]) == (1, "", "IPsec[05010]", 29)


def test_warnings_are_no_failure_and_stay_out_of_data(ipsecsh: Run) -> None:
    code, out, err = ipsecsh("ipsec", "static", "add", "policy", "name=P")
    assert code == 0 and out.startswith("WARN ") and err == ""
    code, out, err = ipsecsh("-o", "jsonl", "ipsec", "static", "add", "policy", "name=Q")
    assert code == 0 and out == "" and json.loads(err)["warning"]


def test_the_key_is_masked_in_the_error(ipsecsh: Run) -> None:
    done = ipsecsh("ipsec", "static", "add", "rule", "r", "P", "L", "F", "psk=geheim")
    assert done[0] == 1 and "geheim" not in done[1] + done[2]


def test_yes_answers_destructive_commands(ipsecsh: Run) -> None:
    ipsecsh("ipsec", "static", "add", "filterlist", "A")
    assert ipsecsh("--yes", "lab", "reset")[0] == 0
    assert "name=A" not in ipsecsh("dump")[1]


def test_version_and_help_need_no_store(ipsecsh: Run, tmp_path: Path) -> None:
    assert ipsecsh("--version")[:2] == (
        0, f"ipsecsh {VERSION} (data version {program.DATA_VERSION})\n")
    assert ipsecsh("--help")[1].startswith("Usage: ipsecsh")
    assert not (tmp_path / "ipsecsh" / "store.db").exists()


def test_the_version_is_that_of_the_package() -> None:
    assert f'version = "{VERSION}"' in (ROOT / "pyproject.toml").read_text()


def test_the_rows_of_the_transcripts_say_what_the_declarations_say() -> None:
    for path, where, summary in ROWS:
        index.register(path, where, summary)
        command = index.load(index.node_at(tuple(path.split())))
        assert (" ".join(command.words), command.summary) == (path, summary)


def test_ctrl_c_is_exit_130(ipsecsh: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(program, "run_line", interrupt)
    assert ipsecsh("dump")[0] == 130


def environment(folder: Path) -> dict[str, str]:
    keep = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return {**keep, "IPSECSH_STORE": str(folder / "store.db"), "XDG_STATE_HOME": str(folder),
            "PYTHONPATH": str(ROOT)}


def test_a_reader_that_leaves_early_is_no_error(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-m", "shell", "help"], env=environment(tmp_path),
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None and process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(60) == 0


def test_a_closed_standard_output_is_no_error(tmp_path: Path) -> None:
    done = subprocess.run(["sh", "-c", '"$0" -m shell help >&-', sys.executable], text=True,
                          env=environment(tmp_path), stderr=subprocess.PIPE, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")


def test_json_is_utf_8_in_any_locale(tmp_path: Path) -> None:
    run = [sys.executable, "-m", "shell"]
    surroundings = environment(tmp_path) | {"PYTHONIOENCODING": "ascii"}
    for arguments in (["add", "filterlist", "name=Häuser"], ["show", "filterlist", "all"]):
        done = subprocess.run([*run, "-o", "json", "ipsec", "static", *arguments],
                              env=surroundings, stdout=subprocess.PIPE, timeout=60)
    assert [one["name"] for one in json.loads(done.stdout.decode())] == ["Häuser"]


def test_a_full_disk_behind_standard_output_is_one_error(tmp_path: Path) -> None:
    with open("/dev/full", "w") as full:
        done = subprocess.run([sys.executable, "-m", "shell", "help"], stdout=full, text=True,
                              env=environment(tmp_path), stderr=subprocess.PIPE, timeout=60)
    assert done.returncode == 1
    assert done.stderr == "ERR io : No space left on device\n"


@pytest.mark.parametrize(("failure", "code", "text"), [
    (Broken("locked", "The store is in use"), 6, "ERR store-locked : The store is in use\n"),
    (KeyError("x"), 1, "ERR internal : ipsecsh made a mistake of its own (KeyError)"),
])
def test_a_failure_outside_any_line_is_one_error(
        failure: Exception, code: int, text: str, ipsecsh: Run,
        monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise failure

    monkeypatch.setattr(Store, "transaction", fail)
    done = ipsecsh("--atomic", "-f", "-", typed="alias a b\n")
    assert done[:2] == (code, "") and done[2].startswith(text)


HEAVY = ("prompt_toolkit", "pygments", "scapy", "asyncio", "tabulate", "cryptography", "gmpy2",
         "dataclasses", "json", "argparse", "logging", "uuid", "typing", "re", "enum", "datetime",
         "engine.ike", "engine.lab.lab")


@pytest.fixture(scope="module")
def used(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment of a store that is there: the first command ever takes the lab's from it."""
    known = environment(tmp_path_factory.mktemp("used"))
    subprocess.run([sys.executable, "-m", "shell", "ipsec", "static", "add", "filterlist", "L"],
                   env=known, cwd=ROOT, check=True, timeout=60)
    return known


@pytest.mark.parametrize("command", [
    "--version", "dump", "help", "show alias", "show revisions", "bogus",
    "ipsec static show policy all", "ipsec static show all", "ipsec static show filterlist all",
    "ipsec static show filteraction all", "ipsec static show store",
    "ipsec static add policy ?", "ipsec static add policy name=P",
    "ipsec static add filterlist name=M", "ipsec static set filterlist L description=x",
    "ipsec static add filter L 10.0.0.0 10.1.0.0 srcmask=255.255.0.0 dstmask=255.255.0.0",
    "ipsec static add filteraction name=A qmsecmethods=ESP[3DES,SHA1]",
    "routing ip show filter", "routing ip show persistentroutes",
])
def test_a_one_shot_command_loads_nothing_heavy(command: str, used: dict[str, str]) -> None:
    code = ("import sys; before = set(sys.modules); from shell.app import main; "
            "main(sys.argv[1:]); "
            f"print([name for name in {HEAVY!r} if name in sys.modules and name not in before])")
    done = subprocess.run([sys.executable, "-c", code, *command.split()],
                          env=used, capture_output=True, text=True, timeout=60)
    assert done.stdout.splitlines()[-1] == "[]", done.stdout + done.stderr
