"""A made-up market as a record: the same for ever from the same seed, start, hours and tokens."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from bot.domain.errors import ConfigError
from bot.domain.instants import HOUR, floor_day
from bot.domain.values import Bar, Record, Signal, Token
from bot.simulator.generated_views import (
    Path,
    daily_signals,
    grades,
    hourly_signals,
    level_lists,
    metrics,
)

# History before the start that is not served: the provider's metrics and levels reach back
# further than the candles that a client asks for.
PREHISTORY_DAYS = 120
TOKENS_MAX = 200
HOURS_MAX = 100_000
FIRST_TOKEN_ID = 9001

_CATEGORIES = ("Layer 1", "DeFi", "Layer 1;Smart Contracts", "Gaming", "Infrastructure")
_GAP_SHARE = 0.003
_JUMP_SHARE = 0.0015


@dataclass(frozen=True, slots=True, kw_only=True)
class GeneratedMarket:
    """What to make: `hours` from `start` (cut to its day), for `tokens` tokens.

    The last of two or more tokens is a copy-cat: it has the symbol of the first, a small market
    value and no levels.
    """

    seed: int
    start: int
    hours: int
    tokens: int = 8

    def __post_init__(self) -> None:
        if not (1 <= self.tokens <= TOKENS_MAX and 1 <= self.hours <= HOURS_MAX):
            raise ConfigError([f"a market has 1 to {TOKENS_MAX} tokens and 1 to {HOURS_MAX} hours"])


def generate(market: GeneratedMarket) -> Record:
    """The market's record: trends, volatility that clusters, jumps, missing hours.

    Signals, metrics, grades and levels are computed from past prices alone. Rows have no seen
    time, but for the level lists: whoever shows them adds its own lags.
    """
    prehistory = PREHISTORY_DAYS * 24
    total = prehistory + market.hours
    begin = floor_day(market.start) - prehistory * HOUR
    common = _returns(np.random.default_rng([market.seed, 0]), total, 0.0)
    record = Record()
    for place in range(market.tokens):
        token = _token(market, place)
        rng = np.random.default_rng([market.seed, 1 + place])
        path = _path(rng, token.token_id, begin, common, _first_price(rng, place))
        _append(record, market, token, path, rng)
    return record


def _token(market: GeneratedMarket, place: int) -> Token:
    copycat = market.tokens > 1 and place == market.tokens - 1
    number = 1 if copycat else place + 1
    return Token(
        token_id=FIRST_TOKEN_ID + place,
        symbol=f"DEMO{number}",
        name=f"Bridged Demo Token {number}" if copycat else f"Demo Token {number}",
        sector="wrapped" if copycat else f"sector-{place % 3 + 1}",
        category="Wrapped Tokens" if copycat else _CATEGORIES[place % len(_CATEGORIES)],
        market_cap=Decimal(1_000_000) if copycat else Decimal(50_000_000_000 // (place + 1)),
    )


def _first_price(rng: np.random.Generator, place: int) -> float:
    """Prices of all sizes, from tens of thousands to hundred-thousandths."""
    return float(10.0 ** (4.5 - (place * 1.5) % 9.0) * rng.uniform(0.6, 1.6))


def _returns(rng: np.random.Generator, total: int, drift: float) -> np.ndarray:
    """Hourly log returns: regimes that last days, volatility that clusters, rare jumps."""
    noise = rng.standard_normal((3, total))
    switches = rng.random(total) < 1 / 60
    jumps = np.where(rng.random(total) < _JUMP_SHARE, 0.04 * noise[2], 0.0)
    returns = np.empty(total)
    log_vol, regime = 0.0, 1.0
    for hour in range(total):
        log_vol = 0.985 * log_vol + 0.12 * noise[1, hour]
        regime = -regime if switches[hour] else regime
        sigma = 0.006 * np.exp(log_vol)
        returns[hour] = drift + regime * 0.0012 + sigma * noise[0, hour]
    return np.clip(returns + jumps, -0.3, 0.3)


def _path(
    rng: np.random.Generator, token_id: int, begin: int, common: np.ndarray, first: float
) -> Path:
    """Open, high, low, close and volume of every hour, gaps still filled."""
    total = len(common)
    drift = rng.uniform(-0.5, 1.2) / 8760
    own = _returns(rng, total, drift)
    logs = np.cumsum(0.5 * common + 0.8 * own)
    # A pull towards the first price keeps a long market within a few powers of ten.
    closes = first * np.exp(2.5 * np.tanh(logs / 2.5))
    opens = np.concatenate(([first], closes[:-1]))
    spread = 0.6 * 0.006 * np.abs(rng.standard_normal((2, total)))
    moved = np.abs(np.log(closes / opens))
    volumes = 2e6 / closes * np.exp(0.5 * rng.standard_normal(total)) * (1 + 80 * moved)
    return Path(
        token_id=token_id,
        begin=begin,
        decimals=max(0, 4 - int(np.floor(np.log10(first)))),
        opens=opens,
        highs=np.maximum(opens, closes) * np.exp(spread[0]),
        lows=np.minimum(opens, closes) * np.exp(-spread[1]),
        closes=closes,
        volumes=volumes,
    )


def _append(
    record: Record,
    market: GeneratedMarket,
    token: Token,
    path: Path,
    rng: np.random.Generator,
) -> None:
    first = len(path.closes) - market.hours
    present = rng.random(market.hours) >= _GAP_SHARE
    signalled = rng.random(market.hours) >= _GAP_SHARE
    record.tokens.append(token)
    record.bars += [_bar(path, first + hour) for hour in range(market.hours) if present[hour]]
    record.signals += _present(hourly_signals(path, first), signalled)
    record.signals += daily_signals(path, first)
    record.metrics += metrics(path, first)
    record.grades += grades(path, first, rng)
    if token.category != "Wrapped Tokens":
        record.levels += level_lists(path, first)


def _present(signals: list[Signal], there: np.ndarray) -> list[Signal]:
    return [signal for signal, kept in zip(signals, there, strict=True) if kept]


def _bar(path: Path, hour: int) -> Bar:
    return Bar(
        token_id=path.token_id,
        open_time=path.begin + hour * HOUR,
        open=path.price(path.opens[hour]),
        high=path.price(path.highs[hour]),
        low=path.price(path.lows[hour]),
        close=path.price(path.closes[hour]),
        volume=Decimal(f"{path.volumes[hour]:.6g}").normalize(),
    )
