"""What a strategy fixes for the engine, as plain numbers.

Rates are ppm, durations milliseconds, money 1e-8 quote units. Off is written as -1 for integers
and NaN for floats. Distances in ATR stay float; they meet prices only through `whole_up`.
"""

from __future__ import annotations

from typing import NamedTuple


class Params(NamedTuple):
    """The scalars of one strategy; names follow the semantics."""

    # time
    latency: int
    bar_span: int  # the bars that fill: 3_600_000, 300_000 or 60_000
    bar_wait: int
    stale_bars: int  # ms after the close
    # signals
    signal_period: int
    stale_signal: int
    max_signal_gap: int  # ms
    confirm_bars: int
    enter_on_first_seen: int
    candidate_ttl: int  # ms
    while_bullish: int
    cooldown_stop: int  # ms
    cooldown_other: int
    max_hold: int
    # gates
    use_quant: int
    use_grade: int
    use_levels_age: int
    use_atr: int
    domain_column: int  # the provider's max drawdown, which must lie in [0, 1]; -1 when not used
    min_history: int
    max_open: int
    daily_loss_limit: int
    dd_halt: int
    top_n: int
    rank_composite: int
    sortino_column: int
    # levels
    merge: int
    strong: int  # strength in 1e-9
    veto: int
    stop_min_strength: int
    stop_buf: int
    stop_buf_atr: float
    stop_min_pct: int
    stop_min_atr: float
    stop_max_pct: int
    stop_max_atr: float
    atr_fallback: float
    target_min_strength: int
    target_buf: int
    target_fallback: int  # ppm of R
    min_rr: int
    max_drift: int
    # size
    scope_candidates: int
    waterfill: int
    gross: int
    risk: int
    pos_vol: int
    position_cap: int
    sector_cap: int
    max_adv_frac: float
    portfolio_vol: float
    # fills
    k: int
    impact: float
    taker: int
    maker: int
    limit_touch: int
    limit_gap_open: int
    part: int
    entry_ttl: int
    target_first: int  # 1: of stop and target in one bar the target counts, to see what it changes
