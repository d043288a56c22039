"""docs/ipsecsh.1 against the declarations it is made from."""

from commands import index
from shell.manual import PATH, manual
from shell.options import DECLARED
from transcripts.rows import ROWS


def text() -> str:
    for row in ROWS:
        index.register(*row)
    return manual()


def test_the_manual_page_in_docs_is_current() -> None:
    assert PATH.read_text(encoding="utf-8") == text(), "run python -m shell.manual"


def test_it_names_every_option_and_command() -> None:
    page = text()
    for one in DECLARED:
        assert f".B {one.name.replace('-', chr(92) + '-')}" in page
    for path, target, _ in index.ROWS:
        if target.startswith("commands."):
            assert f".B {path}\n" in page or f".B \\&{path}\n" in page, path


def test_no_line_begins_with_a_sign_that_roff_would_obey_by_mistake() -> None:
    known = (".TH ", ".SH ", ".TP", ".B ")
    assert [line for line in text().splitlines()
            if line[:1] in (".", "'") and not line.startswith(known)] == []
