"""The as-of join of snapshots: greatest valid time, then instant of knowledge, then text (T5)."""

from __future__ import annotations

from itertools import permutations

from bot.market.snapshots import Seen, SnapshotSeries


def seen(name: str, valid_time: int, visible: int) -> Seen[str]:
    return Seen(visible=visible, valid_time=valid_time, text=str, confirmed=visible, row=name)


def joined(rows: list[Seen[str]], *instants: int) -> list[str | None]:
    series: SnapshotSeries[str] = SnapshotSeries()
    for row in rows:
        series.push(row)
    found = []
    for instant in instants:
        series.advance(instant)
        found.append(series.current.row if series.current else None)
    return found


def test_nothing_is_known_before_its_instant() -> None:
    assert joined([seen("a", 1, 10)], 9, 10) == [None, "a"]


def test_a_later_row_about_an_earlier_day_does_not_replace_a_newer_one() -> None:
    assert joined([seen("new", 2, 10), seen("old", 1, 20)], 10, 20) == ["new", "new"]


def test_the_later_of_two_rows_about_one_day_holds() -> None:
    assert joined([seen("b", 1, 10), seen("a", 1, 20)], 10, 20) == ["b", "a"]


def test_rows_of_one_instant_are_joined_in_any_order_to_the_same() -> None:
    rows = [seen("a", 1, 10), seen("c", 1, 10), seen("b", 1, 10), seen("d", 0, 10)]
    assert {tuple(joined(list(order), 10)) for order in permutations(rows)} == {("c",)}


def test_what_is_joined_does_not_depend_on_how_often_one_looks() -> None:
    rows = [seen(str(n), n % 3, 10 * n) for n in range(1, 9)]
    often = joined(rows, *range(0, 100, 5))
    assert often[-1] == joined(rows, 95)[0] == "8"


def test_a_move_to_another_row_is_told() -> None:
    series: SnapshotSeries[str] = SnapshotSeries()
    series.push(seen("a", 1, 10))
    series.push(seen("b", 1, 20))
    assert [series.advance(instant) for instant in (5, 10, 15, 20, 25)] == [
        False, True, False, True, False
    ]  # fmt: skip
