"""All tokens of a history over all slots of a run, handed to the engine in bounded pieces."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import TypeAlias

import numpy as np

from bot.domain.bar_table import BarTable, History, no_bars
from bot.domain.instants import HOUR
from bot.domain.values import Record, Slot, Token
from bot.engine import layout as at
from bot.engine.tables import Inputs
from bot.engine.types import FloatArray, IntArray
from bot.market.bulk.known import SlotTimes
from bot.market.bulk.piece import Span, cells_of, newest_of, signals_of, values_of
from bot.market.bulk.row_columns import Loops
from bot.market.bulk.shared import Shared, share, share_own
from bot.market.bulk.token_track import RunPlan, Source, TokenTrack, make_track
from bot.market.bulk.universe_log import UniverseLog
from bot.market.covariance import RETURN_DAYS, CovarianceLog
from bot.market.inputs import NO_SECTOR, Market, MarketSlice, lags_of
from bot.market.instructions import Asked, Instructions, slot_rows
from bot.market.rules import ColumnPlan
from bot.market.strategy import Strategy
from bot.market.token_rows import TokenRows

# `map`, or one that works on several tokens at a time.
Spread: TypeAlias = Callable[
    [Callable[[int], TokenTrack | None], Iterable[int]], Iterable[TokenTrack | None]
]
PIECE_CELLS = 200_000  # slots times tokens of one piece: bounds the memory of a run
LEAST_SLOTS = 64


class BulkMarket:
    """Everything that a run's slots see, computed at once: the arrays that `Market` gives.

    Tokens whose rows came late, changed or in finer pieces are seen slot by slot by a `Market`.
    """

    def __init__(
        self, strategy: Strategy, plan: ColumnPlan, history: History, slots: list[Slot],
        loops: Loops, spread: Spread = map,
    ) -> None:  # fmt: skip
        self._tokens = TokenRows()
        for token in history.rest.tokens:
            self._tokens.push(token)
        self._run = RunPlan(
            strategy=strategy, columns=plan, lags=lags_of(strategy), times=SlotTimes.of(slots),
            loops=loops, tokens=self._tokens,
        )  # fmt: skip
        self._starts = [stretch[0].as_of for stretch in self._tokens.stretches(slots)]
        own = _by_token(history)
        self._ids = sorted(own)
        self._tracks = self._make_tracks(own, spread)
        self._others = self._market_of(own, history.rest.tokens)
        self._shared: Shared | None = None
        if self._others is None:
            complete = [track for track in self._tracks if track is not None]
            self._tracks.clear()  # so that a track's own levels are gone once they are copied
            self._shared = share_own(complete, self._room)
            self._tracks.extend(complete)
        self._asked = _asked(strategy, history.rest, slots)
        turns = sorted(token.available_at or 0 for token in history.rest.tokens)
        self._universe = UniverseLog(strategy.universe, self._tokens, turns, self._ids)

    @property
    def slot_by_slot(self) -> list[int]:
        """Tokens that the bulk way cannot see."""
        pairs = zip(self._ids, self._tracks, strict=True)
        return [token_id for token_id, track in pairs if track is None]

    def stretches(self, slots: list[Slot]) -> list[list[Slot]]:
        """Consecutive slots of this run in pieces, each of which `build` takes at once."""
        size = max(LEAST_SLOTS, PIECE_CELLS // max(1, len(self._ids)))
        return [
            stretch[n : n + size]
            for stretch in self._tokens.stretches(slots)
            for n in range(0, len(stretch), size)
        ]

    def _make_tracks(
        self, own: dict[int, tuple[BarTable, Record]], spread: Spread
    ) -> list[TokenTrack | None]:
        tables = [own[token_id][0] for token_id in self._ids]
        ends = np.cumsum(list(map(len, tables)))
        # One array for all tokens' bars, the largest of a run, so that none of it stands twice.
        self._room = np.empty((int(ends[-1]) if tables else 0, at.BAR_COLS), dtype=np.int64)
        rooms = dict(zip(self._ids, np.split(self._room, ends[:-1]), strict=True))

        def made(token_id: int) -> TokenTrack | None:
            units = {self._unit(token_id, start) for start in self._starts}
            if len(units) > 1:
                return None
            table, record = own[token_id]
            source = Source(table=table, record=record, unit=units.pop(), room=rooms[token_id])
            return make_track(source, self._run)

        tracks = list(spread(made, self._ids))
        if self._run.strategy.portfolio_vol is not None and None in tracks:
            return [None] * len(tracks)  # a covariance needs all tokens side by side
        return tracks

    def _unit(self, token_id: int, as_of: int) -> str:
        return self._tokens.as_of(token_id, as_of).volume_unit or self._run.strategy.volume_unit

    def _market_of(
        self, own: dict[int, tuple[BarTable, Record]], tokens: list[Token]
    ) -> Market | None:
        chosen = set(self.slot_by_slot)
        if not chosen:
            return None
        market = Market(self._run.strategy, self._run.columns)
        market.push(Record(tokens=[token for token in tokens if token.token_id in chosen]))
        for token_id in sorted(chosen):
            table, record = own[token_id]
            market.push(record)
            market.push(Record(bars=table.bars()))
        return market

    def build(self, slots: list[Slot], reach: int) -> MarketSlice:
        """The inputs of a piece of the run's slots; `reach` as for `Market`."""
        first = int(np.searchsorted(self._run.times.slot, slots[0].slot))
        span = Span(first=first, stop=first + len(slots))
        given = self._others.build(slots, reach) if self._others is not None else None
        shared = self._shared if given is None else share(self._tracks, given.inputs)
        assert shared is not None, "without another market all tokens have a track"
        newest, cells, values, signals = self._cells(span, shared, given)
        inside, log = self._universe.members(self._run.times, first, newest >= 0)
        cells[:, :, at.C_UNIVERSE] = inside
        asked = self._asked[span.first : span.stop]
        self._put_asked(cells, asked)
        sig_start, rows = _in_order(signals, len(slots))
        look, look_start = _look(cells, values)
        insts = self._instruments(span, slots[0].as_of, given)
        inputs = Inputs(
            slots=slot_rows(slots, asked),
            newest=newest,
            cells=cells,
            values=values,
            covariance=np.zeros((1, 0, 0)),
            signals=rows,
            sig_start=sig_start,
            look=look,
            look_start=look_start,
            insts=insts,
            bars=shared.bars,
            bar_start=shared.bar_start,
            fine=shared.fine,
            fine_start=shared.fine_start,
            prices=shared.prices,
            strengths=shared.strengths,
        )
        return self._described(self._with_covariance(inputs, span), span, log, given)

    def _cells(
        self, span: Span, shared: Shared, given: MarketSlice | None
    ) -> tuple[IntArray, IntArray, FloatArray, list[IntArray]]:
        run = self._run
        count, tokens = span.stop - span.first, len(self._ids)
        newest = np.empty((count, tokens), dtype=np.int64)
        cells = np.zeros((count, tokens, at.CELL_COLS), dtype=np.int64)
        values = np.empty((count, tokens, at.X_FIRST + len(run.columns.columns)))
        signals = []
        other = 0
        for i, track in enumerate(self._tracks):
            if track is not None:
                places = shared.places(i, track)
                newest[:, i] = newest_of(track, span, places)
                cells[:, i] = cells_of(track, span, run.times, places, run.strategy)
                stale = cells[:, i, at.C_QUANT] == at.STALE
                values[:, i] = values_of(track, span, stale, run.strategy)
                signals.append(signals_of(track, span, i))
                continue
            assert given is not None, "a token without a track is seen by the other market"
            cells[:, i], values[:, i] = given.inputs.cells[:, other], given.inputs.values[:, other]
            _move_books(cells[:, i], shared.level_start[-1])
            rows = given.inputs.newest[:, other]
            moved = int(shared.bar_start[i] - given.inputs.bar_start[other])
            newest[:, i] = np.where(rows >= 0, rows + moved, -1)
            signals.append(_signals_given(given.inputs, other, i))
            other += 1
        return newest, cells, values, signals

    def _put_asked(self, cells: IntArray, asked: list[Asked]) -> None:
        """Write what the operator asked of tokens, where there is anything."""
        places = {token_id: i for i, token_id in enumerate(self._ids)}
        for s, one in enumerate(asked):
            for token_id, bits in one.tokens.items():
                if token_id in places:
                    cells[s, places[token_id], at.C_OPERATOR] = bits

    def _instruments(self, span: Span, as_of: int, given: MarketSlice | None) -> IntArray:
        sectors = [self._tokens.as_of(i, as_of).sector or NO_SECTOR for i in self._ids]
        labels = sorted(set(sectors))
        insts = np.zeros((len(self._ids), at.INST_COLS), dtype=np.int64)
        other = 0
        for i, track in enumerate(self._tracks):
            sector = labels.index(sectors[i])
            insts[i, at.I_TOKEN_ID] = self._ids[i]
            if track is None:
                assert given is not None, "a token without a track is seen by the other market"
                insts[i] = given.inputs.insts[other]
                if given.instruments[other] is not None:
                    insts[i, at.I_SECTOR] = sector
                other += 1
            elif track.counts[span.stop - 1] > 0:
                insts[i] = track.instrument_row(sector)
        return insts

    def _with_covariance(self, inputs: Inputs, span: Span) -> Inputs:
        wanted = self._run.strategy.portfolio_vol is not None
        if not wanted or None in self._tracks:
            return inputs
        log = CovarianceLog(wanted)
        closes: list[list[float] | None] = []
        before: list[int] = []
        for s in range(span.first, span.stop):
            counts = [track.closes_known(s) for track in self._tracks if track is not None]
            if counts != before:
                closes = [
                    track.daily[count - RETURN_DAYS - 1 : count].tolist()
                    if count > RETURN_DAYS
                    else None
                    for track, count in zip(self._tracks, counts, strict=True)
                    if track is not None
                ]
                before = counts
            log.see(closes)
        return log.put_into(inputs)

    def _described(
        self, inputs: Inputs, span: Span, log: list[tuple[int, tuple[int, ...]]],
        given: MarketSlice | None,
    ) -> MarketSlice:  # fmt: skip
        made = MarketSlice(inputs, self._ids, [], [], universes=log)
        if given is not None:
            if None not in self._tracks or all(track is None for track in self._tracks):
                made.inputs = inputs._replace(covariance=given.inputs.covariance)
                made.inputs.slots[:, at.S_COVARIANCE] = given.inputs.slots[:, at.S_COVARIANCE]
            made.derived = list(given.derived)
            made.impossible = dict(given.impossible)
            made.new_bars = given.new_bars
        other = 0
        for track in self._tracks:
            if track is None:
                assert given is not None, "a token without a track is seen by the other market"
                made.instruments.append(given.instruments[other])
                made.prices.append(given.prices[other])
                other += 1
                continue
            before = int(track.counts[span.first - 1]) if span.first else 0
            known = int(track.counts[span.stop - 1])
            made.instruments.append(track.instrument if known else None)
            made.prices.append(track.prices)
            made.new_bars += _stepped_bars(track, before, known, int(self._run.times.slot[0]))
            if track.impossible:
                made.impossible[track.token_id] = track.impossible
            if known and not before and track.instrument is not None:
                made.derived.append(track.instrument)
        return made


