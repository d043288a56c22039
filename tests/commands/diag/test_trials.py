"""diag check against trouble that no catalogue lists: the right cause, or an honest UNKNOWN."""

import pytest

from tests.commands.diag.test_check import VIEWS, codes, mend, protected
from tests.support.faulty import on
from tests.support.trials import TRIALS, Trial
from tests.support.typing import data

NAMES = [one.name for one in TRIALS]


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("one", TRIALS, ids=NAMES)
def test_trouble_is_named_or_counted_among_what_it_can_be(one: Trial, view: str) -> None:
    session = one.make()
    for machine, line in one.lines:
        on(session, machine, line)
    session.settle()
    on(session, "hostA", "ping hostB")
    found = data(session, VIEWS[view])
    first = found["findings"][0]
    if not one.both or (view == "alone" and not one.alone):
        assert not codes(found, "FAIL", "UNKNOWN")
    elif view == "both":
        assert first["code"] == one.both
        assert not set(codes(found, "FAIL", "UNKNOWN")) - {one.both, "peer-service-down",
                                                           "rras-filter-drops-ike", "path-down"}
    else:
        assert {first["code"], *first["candidates"]} & set(one.alone)
        assert first["verdict"] != "UNKNOWN" or first["next"]


def test_a_mask_is_mended_with_the_gateway() -> None:
    one = next(one for one in TRIALS if one.name.startswith("their host has a narrow mask and"))
    session = one.make()
    for machine, line in one.lines:
        on(session, machine, line)
    found = data(session, "diag check")
    assert "mask=255.255.255.0" in " ".join(found["findings"][0]["fix"]["commands"])
    mend(session, found["findings"][0])
    assert protected(session)
    assert session.store.on("hostB").interfaces()[0].prefix == 24
