"""ipsec static exportpolicy, importpolicy, restorepolicyexamples.

An exported file is text: a line that says what it is, a SHA-256 over the rest, and the commands
that make the policies again. Keys are in it only when the operator said ``reveal=yes``; only its
owner may read it in any case.
"""

import os
from typing import TYPE_CHECKING

from commands import cells
from commands.answer import Answer, Cell, Warn
from commands.errors import CommandError
from commands.kinds import Choice, Path, YesNo
from commands.places import EXPORTED
from commands.spec import Command, tag

if TYPE_CHECKING:
    from commands.session import Session

MAGIC = "ipsecsh policy export, form 1"
SIZE_LIMIT = 16 * 1024 * 1024
COMMENT = "# "  # an export has no other comments than those about keys it leaves out
# What an exported file may ask for: nothing but the objects of one location.
WORDS = frozenset({"add filterlist", "add filter", "add filteraction", "add policy", "add rule",
                   "set defaultrule", "set policy"})


class ExportPolicy(Command, words="ipsec static exportpolicy",
                   help="Exports all the policies from the policy store.",
                   remarks=("The extension .ipsec is added when the name has none.",
                            "Pre-shared keys are left out unless reveal=yes; the import then "
                            "names each rule that lacks one.",
                            "Only its owner may read the file. One of that name is replaced."),
                   examples=("ipsec static exportpolicy file=Policies.ipsec",)):
    """All policies, filter lists and filter actions of the current store, in one file."""

    file: str = tag(Path(written=True), "Name of the file.")
    reveal: bool = tag(YesNo(), "Whether the file holds the keys in the clear.", default=False)

    def run(self, session: "Session") -> Answer:
        """Says what was written. Raises CommandError when the file cannot be."""
        from engine.policy.script import location_lines
        with session.config.reading():
            lines = location_lines(session.config, session.location, reveal=self.reveal)[1:]
            keys = _keys(session)
        path = _full(self.file, session)
        session.files.replace(path, seal(lines))
        warnings = (_about_keys(keys, self.reveal),) if keys else ()
        said = cells.say(("Exported ", cells.count(len(lines)), " lines to ",
                          Cell("path", self.file, _extended(self.file)), "."),
                         data={"file": path, "lines": len(lines)}, name="export")
        return Answer((said,), warnings)


class ImportPolicy(Command, words="ipsec static importpolicy",
                   help="Imports the policies from a file to the policy store.",
                   remarks=("The extension .ipsec is added when the name has none.",
                            "All of the file is taken, or nothing: a name that is in use "
                            "already is refused.",
                            "A file that was changed, cut short or made by another program is "
                            "refused."),
                   examples=("ipsec static importpolicy file=Policies.ipsec",)):
    """The objects of an exported file, added to the current store."""

    file: str = tag(Path(), "Name of the file.")

    def run(self, session: "Session") -> Answer:
        """Adds everything in one transaction; the warnings are those of the single lines."""
        lines = unseal(_read(_full(self.file, session), self.file, session), self.file)
        warnings: list[Warn] = []
        here, session.context = session.context, ("ipsec", "static")
        try:
            with session.store.transaction():
                for number, line in enumerate(lines, 3):
                    if line.startswith(COMMENT):
                        warnings.append(Warn("KEY-MISSING", line.removeprefix(COMMENT)))
                    else:
                        warnings += _run(line, f"{self.file}:{number}", session)
        finally:
            session.context = here
        return Answer(warnings=tuple(dict.fromkeys(warnings)))


class RestorePolicyExamples(Command, words="ipsec static restorepolicyexamples",
                            help="Restores the default policies.",
                            remarks=("Three policies, two filter lists and three filter actions "
                                     "of Windows; what has their names becomes what it was.",
                                     "Both releases give the same objects."),
                            examples=("ipsec static restorepolicyexamples release=win2k",)):
    """Windows' sample policies."""

    release: str = tag(Choice("win2k", "win2003"), "Whose sample policies.")

    def run(self, session: "Session") -> Answer:
        """Restores all of them or none."""
        from engine.policy.examples import restore
        with session.store.transaction():
            restore(session.config, session.location)
        return Answer()


# --- the file -----------------------------------------------------------------------------------


def seal(lines: list[str]) -> bytes:
    """The octets of an exported file."""
    body = "".join(line + "\n" for line in lines).encode()
    return f"{MAGIC}\nsha256 {_digest(body)}\n".encode() + body


def unseal(octets: bytes, name: str) -> list[str]:
    """The command lines of an exported file.

    Raises CommandError("foreign-file") for another program's, "damaged-file" for a changed one.
    """
    first, _, rest = octets.partition(b"\n")
    if first.rstrip(b"\r") != MAGIC.encode():
        raise CommandError("foreign-file", f"{name} is no policy file of this program",
                           tag="file", fix="exportpolicy makes one")
    second, _, body = rest.partition(b"\n")
    if second != b"sha256 " + _digest(body).encode():
        raise CommandError("damaged-file", f"{name} was changed or cut short after it was "
                           "exported", tag="file", fix="export it again")
    # Names may hold any sign but a control character, so lines are cut at line feeds alone.
    return body.decode().split("\n")[:-1]


def _digest(body: bytes) -> str:
    from hashlib import sha256
    return sha256(body).hexdigest()


def _full(name: str, session: "Session") -> str:
    return _extended(session.files.full(name, session.folder))


def _extended(path: str) -> str:
    return path if os.path.splitext(path)[1] else path + EXPORTED


def _read(path: str, name: str, session: "Session") -> bytes:
    try:
        octets = session.files.read(path, SIZE_LIMIT + 1)
    except FileNotFoundError:
        raise CommandError("no-file", f"The system cannot find the file specified: {name}",
                           tag="file") from None
    if len(octets) > SIZE_LIMIT:
        raise CommandError("bad-file", f"{name} is larger than {SIZE_LIMIT} octets", tag="file")
    return octets


def _about_keys(keys: int, revealed: bool) -> Warn:
    if revealed:
        return Warn("KEYS-IN-FILE", f"the file holds {keys} pre-shared keys in the clear",
                    "keep it as a key is kept")
    return Warn("KEYS-LEFT-OUT", f"{keys} pre-shared keys are not in the file",
                "say reveal=yes to have them in it, or type them after the import")


def _keys(session: "Session") -> int:
    config, where = session.config, session.location
    policies = config.policies(where)
    owners = [policy.default_rule.auth for policy in policies]
    owners += [rule.auth for policy in policies for rule in config.rules(policy.name, where)]
    return sum(method.kind == "psk" for auth in owners for method in auth)


def _run(line: str, place: str, session: "Session") -> tuple[Warn, ...]:
    from commands.parser import parse
    parsed = parse(line, session)
    if parsed.error is None and parsed.kind == "command" and not parsed.stages:
        command = parsed.build()
        if command.words[:2] == ("ipsec", "static") and " ".join(command.words[2:]) in WORDS:
            return command.run(session).warnings
    raise CommandError("damaged-file", f"{place} holds a line that no export writes", tag="file")
