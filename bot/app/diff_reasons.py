"""Which keys of a strategy file a rule reads, so that a moved trade can name those that changed."""

from __future__ import annotations

from collections.abc import Mapping

_GATE = ("gates", "gate_on", "z", "min_obs", "rf", "mar")
_LEVELS = ("levels", "merge", "pivot_k", "cluster_tol", "cluster_atr", "atr")
_COSTS = ("k", "impact", "taker", "maker")
_STOP = (*_LEVELS, "stop_", "atr_fallback")
_TARGET = (*_LEVELS, "target_")
_SIZE = (
    "cash", "sigma", "scope", "redistribute", "gross", "risk", "pos_vol", "position_cap",
    "sector_cap", "max_adv_frac", "adv", "portfolio_vol", "volume_unit", *_COSTS, *_STOP,
)  # fmt: skip
_FILL = ("bars", "latency", "max_drift", "part", "entry_ttl", "volume_unit", "min_rr", *_COSTS)
_SIGNALS = (
    "signals", "signal_label", "enter_on_first_seen", "max_signal_gap", "confirm_bars",
    "candidate_ttl", "reentry", "publish_lag_hourly", "publish_lag_daily", "universe.", "settle",
)  # fmt: skip
# Rule -> beginnings of the keys that it reads.
_READS: dict[str, tuple[str, ...]] = {
    "SHARPE_LOW": ("sharpe_", *_GATE), "SORTINO_LOW": ("sortino_", *_GATE),
    "DRAWDOWN_HIGH": ("mdd_", *_GATE), "VOLATILITY_HIGH": ("volatility_", *_GATE),
    "GRADE_LOW": ("grade_", "gates"), "GATE_LOW": _GATE, "GATE_HIGH": _GATE,
    "LIQUIDITY_LOW": ("min_adv", "adv", "volume_unit"), "HISTORY_SHORT": ("min_history",),
    "METRIC_MISSING": (
        "sharpe_", "sortino_", "mdd_", "volatility_", "composite", "rank_by", *_GATE,
    ),
    "VOL_MISSING": ("sigma",), "COOLDOWN": ("cooldown_",), "ALREADY_OPEN": ("max_hold",),
    "NEAR_STRONG_RESISTANCE": (*_LEVELS, "strong", "veto"), "NO_SUPPORT": _STOP,
    "STOP_TOO_FAR": _STOP, "NO_RESISTANCE": _TARGET, "TARGET_NOT_PROFITABLE": (*_TARGET, *_COSTS),
    "RR_BELOW_MIN": ("min_rr", *_STOP, *_TARGET, *_COSTS),
    "RR_BELOW_MIN_AT_FILL": ("min_rr", *_STOP, *_TARGET, *_COSTS), "ENTRY_DRIFT": ("max_drift",),
    "STOP_BREACHED_BEFORE_FILL": _STOP, "TARGET_PASSED_BEFORE_FILL": _TARGET,
    "ENTRY_TTL": ("entry_ttl",), "SIGNAL_EXIT": _SIGNALS,
    "NOT_IN_TOP_N": ("top_n", "rank_by", "composite", "sortino_column", "universe."),
    "HALT_MAX_OPEN": ("max_open",), "HALT_DAILY_LOSS": ("daily_loss_limit",),
    "HALT_DRAWDOWN": ("dd_halt",), "QTY_ZERO": _SIZE, "MIN_NOTIONAL": _SIZE, "SIZE": _SIZE,
    "STOP_LEVEL": _STOP, "TARGET_LEVEL": _TARGET, "ENTRY_FILL": _FILL, "COSTS": _COSTS,
    "EXIT": ("max_hold", "limit_", "part", "bars", "latency", *_SIGNALS, *_COSTS),
    "QUANT_STALE": ("quant_stale",), "GRADE_STALE": ("grade_stale",),
    "LEVELS_STALE": ("levels_stale",), "SIGNAL_STALE": ("stale_periods", *_SIGNALS),
    "BAR_STALE": ("stale_periods", "bar_lag"), "SLOT_MISSED": ("max_slot_delay", "settle"),
    "PRICE_JUMP": ("jump",), "COLD_START": _SIGNALS, "EDGE_UNDATED": _SIGNALS,
    "SIGNAL_REVERSED": _SIGNALS, "CANDIDATE_EXPIRED": ("candidate_ttl",),
    "no candidate": _SIGNALS,
}  # fmt: skip


def keys_behind(rule: str, changed: Mapping[str, tuple[str, str]]) -> list[str]:
    """The changed keys that a rule reads; none where it only follows from other trades."""
    reads = _READS.get(rule, ())
    return [key for key in changed if any(_reads(key, read) for read in reads)]


def _reads(key: str, read: str) -> bool:
    if read.endswith(("_", ".")):
        return key.startswith(read)
    return key == read or key.startswith(f"{read}.")
