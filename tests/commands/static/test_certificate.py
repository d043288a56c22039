"""Certificates in the store, and a tunnel that they bring up, typed as an operator types it."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
)
from cryptography.hazmat.primitives.serialization.pkcs12 import serialize_key_and_certificates

from commands.answer import Answer
from commands.errors import CommandError
from commands.render import render_text
from commands.run import run_line
from commands.session import Session
from engine.address import parse_address
from engine.policy.keyfiles import KeyOctets, load_all
from engine.policy.model import Certificate
from engine.policy.script import dump
from tests.support.article import LINES, POLICY
from tests.support.pki import CA, END, WALL, Party, Shape, crl, issue, machine, root, rsa_key

GW_A, GW_B = "C=US, O=Example, CN=gwA", "C=US, O=Example, CN=gwB"
ROOT = '"C=US, O=Example, CN=Example Root"'
HOST_B = parse_address("10.2.0.10")


@pytest.fixture
def session() -> Iterator[Session]:
    one = Session("")
    yield one
    one.close()


def typed(session: Session, *lines: str) -> Answer:
    """Types the lines and gives the last answer."""
    answer = Answer()
    for line in lines:
        answer = run_line(line, session)
    return answer


def written(folder: Path, name: str, data: bytes, mode: int = 0o600) -> Path:
    path = folder / name
    path.write_bytes(data)
    path.chmod(mode)
    return path


def pem(folder: Path, party: Party, name: str) -> str:
    """The tags of a PEM certificate with its key in a file beside it."""
    own = written(folder, f"{name}.pem", party.pem, 0o644)
    return f'file="{own}" key="{written(folder, f"{name}.key", party.key_pem)}"'


def pkcs12(folder: Path, party: Party, name: str, password: str, *more: Party) -> str:
    """The tags of a PKCS #12 file."""
    data = serialize_key_and_certificates(
        name.encode(), party.key, party.certificate, [one.certificate for one in more],
        BestAvailableEncryption(password.encode()))
    return f'file="{written(folder, f"{name}.p12", data)}" password={password}'


def signed_site(session: Session, folder: Path, gwb: Party | None = None,
                more: tuple[str, ...] = (), chain: tuple[Party, ...] = ()) -> None:
    """The article's tunnel with certificates in the place of the key, on both gateways."""
    ca = f'file="{written(folder, "root.pem", root().pem, 0o644)}" type=ca'
    swapped = [line.replace("psk=kb252735", f"rootca={ROOT}") for line in LINES]
    typed(session, *swapped, "..", "..",
          f"ipsec static add certificate own {pem(folder, machine(GW_A), 'gwA')}",
          f"ipsec static add certificate root {ca}", *more, "set machine gwB",
          f"ipsec static add certificate root {ca}",
          "ipsec static add certificate own "
          + pkcs12(folder, gwb or machine(GW_B), "gwB", "geheim", *chain))
    for policy in session.config.policies():
        for rule in session.config.rules(policy.name):
            typed(session, f'ipsec static set rule name="{rule.name}" policy="{policy.name}" '
                           f"rootca={ROOT}")
    typed(session, "set machine gwA")


def crosses(session: Session) -> bool:
    """Whether hostA reaches hostB through the tunnel; the first ping may only negotiate."""
    lab = session.lab
    results = [lab.ping("hostA", HOST_B) for _ in range(4)]
    return results[-1].kind == "reply" and results[-1].protected and not results[-1].clear


def events(session: Session, machine_name: str) -> list[tuple[int, str]]:
    """Numbers and all words of a machine's Security events."""
    return [(one.event_id, one.title + "\n" + "\n".join(
        f"{label} {value}" for label, value in one.fields))
        for one in session.lab.hosts[machine_name].log if one.source == "Security"]


# --- the whole way ------------------------------------------------------------------------------


def test_certificates_bring_the_articles_tunnel_up(session: Session, tmp_path: Path) -> None:
    signed_site(session, tmp_path)
    assert crosses(session)
    number, text = next(one for one in events(session, "gwA") if "Main Mode" in one[1])
    assert number == 541
    for words in ("Certificate based Identity.", f"Peer Subject {GW_B}", f"My Subject {GW_A}",
                  "Root Certificate Authority C=US, O=Example, CN=Example Root"):
        assert words in text
        shown = render_text(typed(session, "ipsec dynamic show mmsas"))
        assert "Auth Mode                   : RSA Signature" in shown and GW_B in shown
        assert all(words in one for _, one in events(session, "gwA") if "Quick Mode" in one)


@pytest.mark.parametrize("shape", [
    END._replace(ends=WALL - 1), END._replace(begins=WALL + 86_400),
    END._replace(usages=("key_agreement",)),
], ids=["expired", "not yet valid", "usage"])
def test_a_machine_whose_own_certificate_does_not_work_gets_547(
        session: Session, tmp_path: Path, shape: Shape) -> None:
    signed_site(session, tmp_path)
    typed(session, "ipsec static delete certificate own",
          "ipsec static add certificate own " + pem(tmp_path, issue(GW_A, root(), shape), "bad"))
    assert not crosses(session)
    assert any(number == 547 and "IKE failed to find valid machine certificate." in text
               for number, text in events(session, "gwA"))


