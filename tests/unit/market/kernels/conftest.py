"""Real hourly candles and random markets for the tests of the kernels."""

from __future__ import annotations

import csv
import gzip
import math
import random
from dataclasses import dataclass
from pathlib import Path

import pytest

DATA = Path(__file__).resolve().parents[4].parent / "shared" / "data" / "usdt"


@dataclass(frozen=True, slots=True, kw_only=True)
class Candles:
    """Columns of hourly candles, oldest first."""

    opens: list[float]
    highs: list[float]
    lows: list[float]
    closes: list[float]
    volumes: list[float]

    def part(self, first: int, stop: int) -> Candles:
        """The rows from first up to stop."""
        return Candles(
            opens=self.opens[first:stop],
            highs=self.highs[first:stop],
            lows=self.lows[first:stop],
            closes=self.closes[first:stop],
            volumes=self.volumes[first:stop],
        )

    def daily_closes(self) -> list[float]:
        """Every 24th close."""
        return self.closes[23::24]


def _read(symbol: str) -> Candles:
    path = DATA / f"{symbol}-USDT-1h.csv.gz"
    if not path.exists():
        pytest.skip(f"real candles are not here: {path.name} in ../shared/data/usdt")
    with gzip.open(path, "rt", encoding="ascii") as lines:
        rows = [
            (float(r["open"]), float(r["high"]), float(r["low"]), float(r["close"]), r["volume"])
            for r in csv.DictReader(lines)
        ]
    return Candles(
        opens=[r[0] for r in rows],
        highs=[r[1] for r in rows],
        lows=[r[2] for r in rows],
        closes=[r[3] for r in rows],
        volumes=[float(r[4]) for r in rows],
    )


@pytest.fixture(scope="session", params=["SOL", "SHIB"])
def real(request: pytest.FixtureRequest) -> Candles:
    """Real candles of a token near 100 and of one near 0.00001."""
    return _read(request.param)


def market(seed: int, bars: int) -> Candles:
    """A random market: each bar opens near the close before it and has room around its body."""
    rng = random.Random(seed)
    opens, highs, lows, closes, volumes = [], [], [], [], []
    price = math.exp(rng.uniform(-10.0, 10.0))
    for _ in range(bars):
        start = price * math.exp(rng.gauss(0.0, 0.002))
        end = start * math.exp(rng.gauss(0.0, 0.01))
        opens.append(start)
        closes.append(end)
        highs.append(max(start, end) * math.exp(abs(rng.gauss(0.0, 0.005))))
        lows.append(min(start, end) * math.exp(-abs(rng.gauss(0.0, 0.005))))
        volumes.append(math.exp(rng.gauss(3.0, 1.0)))
        price = end
    return Candles(opens=opens, highs=highs, lows=lows, closes=closes, volumes=volumes)


@pytest.fixture(scope="session", params=range(6))
def synthetic(request: pytest.FixtureRequest) -> Candles:
    """A random market of 1,000 hours."""
    return market(request.param, 1000)


# ZV11 of the semantics: six bars.
BARS6 = Candles(
    opens=[100.0, 101.0, 102.5, 102.0, 100.8, 102.9],
    highs=[102.0, 103.0, 104.0, 102.8, 103.1, 105.0],
    lows=[99.0, 100.0, 101.5, 100.2, 100.5, 102.2],
    closes=[101.0, 102.5, 102.0, 100.8, 102.9, 104.4],
    volumes=[1.0] * 6,
)


@pytest.fixture(scope="session")
def six_bars() -> Candles:
    """The six bars of vector ZV11."""
    return BARS6
