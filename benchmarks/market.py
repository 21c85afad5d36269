"""A made-up market as arrays: random walks from a seed, of any number of tokens and hours."""

from __future__ import annotations

import gzip
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import numpy as np

from bot.domain.bar_table import NONE, BarTable, History
from bot.domain.instants import HOUR, format_instant, parse_instant
from bot.domain.values import Level, LevelList, Metrics, Record, Signal, Slot, Token

START = parse_instant("2020-01-01T00:00:00Z")
YEAR = 365 * 24
DECIMALS = 4
VOLUME_DECIMALS = 2
SETTLE = 600_000
HOLD = 48  # hours from a Bullish row to the Bearish one after it
STOP = 0.03
TARGET = 0.06
METRICS = (("adv", 1e9), ("atr", 0.01), ("sigma", 0.6), ("sortino", 1.0))


@dataclass(frozen=True, slots=True, kw_only=True)
class Walks:
    """Hourly candles, (hours, tokens) each; prices in 10^-4 of the quote currency."""

    opens: np.ndarray
    highs: np.ndarray
    lows: np.ndarray
    closes: np.ndarray
    volumes: np.ndarray

    @property
    def token_bars(self) -> int:
        """Hours times tokens."""
        return int(self.closes.size)

    def times(self) -> np.ndarray:
        """Open times."""
        return START + HOUR * np.arange(len(self.closes), dtype=np.int64)


def walks(tokens: int, hours: int, seed: int = 1) -> Walks:
    """Log returns of 0.8 % an hour in one of a few moods, so that trends and falls come and go."""
    rng = np.random.default_rng([seed, tokens, hours])
    moods = np.repeat(rng.normal(0.0, 0.0009, (hours // 200 + 1, tokens)), 200, axis=0)[:hours]
    sizes = np.repeat(rng.uniform(0.004, 0.012, (hours // 500 + 1, tokens)), 500, axis=0)[:hours]
    logs = np.cumsum(moods + sizes * rng.standard_normal((hours, tokens)), axis=0)
    first = 10.0 ** rng.uniform(1.0, 3.0, tokens)
    closes = np.maximum(1000, np.rint(first * np.exp(2.0 * np.tanh(logs / 2.0)) * 10**DECIMALS))
    opens = np.concatenate([closes[:1], closes[:-1]])
    spread = sizes * np.abs(rng.standard_normal((2, hours, tokens)))
    return Walks(
        opens=opens.astype(np.int64),
        highs=np.rint(np.maximum(opens, closes) * (1.0 + spread[0])).astype(np.int64),
        lows=np.rint(np.minimum(opens, closes) * (1.0 - spread[1])).astype(np.int64),
        closes=closes.astype(np.int64),
        volumes=rng.integers(10**5, 10**8, (hours, tokens)),
    )


def edges(made: Walks, each: int, seed: int = 1) -> np.ndarray:
    """Where a Bullish row stands, (hours, tokens): about one every `each` hours of a token."""
    rng = np.random.default_rng([seed, each])
    hours, tokens = made.closes.shape
    flags = np.zeros((hours, tokens), dtype=np.bool_)
    for token in range(tokens):
        at = 200 + int(rng.integers(0, each))
        while at < hours - 2 * HOLD:
            flags[at, token] = True
            at += 2 * HOLD + int(rng.integers(0, 2 * max(1, each - 2 * HOLD)))
    return flags


def history(made: Walks, flags: np.ndarray | None = None) -> History:
    """The market as replay reads it; with flags, recorded signals and levels stand beside it."""
    count = made.closes.shape[1]
    record = Record(tokens=[token(i) for i in range(count)], slots=slots(made))
    if flags is not None:
        for i in range(count):
            _signal(record, made, np.flatnonzero(flags[:, i]), i)
    return History(tables=[_table(made, i) for i in range(count)], rest=record)


def token(place: int) -> Token:
    """A token of the market."""
    return Token(
        token_id=place + 1, symbol=f"T{place + 1}", tick=Decimal("0.0001"), lot=Decimal("0.000001"),
        min_notional=Decimal(1), volume_unit="base", sector=f"sector-{place % 5}",
    )  # fmt: skip


def slots(made: Walks) -> list[Slot]:
    """Every hour from the first close to the last."""
    closes = (made.times() + HOUR).tolist()
    return [Slot(slot=close, as_of=close + SETTLE) for close in closes]


def write_candles(made: Walks, folder: Path) -> None:
    """One CSV.gz for each token, as exchanges hand them out."""
    folder.mkdir(parents=True, exist_ok=True)
    stamps = [format_instant(t) for t in made.times().tolist()]
    columns = (made.opens, made.highs, made.lows, made.closes)
    for i in range(made.closes.shape[1]):
        texts = [_texts(column[:, i], DECIMALS) for column in columns]
        volumes = _texts(made.volumes[:, i], VOLUME_DECIMALS)
        rows = map(",".join, zip(stamps, *texts, volumes, strict=True))
        body = "open_time,open,high,low,close,volume\n" + "\n".join(rows) + "\n"
        (folder / f"T{i + 1}.csv.gz").write_bytes(gzip.compress(body.encode(), 6, mtime=0))


def _texts(values: np.ndarray, decimals: int) -> list[str]:
    unit = 10**decimals
    return [f"{value // unit}.{value % unit:0{decimals}d}" for value in values.tolist()]


def _table(made: Walks, i: int) -> BarTable:
    prices = (made.opens, made.highs, made.lows, made.closes)
    return BarTable(
        token_id=i + 1,
        decimals=DECIMALS,
        volume_decimals=VOLUME_DECIMALS,
        open_time=made.times(),
        prices=np.ascontiguousarray(np.column_stack([column[:, i] for column in prices])),
        volume=np.ascontiguousarray(made.volumes[:, i]),
        available_at=np.full(len(made.closes), NONE, dtype=np.int64),
    )


def _signal(record: Record, made: Walks, found: np.ndarray, i: int) -> None:
    """Bullish at each edge, Bearish two days on; a support and a resistance around the price."""
    times = made.times()
    record.signals.append(_row(i, int(times[0]), "Bearish"))
    for at in range(0, len(times), YEAR // 2):
        record.metrics.append(
            Metrics(
                token_id=i + 1,
                valid_time=int(times[at]),
                values=METRICS,
                available_at=int(times[at]),
            )
        )
    for at in found.tolist():
        record.signals.append(_row(i, int(times[at - 1]), "Bearish"))  # so that the edge is dated
        record.signals.append(_row(i, int(times[at]), "Bullish"))
        record.signals.append(_row(i, int(times[at + HOLD]), "Bearish"))
        close = Decimal(int(made.closes[at, i])).scaleb(-DECIMALS)
        around = (close * Decimal(str(1 - STOP)), close * Decimal(str(1 + TARGET)))
        levels = tuple(Level(price=round(price, DECIMALS), strength=5.0) for price in around)
        record.levels.append(LevelList(token_id=i + 1, seen_at=int(times[at]), levels=levels))


def _row(i: int, at: int, text: str) -> Signal:
    return Signal(token_id=i + 1, valid_time=at, signal=text)
