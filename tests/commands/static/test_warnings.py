"""What Windows accepts and the article calls wrong is said at once, and only then."""

from collections.abc import Iterator

import pytest

from commands.run import run_line
from commands.session import Session


@pytest.fixture
def session() -> Iterator[Session]:
    """A session in `ipsec static` with two lists, a plain and a strong action, and a policy."""
    one = Session("")
    one.context = ("ipsec", "static")
    for line in ("add policy P activatedefaultrule=no", "add filteraction A",
                 "add filter AB ${NetA} ${NetB} mirrored=no",
                 "add filter BA ${NetB} ${NetA} mirrored=no",
                 "add filter Mirrored ${NetA} ${NetB}",
                 "add filter Port ${NetA} ${NetB} protocol=tcp dstport=80 mirrored=no",
                 "add filteraction Soft soft=yes", "add filteraction Pass inpass=yes"):
        assert not run_line(line, one).warnings
    yield one
    one.close()


def codes(session: Session, *lines: str) -> list[str]:
    """The codes of the warnings of the last line."""
    warnings = [run_line(line, session).warnings for line in lines]
    return [one.code for one in warnings[-1]]


OUT = "add rule out P AB A tunnel=198.51.100.1 psk=key"
IN = "add rule in P BA A tunnel=192.0.2.1 psk=key"


@pytest.mark.parametrize(("lines", "expected"), [
    ((OUT,), []),
    ((OUT, IN), []),
    ((OUT, IN, "set policy P assign=yes"), []),
    (("add rule r P Mirrored A",), []),
    (("add rule r P Mirrored A tunnel=198.51.100.1",), ["TUN-MIRRORED"]),
    (("add rule r P Port A tunnel=198.51.100.1",), ["TUN-PORT"]),
    (("add rule r P AB Soft tunnel=198.51.100.1",), ["TUN-SOFT"]),
    (("add rule r P AB Pass tunnel=198.51.100.1",), ["TUN-INPASS"]),
    (("add rule r P Mirrored Soft", "set rule r P tunnel=198.51.100.1"),
     ["TUN-MIRRORED", "TUN-SOFT"]),
    ((OUT, "add filter AB 10.3.0.0/24 10.4.0.0/24"), ["TUN-MIRRORED"]),
    ((OUT, "add filter AB 10.3.0.0/24 10.4.0.0/24 protocol=1 mirrored=no"), ["TUN-PORT"]),
    ((OUT, "add filter BA 10.3.0.0/24 10.4.0.0/24"), []),
    ((OUT, "set filteraction A soft=yes inpass=yes"), ["TUN-INPASS", "TUN-SOFT"]),
    ((OUT, "set policy P assign=yes"), ["TUN-ONE-RULE"]),
    (("set policy P assign=yes", OUT), ["TUN-ONE-RULE"]),
    (("set policy P assign=yes", OUT, IN), []),
    (("set policy P assign=yes", OUT, IN, "delete rule in P"), ["TUN-ONE-RULE"]),
    ((OUT, IN, "set rule in P psk=other"), ["TUN-AUTH-DIFFERS"]),
    ((OUT, IN, "set rule in P kerberos=yes", "set policy P assign=yes"), ["TUN-AUTH-DIFFERS"]),
    ((OUT, IN, "set rule in P kerberos=yes", "set policy P assign=no"), []),
    (("add policy Q",), ["DEFAULT-RESPONSE"]),
    (("set policy P activatedefaultrule=yes",), ["DEFAULT-RESPONSE"]),
    (("set defaultrule P activate=yes",), ["DEFAULT-RESPONSE"]),
    (("set defaultrule P qmpfs=yes",), []),
    (("add policy Q activate=no mmsec=DES-MD5-1",), ["WEAK-SUITE"]),
    (("add policy Q activate=no mmsec=AES256-SHA256-14",), []),
    (("set policy P mmsec=3DES-SHA1-2",), ["WEAK-SUITE"]),
    (("add filteraction F qmsec=ESP[DES,MD5]",), ["WEAK-SUITE"]),
    (("set filteraction A qmsec=ESP[AES256,SHA1]",), []),
])
def test_warnings(session: Session, lines: tuple[str, ...], expected: list[str]) -> None:
    assert codes(session, *lines) == expected


def test_what_a_warning_says_names_objects_and_a_way_out_but_no_key(session: Session) -> None:
    answer = run_line("add rule r P Mirrored Soft tunnel=198.51.100.1 psk=hunter2", session)
    mirrored, soft = answer.warnings
    assert "'Mirrored'" in mirrored.text and "mirrored=no" in mirrored.fix
    assert soft.fix == "ipsec static set filteraction name=Soft soft=no"
    assert not run_line(soft.fix, session).warnings
    assert "hunter2" not in repr(answer)


@pytest.mark.parametrize("lines", [
    ("add rule r P Mirrored A tunnel=198.51.100.1",),
    ("add rule r P Port A tunnel=198.51.100.1",),
    (OUT, IN, "set filteraction A soft=yes"),
    (OUT, IN, "set filteraction A inpass=yes"),
    ("add policy Q",),
    ("add filteraction F qmsec=ESP[DES,MD5]",),
])
def test_the_fix_of_a_warning_is_typed_as_it_stands_and_mends_it(
        session: Session, lines: tuple[str, ...]) -> None:
    warning = [run_line(line, session).warnings for line in lines][-1][0]
    for fix in warning.fix.splitlines():
        assert warning.code not in codes(session, fix)
    digest = session.config.digest()
    assert run_line("ipsec static show all", session).exit == 0
    assert session.config.digest() == digest
