"""How negotiations ended is remembered with what was offered, whether anybody audits or not."""

from engine.history import KEPT, MAIN, QUICK, History
from engine.ike.interface import MainModeUp
from engine.ike.proposal import read_phase1
from engine.suites import MainModeMethod
from tests.support.site import OWN, PEER, Site, article


def test_what_was_agreed_on_is_remembered_at_both_ends() -> None:
    site = article()
    site.ping(2)
    for machine, initiator in (("gwA", True), ("gwB", False)):
        main, quick = site.lab.hosts[machine].keying.history.outcomes
        assert (main.mode, quick.mode) == (MAIN, QUICK)
        assert (main.failure, quick.failure) == (None, None)
        assert main.initiator == quick.initiator == initiator
        assert (main.method, quick.method) == ("3DES-SHA1-2", "ESP[3DES,SHA1]")
        assert quick.selector is not None and str(quick.selector.remote).startswith("10.")
    assert main.seconds > 0


def test_a_refusal_says_what_was_offered_and_which_notify_came() -> None:
    site = Site().policy(main=(MainModeMethod("AES192", "SHA512", 5),)).route()
    site.ping(4)
    failed = site.lab.hosts["gwA"].keying.history.outcomes[0].failure
    assert failed is not None and (failed.local, failed.peer, failed.notify) == (OWN, PEER, 14)
    reading = read_phase1(failed.offered[0].transforms[0])
    assert reading is not None and reading.fields["Encryption Algorithm"] == "AES192"
    seen = site.lab.hosts["gwB"].keying.history.outcomes[0].failure
    assert seen is not None and seen.offered == failed.offered and seen.notify == 0


def test_the_traffic_that_quick_mode_was_for_is_known_at_both_ends() -> None:
    site = Site().policy(key="kb252735").route()
    site.store.on("gwB").unassign("IPSec tunnel with Windows 2000 gateway")
    site.lab.reload()
    site.ping(1)
    assert not [one for one in site.lab.hosts["gwA"].keying.history.outcomes
                if one.mode == QUICK]


def test_the_oldest_give_way() -> None:
    history = History()
    up = MainModeUp(1, 2, bytes(16), MainModeMethod("DES", "MD5", 1), 1, True, "x", 0.1)
    for number in range(KEPT + 5):
        history.note(up, float(number))
    assert len(history.outcomes) == KEPT and history.outcomes[0].time == 5.0
