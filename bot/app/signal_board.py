"""The signal scoreboard: what prices did after signals, against what they did anyway."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from bot.app.judged_run import JudgedRun
from bot.app.level_board import LevelWatch, level_document
from bot.app.price_panel import REGIMES, Panel, price_panel
from bot.app.signal_calibration import calibration_document
from bot.app.signal_coefficient import coefficient_document
from bot.app.signal_scan import BEARISH, BULLISH, Edge, Scan, scan_signals
from bot.app.weeks import Weeks
from bot.domain.instants import HOUR, format_instant
from bot.engine.types import FloatArray, IntArray
from bot.market.inputs import NO_SECTOR
from bot.market.strategy import Strategy
from bot.stats.benjamini_hochberg import Q, benjamini_hochberg
from bot.stats.effective_size import effective_size
from bot.stats.rate_difference import rate_difference_p
from bot.stats.wilson_interval import wilson_interval

Document = dict[str, Any]
Flags = npt.NDArray[np.bool_]
HORIZONS = (1, 4, 12, 24, 72)
LEAST = 30
_PPM = 1_000_000
ALL = len(REGIMES)  # as a regime: every hour


def signals_document(runs: Iterable[JudgedRun]) -> Document:
    """The scoreboard of each run, as `hourhand signals --json` prints it."""
    return {"strategies": [signal_document(run) for run in runs]}


def signal_document(run: JudgedRun) -> Document:
    """The scoreboard of one run."""
    watch = LevelWatch(run.loaded.strategy)
    scan = scan_signals(run, watch.see)
    panel = price_panel(run.history, scan.token_ids, run.slots)
    board = _Board(run, scan, panel)
    strategy = run.loaded.strategy
    return {
        "strategy": strategy.name,
        "source": "local" if strategy.signals == "local" else "recorded",
        "from": format_instant(run.slots[0].slot),
        "to": format_instant(run.slots[-1].slot),
        "slots": len(run.slots),
        "tokens": len(scan.token_ids),
        "edges": {"bullish": board.count(BULLISH), "bearish": board.count(BEARISH)},
        "left_out": dict(scan.left_out.most_common()),
        "round_trip_cost": board.cost,
        "horizons": list(HORIZONS),
        "groups": board.groups(),
        "coefficients": coefficient_document(scan, panel, board.start, board.weeks, HORIZONS),
        "calibration": calibration_document(run, scan, board.outcomes(BULLISH), board.cost),
        "levels": level_document(watch, run),
        "interval": board.weeks.document(),
        "false_discovery_rate": Q,
        "least_n": LEAST,
        "notes": list(run.notes),
    }


def round_trip_cost(strategy: Strategy) -> float:
    """What a price must rise by for a market buy and a market sale to come out even."""
    k, taker = strategy.k / _PPM, strategy.taker / _PPM
    return (1.0 + k) * (1.0 + taker) / ((1.0 - k) * (1.0 - taker)) - 1.0


@dataclass(frozen=True, slots=True)
class _Group:
    """Edges that are counted together; hours of one regime only, where they are chosen by it."""

    kind: str
    name: str
    direction: int
    rows: Flags
    regime: int = ALL


class _Board:
    """The edges of a run as rows, with what followed each of them."""

    def __init__(self, run: JudgedRun, scan: Scan, panel: Panel) -> None:
        self._run, self._scan, self._panel = run, scan, panel
        self.weeks = Weeks(run.slots)
        self.cost = round_trip_cost(run.loaded.strategy)
        self._delay = -(-run.loaded.strategy.latency // HOUR)
        first = run.slots[0].slot
        self.start = (scan.slots - first) // HOUR + self._delay
        self._edges = scan.edges
        self._row = np.array([(edge.slot - first) // HOUR for edge in scan.edges], dtype=np.int64)
        self._token = np.array([edge.token for edge in scan.edges], dtype=np.int64)
        self._direction = np.array([edge.direction for edge in scan.edges], dtype=np.int64)
        self._at = np.array([edge.slot for edge in scan.edges], dtype=np.int64)
        entered = {(d.token_id, d.edge_time) for d in run.decisions if d.reason == "ENTRY"}
        self._entered = np.array([self._key(e) in entered for e in scan.edges], dtype=np.bool_)

    def _key(self, edge: Edge) -> tuple[int, int]:
        return self._scan.token_ids[edge.token], edge.edge_time

    def count(self, direction: int) -> int:
        """Edges of a direction."""
        return int((self._direction == direction).sum())

    def outcomes(self, direction: int) -> list[tuple[Edge, dict[int, float]]]:
        """Each edge with its forward returns by horizon; those without a price are left out."""
        chosen = np.flatnonzero(self._direction == direction)
        returns = {h: self._panel.forward(self.start, h)[self._row, self._token] for h in HORIZONS}
        return [
            (self._edges[n], {h: float(r[n]) for h, r in returns.items() if math.isfinite(r[n])})
            for n in chosen.tolist()
        ]

    def groups(self) -> list[Document]:
        """Every group with its figures by horizon, significance over all of them together."""
        groups = list(self._chosen())
        found: list[Document] = [
            {"kind": g.kind, "name": g.name,
             "direction": "bullish" if g.direction == BULLISH else "bearish", "horizons": []}
            for g in groups
        ]  # fmt: skip
        for h in HORIZONS:
            returns = self._panel.forward(self.start, h)
            for direction in (BULLISH, BEARISH):
                hours = self._hours(returns, direction)
                for group, document in zip(groups, found, strict=True):
                    if group.direction == direction:
                        document["horizons"].append(self._figures(group, h, returns, hours))
        _put_verdicts([figure for one in found for figure in one["horizons"]])
        return found

    def _chosen(self) -> Iterator[_Group]:
        bullish, bearish = self._direction == BULLISH, self._direction == BEARISH
        yield _Group("all", "all", BULLISH, bullish)
        yield _Group("all", "all", BEARISH, bearish)
        yield _Group("entered", "entered", BULLISH, bullish & self._entered)
        yield _Group("entered", "not entered", BULLISH, bullish & ~self._entered)
        regimes = self._panel.regimes[self._row] if len(self._row) else self._row
        for n, name in enumerate(REGIMES):
            yield _Group("regime", name, BULLISH, bullish & (regimes == n), n)
        sectors = self._sectors()
        for name in sorted(set(sectors)):
            inside = np.array([sectors[token] == name for token in self._token], dtype=np.bool_)
            yield _Group("sector", name, BULLISH, bullish & inside)
        for token, name in enumerate(self._symbols()):
            yield _Group("token", name, BULLISH, bullish & (self._token == token))

    def _symbols(self) -> list[str]:
        named = {token.token_id: token.symbol for token in self._run.history.rest.tokens}
        return [named.get(i) or str(i) for i in self._scan.token_ids]

    def _sectors(self) -> list[str]:
        named = {token.token_id: token.sector for token in self._run.history.rest.tokens}
        return [named.get(i) or NO_SECTOR for i in self._scan.token_ids]

    def _hours(self, returns: FloatArray, direction: int) -> tuple[FloatArray, FloatArray]:
        """Base hit rate and mean return, by regime (last: every hour) and token."""
        known = (self._scan.trends != 0) & np.isfinite(returns)
        tokens = returns.shape[1]
        rates = np.full((ALL + 1, tokens), math.nan)
        means = rates.copy()
        for regime in range(ALL + 1):
            inside = known if regime == ALL else known & (self._panel.regimes == regime)[:, None]
            for token in range(tokens):
                held = returns[inside[:, token], token]
                if len(held):
                    rates[regime, token] = self._hits(held, direction).mean()
                    means[regime, token] = held.mean()
        return rates, means

    def _hits(self, returns: FloatArray, direction: int) -> Flags:
        hit: Flags = returns * direction > self.cost
        return hit

    def _figures(
        self, group: _Group, h: int, returns: FloatArray, hours: tuple[FloatArray, FloatArray]
    ) -> Document:
        rows = np.flatnonzero(group.rows)
        values = returns[self._row[rows], self._token[rows]]
        there = np.isfinite(values)
        rows, values = rows[there], values[there]
        tokens: IntArray = self._token[rows]
        hits = int(self._hits(values, group.direction).sum())
        n = len(rows)
        low, high = wilson_interval(hits, n)
        mean_low, mean_high = self.weeks.interval(self._at[rows], values)
        size = effective_size(values)
        base = float(hours[0][group.regime, tokens].mean()) if n else None
        rate = hits / n if n else None
        p = rate_difference_p(rate, base, size) if rate is not None and base is not None else None
        return {
            "h": h, "edges": int(group.rows.sum()), "n": n, "n_eff": size, "hits": hits,
            "rate": rate, "low": low if n else None, "high": high if n else None,
            "base_rate": base, "mean": float(values.mean()) if n else None,
            "mean_low": mean_low, "mean_high": mean_high,
            "base_mean": float(hours[1][group.regime, tokens].mean()) if n else None, "p": p,
        }  # fmt: skip


def _put_verdicts(figures: list[Document]) -> None:
    """Benjamini-Hochberg over all figures that are large enough for a verdict."""
    tested = [one for one in figures if one["n"] >= LEAST and one["p"] is not None]
    adjusted = benjamini_hochberg([one["p"] for one in tested])
    for one in figures:
        one["p_adjusted"], one["verdict"] = None, "too few" if one["n"] < LEAST else "as any hour"
    for one, p in zip(tested, adjusted, strict=True):
        one["p_adjusted"] = p
        if p <= Q:
            one["verdict"] = "better" if one["rate"] > one["base_rate"] else "worse"