def _asked(strategy: Strategy, record: Record, slots: list[Slot]) -> list[Asked]:
    instructions = Instructions(strategy.name)
    instructions.push(record.commands)
    return [instructions.at(slot.as_of) for slot in slots]


def _by_token(history: History) -> dict[int, tuple[BarTable, Record]]:
    """Each token's bars and its other observations."""
    own: dict[int, Record] = defaultdict(Record)
    rest = history.rest
    for bar in rest.bars:
        own[bar.token_id].bars.append(bar)
    for signal in rest.signals:
        own[signal.token_id].signals.append(signal)
    for metrics in rest.metrics:
        own[metrics.token_id].metrics.append(metrics)
    for levels in rest.levels:
        own[levels.token_id].levels.append(levels)
    for grade in rest.grades:
        own[grade.token_id].grades.append(grade)
    tables = {table.token_id: table for table in history.tables}
    ids = {*own, *tables, *(token.token_id for token in rest.tokens)}
    return {i: (tables[i] if i in tables else no_bars(i), own[i]) for i in ids}


def _stepped_bars(track: TokenTrack, first: int, stop: int, begin: int) -> int:
    """Bars that became known and are not history from before the run's first hour."""
    opened = track.bars[first:stop, at.B_OPEN_TIME]
    return int(np.count_nonzero(opened + HOUR >= begin))


