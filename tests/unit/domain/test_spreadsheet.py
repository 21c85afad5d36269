"""Text that a spreadsheet must not compute: marked in CSV files, and read back as it was."""

from __future__ import annotations

import csv
import gzip
import io
from decimal import Decimal
from pathlib import Path
from unicodedata import category

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.adapters.files.layout import FileFormat
from bot.adapters.files.record_folder import read_record
from bot.adapters.files.record_writer import write_record
from bot.domain.instants import parse_instant
from bot.domain.spreadsheet import FORMULA_SIGNS, guarded, unguarded
from bot.domain.values import Bar, Metrics, Record, Signal, Token

tricky = (
    st.text(st.sampled_from("=+-@\t\r'a1,;\"|\uff1d \x1b\u202e"), max_size=6)
    | st.text(max_size=20)
    | st.lists(st.sampled_from(["\\", "x", "{", "1b", "5c", "}", "\x1b", "'", "="])).map("".join)
)
EVIL = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "'=1", "''", "'", "=cmd|' /C calc'!A0",
        "\uff1d1+1", "-2+3+cmd", 'a"b,c', "A\x1b[2J\x1b]0;owned\x07", "over\rwritten", "\x9b31m",
        "moon\u202efas", "\\x{1b}[31m", "nul\x00"]  # fmt: skip


@given(tricky)
def test_what_is_marked_is_no_formula_and_reads_back_as_it_was(text: str) -> None:
    marked = guarded(text)
    assert marked[:1] not in set(FORMULA_SIGNS)
    assert not [c for c in marked if category(c) in {"Cc", "Cf", "Zl", "Zp"} and c not in "\t\n"]
    assert unguarded(marked) == text


@given(tricky, tricky)
def test_two_texts_are_never_marked_alike(one: str, other: str) -> None:
    assert (guarded(one) == guarded(other)) == (one == other)


@pytest.mark.parametrize("form", ["csv", "csv.gz"])
def test_an_exported_record_computes_nothing_and_comes_back_the_same(
    tmp_path: Path, form: FileFormat
) -> None:
    at = parse_instant("2025-05-10T13:00:00Z")
    one = Decimal(1)
    record = Record(
        tokens=[
            Token(token_id=n, symbol=text, name=text, sector=text, category=text)
            for n, text in enumerate(EVIL, start=1)
            if text != "\t=1"  # a folder's reader trims
        ],
        bars=[Bar(token_id=1, open_time=at, open=one, high=one, low=one, close=one, volume=None)],
        signals=[Signal(token_id=1, valid_time=at, signal="=1", source="hourly")],
        metrics=[Metrics(token_id=1, valid_time=at, values=(("=cmd", -1.5), ("sharpe", -2.0)))],
    )
    write_record(record, tmp_path, form)
    for path in tmp_path.iterdir():
        body = path.read_bytes()
        text = (gzip.decompress(body) if form == "csv.gz" else body).decode("utf-8")
        cells = [cell for row in csv.reader(io.StringIO(text, newline="")) for cell in row]
        computed = [cell for cell in cells if cell[:1] in set(FORMULA_SIGNS)]
        assert all(float(cell) for cell in computed), path.name  # numbers stay numbers
    again = read_record(tmp_path)
    assert (again.tokens, again.signals) == (record.tokens, record.signals)
    assert again.metrics == record.metrics
