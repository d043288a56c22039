"""A flood of first messages hurts neither the tunnel, nor its renewal, nor a peer that comes."""

from engine.ike.endpoint import IkeLimits
from tests.support.flood import NUMBER, SECONDS, Flood
from tests.support.site import HOST_A


def test_a_tunnel_carries_traffic_and_rekeys_under_ten_thousand_spoofed_messages() -> None:
    flood = Flood()
    site, lab = flood.site, flood.site.lab
    lab.run(SECONDS * 0.75)
    gwb = lab.hosts["gwB"]
    before = gwb.sad.pairs()[0].spi
    replies = []
    for number in range(100):
        flood.burst(NUMBER // 100)
        replies.append(site.ping(1)[0].kind)
        if number == 70:
            # The legitimate peer begins anew in the middle of it.
            lab.stop_agent("gwA")
            lab.start_agent("gwA")
            site.ping(2)
    assert flood.sent == NUMBER
    assert replies == ["reply"] * 100
    assert gwb.sad.pairs()[-1].spi != before and gwb.stats.rekeys >= 1
    assert site.ping(1, "hostB", HOST_A)[0].kind == "reply"
    assert gwb.ike
    assert len(gwb.ike.phase1_sas(lab.now)) <= IkeLimits().half_open_total + 2
    lab.run(lab.now + 120.0)
    assert len(gwb.ike.phase1_sas(lab.now)) <= 2
