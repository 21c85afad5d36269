"""The provider's words: every key that its documents or samples show, in lower case."""

from __future__ import annotations

from typing import Final

_COMMON: Final = frozenset(
    {
        "token_id", "token_name", "name", "token_symbol", "symbol", "slug", "app_link", "tm_link",
        "timestamp", "date", "generated_at", "updated_at",
    }
)  # fmt: skip

METRIC_NAMES: Final = (
    "sharpe",
    "sortino",
    "volatility",
    "max_drawdown",
    "cagr",
    "all_time_return",
    "skew",
    "tail_ratio",
    "risk_reward_ratio",
    "profit_factor",
    "kurtosis",
    "daily_value_at_risk",
    "daily_return_avg",
    "daily_return_std",
)
QUANTMETRICS_KEYS: Final = _COMMON | frozenset(METRIC_NAMES)
OHLCV_KEYS: Final = _COMMON | {"open", "high", "low", "close", "volume"}
PRICE_KEYS: Final = _COMMON | {"current_price", "close"}
LEVEL_KEYS: Final = _COMMON | {
    "historical_resistance_support_levels", "support", "resistance", "timeframe",
}  # fmt: skip
SIGNAL_KEYS: Final = _COMMON | {
    "signal", "position", "close", "trading_signal", "token_signal_str", "token_trend",
    "token_trend_str", "trading_signals_returns", "holding_returns", "tm_trader_grade",
    "tm_investor_grade", "tm_grade", "fundamental_grade", "confidence", "score",
}  # fmt: skip
GRADE_KEYS: Final = _COMMON | {
    "tm_grade", "tm_grade_24h_pct_change", "tm_grade_24_h_pct_change", "tm_grade_signal",
    "tm_trader_grade_24h_change", "tm_trader_grade_24_h_change", "momentum", "quant_grade",
    "fundamental_grade", "fundamental_grade_class", "trading_signal", "token_signal_str",
}  # fmt: skip
TOKEN_KEYS: Final = _COMMON | {
    "exchange_list", "category_list", "contract_address", "current_price", "market_cap",
    "total_volume", "fully_diluted_valuation", "circulating_supply", "total_supply", "max_supply",
    "high_24_h", "low_24_h", "high_24h", "low_24h",
    "price_change_percentage_24_h_in_currency", "price_change_percentage_24h_in_currency",
}  # fmt: skip
