"""The labels of `show stats` and the counters behind them."""

from engine.statistics import LABELS, Statistics


def test_the_labels_stand_in_the_order_of_netsh() -> None:
    ike = [label for group, _, label in LABELS if group == "ike"]
    ipsec = [label for group, _, label in LABELS if group == "ipsec"]
    assert (len(ike), ike[0], ike[2], ike[-1]) == (
        23, "Main Modes", "Soft SAs", "Invalid Packets Rcvd")
    assert (len(ipsec), ipsec[0], ipsec[7], ipsec[-1]) == (
        21, "Active Assoc", "Bad SPI Pkts", "Bytes Received In Tunnels")


def test_counters_start_at_zero_and_show_in_their_row() -> None:
    stats = Statistics()
    assert {value for *_, value in stats.rows()} == {0}
    stats.bad_spi += 3
    assert ("ipsec", "bad_spi", "Bad SPI Pkts", 3) in stats.rows()
