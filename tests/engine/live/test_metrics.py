"""Metrics as Prometheus reads them."""

from engine.live.metrics import Metric


def test_samples_have_labels_in_quotes_and_numbers() -> None:
    one = Metric("tunnel_up", "gauge", "Whether it is up.", [({"rule": 'a "b"\\\n'}, 1.0), ({}, 2)])
    assert list(one.lines()) == [
        "# HELP ipsecsh_tunnel_up Whether it is up.", "# TYPE ipsecsh_tunnel_up gauge",
        'ipsecsh_tunnel_up{rule="a \\"b\\"\\\\\\n"} 1', "ipsecsh_tunnel_up 2"]
