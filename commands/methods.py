"""Kinds of the security method lists: phase 1 ``3DES-SHA1-2``, phase 2 ``ESP[3DES,SHA1]``."""

from collections.abc import Iterable

from commands.spec import Kind
from engine.policy.methods import parse_main_mode, parse_quick_mode
from engine.suites import MainModeMethod, QuickModeMethod
from engine.values import TYPE_CHECKING

if TYPE_CHECKING:
    from commands.session import Session


class MainModeMethods(Kind[tuple[MainModeMethod, ...]]):
    """Blank-separated phase 1 offers in order of preference: ``3DES-SHA1-2 3DES-MD5-2``."""

    cell = "method"
    usage = "ConfAlg-HashAlg-GroupNum ..."

    def parse(self, text: str, session: "Session") -> tuple[MainModeMethod, ...]:
        return parse_main_mode(text)

    def complete(self, prefix: str, session: "Session") -> Iterable[tuple[str, str]]:
        return (("3DES-SHA1-2", "the strongest that Windows 2000 has"),
                ("3DES-MD5-2", ""), ("AES256-SHA256-14", "beyond Windows"))


class QuickModeMethods(Kind[tuple[QuickModeMethod, ...]]):
    """Blank-separated phase 2 offers in order of preference: ``ESP[3DES,SHA1]:100000k/3600s``."""

    cell = "method"
    usage = "ESP[ConfAlg,AuthAlg]:k/s ..."

    def parse(self, text: str, session: "Session") -> tuple[QuickModeMethod, ...]:
        return parse_quick_mode(text)

    def complete(self, prefix: str, session: "Session") -> Iterable[tuple[str, str]]:
        return (("ESP[3DES,SHA1]", "encryption and integrity"), ("ESP[3DES,MD5]", ""),
                ("ESP[AES256,SHA256]", "beyond Windows"), ("ESP[AESGCM256]", "beyond Windows"))
