"""Small records for tests of the market package and of the way from a record to a ledger."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path

from bot.app.strategy_files import LoadedStrategy, load_strategy
from bot.domain.instants import HOUR, MINUTE, parse_instant
from bot.domain.records import Decision, Fill
from bot.domain.values import Bar, Level, LevelList, Metrics, Record, Signal, Token
from bot.market.inputs import slots_between
from tests.support.replays import Replayed, replay

# Everything that a decision reads comes from the record, so that two days of bars are enough.
VECTOR_STRATEGY = """
name = "core-v1"
settle = "120s"
latency = "120s"
sigma = "column:mysig"
atr = "column:myatr"
adv = "column:myadv"
min_rr = 1.0
"""
GOOD = {
    "cagr": 0.3, "max_drawdown": 0.5, "myadv": 1e9, "myatr": 1.2, "mysig": 0.5, "sharpe": 1.5,
    "sortino": 2.0, "volatility": 0.6,
}  # fmt: skip
BASE_LEVELS = (("97.5", 4.0), ("95", 6.0), ("101", 2.0), ("104", 5.0))


def when(text: str) -> int:
    """An instant of May 2025 as `DD HH:MM[:SS[.mmm]]`, of the 10th where the day is left out."""
    day, _, time = text.rpartition(" ")
    return parse_instant(f"2025-05-{day or '10'}T{time}Z")


def load(text: str) -> LoadedStrategy:
    """A strategy file of this text, as the program reads it."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "strategy.toml"
        path.write_text(text)
        return load_strategy(path)


def vector_strategy(extra: str = "") -> LoadedStrategy:
    """The strategy of the vectors, with lines added or replaced by `extra`."""
    replaced = {line.split("=")[0].strip() for line in extra.splitlines()}
    kept = [
        line for line in VECTOR_STRATEGY.splitlines() if line.split("=")[0].strip() not in replaced
    ]
    return load("\n".join(kept) + "\n" + extra)


def token(token_id: int = 1, **given: object) -> Token:
    """A token with tick .01, lot .001 and minimum notional 10 unless given."""
    values: dict[str, object] = {
        "symbol": f"T{token_id}", "tick": Decimal("0.01"), "lot": Decimal("0.001"),
        "min_notional": Decimal(10), "volume_unit": "base",
    }  # fmt: skip
    return Token(token_id=token_id, **(values | given))  # type: ignore[arg-type]


def bar(
    opened: int,
    prices: str = "100 100.5 99.8 100",
    volume: str | None = "1000",
    token_id: int = 1,
    interval: str = "1h",
    seen: int | None = None,
) -> Bar:
    """A bar from its four prices in the order open, high, low, close."""
    o, h, low, c = (Decimal(price) for price in prices.split())
    return Bar(
        token_id=token_id, open_time=opened, open=o, high=h, low=low, close=c,
        volume=None if volume is None else Decimal(volume), interval=interval, available_at=seen,
    )  # fmt: skip


def bars(
    first: int,
    last: int,
    prices: str = "100 100.5 99.8 100",
    volume: str | None = "1000",
    token_id: int = 1,
    span: int = HOUR,
) -> list[Bar]:
    """Equal bars from the one that opens at `first` to the one that opens at `last`."""
    interval = "1h" if span == HOUR else f"{span // MINUTE}m"
    return [
        bar(opened, prices, volume, token_id, interval) for opened in range(first, last + 1, span)
    ]


def call(label: int, text: object, seen: int | None = None, token_id: int = 1) -> Signal:
    """An hourly signal."""
    return Signal(token_id=token_id, valid_time=label, signal=str(text), available_at=seen)


def calls(first: int, last: int, text: object, token_id: int = 1) -> list[Signal]:
    """Equal hourly signals, labelled `first` to `last`."""
    return [call(label, text, token_id=token_id) for label in range(first, last + 1, HOUR)]


def metrics(
    day: int, seen: int | None = None, token_id: int = 1, **changed: float | None
) -> Metrics:
    """A day's metrics that pass every gate unless changed; None leaves a cell blank."""
    values = {name: value for name, value in (GOOD | changed).items() if value is not None}
    return Metrics(
        token_id=token_id, valid_time=day, values=tuple(sorted(values.items())), available_at=seen
    )


def levels(
    seen: int, rows: Iterable[tuple[str, float | None]] = BASE_LEVELS, token_id: int = 1
) -> LevelList:
    """A level list as it was seen; the one of the level vectors unless given."""
    made = tuple(Level(price=Decimal(price), strength=strength) for price, strength in rows)
    return LevelList(token_id=token_id, seen_at=seen, levels=made)


def quiet_record(token_id: int = 1) -> Record:
    """Two days at 100, Bearish to 11:00 of the 10th, every number there and good; no edge yet."""
    return Record(
        tokens=[token(token_id)],
        bars=bars(when("09 00:00"), when("10 23:00"), token_id=token_id),
        signals=calls(when("09 00:00"), when("10 11:00"), -1, token_id),
        metrics=[metrics(when("08 00:00"), when("09 00:30"), token_id)],
        levels=[levels(when("09 05:40"), token_id=token_id)],
    )


def edge_record(seen: int | None = None) -> Record:
    """The quiet record with a Bullish signal labelled 12:00 of the 10th, the day's last one."""
    record = quiet_record()
    record.signals.append(call(when("12:00"), 1, seen))
    return record


def run(
    record: Record, extra: str = "", first: str = "09 01:00", last: str = "11 00:00"
) -> Replayed:
    """Replay the vector strategy over slots of May 2025, or over those that the record names."""
    loaded = vector_strategy(extra)
    if record.slots:
        return replay(loaded, record)
    slots = slots_between(when(first), when(last), loaded.strategy.settle)
    return replay(loaded, record, slots)


def decisions(found: Replayed, token_id: int = 1) -> list[Decision]:
    """All decisions of a token in order."""
    return [row for slot in found.records for row in slot.decisions if row.token_id == token_id]


def reasons(found: Replayed) -> list[tuple[int, str]]:
    """(slot, reason) of every decision."""
    return [(row.slot, row.reason) for slot in found.records for row in slot.decisions]


def fills(found: Replayed) -> list[Fill]:
    """All fills in order."""
    return [row for slot in found.records for row in slot.fills]


def notices(found: Replayed) -> list[tuple[int, str, int]]:
    """(slot, kind, valid time) of every notice."""
    return [(row.slot, row.kind, row.valid_time) for slot in found.records for row in slot.notices]
