"""Keys as Wireshark reads them: noted only while somebody watches, never shown by accident."""

from tests.support.site import article


def test_keys_of_a_watched_tunnel_are_written_one_line_a_direction() -> None:
    site = article()
    site.lab.start_capture("gwA", "External")
    site.ping()
    files = site.lab.hosts["gwA"].keying.keylog.files()
    out, into = files["esp_sa"].splitlines()
    assert {out.split(",")[1], into.split(",")[1]} == {'"192.0.2.1"', '"198.51.100.1"'}
    assert all(one.count(",") == 8 and '"0x' in one for one in (out, into))
    cookie, key = files["ikev1_decryption_table"].strip().split(",")
    assert len(cookie) == 16 and int(key, 16)


def test_a_tunnel_that_was_up_before_is_known_too_and_an_unwatched_one_is_not() -> None:
    site = article()
    site.ping()
    log = site.lab.hosts["gwA"].keying.keylog
    assert log.files()["esp_sa"] == log.files()["ikev1_decryption_table"] == ""
    site.lab.start_capture("gwA", "External")
    assert len(log.files()["esp_sa"].splitlines()) == 2
    log.forget()
    assert not log.watching and log.files()["esp_sa"] == ""


def test_a_pair_shows_no_key() -> None:
    site = article()
    site.ping()
    pair = site.lab.hosts["gwA"].sad.pairs()[0]
    assert pair.installed.inbound.esp_key
    assert pair.installed.inbound.esp_key.hex() not in repr(pair.installed)
    assert repr(pair.installed.inbound.esp_key) not in repr(pair.installed)
