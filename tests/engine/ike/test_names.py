"""Identities other than addresses: what a policy calls itself, and what it expects."""

import pytest

from engine.ike.interface import MainModeUp, NegotiationFailed, NotifyReceived
from tests.support.ike_pair import A, B, FixedPolicy, Pair, policy_a, policy_b


def named(policy: FixedPolicy, local_id: str = "", remote_id: str = "") -> FixedPolicy:
    assert policy.first
    return policy._replace(first=policy.first._replace(local_id=local_id, remote_id=remote_id))


@pytest.mark.parametrize("name", ["gwa.example.com", "admin@example.com", "192.0.2.77"])
def test_a_name_that_is_expected_is_taken(name: str) -> None:
    pair = Pair(named(policy_a(), local_id=name), named(policy_b(), remote_id=name))
    pair.initiate()
    pair.run(20.0)
    assert len(pair.installed(A)) == 1
    up = [one for one in pair.outputs[B] if isinstance(one, MainModeUp)]
    assert up[0].peer_identity == name


@pytest.mark.parametrize(("ours", "expected"), [
    ("", "gwa.example.com"), ("gwa.example.com", ""), ("gwa.example.com", "gwb.example.com"),
    ("gwa.example.com", "gwa@example.com")])
def test_another_name_is_refused_and_only_who_holds_the_key_hears_of_it(ours: str,
                                                                       expected: str) -> None:
    pair = Pair(named(policy_a(), local_id=ours), named(policy_b(), remote_id=expected))
    pair.initiate()
    pair.run(20.0)
    assert pair.installed(A) == pair.installed(B) == []
    (mine,) = [one for one in pair.outputs[A] if isinstance(one, NegotiationFailed)]
    assert (mine.mode, mine.code, mine.point, mine.notify) == ("main", 13801, "Peer", 24)
    heard = [one for one in pair.outputs[A] if isinstance(one, NotifyReceived)]
    assert heard[0].authenticated and heard[0].number == 24
    theirs = next(one for one in pair.outputs[B] if isinstance(one, NegotiationFailed))
    assert theirs.detail[0] == "Identity"


def test_a_wrong_key_is_told_nothing() -> None:
    pair = Pair(named(policy_a(psk=b"other")), named(policy_b(), remote_id="gwa.example.com"))
    pair.initiate()
    pair.run(100.0)
    assert not [one for one in pair.outputs[A] if isinstance(one, NotifyReceived)]
