"""Members as one file, zip or tar.gz: the same members give the same octets."""

from collections.abc import Sequence
from gzip import GzipFile
from hashlib import sha256
from io import BytesIO
from json import dumps
from tarfile import TarFile, TarInfo
from time import gmtime
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from commands.clock import iso_time
from commands.report.facts import Facts
from commands.support.members import Member

FORMAT = 1
MODE = 0o600
ZIP, TAR = (".zip",), (".tar.gz", ".tgz")
# A zip knows no earlier time.
FIRST_YEAR = 1980


def manifest(facts: Facts, found: Sequence[Member], left_out: Sequence[str]) -> bytes:
    """What is in the bundle, by name, size and checksum."""
    data = {
        "format": FORMAT, "program": f"ipsecsh {facts.version}", "made": iso_time(facts.made),
        "machine": facts.machine, "view": facts.view, "traffic": facts.traffic,
        "masked": facts.masked, "left_out": list(left_out),
        "files": [{"name": one.name, "octets": len(one.octets),
                   "sha256": sha256(one.octets).hexdigest(), "what": one.what, "cut": one.cut}
                  for one in found]}
    return (dumps(data, indent=2) + "\n").encode()


def checksums(found: Sequence[Member]) -> bytes:
    """The same for `sha256sum -c`."""
    return "".join(f"{sha256(one.octets).hexdigest()}  {one.name}\n" for one in found).encode()


def packed(found: Sequence[Member], path: str, wall: float) -> bytes:
    """The file that its name asks for. Raises ValueError for another name."""
    lower = path.lower()
    if lower.endswith(ZIP):
        return _zip(found, wall)
    if lower.endswith(TAR):
        return _tar(found, wall)
    raise ValueError("must end in .zip or .tar.gz")


def _zip(found: Sequence[Member], wall: float) -> bytes:
    at = gmtime(wall)
    stamp = (max(at.tm_year, FIRST_YEAR), at.tm_mon, at.tm_mday, at.tm_hour, at.tm_min, at.tm_sec)
    whole = BytesIO()
    with ZipFile(whole, "w", ZIP_DEFLATED) as file:
        for one in found:
            info = ZipInfo(one.name, stamp)
            info.external_attr, info.compress_type = MODE << 16, ZIP_DEFLATED
            file.writestr(info, one.octets)
    return whole.getvalue()


def _tar(found: Sequence[Member], wall: float) -> bytes:
    whole = BytesIO()
    with GzipFile("", "wb", 9, whole, mtime=wall) as squeezed, \
            TarFile(fileobj=squeezed, mode="w") as file:
        for one in found:
            info = TarInfo(one.name)
            info.size, info.mtime, info.mode = len(one.octets), int(wall), MODE
            file.addfile(info, BytesIO(one.octets))
    return whole.getvalue()
