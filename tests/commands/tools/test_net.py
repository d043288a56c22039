"""net start and net stop turn the policy agent on and off."""

import pytest

from commands.run import run_line
from commands.session import Session
from tests.support.typing import data, refused, text, tunnel


def test_stopping_deletes_the_associations_and_starting_loads_the_policy() -> None:
    session = tunnel()
    assert text(session, "net stop policyagent") == (
        "The IPSEC Policy Agent service is stopping.\n"
        "The IPSEC Policy Agent service was stopped successfully.\n")
    host = session.lab.hosts["gwA"]
    assert (host.agent_running, host.sad.pairs(), len(host.spd)) == (False, (), 0)
    assert text(session, "net start policyagent") == (
        "The IPSEC Policy Agent service is starting.\n"
        "The IPSEC Policy Agent service was started successfully.\n")
    assert (host.agent_running, len(host.spd)) == (True, 2)


def test_json_names_machine_and_state() -> None:
    assert data(Session(machine="gwB"), "net stop policyagent") == {
        "service": "policyagent", "machine": "gwB", "state": "stopped"}


def test_a_running_service_is_not_started_again() -> None:
    mistake = refused(Session(), "net start policyagent")
    assert (mistake.code, mistake.exit) == ("NET[2182]", 1)


def test_a_stopped_service_is_not_stopped_again() -> None:
    session = Session()
    run_line('net stop "IPSEC Policy Agent"', session)
    mistake = refused(session, "net stop policyagent")
    assert (mistake.code, mistake.fix) == ("NET[3521]", "net start policyagent")


@pytest.mark.parametrize("line", ["net start spooler", "net stop a b", "net pause x"])
def test_other_services_and_verbs_are_refused(line: str) -> None:
    assert refused(Session(), line).exit == 2


def test_a_gateway_without_its_router_forwards_nothing() -> None:
    session = tunnel()
    run_line("net stop remoteaccess", session)
    session.machine = "hostA"
    assert run_line("ping -n 1 hostB", session).exit == 1
    session.machine = "gwA"
    assert refused(session, "net stop remoteaccess").code == "NET[3521]"
    run_line("net start RemoteAccess", session)
    assert refused(session, "net start remoteaccess").code == "NET[2182]"
    session.machine = "hostA"
    assert run_line("ping -n 1 hostB", session).exit == 0
