"""diag probe: with consent, only the configured peer, slowly; it settles what nobody could tell."""

import pytest

from commands.run import run_line
from commands.session import Session
from engine.diagnose.probing import GAP
from engine.faults.registry import FAULTS
from tests.support.faulty import healthy, make, replies
from tests.support.typing import answer, data, refused, text


def learnt(session: Session, line: str = "diag probe consent=yes") -> tuple[str | None, list[str]]:
    """What the probe says it is, and the answers."""
    *asked, last = data(session, line)
    return last["code"], [f"{one['mode']} {one['answer']}" for one in asked]


def test_without_consent_nothing_is_sent() -> None:
    session = healthy()
    run_line("capture start External", session)
    assert refused(session, "diag probe").code == "no-consent"
    session.ask = lambda question: "n"
    assert refused(session, "diag probe").exit == 5
    assert not session.lab.captures["gwA", "External"].packets


def test_nobody_may_be_asked_without_a_tunnel_rule() -> None:
    session = Session()
    assert refused(session, "diag probe consent=yes").code == "no-tunnel"


def test_a_healthy_peer_takes_what_we_offer_and_nothing_is_left_behind() -> None:
    session = healthy()
    before = {name: [one.spi for one in session.lab.hosts[name].sad.pairs()]
              for name in ("gwA", "gwB")}
    said = answer(session, "diag probe consent=yes")
    assert said.exit == 0
    run_line("lab run 5", session)
    assert before == {name: [one.spi for one in session.lab.hosts[name].sad.pairs()]
                      for name in ("gwA", "gwB")}
    assert replies(session, 2) == 2
    assert session.lab.hosts["gwA"].keying.prober is None


@pytest.mark.parametrize("name", ["pfs-mismatch", "phase2-proposal-mismatch",
                                  "phase1-proposal-mismatch", "peer-filter-not-mirrored"])
def test_what_one_gateway_cannot_tell_is_settled(name: str) -> None:
    session = healthy()
    make(session, FAULTS[name])
    *_, last = data(session, "diag probe consent=yes")
    assert last["code"] == name
    if name == "peer-filter-not-mirrored":
        return
    for line in last["fix"]["commands"]:
        run_line(line, session)
    session.settle()
    assert replies(session, 4) >= 2


def test_keys_and_silence_are_not_guessed_at() -> None:
    session = healthy()
    make(session, FAULTS["psk-mismatch"])
    assert learnt(session) == (None, ["main accepted"])
    assert "keys, identities or certificates" in text(session, "diag probe consent=yes")
    session = healthy()
    make(session, FAULTS["udp500-blocked-on-path"])
    assert learnt(session) == (None, ["main no answer"])


def test_one_offer_at_a_time_and_only_to_the_peer() -> None:
    session = healthy()
    make(session, FAULTS["phase1-proposal-mismatch"])
    run_line("lab run 70", session)
    run_line("capture start External", session)
    run_line("diag probe consent=yes all=yes", session)
    run_line("diag probe consent=yes", session)
    firsts = []
    capture = session.lab.captures["gwA", "External"]
    for one, summary in zip(capture.packets, capture.summaries(), strict=True):
        if one.outgoing:
            assert summary.destination == "198.51.100.1"
        if summary.info == "ISAKMP MM1":
            firsts.append(one.time)
    assert len(firsts) > 20
    gaps = [later - earlier for earlier, later in zip(firsts, firsts[1:], strict=False)]
    assert min(gaps) >= GAP - 1e-6


def test_every_main_mode_that_it_takes_can_be_listed() -> None:
    session = healthy()
    _, answers = learnt(session, "diag probe consent=yes all=yes")
    assert answers.count("main accepted") > 3 and "main refused" in answers
    assert "quick accepted" in answers


def test_answers_to_a_probe_are_not_our_own_negotiations() -> None:
    session = healthy()
    make(session, FAULTS["pfs-mismatch"])
    run_line("lab run 70", session)
    host = session.lab.hosts["gwA"]
    outcomes, log = len(host.keying.history.outcomes), len(host.log)
    run_line("diag probe consent=yes", session)
    assert (len(host.keying.history.outcomes), len(host.log)) == (outcomes, log)

