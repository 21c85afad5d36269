"""What candle files call their columns, tokens and spans, in the spellings met in practice."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from bot.adapters.files.sheet import stem_and_suffix
from bot.adapters.files.sheet_faults import shown
from bot.domain.errors import DataError
from bot.domain.instants import DAY, HOUR, MINUTE

# First spelling found wins, so the more telling ones stand first.
SPELLINGS: dict[str, tuple[str, ...]] = {
    "open_time": (
        "opentime", "timestamp", "time", "datetime", "date", "unix", "ts", "periodstart", "t",
    ),
    "open": ("open", "openprice", "o"),
    "high": ("high", "highprice", "max", "h"),
    "low": ("low", "lowprice", "min", "l"),
    "close": ("close", "closeprice", "last", "c"),
    "volume": ("volume", "vol", "basevolume", "volumebase", "v"),
    "token_id": ("tokenid",),
    "symbol": ("symbol", "token", "tokensymbol", "pair", "ticker", "asset", "instrument", "coin"),
    "interval": ("interval", "timeframe"),
}  # fmt: skip
NEEDED = ("open_time", "open", "high", "low", "close")
_QUOTES = ("USDT", "USDC", "BUSD", "FDUSD", "TUSD", "DAI", "USD", "EUR", "GBP")
_INTERVAL = re.compile(
    r"[-_. ](?P<interval>[1-9]\d{0,3}[mhd])(?=$|[-_. ])", re.IGNORECASE | re.ASCII
)
_LAWFUL = re.compile(r"[1-9]\d{0,3}[mhHdD]", re.ASCII)
_UNITS = {"m": MINUTE, "h": HOUR, "d": DAY}


def canonical_columns(path: Path, names: Iterable[str]) -> dict[str, str]:
    """Our name -> the file's name for each column that is there.

    Raises DataError where a needed one is missing.
    """
    plain = {re.sub(r"[^a-z0-9]", "", name.lower()): name for name in reversed(list(names))}
    found = {}
    for ours, spellings in SPELLINGS.items():
        theirs = next((plain[spelling] for spelling in spellings if spelling in plain), None)
        if theirs is not None:
            found[ours] = theirs
    missing = [name for name in NEEDED if name not in found]
    if missing:
        there = ", ".join(reversed(plain.values())) or "nothing"
        raise DataError(f"{path}: no column for {', '.join(missing)}; found {shown(there)}")
    return found


def pair_and_interval(path: Path) -> tuple[str, str | None]:
    """`BTC-USDT-1h.csv.gz` as ("BTC-USDT", "1h"); the interval is None where the name has none."""
    parts = stem_and_suffix(path)
    stem = parts[0] if parts else path.name
    found = _INTERVAL.search(stem)
    if found is None:
        return stem, None
    return stem[: found.start()], found["interval"].lower()


def lawful_interval(text: str) -> str | None:
    """`1h`, `1H` or `60m` as "1h"; None where it is no interval. `1M` is a month, so none."""
    if _LAWFUL.fullmatch(text) is None:
        return None
    return interval_of(interval_ms(text.lower()))


def interval_ms(interval: str) -> int:
    """Length of `5m`, `1h` or `1d`."""
    return int(interval[:-1]) * _UNITS[interval[-1]]


def interval_of(span_ms: int) -> str | None:
    """The name of a span of whole minutes; None for others."""
    for unit, length in (("d", DAY), ("h", HOUR), ("m", MINUTE)):
        if span_ms >= length and span_ms % length == 0:
            return f"{span_ms // length}{unit}"
    return None


def labels(pairs: Iterable[str]) -> dict[str, str]:
    """Pair -> symbol: the base alone where that stays unambiguous, else the pair.

    >>> labels(["BTC-USDT", "ETHUSDT"])
    {'BTC-USDT': 'BTC', 'ETHUSDT': 'ETH'}
    >>> labels(["BTC-USDT", "BTC-EUR"])
    {'BTC-USDT': 'BTC-USDT', 'BTC-EUR': 'BTC-EUR'}
    """
    bases = {pair: _base(pair) for pair in pairs}
    shown = list(bases.values())
    return {pair: base if shown.count(base) == 1 else pair for pair, base in bases.items()}


def _base(pair: str) -> str:
    parts = re.split(r"[-_/:]", pair)
    if len(parts) > 1 and parts[0]:
        return parts[0].upper()
    for quote in _QUOTES:
        if pair.upper().endswith(quote) and len(pair) > len(quote):
            return pair.upper().removesuffix(quote)
    return pair.upper()
