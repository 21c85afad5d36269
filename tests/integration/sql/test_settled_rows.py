"""Who goes on from an instant reads as much of the record as can still make a difference."""

from __future__ import annotations

from pathlib import Path

from bot.adapters.sql.engine import open_database
from bot.adapters.sql.record_store import import_record, load
from bot.domain.instants import DAY, HOUR, parse_instant
from bot.domain.values import Metrics, Record, Signal
from bot.market.availability import Lags
from bot.market.signal_rows import REMEMBERED, SignalSeries
from bot.market.snapshots import Seen, SnapshotSeries

T0 = parse_instant("2025-01-01T00:00:00Z")
DAYS = 90
AT = T0 + 70 * DAY
LAGS = Lags(bar=0, hourly=60_000, daily=6 * HOUR, label_is_close=False)


def metrics(token_id: int, day: int, seen_after: int = DAY) -> Metrics:
    time = T0 + day * DAY
    return Metrics(
        token_id=token_id, valid_time=time, values=(("sharpe", day / 10),),
        available_at=time + seen_after,
    )  # fmt: skip


def record() -> Record:
    signals = [
        Signal(token_id=1, valid_time=T0 + hour * HOUR, signal=str(hour % 3 - 1))
        for hour in range(DAYS * 24)
    ]
    rows = [metrics(1, day) for day in range(DAYS)]
    # One that stopped long ago, and one whose newest row of then became known only later.
    rows += [metrics(2, day) for day in range(20)]
    rows += [metrics(3, 10), metrics(3, 30, 60 * DAY)]
    return Record(metrics=rows, signals=signals)


def current(rows: list[Metrics], token_id: int, as_of: int) -> Metrics | None:
    series: SnapshotSeries[Metrics] = SnapshotSeries()
    for row in rows:
        if row.token_id == token_id:
            known = row.available_at or 0
            series.push(Seen(visible=known, valid_time=row.valid_time, text="", confirmed=known,
                             row=row))  # fmt: skip
    series.advance(as_of)
    return None if series.current is None else series.current.row


def test_no_reader_who_goes_on_can_tell_that_old_rows_are_left_out(tmp_path: Path) -> None:
    database = open_database(tmp_path / "record.db", create=True)
    with database.transaction() as connection:
        import_record(connection, record())
        whole, marks = load(connection)
        part, same = load(connection, settled={"metrics": AT, "signals": AT})
    database.close()
    assert marks == same
    assert len(part.metrics) < len(whole.metrics) / 2
    assert len(part.signals) == len(whole.signals) - (60 * 24 - REMEMBERED)
    for as_of in (AT, AT + DAY, AT + 20 * DAY):
        for token_id in (1, 2, 3):
            found = current(part.metrics, token_id, as_of)
            assert found is not None
            assert found == current(whole.metrics, token_id, as_of)


def test_a_signal_told_again_is_no_news_to_who_went_on_from_there(tmp_path: Path) -> None:
    database = open_database(tmp_path / "record.db", create=True)
    with database.transaction() as connection:
        import_record(connection, record())
        part, _ = load(connection, settled={"signals": AT})
    database.close()
    series = SignalSeries(LAGS)
    for signal in part.signals:
        series.push(signal)
    series.advance(AT)
    old = T0 + (70 * 24 - REMEMBERED + 10) * HOUR
    again = next(signal for signal in record().signals if signal.valid_time == old)
    series.push(again)
    rows = series.advance(AT + HOUR)
    assert rows
    assert all(row.valid_time > old for row in rows)
