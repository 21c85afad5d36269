"""The provider's endpoints that the bot reads, by their path."""

from __future__ import annotations

from enum import StrEnum


class Endpoint(StrEnum):
    """The last part of an endpoint's path; also its name in the record and in reports."""

    TOKENS = "tokens"
    HOURLY_OHLCV = "hourly-ohlcv"
    HOURLY_SIGNALS = "hourly-trading-signals"
    DAILY_SIGNALS = "trading-signals"
    LEVELS = "resistance-support"
    QUANTMETRICS = "quantmetrics"
    GRADES = "tm-grade"
    PRICE = "price"
