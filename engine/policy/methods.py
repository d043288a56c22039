"""netsh's security method strings: mmsecmethods and qmsecmethods.

A main mode offer is ``ConfAlg-HashAlg-GroupNum``, a quick mode offer ``ESP[ConfAlg,AuthAlg]:k/s``,
``AH[HashAlg]:k/s`` or both joined by ``+``; offers are separated by blanks and their order is
their preference. Beyond Windows Server 2003: AES128, AES192, AES256 (AES is AES128), SHA256,
SHA384, SHA512, groups 5 and 14 to 18 (netsh's group 3 is IANA group 14, 2048 bits), and AES-GCM as
``ESP[AESGCM128]``, which has its own integrity: ``ESP[AESGCM128,None]`` says the same.
"""

from collections.abc import Mapping

from engine.suites import (
    AEAD_CIPHERS,
    AH_HASHES,
    GROUPS,
    HASHES,
    MainModeMethod,
    QuickModeMethod,
    format_main_mode,
    format_quick_mode,
)
from engine.values import TypeVar

T = TypeVar("T")

CIPHER_WORDS = {"DES": "DES", "3DES": "3DES", "AES": "AES128", "AES128": "AES128",
                "AES192": "AES192", "AES256": "AES256"}
AEAD_WORDS = {"AESGCM": "AESGCM128", **{name: name for name in AEAD_CIPHERS}}
HASH_WORDS = {name: name for name in HASHES}
AH_WORDS = {name: name for name in AH_HASHES}
GROUP_WORDS = {"1": 1, "2": 2, "3": 14, **{str(group): group for group in GROUPS}}

KILOBYTES_MIN, KILOBYTES_MAX = 20480, 2147483647
SECONDS_MIN, SECONDS_MAX = 300, 172799
UNITS = {"K": ("kilobytes", KILOBYTES_MIN, KILOBYTES_MAX),
         "S": ("seconds", SECONDS_MIN, SECONDS_MAX)}


def parse_main_mode(text: str) -> tuple[MainModeMethod, ...]:
    """Reads ``3DES-SHA1-2 3DES-MD5-2``. Raises ValueError naming the offer that is wrong."""
    return tuple(_main_mode(offer) for offer in _offers(text))


def parse_quick_mode(text: str) -> tuple[QuickModeMethod, ...]:
    """Reads ``ESP[3DES,SHA1]:100000k/3600s AH[MD5]``. Raises ValueError naming the wrong offer."""
    return tuple(_quick_mode(offer) for offer in _offers(text))


def format_main_modes(methods: tuple[MainModeMethod, ...]) -> str:
    """The offers as `parse_main_mode` reads them."""
    return " ".join(format_main_mode(method) for method in methods)


def format_quick_modes(methods: tuple[QuickModeMethod, ...]) -> str:
    """The offers as `parse_quick_mode` reads them."""
    return " ".join(format_quick_mode(method) for method in methods)


def _offers(text: str) -> list[str]:
    offers = text.split()
    if not offers:
        raise ValueError("must name at least one security method")
    return offers


def _main_mode(offer: str) -> MainModeMethod:
    parts = offer.upper().split("-")
    if len(parts) != 3:
        raise ValueError(f"must be like 3DES-SHA1-2, not '{offer}'")
    cipher, digest, group = parts
    return MainModeMethod(_word(CIPHER_WORDS, cipher, "cipher", offer),
                          _word(HASH_WORDS, digest, "hash", offer),
                          _word(GROUP_WORDS, group, "group", offer))


def _quick_mode(offer: str) -> QuickModeMethod:
    transforms, colon, lifetime = offer.upper().partition(":")
    method = QuickModeMethod()
    for part in transforms.split("+"):
        name, bracket, rest = part.partition("[")
        if not bracket or not rest.endswith("]") or name not in ("AH", "ESP"):
            raise ValueError(f"must be like ESP[3DES,SHA1]:100000k/3600s, not '{offer}'")
        if name == "AH":
            method = _with_ah(method, rest[:-1], offer)
        else:
            method = _with_esp(method, rest[:-1], offer)
    return _with_lifetime(method, lifetime, offer) if colon else method


def _with_ah(method: QuickModeMethod, inside: str, offer: str) -> QuickModeMethod:
    if method.ah_auth:
        raise ValueError(f"must name AH once, not '{offer}'")
    return method._replace(ah_auth=_word(AH_WORDS, inside, "hash", offer))


def _with_esp(method: QuickModeMethod, inside: str, offer: str) -> QuickModeMethod:
    cipher, comma, digest = inside.partition(",")
    if method.has_esp:
        raise ValueError(f"must name ESP once, not '{offer}'")
    if cipher in AEAD_WORDS:
        if digest != ("NONE" if comma else ""):
            raise ValueError(f"must give {cipher} no integrity algorithm of its own, not '{offer}'")
        return method._replace(esp_cipher=AEAD_WORDS[cipher])
    if not comma:
        raise ValueError(f"must be like ESP[3DES,SHA1], not '{offer}'")
    if digest == "NONE":
        # RFC 4303 1: encryption without integrity is open to active attacks; never offered here.
        raise ValueError(f"must give ESP an integrity algorithm, not '{offer}'")
    return method._replace(
        esp_cipher="" if cipher == "NONE" else _word(CIPHER_WORDS, cipher, "cipher", offer),
        esp_auth=_word(HASH_WORDS, digest, "hash", offer))


def _with_lifetime(method: QuickModeMethod, lifetime: str, offer: str) -> QuickModeMethod:
    """``100000k/3600s``, either alone and in either order; 0 stands for the default."""
    seen: dict[str, int] = {}
    for part in lifetime.split("/"):
        digits, letter = part[:-1], part[-1:]
        if letter not in UNITS or not (digits.isascii() and digits.isdigit()):
            raise ValueError(f"must give a lifetime like 100000k/3600s, not '{offer}'")
        unit, low, high = UNITS[letter]
        # More digits than the limit has are not worth converting.
        value = int(digits) if len(digits) <= 10 else high + 1
        if value and not low <= value <= high:
            raise ValueError(f"must have a lifetime of {low}-{high} {unit}, not '{offer}'")
        if unit in seen:
            raise ValueError(f"must give {unit} once, not '{offer}'")
        seen[unit] = value
    return method._replace(kilobytes=seen.get("kilobytes", 0), seconds=seen.get("seconds", 0))


def _word(words: Mapping[str, T], word: str, what: str, offer: str) -> T:
    if word not in words:
        raise ValueError(f"must use a {what} of {', '.join(words)} in '{offer}'")
    return words[word]
