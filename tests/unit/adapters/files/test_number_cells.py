"""How numbers may be spelled in a column of metrics."""

from __future__ import annotations

from pathlib import Path

from bot.adapters.files.record_folder import read_record_with_notes

HEADER = "token_id,valid_time,sharpe,vol\n"


def metrics(folder: Path, *cells: str) -> tuple[list[dict[str, float]], list[str]]:
    rows = "".join(f"1,2025-05-{n + 1:02d},1.5,{cell}\n" for n, cell in enumerate(cells))
    (folder / "metrics.csv").write_text(HEADER + rows)
    (folder / "bars.csv").write_text("token_id,open_time,open,high,low,close,volume\n")
    record, notes = read_record_with_notes(folder)
    return [dict(row.values) for row in record.metrics], notes


def test_a_column_whose_every_number_begins_with_a_point_is_a_column_of_numbers(
    tmp_path: Path,
) -> None:
    found, notes = metrics(tmp_path, ".4", ".5")
    assert [row["vol"] for row in found] == [0.4, 0.5]
    assert notes == []


def test_nan_is_a_missing_number_and_the_rest_of_its_row_stays(tmp_path: Path) -> None:
    found, _ = metrics(tmp_path, "0.4", "NaN", "nan")
    assert [row.get("vol") for row in found] == [0.4, None, None]
    assert [row["sharpe"] for row in found] == [1.5, 1.5, 1.5]
