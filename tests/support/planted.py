"""A key that is planted, and every spelling in which a file may hold it."""

import tarfile
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from zipfile import ZipFile


def spellings(key: str) -> Iterator[tuple[str, bytes]]:
    """(what it is, octets): plain, hexadecimal, base64 at each alignment, UTF-16, and all of these
    of each other where somebody might nest them.
    """
    for name, octets in (("plain", key.encode()), ("UTF-16LE", key.encode("utf-16-le")),
                         ("UTF-16BE", key.encode("utf-16-be"))):
        yield name, octets
        digits = octets.hex()
        for shown in (digits, digits.upper(), " ".join(_pairs(digits)), ":".join(_pairs(digits)),
                      "\\x".join(_pairs(digits)), "%".join(_pairs(digits))):
            for text in (shown, shown.upper()):
                yield f"{name} in hex", text.encode()
                yield f"{name} in hex, UTF-16", text.encode("utf-16-le")
        for at in range(3):
            for table in (bytes.maketrans(b"", b""), bytes.maketrans(b"+/", b"-_")):
                yield f"{name} in base64, {at} in", _inside(octets, at).translate(table)
    yield "backwards", key[::-1].encode()


def _pairs(digits: str) -> list[str]:
    return [digits[at:at + 2] for at in range(0, len(digits), 2)]


def _inside(octets: bytes, at: int) -> bytes:
    """What base64 has of octets that begin `at` in a triple, whatever stands around them."""
    whole = b64encode(b"\0" * at + octets)
    first = (at * 8 + 5) // 6
    return whole[first:(at + len(octets)) * 8 // 6]


def hits(folder: Path, key: str) -> list[tuple[str, str]]:
    """(file, spelling) of each file below a folder whose name or octets hold the key.

    What archives have packed is looked at unpacked.
    """
    wanted = list(spellings(key))
    found = []
    for path in sorted(folder.rglob("*")):
        name = str(path.relative_to(folder))
        for octets in _contents(path):
            whole = name.encode() + b"\n" + octets
            lower = whole.lower()
            found += [(name, kind) for kind, spelling in wanted if spelling in whole
                      or kind == "plain" and spelling.lower() in lower]
    return found


def _contents(path: Path) -> Iterator[bytes]:
    """The octets of a file, and of all files in it."""
    yield path.read_bytes() if path.is_file() else b""
    if path.suffix == ".zip":
        with ZipFile(path) as archive:
            for name in archive.namelist():
                yield name.encode() + b"\n" + archive.read(name)
    elif path.suffix == ".gz":
        with tarfile.open(path) as packed:
            for member in packed:
                inner = packed.extractfile(member)
                yield member.name.encode() + b"\n" + (inner.read() if inner else b"")
