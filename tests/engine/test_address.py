"""Addresses, masks and networks read from text."""

import pytest

from engine.address import (
    Network,
    format_address,
    mask_prefix,
    parse_address,
    parse_mask,
    parse_network,
)


@pytest.mark.parametrize("text", ["0.0.0.0", "10.1.0.1", "255.255.255.255", "192.0.2.100"])
def test_an_address_is_read_as_it_is_written(text: str) -> None:
    assert format_address(parse_address(text)) == text


@pytest.mark.parametrize("text", ["", "10.1", "10.1.0.1.2", "256.0.0.1", "1.2.3.x", "1..2.3",
                                  "-1.0.0.0", "1.2.3.4 ", "0x10.0.0.1", "\u0661.2.3.4"])
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="IPv4 address such as"):
        parse_address(text)


@pytest.mark.parametrize("text", ["010.1.0.1", "10.01.0.1", "10.1.0.00"])
def test_leading_zeros_are_refused_because_others_read_them_as_octal(text: str) -> None:
    with pytest.raises(ValueError, match="leading zeros"):
        parse_address(text)


@pytest.mark.parametrize(("text", "prefix"), [("0", 0), ("24", 24), ("255.255.255.0", 24),
                                              ("0.0.0.0", 0), ("255.255.255.255", 32)])
def test_a_mask_is_dotted_or_a_prefix_length(text: str, prefix: int) -> None:
    assert parse_mask(text) == prefix


@pytest.mark.parametrize("text", ["33", "255.0.255.0", "255.255.255", "x", "-1"])
def test_what_is_no_mask_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="mask"):
        parse_mask(text)


def test_every_prefix_has_one_mask() -> None:
    assert [mask_prefix(Network(0, prefix).mask) for prefix in range(33)] == list(range(33))


def test_a_network_holds_its_addresses_and_no_host_bits() -> None:
    net = parse_network("10.1.0.0/24")
    assert parse_address("10.1.0.255") in net and parse_address("10.1.1.0") not in net
    assert net.covers(parse_network("10.1.0.10")) and not parse_network("10.1.0.10").covers(net)
    with pytest.raises(ValueError, match="host bits"):
        parse_network("10.1.0.1/24")
