"""From what was seen to the engine's arrays: the as-of join, slot by slot, for all tokens."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np

from bot.domain.instants import DAY, HOUR
from bot.domain.values import Record, Slot, Token
from bot.engine import layout as at
from bot.engine.layout import FROM_GRADE, FROM_LOCAL, FROM_QUANT
from bot.engine.tables import Inputs
from bot.engine.types import IntArray
from bot.market.availability import Lags
from bot.market.bar_series import Prices, Version
from bot.market.cells import Books, TokenSlot, fill_cell, newest_row, table
from bot.market.column_names import Column
from bot.market.covariance import RETURN_DAYS, CovarianceLog
from bot.market.instructions import Instructions, slot_rows
from bot.market.instruments import Instrument, complete
from bot.market.needs import needs_of
from bot.market.points import bar_row, fine_row, instrument_row, quote_scale
from bot.market.rules import ColumnPlan
from bot.market.strategy import Strategy
from bot.market.token_rows import TokenRows
from bot.market.token_view import News, TokenView
from bot.market.universe import resolve_again

NO_SECTOR = "unknown"
KNOWN_KEPT = 1000  # bars whose slot of knowledge is remembered: more than any order waits for


def lags_of(strategy: Strategy) -> Lags:
    """The publication lags of a strategy."""
    return Lags(
        bar=strategy.bar_lag,
        hourly=strategy.publish_lag_hourly,
        daily=strategy.publish_lag_daily,
        label_is_close=strategy.signal_label == "close",
    )


@dataclass(slots=True)
class MarketSlice:
    """The engine's inputs for a stretch of slots, with what is needed to read its records."""

    inputs: Inputs
    token_ids: list[int]
    instruments: list[Instrument | None]
    prices: list[Prices]
    universes: list[tuple[int, tuple[int, ...]]] = field(default_factory=list)
    derived: list[Instrument] = field(default_factory=list)
    impossible: dict[int, int] = field(default_factory=dict)
    new_bars: int = 0  # bars that these slots were the first to know, older history apart


