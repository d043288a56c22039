"""ipsec static add, delete, show certificate: files that prove a machine, and whom it believes."""

import os
from collections.abc import Iterator

from commands import cells
from commands.answer import NOTHING, Answer, Cell, Record, Records, Warn
from commands.clock import time_cell, windows_time
from commands.kinds import Choice, Key, Path
from commands.names import CertificateName
from commands.spec import Command, tag
from engine.policy.model import CERTIFICATE_TYPES, AuthMethod, Certificate, Secret
from engine.values import TYPE_CHECKING
from engine.wording import Value, Words, words

if TYPE_CHECKING:
    from commands.session import Session
    from engine.ike.x509 import Certificate as X509
    from engine.policy.keyfiles import Loaded
    from engine.policy.lint import Lint

TYPES = Choice(*CERTIFICATE_TYPES, help=("this computer's own, with its private key",
                                         "an authority that rootca= may name",
                                         "a list of revoked certificates"))
Field = tuple[str, str, Cell]


class AddCertificate(Command, words="ipsec static add certificate",
                     help="Adds a certificate, an authority or a revocation list by its file.",
                     remarks=("The store keeps the path, not the content: the file is read "
                              "again whenever the policy is.",
                              "PEM, DER and PKCS #12 files are read. The key of a PEM file may "
                              "stand in the same file or in the one that key= names.",
                              "A file with a private key should be readable by its owner only."),
                     examples=("ipsec static add certificate gwA file=/etc/ipsecsh/gwA.pem "
                               "key=/etc/ipsecsh/gwA.key",
                               'ipsec static add certificate "Example Root" '
                               "file=/etc/ipsecsh/root.pem type=ca")):
    """One entry for the current machine."""

    name: str = tag(CertificateName(new=True), "Name of the certificate in this store.")
    file: str = tag(Path(), "File with the certificate.")
    key: str = tag(Path(), "File with the private key.", default="")
    password: Secret = tag(Key(question="Password: "),
                           "Password of the key or of the PKCS #12 file.", default=Secret())
    type: str = tag(TYPES, "machine, ca or crl.", default="machine")

    def run(self, session: "Session") -> Answer:
        """Adds it, with warnings about what the file does not hold (yet)."""
        entry = Certificate(self.name, self.type, _absolute(self.file, session),
                            _absolute(self.key, session) if self.key else "", self.password)
        session.config.add_certificate(entry)
        from engine.policy.keyfiles import load_all
        return Answer(warnings=tuple(_warnings(load_all((entry,))[0], session.wall())))


class DeleteCertificate(Command, words="ipsec static delete certificate",
                        help="Deletes a certificate from the store; its file stays.",
                        examples=("ipsec static delete certificate all",)):
    """One entry or all of the current machine."""

    name: str = tag(CertificateName(all=True), "Name of the certificate, or all.")

    def run(self, session: "Session") -> Answer:
        """Deletes; of "all" either all or none."""
        config = session.config
        with session.store.transaction():
            for name in [self.name] if self.name != "all" else [
                    one.name for one in config.certificates()]:
                config.delete_certificate(name)
        return NOTHING


class ShowCertificate(Command, words="ipsec static show certificate",
                      help="Displays certificates: whose they are, until when, what is wrong.",
                      examples=("ipsec static show certificate all",)):
    """One entry or all of the current machine, as their files are now."""

    name: str = tag(CertificateName(all=True), "Name of the certificate, or all.", default="all")

    def run(self, session: "Session") -> Answer:
        """Reads the files; private keys and passwords are not shown."""
        from engine.policy.keyfiles import load_all
        config = session.config
        entries = config.certificates() if self.name == "all" else (
            config.certificate(self.name),)
        if not entries:
            return Answer((cells.say("There are no certificates.", data=[],
                                     name="certificates"),))
        wall = session.wall()
        shown = tuple(Record(tuple(_fields(one, wall))) for one in load_all(entries))
        return Answer((Records(shown, "No. of certificates     " if self.name == "all" else "",
                               "certificates"),))


def _absolute(path: str, session: "Session") -> str:
    return os.path.abspath(session.files.full(path, session.folder))


def _fields(one: "Loaded", wall: float) -> Iterator[Field]:
    entry = one.entry
    yield "name", "Certificate Name", cells.name(entry.name)
    yield "type", "Type", cells.enum(entry.type)
    if entry.type == "crl":
        yield from _crl_fields(one)
    else:
        yield from _certificate_fields(one)
    yield "file", "File", cells.file(entry.file)
    if entry.type == "machine":
        yield "key", "Private Key", cells.yes(bool(one.material.key))
    # When it is valid stands above.
    faults = [fault.text.partition(":")[0] if isinstance(fault.text, Words) else fault.text
              for fault in _warnings(one, wall)]
    yield "state", "State", cells.text("; ".join(faults) or "OK")


