"""Where a shell looks for an agent, and when it does not."""

from pathlib import Path

import pytest

from shell.agent.place import SYSTEM, found, own_place, places
from shell.agent.run import read_wishes
from shell.app import main


def test_a_shell_looks_where_it_is_told_else_in_the_system_and_in_the_users_folder() -> None:
    assert places({}) == (SYSTEM,)
    assert places({"XDG_RUNTIME_DIR": "/run/user/7"}) == (
        SYSTEM, "/run/user/7/ipsecsh/agent.sock")
    assert places({"IPSECSH_AGENT": "/x.sock", "XDG_RUNTIME_DIR": "/r"}) == ("/x.sock",)
    assert places({"IPSECSH_AGENT": "none"}) == ()


def test_a_socket_that_is_there_is_found(tmp_path: Path) -> None:
    path = tmp_path / "agent.sock"
    assert found({"IPSECSH_AGENT": str(path)}) == ""
    path.touch()
    assert found({"IPSECSH_AGENT": str(path)}) == str(path)


def test_an_agent_listens_in_systemds_folder() -> None:
    assert own_place({"RUNTIME_DIRECTORY": "/run/other:/run/more"}) == "/run/other/agent.sock"


def test_a_dead_socket_is_an_error_and_never_the_lab(tmp_path: Path,
                                                     monkeypatch: pytest.MonkeyPatch,
                                                     capsys: pytest.CaptureFixture[str]) -> None:
    import socket
    path = tmp_path / "agent.sock"
    with socket.socket(socket.AF_UNIX) as one:
        one.bind(str(path))
    monkeypatch.setenv("IPSECSH_AGENT", str(path))
    monkeypatch.delenv("IPSECSH_STORE", raising=False)
    assert main(["ipsec", "static", "show", "policy", "all"]) == 3
    said = capsys.readouterr().err
    assert "no agent is running there" in said and "ipsecsh -r lab" in said


def test_the_lab_is_there_for_whoever_asks_for_it(tmp_path: Path,
                                                  monkeypatch: pytest.MonkeyPatch,
                                                  capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "agent.sock"
    path.touch()
    monkeypatch.setenv("IPSECSH_AGENT", str(path))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    monkeypatch.delenv("IPSECSH_STORE", raising=False)
    assert main(["-r", "lab", "lab", "show", "machines"]) == 0
    assert "hostA" in capsys.readouterr().out


def test_the_options_of_agent_run() -> None:
    wishes = read_wishes(("--interface", "External=eth0", "--store=/s", "--interface",
                          "Internal=eth1.5", "--socket", "/x"))
    assert wishes.interfaces == (("External", "eth0"), ("Internal", "eth1.5"))
    assert (wishes.store, wishes.socket, wishes.machine) == ("/s", "/x", "")


@pytest.mark.parametrize("words", [("--interface", "eth0"), ("--store",), ("--fast",), ("x",),
                                   ("--interface", "=eth0")])
def test_options_that_mean_nothing_are_refused(words: tuple[str, ...]) -> None:
    with pytest.raises(ValueError):
        read_wishes(words)


def test_agent_without_a_verb_says_what_there_is(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["agent"]) == 2
    assert "ipsecsh agent run" in capsys.readouterr().err