class Market:
    """All tokens of a record, moved forwards in time for one strategy."""

    def __init__(
        self,
        strategy: Strategy,
        plan: ColumnPlan,
        instruments: dict[int, Instrument] | None = None,
        universe: frozenset[int] | None = None,
    ) -> None:
        self._strategy = strategy
        self._plan = plan
        self._needs = needs_of(strategy)
        self._lags = lags_of(strategy)
        self._instruments = dict(instruments or {})
        self._universe = universe
        self._tokens = TokenRows()
        self._views: dict[int, TokenView] = {}
        self._last: dict[int, tuple[object, ...]] = {}
        self._known: dict[int, dict[int, int]] = {}
        self._instructions = Instructions(strategy.name)

    def push(self, record: Record) -> None:
        """Add observations; each stays out of sight until its instant has come."""
        for token in record.tokens:
            self._tokens.push(token)
            self._view(token.token_id)
        for bar in record.bars:
            self._view(bar.token_id).series.push(bar)
        for signal in record.signals:
            self._view(signal.token_id).push_signal(signal)
        for row in record.metrics:
            self._view(row.token_id).push_metrics(row)
        for grade in record.grades:
            self._view(grade.token_id).push_grade(grade)
        for levels in record.levels:
            self._view(levels.token_id).push_levels(levels)
        self._instructions.push(record.commands)

    def _view(self, token_id: int) -> TokenView:
        view = self._views.get(token_id)
        if view is None:
            view = TokenView(token_id, self._strategy, self._needs, self._lags)
            if token_id in self._instruments:
                view.settle(self._instruments[token_id])
            self._views[token_id] = view
        return view

    def absorb(self, slot: Slot) -> None:
        """Take in the bars pushed so far that `slot` will know; to be called before that slot."""
        for view in self._views.values():
            view.absorb(slot.slot, slot.as_of)

    def skip_to(self, slot: Slot) -> None:
        """See everything up to a slot that was stepped before, as already known."""
        for view in self._views.values():
            news = view.advance(slot.slot, slot.as_of)
            self._remember(view, news.versions)
            self._settle_instrument(view, slot.as_of, [])
        self._instructions.at(slot.as_of)

    def stretches(self, slots: list[Slot]) -> list[list[Slot]]:
        """Consecutive slots in pieces, each of which `build` can take at once."""
        return self._tokens.stretches(slots)

    def build(self, slots: list[Slot], reach: int) -> MarketSlice:
        """The inputs of the slots of a stretch; bars known before reach back `reach` ms."""
        ids = sorted(self._views)
        listed = {i: self._tokens.as_of(i, slots[0].as_of) for i in ids}
        for token_id, view in self._views.items():
            view.use_volume_unit(listed[token_id].volume_unit or self._strategy.volume_unit)
        result = MarketSlice(_no_inputs(), ids, [], [])
        versions: dict[int, list[Version]] = {
            token_id: self._carried(token_id, slots[0].slot - reach) for token_id in ids
        }
        rows: list[list[TokenSlot]] = []
        asked = []
        covariance = CovarianceLog(self._strategy.portfolio_vol is not None)
        for slot in slots:
            news = [self._see(i, slot, versions[i], result.derived) for i in ids]
            universe = self._universe_at(slot, result.universes)
            asked.append(self._instructions.at(slot.as_of))
            rows.append(
                [
                    self._token_slot(i, slot, new, (i in universe, asked[-1].tokens.get(i, 0)))
                    for i, new in zip(ids, news, strict=True)
                ]
            )
            covariance.see([self._views[i].daily_closes(RETURN_DAYS + 1) for i in ids])
        result.instruments = [self._instruments.get(token_id) for token_id in ids]
        result.impossible = {
            i: self._views[i].series.impossible for i in ids if self._views[i].series.impossible
        }
        begin = slots[0].slot - HOUR
        result.new_bars = sum(
            version.fresh and version.known >= slots[0].slot and version.open_time >= begin
            for rows_of in versions.values()
            for version in rows_of
        )
        _fill(result, slot_rows(slots, asked), rows, versions, self._arrange(listed), self._plan)
        result.inputs = covariance.put_into(result.inputs)
        return result

    def glimpse(
        self, token_id: int, slot: Slot, columns: Mapping[str, Column]
    ) -> tuple[str, dict[str, float]]:
        """A token's symbol and further columns in the slot that was seen last, fresh ones only.

        The engine reads none of them, so they are no part of the slot's inputs.
        """
        view = self._views[token_id]
        statuses = view.statuses(slot.slot + self._strategy.latency)
        fresh = {
            FROM_QUANT: statuses[0] == at.FRESH,
            FROM_GRADE: statuses[1] == at.FRESH,
            FROM_LOCAL: True,
        }
        values = {
            name: _column_value(view, column)
            for name, column in columns.items()
            if fresh[column.source]
        }
        return self._tokens.as_of(token_id, slot.as_of).symbol, values

    def _universe_at(self, slot: Slot, log: list[tuple[int, tuple[int, ...]]]) -> frozenset[int]:
        """Resolved at a run's first slot and at every 00:00, from the tokens known then."""
        if self._universe is None or slot.slot % DAY == 0:
            tokens = self._tokens.all_as_of(slot.as_of)
            for token_id, view in self._views.items():
                if view.newest() is not None:
                    tokens.setdefault(token_id, Token(token_id=token_id, symbol=str(token_id)))
            self._universe = resolve_again(self._strategy.universe, tokens, self._universe)
            log.append((slot.slot, tuple(sorted(self._universe))))
        return self._universe

    def _carried(self, token_id: int, low: int) -> list[Version]:
        view = self._views[token_id]
        known = self._known.get(token_id, {})
        return [
            Version(
                open_time=bar.open_time,
                known=known.get(bar.open_time, 0),
                bar=bar,
                finer=view.series.finer_of(bar.open_time),
            )
            for bar in view.series.recent
            if bar.open_time >= low or bar is view.series.recent[-1]
        ]

    def _remember(self, view: TokenView, versions: Iterable[Version]) -> None:
        known = self._known.setdefault(view.token_id, {})
        for version in versions:
            known[version.open_time] = version.known
        if len(known) > 2 * KNOWN_KEPT:
            for open_time in sorted(known)[:-KNOWN_KEPT]:
                del known[open_time]

    def _settle_instrument(self, view: TokenView, as_of: int, derived: list[Instrument]) -> None:
        if view.instrument is not None or not view.series.recent:
            return
        token = self._tokens.as_of(view.token_id, as_of)
        instrument = complete(token, view.series.first_close)
        view.settle(instrument)
        self._instruments[view.token_id] = instrument
        derived.append(instrument)

    def _see(
        self, token_id: int, slot: Slot, versions: list[Version], derived: list[Instrument]
    ) -> News:
        """Move a token to a slot; what it brought is what the slot is the first to know."""
        view = self._views[token_id]
        news = view.advance(slot.slot, slot.as_of)
        self._settle_instrument(view, slot.as_of, derived)
        unit = view.instrument
        news.versions = [v for v in news.versions if unit is None or unit.is_in_reach(v.bar.high)]
        versions.extend(news.versions)
        self._remember(view, news.versions)
        return news

    def _token_slot(
        self, token_id: int, slot: Slot, news: News, given: tuple[bool, int]
    ) -> TokenSlot:
        """`given`: whether it is in the universe, and what the operator asks of it."""
        view = self._views[token_id]
        newest = view.newest()
        key = None
        if newest is not None:
            key = (newest.open_time, self._known[token_id].get(newest.open_time, 0))
        statuses = view.statuses(slot.slot + self._strategy.latency)
        sigma, reach, adv = view.sizes(statuses[0])
        return TokenSlot(
            newest=key,
            statuses=statuses,
            history=view.history(slot.slot),
            jumped=news.jumped,
            late=_late(news.versions, slot.slot),
            in_universe=given[0],
            asked=given[1],
            sigma=sigma,
            atr=reach,
            adv=adv,
            columns=tuple(_column_value(view, column) for column in self._plan.columns),
            book=view.book(),
            signals=news.signals,
        )

    def _arrange(self, listed: dict[int, Token]) -> list[tuple[TokenView, Prices | None, int]]:
        """Each token's view, its points and its sector's number."""
        labels = sorted({token.sector or NO_SECTOR for token in listed.values()})
        arranged = []
        for token_id, token in listed.items():
            view = self._views[token_id]
            prices = view.series.prices(view.instrument.tick) if view.instrument else None
            arranged.append((view, prices, labels.index(token.sector or NO_SECTOR)))
        return arranged


