"""Every quick mode suite, negotiated and used: pings of all sizes through the article's tunnel."""

import pytest

from engine.esp.constants import PROTOCOL_AH, PROTOCOL_ESP
from engine.lab.defaults import ACTION
from engine.suites import AEAD_CIPHERS, AH_HASHES, CIPHERS, HASHES, QuickModeMethod
from tests.support.site import HOST_A, Site
from tests.support.suites import suite_name

ESP = [QuickModeMethod(cipher, auth) for cipher in ("", *CIPHERS) for auth in HASHES] + [
    QuickModeMethod(cipher) for cipher in AEAD_CIPHERS]
METHODS = [*ESP, *(QuickModeMethod(ah_auth=auth) for auth in AH_HASHES),
           *(one._replace(ah_auth=auth) for auth in AH_HASHES
             for one in (ESP[0], QuickModeMethod("AES128", "SHA1"), ESP[-1]))]


@pytest.mark.parametrize("method", METHODS, ids=suite_name)
def test_a_suite_that_both_ends_offer_carries_packets(method: QuickModeMethod) -> None:
    site = Site()
    third = site.store.on("gwB")
    third.replace_filteraction(ACTION, third.filteraction(ACTION)._replace(methods=(method,)))
    site.policy(quick=(method,)).filters().route()
    site.lab.start_capture("r1", "Middle")
    assert site.ping(2)[-1].kind == "reply"
    assert site.ping(size=4000)[0].kind == "reply"
    back = site.ping(machine="hostB", destination=HOST_A, size=1400)[0]
    assert (back.kind, back.protected, back.clear) == ("reply", True, False)
    pair = site.lab.hosts["gwA"].sad.pairs()[-1]
    assert pair.method._replace(kilobytes=0, seconds=0) == method
    wanted = PROTOCOL_AH if method.ah_auth else PROTOCOL_ESP
    seen = {one.octets[9] for one in site.lab.captures["r1", "Middle"].packets}
    assert seen == {17, wanted}
