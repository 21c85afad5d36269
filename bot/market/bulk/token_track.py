"""One token over all slots of a run: its bars as the engine reads them, and its columns."""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from bot.domain.bar_table import NONE, BarTable
from bot.domain.decimals import decimals_of
from bot.domain.instants import DAY, HOUR
from bot.domain.values import Record
from bot.engine import layout as at
from bot.engine.types import FloatArray, IntArray
from bot.market.availability import Lags
from bot.market.bar_series import Prices, fitting
from bot.market.bulk.known import Counts, Flags, KnownBars, Signs, SlotTimes, in_order
from bot.market.bulk.row_columns import (
    Books,
    FloatBars,
    Loops,
    atr_rows,
    book_rows,
    daily_counts,
    needs_atr,
    ratio_by_count,
    sigma_rows,
    trend_rows,
    volumes_by_day,
)
from bot.market.bulk.snapshot_track import SnapshotTrack, follow
from bot.market.instruments import Instrument, complete
from bot.market.local_levels import WINDOW as BOOK_WINDOW
from bot.market.needs import needs_of
from bot.market.points import VOLUME_MAX, VolumeScale, instrument_row, quote_scale
from bot.market.rules import ColumnPlan
from bot.market.strategy import Strategy
from bot.market.token_rows import TokenRows
from bot.market.token_view import TokenView, is_jump