def _crl_fields(one: "Loaded") -> Iterator[Field]:
    from engine.ike.x509 import read_crl
    for crl in map(read_crl, one.material.crls):
        yield "issuer", "Issuer", cells.text(crl.issuer_text)
        yield "made", "Made", time_cell(crl.made)
        if crl.due is not None:
            yield "due", "Next Update", time_cell(crl.due)


def _certificate_fields(one: "Loaded") -> Iterator[Field]:
    from engine.ike.failure import Failure
    from engine.ike.x509 import read_certificate
    try:
        found = [read_certificate(der) for der in one.material.certificates[:1]]
    except Failure:
        return
    for each in found:
        yield "subject", "Subject", cells.text(each.subject_text)
        yield "issuer", "Issuer", cells.text(each.issuer_text)
        yield "begins", "Valid From", time_cell(each.begins)
        yield "ends", "Valid To", time_cell(each.ends)
        yield "bits", "Public Key", cells.method(f"RSA ({each.bits} Bits)")
        yield "thumbprint", "Thumbprint", Cell("hash", each.thumbprint, each.thumbprint)


# --- what is wrong ------------------------------------------------------------------------------


def _warnings(one: "Loaded", wall: float) -> Iterator[Warn]:
    """Everything that keeps an entry from working, or makes it unsafe."""
    from engine.policy.keyfiles import is_open_to_others
    if one.problem:
        yield Warn("certificate-file", one.problem)
        return
    path = is_open_to_others(one.entry)
    if path:
        yield Warn("key-file-mode", f"others may read '{path}', which holds a private key",
                   f"give it mode 0600: chmod 600 '{path}'")
    if one.entry.type == "crl":
        yield from _crl_warnings(one, wall)
        return
    for der in one.material.certificates[:1]:
        yield from _certificate_warnings(der, one.entry.type, wall)


def _crl_warnings(one: "Loaded", wall: float) -> Iterator[Warn]:
    from engine.ike.failure import Failure
    from engine.ike.x509 import read_crl
    try:
        crls = [read_crl(der) for der in one.material.crls]
    except Failure as failure:
        yield Warn(failure.drop, "the revocation list cannot be read")
        return
    if any(crl.due is not None and crl.due < wall for crl in crls):
        yield Warn("certificate-crl-expired", "the revocation list is out of date",
                   "get the authority's new one; strongcrlcheck=2 refuses peers without it")


def _certificate_warnings(der: bytes, kind: str, wall: float) -> Iterator[Warn]:
    from engine.ike.chain import check_end
    from engine.ike.failure import Failure
    from engine.ike.x509 import read_certificate
    try:
        found = read_certificate(der)
        if kind == "machine":
            check_end(found)
    except Failure as failure:
        yield Warn(failure.drop, f"the certificate is refused: expected {failure.detail[1]}, "
                                 f"found {failure.detail[2]}")
        return
    if kind == "ca" and not found.is_ca:
        yield Warn("certificate-not-ca", "the certificate is not an authority's")
    yield from _date_warnings(found, wall)
    if found.weaknesses:
        yield Warn("weak-certificate", "the certificate works, but is weak: "
                   + ", ".join(found.weaknesses), "use RSA of 2048 bits or more with SHA-256")


def _date_warnings(found: "X509", wall: float) -> Iterator[Warn]:
    if wall > found.ends:
        yield Warn("certificate-expired", words(
            "the certificate has expired: it was valid until {}", _moment(found.ends)))
    elif wall < found.begins:
        yield Warn("certificate-not-yet-valid", words(
            "the certificate is not valid yet: it is from {} on", _moment(found.begins)))


def _moment(seconds: float) -> Value:
    return Value("time", windows_time(seconds))


def authority_lints(session: "Session", auth: tuple[AuthMethod, ...]) -> "list[Lint]":
    """Authorities of a rule that the store cannot prove anything with."""
    wanted = [method.value for method in auth if method.kind == "rootca"]
    if not wanted:
        return []
    from engine.ike.chain import readable
    from engine.ike.dn import is_named
    from engine.policy.lint import Lint
    loaded = session.config.loaded_certificates()
    known = readable(der for one in loaded if one.entry.type == "ca"
                     for der in one.material.certificates)
    found = [Lint("unknown-authority", f"the store has no certificate of the authority '{name}'",
                  "Add the authority's own certificate with add certificate type=ca.")
             for name in wanted if not any(is_named(one, name) for one in known)]
    if not any(one.material.key for one in loaded):
        found.append(Lint("no-machine-certificate",
                          f"{session.config.name} has no certificate to prove itself with",
                          "Add a certificate and its private key with add certificate."))
    return found
