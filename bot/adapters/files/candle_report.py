"""What is wrong with a series of candles: counts and the first places, for a person to judge."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from bot.adapters.files.candle_names import interval_ms
from bot.adapters.files.sheet import Sheet
from bot.domain.instants import format_instant
from bot.domain.values import Bar

_PLACES_MAX = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One kind of problem: how often, and where first (instants of bars)."""

    kind: str
    count: int
    places: tuple[int, ...]

    def __str__(self) -> str:
        shown = ", ".join(format_instant(place) for place in self.places)
        more = ", ..." if self.count > len(self.places) else ""
        return f"{self.count} {self.kind} ({shown}{more})"


@dataclass(frozen=True, slots=True, kw_only=True)
class CandleSeries:
    """One token and interval of one file.

    Kinds of findings: `gaps` (holes, at the first absent bar), `duplicates` (told twice alike,
    counted once), `conflicts` (one instant, different bars: both kept), `disorder` (earlier than
    the row before), `impossible` (see BAR_IMPOSSIBLE: kept, the engine treats them as absent),
    `misaligned` (not on a whole interval: left out).
    """

    file: str
    token_id: int
    symbol: str
    interval: str
    bars: int
    first: int | None
    last: int | None
    missing: int  # absent bars between first and last
    longest_gap: int  # absent bars in the longest hole
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CandleReport:
    """What was read, by token."""

    series: tuple[CandleSeries, ...]

    def lines(self) -> list[str]:
        """One line per problem, for a terminal; none where all is well."""
        return [
            f"{one.file}: {one.symbol} {one.interval}: {finding}"
            for one in self.series
            for finding in one.findings
        ]


def examine(bars: list[Bar], sheet: Sheet, symbol: str) -> tuple[CandleSeries, list[Bar]]:
    """The report on bars in file order, and the bars to keep, in order of time.

    All bars are of one token and interval.
    """
    interval = bars[0].interval if bars else ""
    step = interval_ms(interval) if interval else 1
    aligned = [bar for bar in bars if bar.open_time % step == 0]
    kept, repeated, conflicting = _unique(sorted(aligned, key=lambda bar: bar.open_time))
    holes = _holes(kept, step)
    pairs = pairwise(bars)
    problems = {
        "gaps": [first for first, _ in holes],
        "duplicates": repeated,
        "conflicts": conflicting,
        "disorder": [later.open_time for bar, later in pairs if later.open_time < bar.open_time],
        "impossible": [bar.open_time for bar in kept if is_impossible(bar)],
        "misaligned": [bar.open_time for bar in bars if bar.open_time % step],
    }
    lengths = [count for _, count in holes]
    report = CandleSeries(
        file=sheet.path.name, token_id=kept[0].token_id if kept else 0, symbol=symbol,
        interval=interval, bars=len(kept), first=kept[0].open_time if kept else None,
        last=kept[-1].open_time if kept else None, missing=sum(lengths),
        longest_gap=max(lengths, default=0),
        findings=tuple(
            Finding(kind=kind, count=len(places), places=tuple(places[:_PLACES_MAX]))
            for kind, places in problems.items() if places
        ),
    )  # fmt: skip
    return report, kept


def is_impossible(bar: Bar) -> bool:
    """Whether no trading could have made this bar: a high below, a low above, a price of 0."""
    lower, upper = sorted((bar.open, bar.close))
    return bar.low > lower or bar.high < upper or bar.low <= 0


def _unique(bars: list[Bar]) -> tuple[list[Bar], list[int], list[int]]:
    """Bars in order of time -> kept, instants told twice alike, instants told differently."""
    kept: list[Bar] = []
    repeated, conflicting = [], []
    same_instant: list[Bar] = []
    for bar in bars:
        if same_instant and same_instant[0].open_time != bar.open_time:
            same_instant = []
        if bar in same_instant:
            repeated.append(bar.open_time)
            continue
        if same_instant:
            conflicting.append(bar.open_time)
        same_instant.append(bar)
        kept.append(bar)
    return kept, repeated, conflicting


def _holes(bars: list[Bar], step: int) -> list[tuple[int, int]]:
    """First absent instant and number of absent bars of each hole."""
    holes = []
    for bar, later in pairwise(bars):
        absent = (later.open_time - bar.open_time) // step - 1
        if absent > 0:
            holes.append((bar.open_time + step, absent))
    return holes
