"""Tables keep to the width, and to what can be printed."""

from __future__ import annotations

import pytest
from rich.cells import cell_len

from bot.engine.reasons import NAMES
from bot.report.reason_words import REASON_WORDS
from bot.report.tables import (
    PIPE,
    Cell,
    Column,
    Page,
    clean,
    money_shown,
    six_digits,
    table_text,
    without_year,
)

COLUMNS = [
    Column(head="token"),
    Column(head="price", side="right"),
    Column(head="note", spare=1),
    Column(head="id", spare=2),
]
ROWS: list[list[Cell]] = [["BTC", "67123.45", "a longer note", "0" * 32], ["PEPE", 1, None, "x"]]


def test_a_pipe_gets_every_column_and_one_line_per_row() -> None:
    lines = table_text(COLUMNS, ROWS, PIPE).splitlines()
    assert lines[0].split() == ["token", "price", "note", "id"]
    assert lines[1].split() == ["BTC", "67123.45", "a", "longer", "note", "0" * 32]
    assert lines[2].split() == ["PEPE", "1", "-", "x"]
    assert len(lines) == 3


@pytest.mark.parametrize(
    ("width", "heads"),
    [(80, ["token", "price", "note", "id"]), (40, ["token", "price", "note"]),
     (20, ["token", "price"])],
)  # fmt: skip
def test_what_does_not_fit_is_left_out_by_its_rank_and_named(width: int, heads: list[str]) -> None:
    lines = table_text(COLUMNS, ROWS, Page(width=width)).splitlines()
    assert lines[0].split() == heads
    assert max(map(len, lines)) <= width
    hidden = [column.head for column in COLUMNS if column.head not in heads]
    said = " ".join(lines[3:])
    assert (said == "") == (not hidden)
    if hidden:
        assert said.startswith(f"(hidden: {', '.join(hidden)}")
        assert said.endswith("a wider terminal or --json shows all)")


def test_columns_stand_closer_before_any_is_left_out() -> None:
    whole = len(table_text(COLUMNS, ROWS, PIPE).splitlines()[1])
    lines = table_text(COLUMNS, ROWS, Page(width=whole - 3)).splitlines()
    assert lines[0].split() == ["token", "price", "note", "id"]
    assert len(lines) == 3


def test_cells_are_shortened_before_any_column_is_left_out_and_that_is_said() -> None:
    columns = [Column(head="at", brief=without_year), Column(head="n", brief=six_digits, spare=1)]
    rows: list[list[Cell]] = [["2025-05-10 13:00", "6.45151257"]]
    assert "6.45151257" in table_text(columns, rows, Page(width=27))
    lines = table_text(columns, rows, Page(width=22)).splitlines()
    assert lines[1].split() == ["05-10", "13:00", "6.45151"]
    assert " ".join(lines[2:]).startswith("(some cells are shortened:")


@pytest.mark.parametrize(
    ("exact", "shown"),
    [("0.0000123456789", "0.0000123456"), ("-12.3456789", "-12.3456"), ("12345678.9", "12345678"),
     ("100", "100"), ("0", "0"), ("market", "market"), ("NaN", "NaN")],
)  # fmt: skip
def test_decimals_are_cut_after_six_digits_and_wholes_are_not(exact: str, shown: str) -> None:
    assert six_digits(exact) == shown


def test_what_cannot_be_left_out_is_folded_whole() -> None:
    text = table_text([Column(head="hash")], [["abcdefghij"]], Page(width=5))
    assert "".join(text.split()[1:]) == "abcdefghij"


def test_columns_are_aligned_by_cells_not_characters() -> None:
    rows: list[list[Cell]] = [["狗狗币", "1"], ["DOGE", "22"]]
    lines = table_text(COLUMNS[:2], rows, PIPE).splitlines()
    assert len({cell_len(line) for line in lines}) == 1


def test_a_name_cannot_move_the_cursor_nor_add_a_line_nor_style_itself() -> None:
    evil = "A\x1b[2J\nB\r\x9b31m\u202e[red]C[/red]"
    text = table_text([Column(head="token")], [[evil]], PIPE)
    assert text.splitlines()[1] == "A[2JB31m[red]C[/red]"
    assert clean(evil) == "A[2JB31m[red]C[/red]"


def test_styles_come_only_on_a_terminal() -> None:
    assert "\x1b[1m" in table_text(COLUMNS, ROWS, Page(width=80, styled=True))
    assert "\x1b" not in table_text(COLUMNS, ROWS, Page(width=80))


@pytest.mark.parametrize(
    ("exact", "shown"),
    [("0", "0.00"), ("0.999", "0.99"), ("-7.4", "-7.40"), ("12", "12.00"), (None, None)],
)
def test_money_is_cut_to_two_decimals(exact: str | None, shown: str | None) -> None:
    assert money_shown(exact) == shown


def test_every_reason_code_has_its_sentence() -> None:
    assert set(REASON_WORDS) == set(NAMES) - {"OK"}
