"""What is wrong with a series of candles: counts and the first places, for a person to judge."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bot.adapters.files.bar_rows import BarRows, joined
from bot.adapters.files.candle_names import interval_ms
from bot.domain.bar_table import IntColumn, impossible_rows
from bot.domain.instants import format_instant
from bot.domain.plurals import counted

_PLACES_MAX = 5
# One, several, and what is done about it.
_WORDS = {
    "duplicates": ("duplicate row", "duplicate rows", "counted once"),
    "conflicts": ("conflicting row", "conflicting rows", "another bar of the same time, all kept"),
    "disorder": ("row out of order", "rows out of order", "earlier than the row before, sorted"),
    "impossible": ("impossible bar", "impossible bars", "counted as absent"),
    "cut": ("bar with finer prices", "bars with finer prices", "rounded to 12 decimals"),
    "misaligned": ("misaligned row", "misaligned rows", "not on a whole interval, left out"),
}
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One kind of problem: how often, and where first (instants of bars)."""

    kind: str
    count: int
    places: tuple[int, ...]

    def __str__(self) -> str:
        one, several, done = _WORDS[self.kind]
        return f"{self.count} {one if self.count == 1 else several}, {done} ({_shown(self)})"


@dataclass(frozen=True, slots=True, kw_only=True)
class GapFinding(Finding):
    """Holes between bars, each placed at its first absent bar."""

    interval: str
    missing: int  # absent bars in all
    longest: int  # absent bars in the longest hole
    longest_at: int

    def __str__(self) -> str:
        longest = f"{_length(self.longest, self.interval)} from {format_instant(self.longest_at)}"
        if self.count == 1:
            return f"gap of {longest}"
        return (
            f"{counted(self.count, 'gap')}, {_length(self.missing, self.interval)} absent, "
            f"the longest {longest} ({_shown(self)})"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class CandleSeries:
    """One token and interval of a folder.

    Kinds of findings: `gaps` (holes, at the first absent bar), `duplicates` (told twice alike,
    counted once), `conflicts` (one instant, different bars: all kept), `disorder` (earlier than
    the row before in its file), `impossible` (see BAR_IMPOSSIBLE: kept, the engine treats them as
    absent), `cut` (a price had more decimals than the 12 that are kept), `misaligned` (not on a
    whole interval: left out).
    """

    file: str  # the first one's name, and how many more there are
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


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesName:
    """Whose bars they are, and where they stand."""

    files: tuple[str, ...]
    token_id: int
    symbol: str
    interval: str


def examine(parts: Sequence[BarRows], name: SeriesName) -> tuple[CandleSeries, BarRows]:
    """The report on the bars of one token and interval, and the bars to keep, in order of time.

    Each part holds the rows of one file in the file's order.
    """
    step = interval_ms(name.interval)
    rows = joined(parts)
    off = rows.open_time % step != 0
    late = np.concatenate([_later_first(part.open_time) for part in parts])
    ordered = (rows.at(np.flatnonzero(~off)) if off.any() else rows).in_order()
    repeated, conflicting = _told_again(ordered)
    kept = ordered.at(np.flatnonzero(~repeated)) if repeated.any() else ordered
    gaps = _gaps(kept.open_time, step, name.interval)
    others = {
        "duplicates": ordered.open_time[repeated],
        "conflicts": ordered.open_time[conflicting],
        "disorder": rows.open_time[late],
        "impossible": kept.open_time[impossible_rows(kept.prices)],
        "cut": kept.open_time[kept.cut],
        "misaligned": rows.open_time[off],
    }
    findings = [_finding(kind, places) for kind, places in others.items() if len(places)]
    times = kept.open_time
    report = CandleSeries(
        file=_files(name.files), token_id=name.token_id, symbol=name.symbol,
        interval=name.interval, bars=len(kept), first=int(times[0]) if len(kept) else None,
        last=int(times[-1]) if len(kept) else None, missing=gaps.missing if gaps else 0,
        longest_gap=gaps.longest if gaps else 0,
        findings=(*([gaps] if gaps else []), *findings),
    )  # fmt: skip
    return report, kept


def _files(names: tuple[str, ...]) -> str:
    return names[0] if len(names) == 1 else f"{names[0]} and {len(names) - 1} more"


def _finding(kind: str, places: IntColumn) -> Finding:
    return Finding(kind=kind, count=len(places), places=tuple(places[:_PLACES_MAX].tolist()))


def _later_first(times: IntColumn) -> Flags:
    """Where a row is earlier than the row before it."""
    return np.concatenate([np.zeros(min(1, len(times)), np.bool_), times[1:] < times[:-1]])


def _told_again(rows: BarRows) -> tuple[Flags, Flags]:
    """Rows in order of time -> those that repeat an earlier one, those that contradict one."""
    again = np.zeros(len(rows), dtype=np.bool_)
    again[1:] = rows.open_time[1:] == rows.open_time[:-1]
    if not again.any():
        return again, again
    columns = [rows.open_time, *map(_ranks, (*rows.prices.T, rows.volume))]
    order = np.lexsort(columns[::-1])  # equal rows side by side, the earliest first
    alike = np.all([column[order][1:] == column[order][:-1] for column in columns], axis=0)
    repeated = np.zeros(len(rows), dtype=np.bool_)
    repeated[order[1:][alike]] = True
    return repeated, again & ~repeated


def _ranks(column: npt.NDArray[np.generic]) -> IntColumn:
    """Numbers that are equal where the values are."""
    if column.dtype != object:
        return np.asarray(column, dtype=np.int64)
    seen: dict[object, int] = {}
    return np.array([seen.setdefault(value, len(seen)) for value in column.tolist()], np.int64)


def _gaps(times: IntColumn, step: int, interval: str) -> GapFinding | None:
    absent = np.diff(times) // step - 1
    before = np.flatnonzero(absent > 0)
    if not len(before):
        return None
    longest = int(absent.argmax())
    return GapFinding(
        kind="gaps", count=len(before), places=tuple((times[before[:_PLACES_MAX]] + step).tolist()),
        interval=interval, missing=int(absent[before].sum()), longest=int(absent[longest]),
        longest_at=int(times[longest]) + step,
    )  # fmt: skip


def _length(count: int, interval: str) -> str:
    if interval == "1h":
        return counted(count, "hour")
    return f"{counted(count, 'bar')} of {interval}"


def _shown(finding: Finding) -> str:
    more = ", ..." if finding.count > len(finding.places) else ""
    return ", ".join(map(format_instant, finding.places)) + more