@dataclass(frozen=True, slots=True, kw_only=True)
class RunPlan:
    """What is the same for every token of a run."""

    strategy: Strategy
    columns: ColumnPlan
    lags: Lags
    times: SlotTimes
    loops: Loops
    tokens: TokenRows


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenTrack:
    """Arrays by bar row unless said otherwise; `counts[s]` rows are known at slot index s."""

    token_id: int
    instrument: Instrument | None
    prices: Prices
    scale: VolumeScale | None
    bars: IntArray  # (rows, BAR_COLS)
    counts: Counts  # (slots,)
    jumps: Flags  # whether a bar jumped from the one before it
    sigma: FloatArray
    atr: FloatArray  # quote units
    adv: FloatArray  # by day, from the first bar's day on
    ratio_rows: Counts  # how many daily closes are known
    ratios: list[FloatArray]  # by column of the plan, by number of daily closes; empty: recorded
    trend: Signs  # empty where signals are recorded
    books: Books | None
    snapshots: SnapshotTrack
    daily: FloatArray  # the 00:00 UTC closes
    impossible: int

    def instrument_row(self, sector: int) -> list[int]:
        """The engine's row of the token's instrument."""
        if self.instrument is None or self.scale is None:
            row = [0] * at.INST_COLS
            row[at.I_TOKEN_ID] = self.token_id
            return row
        return instrument_row(self.instrument, self.prices, sector, self.scale)

    def adv_at(self, rows: IntArray) -> FloatArray:
        """The daily quote volume at bar rows, NaN at row -1."""
        found = np.full(len(rows), math.nan)
        if len(self.adv):
            opened = self.bars[:, at.B_OPEN_TIME]
            there = rows >= 0
            days = (opened[rows[there]] + HOUR) // DAY  # full days end with the close of a bar
            found[there] = self.adv[days - opened[0] // DAY]
        return found

    def closes_known(self, slot: int) -> int:
        """How many 00:00 UTC closes the slot of an index knows."""
        known = int(self.counts[slot])
        return int(self.ratio_rows[known - 1]) if known else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """What a token's track is made of."""

    table: BarTable
    record: Record  # the token's other rows
    unit: str  # what its volumes count
    room: IntArray  # (rows of the table, BAR_COLS), where the track's bars are put


def make_track(source: Source, plan: RunPlan) -> TokenTrack | None:
    """A token's track; None where its rows need the slot-by-slot way.

    That is: bars that came late, twice, changed, in finer pieces or with more digits than fit, and
    provider levels that get their strengths from local touches.
    """
    table, record = source.table, source.record
    needs = needs_of(plan.strategy)
    if needs.strengths and _wants_touches(table, record):
        return None
    if any(bar.interval in {"1h", plan.strategy.bars} for bar in record.bars):
        return None
    known = in_order(table, plan.lags, plan.times)
    if known is None:
        return None
    view = TokenView(table.token_id, plan.strategy, needs, plan.lags)
    prices = Prices(0)
    if len(known.table):
        listed = plan.tokens.as_of(table.token_id, int(plan.times.as_of[known.known[0]]))
        instrument = complete(listed, known.table.bar_at(0).close)
        fitted = _fitted(known, record, instrument)
        if fitted is None:
            return None
        prices = fitted
        view.settle(instrument)
    return _track(known, source, view, prices, plan)


def _wants_touches(table: BarTable, record: Record) -> bool:
    """Whether a level list comes without strengths and there are bars enough to count touches."""
    bare = any(all(level.strength is None for level in row.levels) for row in record.levels)
    return bare and len(table) >= BOOK_WINDOW


def _fitted(known: KnownBars, record: Record, instrument: Instrument) -> Prices | None:
    """Points that hold every price without rounding; None where there are none such."""
    table = known.table
    highest = table.bar_at(int(np.argmax(table.prices[:, 1]))).high
    # Lists share most of their levels: each is looked at once.
    levels = {id(level): level.price for row in record.levels for level in row.levels}
    inside = [price for price in levels.values() if instrument.is_in_reach(price)]
    decimals = max([table.least_decimals(), *map(decimals_of, inside)])
    found = fitting(decimals, instrument.tick, max([highest, *inside]))
    exact = found.decimals >= decimals and instrument.is_in_reach(highest)
    return found if exact else None


def _track(
    known: KnownBars, source: Source, view: TokenView, prices: Prices, plan: RunPlan
) -> TokenTrack:
    strategy, use = plan.strategy, plan.loops
    instrument = view.instrument
    scale = quote_scale(instrument, source.unit) if instrument else None
    bars = FloatBars.of(known.table)
    needs = needs_of(strategy)
    none = np.full(len(known.table), math.nan)
    atrs = atr_rows(bars, use) if needs_atr(needs, strategy) else none
    closes, counts = daily_counts(bars)
    books = None
    if strategy.levels == "local" and instrument is not None:
        per_unit = 10.0**prices.decimals
        ticks = (float(instrument.tick), prices.points(instrument.tick), per_unit)
        books = book_rows(bars, atrs, strategy, ticks, use)
    return TokenTrack(
        token_id=view.token_id,
        instrument=instrument,
        prices=prices,
        scale=scale,
        bars=_bar_rows(known, prices, scale, plan.times, source.room),
        counts=_small(np.searchsorted(known.known, np.arange(len(plan.times.slot)), side="right")),
        jumps=_jumps(known.table, strategy.jump),
        sigma=sigma_rows(bars, strategy.sigma, float(strategy.sigma_floor), use)
        if needs.local_sigma
        else none,
        atr=atrs if needs.local_atr else none,
        adv=volumes_by_day(bars, source.unit) if strategy.adv == "local" else np.zeros(0),
        ratio_rows=_small(counts),
        ratios=[
            ratio_by_count(column, closes, strategy, use)
            if column.source == at.FROM_LOCAL
            else np.zeros(0)
            for column in plan.columns.columns
        ],
        trend=trend_rows(bars, use) if strategy.signals == "local" else np.zeros(0, np.int8),
        books=books,
        snapshots=follow(
            view, source.record, plan.times, plan.lags, plan.columns, strategy.signals
        ),
        daily=closes,
        impossible=known.impossible,
    )


def _small(counts: IntArray) -> Counts:
    """Row numbers in half the room: they are kept for every bar of years."""
    return counts.astype(np.int32)


def _bar_rows(
    known: KnownBars, prices: Prices, scale: VolumeScale | None, times: SlotTimes, room: IntArray
) -> IntArray:
    table = known.table
    rows = room[: len(table)]
    rows[:] = 0
    if scale is None:
        return rows
    rows[:, at.B_OPEN_TIME] = table.open_time
    points = table.prices_at(prices.decimals)
    rows[:, at.B_OPEN : at.B_CLOSE + 1] = points
    rows[:, at.B_VOLUME] = _volume_units(table, scale)
    rows[:, at.B_KNOWN] = times.slot[known.known]
    return rows


def _volume_units(table: BarTable, scale: VolumeScale) -> IntArray:
    """As `VolumeScale.units`, for all rows."""
    volume = table.volume
    if scale.lot == 0:
        return np.where(volume == 0, 0, -1)
    if scale.unit == "quote":
        units = [scale.units(bar) for bar in table.bars()]
        return np.array(units, dtype=np.int64)
    shift = scale.decimals - table.volume_decimals
    most = VOLUME_MAX // 10 ** max(shift, 0)
    if shift < 0:
        scaled = volume // 10**-shift
    elif most == 0:  # a unit so small that any volume at all is more than counts
        scaled = np.where(volume > 0, VOLUME_MAX, 0)
    else:
        scaled = np.where(volume > most, VOLUME_MAX, np.minimum(volume, most) * 10**shift)
    return np.where(volume == NONE, -1, scaled)


def _jumps(table: BarTable, factor: Decimal) -> Flags:
    """Whether each close differs by the factor or more from the one before, up or down."""
    closes = table.prices[:, 3]
    found = np.zeros(len(closes), dtype=np.bool_)
    if len(closes) < 2:
        return found
    ratio, limit = closes[1:] / closes[:-1], float(factor)
    near = (ratio >= limit * 0.999) | (ratio * limit <= 1.001)
    for row in np.flatnonzero(near).tolist():
        found[row + 1] = is_jump(table.bar_at(row).close, table.bar_at(row + 1).close, factor)
    return found
