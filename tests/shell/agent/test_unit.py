"""The systemd unit: three capabilities, an own user, a closed world."""

import os

import pytest

from shell.app import main


def test_the_unit_gives_exactly_three_capabilities_and_names_this_program(
        capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["bin/ipsecsh", "agent", "unit"])
    assert main(["agent", "unit"]) == 0
    text = capsys.readouterr().out
    lines = dict(line.split("=", 1) for line in text.splitlines() if "=" in line)
    wanted = {"CAP_NET_ADMIN", "CAP_NET_RAW", "CAP_NET_BIND_SERVICE"}
    assert set(lines["AmbientCapabilities"].split()) == wanted
    assert set(lines["CapabilityBoundingSet"].split()) == wanted
    assert lines["DynamicUser"] == "yes" and lines["NoNewPrivileges"] == "yes"
    assert os.path.isabs(lines["ExecStart"]) and "bin/ipsecsh agent run" in lines["ExecStart"]
    assert lines["ExecStart"].endswith(" agent run") and lines["Type"] == "notify"


def test_metrics_need_an_agent(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["agent", "metrics"]) == 3
    assert "no agent is running here" in capsys.readouterr().err
    assert main(["agent", "metrics", "--what"]) == 2
    assert main(["agent", "metrics", "--socket", "/nowhere.sock"]) == 3
