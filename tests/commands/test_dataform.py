"""Answers as JSON and CSV."""

import csv
import io
import json

import pytest

from commands.answer import Answer, Block, Cell, Lines, Record, Records, Table
from commands.render import render, render_text

TABLE = Table((("a", "A"), ("n", "N")), (
    (Cell("text", 'x "y", z', "x"), Cell("count", 12, "12")),
    (Cell("text", "é", "é"), Cell("int", None, "none"))), name="things")
RECORD = Record((("spi", "SPI", Cell("spi", "0x00000001", "1 (0x1)")),), name="sa")


@pytest.mark.parametrize(("blocks", "document"), [
    ((TABLE,), [{"a": 'x "y", z', "n": 12}, {"a": "é", "n": None}]),
    ((RECORD,), {"spi": "0x00000001"}),
    ((Records((RECORD, RECORD)),), [{"spi": "0x00000001"}] * 2),
    ((Lines((("a", Cell("ip", "1.1.1.1", "1.1.1.1")),)),), ["a1.1.1.1"]),
    ((Lines((("a",),), data={"k": [1, 2.5, True, None, ()]}),),
     {"k": [1, 2.5, True, None, []]}),
    ((TABLE._replace(rows=()), RECORD), {"things": [], "sa": {"spi": "0x00000001"}}),
    ((RECORD, RECORD), [{"spi": "0x00000001"}] * 2),
    ((Table((("a", "A"),), ()),), []),
])
def test_json_reads_back(blocks: tuple[Block, ...], document: object) -> None:
    assert json.loads(render_text(Answer(blocks), "json")) == document


def test_an_empty_answer_is_no_document() -> None:
    assert render_text(Answer(), "json") == ""
    assert render_text(Lines(()), "json") == ""


def test_json_spans_keep_their_types() -> None:
    spans = [span for line in render(RECORD, "json") for span in line]
    assert [(span.text, span.type) for span in spans if span.type] == [("0x00000001", "spi")]


def test_csv_reads_back() -> None:
    rows = list(csv.reader(io.StringIO(render_text(TABLE, "csv"))))
    assert rows == [["a", "n"], ['x "y", z', "12"], ["é", ""]]


def test_csv_writes_truth_and_absence_as_json_does() -> None:
    record = Record((("a", "A", Cell("flag", True, "YES")), ("b", "B", Cell("text", None, "NONE")),
                     ("c", "C", Cell("flag", False, "NO"))))
    assert render_text(record, "csv") == "a,b,c\ntrue,,false\n"


def test_csv_of_lines_and_several_blocks() -> None:
    text = render_text(Answer((RECORD, Lines((("a,b",),)))), "csv")
    assert text == 'spi\n0x00000001\n\ntext\n"a,b"\n'