def _late(versions: list[Version], slot: int) -> int:
    """Open time of the oldest bar first known in a slot that was due in an earlier one, else 0."""
    behind = (v.open_time for v in versions if v.fresh and v.open_time + HOUR < slot)
    return min(behind, default=0)


def _column_value(view: TokenView, column: Column) -> float:
    if column.source == FROM_GRADE:
        return view.grade()
    if column.source == FROM_LOCAL:
        return view.local(column)
    # How many returns stand behind a provider's ratio is not known, so neither is its error.
    return math.nan if column.lower_bound else view.metric(column.name)


def _no_inputs() -> Inputs:
    empty = np.zeros(0, dtype=np.int64)
    return Inputs(*([empty] * len(Inputs._fields)))  # type: ignore[arg-type]


def _fill(
    result: MarketSlice,
    slots: IntArray,
    rows: list[list[TokenSlot]],
    versions: dict[int, list[Version]],
    arranged: list[tuple[TokenView, Prices | None, int]],
    plan: ColumnPlan,
) -> None:
    """Turn the collected rows into arrays; prices become points only here."""
    tokens, count = len(arranged), len(slots)
    bars: list[list[int]] = []
    fine: list[list[int]] = []
    fine_start = [0]
    bar_start = [0]
    insts = np.zeros((tokens, at.INST_COLS), dtype=np.int64)
    where: list[dict[tuple[int, int], int]] = []
    for i, (view, prices, sector) in enumerate(arranged):
        found: dict[tuple[int, int], int] = {}
        if prices is not None and view.instrument is not None:
            scale = quote_scale(view.instrument, view.volume_unit)
            insts[i] = instrument_row(view.instrument, prices, sector, scale)
            for version in sorted(versions[view.token_id], key=lambda v: (v.open_time, v.known)):
                found[(version.open_time, version.known)] = len(bars)
                bars.append(bar_row(version, prices, scale))
                fine.extend(fine_row(part, prices) for part in version.finer)
                fine_start.append(len(fine))
        insts[i, at.I_TOKEN_ID] = view.token_id
        bar_start.append(len(bars))
        where.append(found)
    newest = np.zeros((count, tokens), dtype=np.int64)
    cells = np.zeros((count, tokens, at.CELL_COLS), dtype=np.int64)
    values = np.full((count, tokens, at.X_FIRST + len(plan.columns)), math.nan)
    books = Books()
    signals: list[list[int]] = []
    sig_start = [0]
    for s, row in enumerate(rows):
        for i, cell in enumerate(row):
            prices = arranged[i][1]
            newest[s, i] = newest_row(cell, where[i])
            fill_cell(cells[s, i], cell, books, prices)
            factor = 10.0**prices.decimals if prices is not None else 1.0
            values[s, i, : at.X_FIRST] = (cell.sigma, cell.atr * factor, cell.adv)
            values[s, i, at.X_FIRST :] = cell.columns
            signals.extend([i, r.valid_time, r.value, int(r.ambiguous)] for r in cell.signals)
        sig_start.append(len(signals))
    look, look_start = _look(rows)
    result.prices = [prices or Prices(0) for _, prices, _ in arranged]
    result.inputs = Inputs(
        slots=slots,
        newest=newest,
        cells=cells,
        values=values,
        covariance=np.zeros((1, 0, 0)),
        signals=table(signals, at.SIGNAL_COLS),
        sig_start=table(sig_start, 0),
        look=look,
        look_start=look_start,
        insts=insts,
        bars=table(bars, at.BAR_COLS),
        bar_start=table(bar_start, 0),
        fine=table(fine, at.FINE_COLS),
        fine_start=table(fine_start, 0),
        prices=table(books.prices, 0),
        strengths=np.array(books.strengths, dtype=np.float64),
    )


def _look(rows: list[list[TokenSlot]]) -> tuple[IntArray, IntArray]:
    """By slot, the tokens with new numbers or news: all of them in the first slot."""
    look: list[int] = []
    start = [0]
    last: list[tuple[object, ...] | None] = [None] * len(rows[0])
    for row in rows:
        for i, cell in enumerate(row):
            seen = (repr(cell.columns), repr(cell.adv), cell.statuses)
            if seen != last[i] or cell.jumped or cell.late or cell.asked:
                look.append(i)
            last[i] = seen
        start.append(len(look))
    return table(look, 0), table(start, 0)


def slots_between(first: int, last: int, settle: int) -> list[Slot]:
    """Slots that were never polled: frozen at H + settle (T4)."""
    return [Slot(slot=slot, as_of=slot + settle) for slot in range(first, last + 1, HOUR)]