def _move_books(cells: IntArray, levels: int) -> None:
    """Let cells of the other market point to where its levels stand now."""
    booked = cells[:, at.C_BOOK_END] > 0
    cells[booked, at.C_BOOK_START] += levels
    cells[booked, at.C_BOOK_END] += levels


def _signals_given(given: Inputs, token: int, place: int) -> IntArray:
    slots = np.repeat(np.arange(len(given.slots)), np.diff(given.sig_start))
    own = given.signals[:, at.G_TOKEN] == token
    found = np.column_stack([slots[own], given.signals[own]])
    found[:, 1 + at.G_TOKEN] = place
    return found


def _in_order(signals: list[IntArray], slots: int) -> tuple[IntArray, IntArray]:
    """Signal rows by slot, then token, and where each slot's begin."""
    rows = np.concatenate([*signals, np.zeros((0, 1 + at.SIGNAL_COLS), dtype=np.int64)])
    rows = rows[np.argsort(rows[:, 0], kind="stable")]
    start = np.searchsorted(rows[:, 0], np.arange(slots + 1)).astype(np.int64)
    return start, np.ascontiguousarray(rows[:, 1:])


def _look(cells: IntArray, values: FloatArray) -> tuple[IntArray, IntArray]:
    """By slot, the tokens with new numbers: all of them in the first slot of a piece."""
    count, tokens = cells.shape[:2]
    new = np.zeros((count, tokens), dtype=np.bool_)
    new[0] = True
    named = values[:, :, at.X_ADV :]
    same = (named[1:] == named[:-1]) | (np.isnan(named[1:]) & np.isnan(named[:-1]))
    new[1:] |= ~same.all(axis=2)
    status = cells[:, :, at.C_QUANT : at.C_LEVELS + 1]
    new[1:] |= (status[1:] != status[:-1]).any(axis=2)
    new |= (cells[:, :, [at.C_JUMP, at.C_LATE, at.C_OPERATOR]] != 0).any(axis=2)
    start = np.concatenate([[0], np.cumsum(new.sum(axis=1))]).astype(np.int64)
    return np.nonzero(new)[1].astype(np.int64), start
