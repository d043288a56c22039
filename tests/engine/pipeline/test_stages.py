"""The settled order of filters and IPsec, as declared and as packets meet it."""

from engine.pipeline import inbound, outbound
from engine.pipeline.stages import FORWARD, INBOUND, OUTBOUND
from engine.trace import Step
from tests.support.site import article


def test_the_orders_are_those_of_the_articles_picture() -> None:
    assert OUTBOUND == ("route", "rras-output", "ipsec", "fragment", "wire")
    assert FORWARD == ("ttl", *OUTBOUND)
    assert INBOUND == ("reassemble", "ipsec", "rras-input", "deliver")
    assert set(FORWARD) == set(outbound.STAGES) and set(INBOUND) == set(inbound.STAGES)


def steps_of_one_echo() -> list[Step]:
    site = article()
    site.ping()
    steps: list[Step] = []
    site.lab.hosts["gwA"].trace = steps
    site.ping()
    return steps


def test_a_packet_meets_them_in_that_order_both_ways() -> None:
    seen = [(step.stage, step.verdict) for step in steps_of_one_echo()]
    assert seen == [
        ("receive", "pass"), ("spd", "pass"), ("route", "pass"), ("rras-output", "pass"),
        ("esp", "protect"), ("wire", "send"),
        ("receive", "pass"), ("esp", "pass"), ("spd", "pass"), ("rras-input", "pass"),
        ("route", "pass"), ("spd", "pass"), ("wire", "send"),
    ]


def test_the_filters_name_the_inner_packets_rule() -> None:
    details = [step.detail for step in steps_of_one_echo() if step.stage.startswith("rras")]
    assert details == ["External output: filter 1", "External input: filter 1"]


def test_every_step_of_an_echo_carries_its_trace_id() -> None:
    assert {step.packet for step in steps_of_one_echo()} == {2}


def test_nothing_is_recorded_while_nobody_watches() -> None:
    site = article()
    site.ping()
    assert site.lab.hosts["gwA"].trace is None
