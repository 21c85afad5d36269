"""Texts and JSON as the provider writes them, shared by both versions of the wire."""

from __future__ import annotations

import json
import math
import re
from datetime import UTC, datetime
from decimal import Decimal

from bot.domain.decimals import plain
from bot.domain.instants import SECOND

Json = str | int | float | Decimal | bool | None | list["Json"] | dict[str, "Json"]

_SIGNALS = {
    "1": 1, "+1": 1, "bullish": 1, "long": 1,
    "-1": -1, "bearish": -1, "short": -1,
    "0": 0, "neutral": 0, "no signal": 0,
}  # fmt: skip
_SIGNAL_WORDS = {1: "bullish", -1: "bearish", 0: "neutral"}
_TREND_WORDS = {1: "up", -1: "down", 0: "sideways"}
_NOT_IN_SLUG = re.compile(r"[^a-z0-9]+")


def instant_text(ms: int) -> str:
    """ISO 8601 with milliseconds.

    >>> instant_text(1744243200000)
    '2025-04-10T00:00:00.000Z'
    """
    moment = datetime.fromtimestamp(ms // SECOND, tz=UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{ms % SECOND:03d}Z"


def day_text(ms: int) -> str:
    """The UTC day alone.

    >>> day_text(1744243200000)
    '2025-04-10'
    """
    return f"{datetime.fromtimestamp(ms // SECOND, tz=UTC):%Y-%m-%d}"


def slug(name: str) -> str:
    """A name as it stands in links.

    >>> slug("Layer 1 (L1)")
    'layer-1-l1'
    """
    return _NOT_IN_SLUG.sub("-", name.lower()).strip("-")


def signal_number(text: str) -> int | None:
    """1, -1 or 0 of a recorded signal; None for a text that says none of them.

    >>> signal_number("Bullish"), signal_number("-1"), signal_number("maybe")
    (1, -1, None)
    """
    return _SIGNALS.get(text.strip().lower())


def signal_word(number: int) -> str:
    """The third version's word for a signal."""
    return _SIGNAL_WORDS[number]


def trend_word(number: int) -> str:
    """The third version's word for a trend."""
    return _TREND_WORDS[number]


def grade_word(grade: float) -> str:
    """The five words that go with a grade of 0 to 100.

    >>> grade_word(71.42), grade_word(18)
    ('Buy', 'Strong Sell')
    """
    words = ("Strong Sell", "Sell", "Neutral", "Buy", "Strong Buy")
    return words[min(4, max(0, int(grade // 20)))]


def momentum_word(change: float | None) -> str:
    """The word that goes with a day's change of the grade, in points.

    >>> momentum_word(1.28), momentum_word(None)
    ('Gaining Momentum', 'No Momentum')
    """
    if change is None:
        return "No Momentum"
    for limit, word in ((8, "Momentum Surging"), (1, "Gaining Momentum"), (-1, "Holding Steady")):
        if change >= limit:
            return word
    return "Losing Momentum" if change > -8 else "Momentum Crashing"


def number_text(value: float | None) -> str | None:
    """A number as the text in which the provider sends grades.

    >>> number_text(71.42), number_text(18.0), number_text(None)
    ('71.42', '18', None)
    """
    return None if value is None else plain(Decimal(repr(value)))


def finite(value: float | None) -> float | None:
    """The value, or None where it is missing or not a number."""
    return value if value is not None and math.isfinite(value) else None


def encode(value: Json) -> str:
    """JSON text; decimals keep every digit and never take an exponent.

    Keys are names of the wire, which need no escapes; values may hold anything.

    >>> encode({"a": Decimal("1E-8"), "b": ["x", None, True]})
    '{"a":0.00000001,"b":["x",null,true]}'
    """
    if isinstance(value, Decimal):
        return plain(value)
    if isinstance(value, dict):
        pairs = [f'"{key}":{encode(inner)}' for key, inner in value.items()]
        return "{" + ",".join(pairs) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(encode, value)) + "]"
    return json.dumps(value)