def test_a_revoked_peer_is_refused_and_event_544_says_so(session: Session,
                                                         tmp_path: Path) -> None:
    revoked = crl(root(), machine(GW_B))
    path = written(tmp_path, "root.crl", revoked, 0o644)
    signed_site(session, tmp_path,
                more=(f'ipsec static add certificate crl file="{path}" type=crl',))
    assert not crosses(session)
    session.lab.run(session.lab.now + 120.0)
    text = next(text for number, text in events(session, "gwA") if number == 544)
    assert f"Peer Subject {GW_B}" in text and "Root Certificate" not in text


@pytest.mark.parametrize(("level", "listed", "up"), [
    (0, True, True), (1, False, True), (2, False, False)])
def test_strongcrlcheck_is_a_setting_of_the_machine(session: Session, tmp_path: Path, level: int,
                                                    listed: bool, up: bool) -> None:
    path = written(tmp_path, "root.crl", crl(root(), machine(GW_B)), 0o644)
    lists = (f'ipsec static add certificate crl file="{path}" type=crl',) if listed else ()
    signed_site(session, tmp_path, more=(
        *lists, f"ipsec dynamic set config strongcrlcheck {level}"))
    assert crosses(session) is up


def test_a_peer_under_an_unknown_authority_is_refused(session: Session, tmp_path: Path) -> None:
    other = issue("CN=Other", None, CA)
    signed_site(session, tmp_path, issue(GW_B, other))
    assert not crosses(session)


def test_a_new_file_takes_effect_with_the_next_change(session: Session, tmp_path: Path) -> None:
    signed_site(session, tmp_path)
    good = (tmp_path / "gwA.pem").read_bytes()
    (tmp_path / "gwA.pem").write_bytes(issue(GW_A, root(), END._replace(ends=WALL - 1)).pem)
    typed(session, f'ipsec static set policy name="{POLICY}" description=x')
    assert not crosses(session)
    (tmp_path / "gwA.pem").write_bytes(good)
    typed(session, f'ipsec static set policy name="{POLICY}" description=y')
    assert crosses(session)


# --- the commands -------------------------------------------------------------------------------


def codes(answer: Answer) -> list[str]:
    return [one.code for one in answer.warnings]


def test_each_kind_of_file_is_read(session: Session, tmp_path: Path) -> None:
    party = machine(GW_A)
    der = written(tmp_path, "a.der", party.der)
    key = written(tmp_path, "a.keyder", party.key_der)
    both = written(tmp_path, "both.pem", party.pem + party.key_pem)
    sealed = party.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8,
                                     BestAvailableEncryption(b"geheim"))
    for tags in (pem(tmp_path, party, "a"), f'file="{der}" key="{key}"', f'file="{both}"',
                 pkcs12(tmp_path, party, "b", "geheim", root()),
                 f'file="{der}" key="{written(tmp_path, "sealed.key", sealed)}" password=geheim'):
        assert codes(typed(session, f"ipsec static add certificate one {tags}")) == []
        text = render_text(typed(session, "ipsec static show certificate one"))
        assert GW_A in text and "State" in text and "OK" in text
        assert "geheim" not in text and "PRIVATE" not in text
        typed(session, "ipsec static delete certificate one")


def test_what_a_file_lacks_is_a_warning_with_a_name(session: Session, tmp_path: Path) -> None:
    party, plain = machine(GW_A), pem(tmp_path, machine(GW_A), "a")
    wrong = written(tmp_path, "wrong.key", rsa_key("wrong").private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"x")))
    other = written(tmp_path, "other.key", root().key_pem)
    weak = issue(GW_A, root(), END._replace(key=rsa_key("short", 1024)))
    late = issue(GW_A, root(), END._replace(begins=WALL + 10))
    old = issue(GW_A, root(), END._replace(ends=WALL - 10))
    old_crl = written(tmp_path, "old.crl", crl(root(), due=WALL - 1))
    file = f'file="{tmp_path / "a.pem"}"'
    cases = [
        ('file="/nowhere/at/all"', "certificate-file"), (f'file="{tmp_path}"', "certificate-file"),
        (file, "certificate-file"), (f'{file} key="{wrong}"', "certificate-file"),
        (f'{file} key="{other}"', "certificate-file"),
        (f'file="{written(tmp_path, "junk", b"junk")}" type=ca', "certificate-file"),
        (f'file="{tmp_path / "junk"}" type=crl', "certificate-file"),
        (f'file="{tmp_path / "junk"}"', "certificate-file"),
        (f'file="{old_crl}" type=crl', "certificate-crl-expired"),
        (f"{file} type=ca", "certificate-not-ca"),
        (pem(tmp_path, weak, "weak"), "weak-certificate"),
        (pem(tmp_path, late, "late"), "certificate-not-yet-valid"),
        (pem(tmp_path, old, "old"), "certificate-expired"),
        (pem(tmp_path, issue(GW_A, root(), END._replace(usages=("key_agreement",))), "usage"),
         "certificate-usage"),
    ]
    for tags, code in cases:
        assert codes(typed(session, f"ipsec static add certificate one {tags}")) == [code], tags
        assert "State" in render_text(typed(session, "ipsec static show certificate all"))
        typed(session, "ipsec static delete certificate one")
    os.chmod(tmp_path / "a.key", 0o644)
    assert codes(typed(session, f"ipsec static add certificate one {plain}")) == ["key-file-mode"]
    assert party.key_pem.decode() not in repr(session.config.certificates())


