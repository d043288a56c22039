"""Distinguished names as an operator types them in rootca=, compared with certificates."""

from engine.ike.x509 import Certificate

Part = tuple[str, str]
# Other spellings of the short names that `engine.ike.x509` writes.
_ALIASES = {"ST": "S", "EMAIL": "E", "EMAILADDRESS": "E", "COMMONNAME": "CN"}


def parse_name(text: str) -> tuple[Part, ...]:
    """The parts of ``C=US, O="Example, Inc.", CN=Root``; words without a type are a CN.

    Values may stand in quotes; a backslash takes the next character as it is.
    """
    parts = _split(text)
    if not all("=" in part for part in parts):
        return (("CN", _plain(text)),)
    found = []
    for part in parts:
        kind, _, value = part.partition("=")
        kind = kind.strip().upper()
        found.append((_ALIASES.get(kind, kind), _plain(value)))
    return tuple(found)


def _split(text: str) -> list[str]:
    """Cuts at the commas that are not in quotes and not behind a backslash."""
    parts, quoted, escaped = [""], False, False
    for one in text:
        if one == "," and not quoted and not escaped:
            parts.append("")
            continue
        if one == '"' and not escaped:
            quoted = not quoted
        elif one != "\\" or escaped:
            parts[-1] += one
        escaped = one == "\\" and not escaped
    return [part for part in parts if part.strip()]


def _plain(value: str) -> str:
    """Without case and doubled blanks (RFC 5280 7.1)."""
    return " ".join(value.split()).casefold()


def is_named(certificate: Certificate, text: str) -> bool:
    """Whether `text` is the certificate's subject, written forwards or backwards.

    Words without a type are compared with the common name alone.
    """
    wanted = parse_name(text)
    subject = tuple((kind, _plain(value)) for kind, value in certificate.parts)
    if "=" not in text:
        return any(part in wanted for part in subject)
    return subject in (wanted, wanted[::-1])