def test_the_dump_brings_certificates_back_but_no_password(session: Session,
                                                           tmp_path: Path) -> None:
    typed(session, 'ipsec static add certificate "my own" '
          + pkcs12(tmp_path, machine(GW_A), "a", "geheim"))
    written(tmp_path, "root.pem", root().pem)
    typed(session, f'ipsec static add certificate root file="{tmp_path / "root.pem"}" type=ca')
    lines = dump(session.config, ("ipsec",))
    assert "geheim" not in "\n".join(lines)
    assert '# password of certificate "my own" is not shown: add password="..."' in lines
    other = Session("")
    typed(other, *dump(session.config, ("ipsec",), reveal=True))
    assert other.config.digest() == session.config.digest()
    other.close()


@pytest.mark.parametrize(("line", "code"), [
    ("add certificate two file=/a type=ca key=/b", "contradiction"),
    ("add certificate two file=/a type=crl password=x", "contradiction"),
    ("add certificate ONE file=/a", "name-taken"),
    ("delete certificate two", "not-found"),
    ("show certificate two", "not-found"),
])
def test_refusals_have_a_code(session: Session, line: str, code: str) -> None:
    typed(session, "ipsec static add certificate one file=/nowhere")
    with pytest.raises(CommandError) as caught:
        typed(session, "ipsec static " + line)
    assert caught.value.code == code


def test_a_rule_says_which_certificates_it_lacks(session: Session, tmp_path: Path) -> None:
    rule = ('ipsec static add rule name={} policy=P filterlist="NetA to NetB" filteraction=FA '
            'rootca=' + ROOT)
    typed(session, "ipsec static add policy P", "ipsec static add filteraction FA",
          'ipsec static add filterlist "NetA to NetB"')
    assert codes(typed(session, rule.format("one"))) == ["unknown-authority",
                                                         "no-machine-certificate"]
    written(tmp_path, "root.pem", root().pem)
    typed(session, f'ipsec static add certificate root file="{tmp_path / "root.pem"}" type=ca')
    assert codes(typed(session, rule.format("two"))) == ["no-machine-certificate"]
    typed(session, f"ipsec static add certificate own {pem(tmp_path, machine(GW_A), 'own')}")
    assert codes(typed(session, rule.format("three"))) == []


def test_a_weak_certificate_works_and_is_marked(session: Session, tmp_path: Path) -> None:
    signed_site(session, tmp_path, issue(GW_B, root(), END._replace(
        key=rsa_key("short", 1024), digest="sha1")))
    assert crosses(session)
    assert "RSA 1024, SHA1" in render_text(typed(session, "ipsec dynamic show mmsas"))


def test_a_chain_longer_than_one_packet_arrives_in_pieces(session: Session,
                                                          tmp_path: Path) -> None:
    middle = issue("CN=Issuing", root(), CA._replace(key=rsa_key("large", 4096)))
    leaf = issue(GW_B, middle, END._replace(key=rsa_key("large", 4096)))
    signed_site(session, tmp_path, leaf, chain=(middle,))
    assert len(leaf.der + middle.der) > 1500
    assert crosses(session)


def test_no_certificates_are_said_so(session: Session) -> None:
    assert "There are no certificates." in render_text(
        typed(session, "ipsec static show certificate all"))


def test_a_relative_path_counts_from_the_sessions_folder(session: Session,
                                                         tmp_path: Path) -> None:
    session.folder = str(tmp_path)
    typed(session, "ipsec static add certificate one file=x/../a.p12")
    assert session.config.certificate("ONE").file == str(tmp_path / "a.p12")


def test_a_key_in_memory_is_masked(tmp_path: Path) -> None:
    party = machine(GW_A)
    path = written(tmp_path, "both.pem", party.pem + party.key_pem)
    loaded = load_all((Certificate("one", "machine", str(path)),))
    assert "KeyOctets('********')" in repr(loaded)
    key = loaded[0].material.key
    assert isinstance(key, KeyOctets) and f"{key}" == str(key) == "KeyOctets('********')"
    assert bytes(key) == party.key_der
