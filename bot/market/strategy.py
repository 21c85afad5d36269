"""One strategy: every parameter of the rules under its name, with default, unit and meaning."""

# ruff: noqa: RUF009  the calls among the defaults describe fields, as dataclasses.field does
from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

from bot.domain.instants import DAY, HOUR
from bot.market.alert_rules import Alert
from bot.market.column_names import COLUMN_NAME, RECORDED_COLUMN, is_local
from bot.market.parameter_groups import (
    Derived,
    Items,
    Off,
    StrategyFaults,
    Table,
    Tables,
    Weights,
    required_param,
)
from bot.market.parameters import (
    Choice,
    Duration,
    Money,
    Number,
    Rate,
    Span,
    Switch,
    Text,
    Whole,
    param,
)
from bot.market.strategy_checks import gate_faults, strategy_faults
from bot.market.strategy_columns import all_columns, gate_columns, rank_columns
from bot.market.strategy_defaults import derived_values

__all__ = ["Alert", "Gate", "Strategy", "Universe", "category_slug", "gate_columns", "rank_columns"]

NAME = Text("[a-z0-9_-]{1,40}", "1 to 40 of a-z, 0-9, _ and -")
_LABEL = Text(r"[^\x00-\x1f\x7f;]{1,60}", "1 to 60 printable characters without a semicolon")
_PROSE = Text(r"[^\x00-\x08\x0b-\x1f\x7f]{0,2000}", "at most 2000 printable characters")
_TOKEN_ID = Whole(Span("[1, 2147483647]"))
_COUNT = Whole(Span("[1, 1000]"))
_SHARE = Rate(Span("(0, 1]"))
_RATIO = Number(Span("[-100, 100]"))
_FALL = Number(Span("[0, 2]"))
_VOLATILITY = Number(Span("[0, 100]"))
_GRADE = Number(Span("[0, 100]"))
_STRENGTH = Number(Span("[0, 1000000]"))
_ATRS = Number(Span("[0, 100]"))
_ANY = Number(Span("[-1000000000000, 1000000000000]"))
_LOCAL_OR_COLUMN = Text(f"local|{RECORDED_COLUMN}", '"local" or "column:NAME"')


def category_slug(name: str) -> str:
    """A category's name or slug in the one form in which they are compared.

    >>> category_slug("Wrapped Tokens") == category_slug("wrapped-token")
    True
    """
    return re.sub(r"[^a-z0-9]+", "-", name.casefold()).strip("-").removesuffix("s")


@dataclass(frozen=True, slots=True, kw_only=True)
class Universe:
    """Which tokens the strategy looks at; everything that is recorded unless narrowed."""

    token_ids: tuple[int, ...] = param([], Items(_TOKEN_ID, 1000), "Only these tokens.")
    symbols: tuple[str, ...] = param(
        [],
        Items(_LABEL, 1000),
        "Only these symbols; a symbol that several tokens share is refused.",
    )
    categories: tuple[str, ...] = param(
        [], Items(_LABEL, 100), "Only tokens of at least one of these categories."
    )
    exclude_categories: tuple[str, ...] = param(
        ["stablecoins", "wrapped-tokens", "security-tokens"],
        Items(_LABEL, 100),
        "No token of any of these categories; one named by id or symbol stays.",
    )
    top: int | None = param("off", Off(_COUNT), "Only the N tokens of the greatest market value.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """A further gate on any column, with its own limits and hysteresis."""

    column: str = required_param(COLUMN_NAME, "sharpe", "The column that is tested.")
    min: Decimal | None = param("off", Off(_ANY), "Enter at or above.")
    max: Decimal | None = param("off", Off(_ANY), "Enter at or below.")
    leave_min: Decimal | None = param("off", Off(_ANY), "Stay until below; off means min.")
    leave_max: Decimal | None = param("off", Off(_ANY), "Stay until above; off means max.")

    def __post_init__(self) -> None:
        found = gate_faults(self)
        if found:
            raise StrategyFaults(found)


@dataclass(frozen=True, slots=True, kw_only=True)
class Strategy:
    """Everything that one strategy fixes. Inside: ms, ppm, money in 1e-8, None for off."""

    name: str = required_param(
        NAME, "sample", "Part of every order id; changing it starts a new account."
    )
    description: str = param("", _PROSE, "For people; no part of the configuration's hash.")
    cash: int = param("10000", Money(Span("[1, 1000000000]")), "Starting cash, quote currency.")

    # time
    bars: str = param("1h", Choice(("1h", "5m", "1m")), "The bars that fill orders.")
    latency: int = param(
        "auto", Derived(Duration("0s", "1d")),
        "From the slot to the decision's effect; auto is 0s for 1h bars, 120s for finer ones.",
    )  # fmt: skip
    settle: int = param("600s", Duration("0s", "50m"), "A slot's inputs are frozen at H + this.")
    poll_offset: int = param("5s", Duration("0s", "50m"), "Polling starts at H + this.")
    max_slot_delay: int = param(
        "30m", Duration("0s", "7d"), "A slot processed later than settle + this opens nothing."
    )
    bar_wait: int = param("3", Whole(Span("[0, 168]")), "Slots before a missing bar is a hole.")
    bar_lag: int = param("0s", Duration("0s", "50m"), "Publication lag of imported bars.")
    publish_lag_hourly: int = param(
        "60s", Duration("0s", "50m"), "Publication lag of imported hourly signals."
    )
    publish_lag_daily: int = param(
        "6h", Duration("0s", "7d"), "Publication lag of imported daily rows, after 00:00."
    )
    signal_label: str = param(
        "open", Choice(("open", "close")), "Which end of its hour a signal's timestamp is."
    )
    stale_periods: int = param("2", _COUNT, "Bars and signals are stale after this many periods.")
    quant_stale: int = param("48h", Duration("1h", "365d"), "Age limit of provider metrics.")
    grade_stale: int = param("48h", Duration("1h", "365d"), "Age limit of grades.")
    levels_stale: int = param("36h", Duration("1h", "365d"), "Age limit of a level list.")

    # signals
    signals: str = param(
        "hourly", Choice(("hourly", "daily", "local")),
        "Which series gives edges and exits: the provider's, or the local trend.",
    )  # fmt: skip
    enter_on_first_seen: bool = param(
        "false", Switch(), "Whether a token first seen Bullish counts as an edge."
    )
    max_signal_gap: int = param("3", _COUNT, "Longest gap before an edge, in signal periods.")
    confirm_bars: int = param("1", _COUNT, "The edge fires at this many Bullish rows in a row.")
    candidate_ttl: int = param("3", _COUNT, "Slots in which a candidate may enter.")
    reentry: str = param(
        "new_edge", Choice(("new_edge", "while_bullish")), "What allows an entry after an exit."
    )
    cooldown_stop: int = param("6", Whole(Span("[0, 10000]")), "Slots to wait after a stop.")
    cooldown_other: int = param("2", Whole(Span("[0, 10000]")), "Slots to wait after other exits.")
    max_hold: int = param("168", Whole(Span("[1, 100000]")), "Hours held before the time stop.")

    # gates
    min_history: int = param(
        "auto", Derived(Duration("0s", "3650d")),
        "Age of the first known bar; auto is 30d where local columns, levels or signals are used.",
    )  # fmt: skip
    min_adv: Decimal | None = param(
        "off", Off(Number(Span("(0, 1000000000000]"))),
        "Least median daily quote volume of the last 7 days.",
    )  # fmt: skip
    sharpe_min: Decimal | None = param(
        "auto", Derived(Off(_RATIO)), "Least Sharpe; auto is 0.8, for a local window 1.0."
    )
    sharpe_leave: Decimal | None = param(
        "auto", Derived(Off(_RATIO)), "Stay until below; auto is sharpe_min - 0.2, off sharpe_min."
    )
    sharpe_column: str = param("sharpe", COLUMN_NAME, "The column of the Sharpe gate.")
    sortino_min: Decimal | None = param("off", Off(_RATIO), "Least Sortino.")
    sortino_leave: Decimal | None = param("off", Off(_RATIO), "Stay until below; off: sortino_min.")
    sortino_column: str = param(
        "sortino", COLUMN_NAME, "The column of the Sortino gate, of the rank, and of ties in it."
    )
    mdd_max: Decimal | None = param(
        "auto", Derived(Off(Number(Span("[0, 1]")))),
        "Deepest drawdown, a positive fraction; auto is 0.95, for a local window 0.35.",
    )  # fmt: skip
    mdd_leave: Decimal | None = param(
        "auto", Derived(Off(_FALL)), "Stay until above; auto is mdd_max + 0.05, off mdd_max."
    )
    mdd_column: str = param("max_drawdown", COLUMN_NAME, "The column of the drawdown gate.")
    volatility_max: Decimal | None = param("off", Off(_VOLATILITY), "Highest annual volatility.")
    volatility_leave: Decimal | None = param(
        "off", Off(_VOLATILITY), "Stay until above; off: volatility_max."
    )
    volatility_column: str = param("volatility", COLUMN_NAME, "The column of the volatility gate.")
    grade_min: Decimal | None = param("off", Off(_GRADE), "Least grade, 0 to 100.")
    grade_leave: Decimal | None = param("off", Off(_GRADE), "Stay until below; off: grade_min.")
    min_obs: int = param("30", Whole(Span("[2, 365]")), "Least daily returns of a local ratio.")
    rf: Decimal = param("0", Number(Span("[-1, 1]")), "Risk-free return per day of a Sharpe.")
    mar: Decimal = param(
        "0", Number(Span("[-1, 1]")), "Least acceptable daily return of a Sortino."
    )
    gate_on: str = param(
        "value", Choice(("value", "lower_bound")),
        "Test the Sharpe itself, or the Sharpe less z standard errors (local windows only).",
    )  # fmt: skip
    z: Decimal = param("1", Number(Span("[0, 10]")), "Standard errors of gate_on = lower_bound.")
    gates: tuple[Gate, ...] = param([], Tables(Gate, 40), "Further gates, in this order.")

    # rank
    rank_by: str = param("sortino", Choice(("sortino", "composite")), "The order of candidates.")
    composite: tuple[tuple[str, Decimal], ...] = param(
        {"cagr": 1, "sharpe": 1, "max_drawdown": 1}, Weights(COLUMN_NAME),
        "Weights of the percentile ranks; drawdown and volatility count reversed.",
    )  # fmt: skip
    top_n: int | None = param("off", Off(_COUNT), "Only the best N of the universe may enter.")
    max_open: int = param("8", _COUNT, "Most open positions and working entries.")
    daily_loss_limit: int | None = param(
        "0.03", Off(_SHARE), "No entries while equity is down more since 00:00 UTC."
    )
    dd_halt: int | None = param(
        "0.20", Off(_SHARE), "No entries while equity is down more from its peak; ends at half."
    )

    # levels
    levels: str = param(
        "provider", Choice(("provider", "local")), "The recorded lists, or books from candles."
    )
    merge: int = param("0.0025", Rate(Span("[0, 0.1)")), "Levels nearer than this are one.")
    strong: Decimal | None = param(
        "4", Off(Number(Span("(0, 1000000]"))), "Strength of a level that vetoes; off: no veto."
    )
    veto: int = param("0.002", Rate(Span("[0, 0.5]")), "How near above the price one vetoes.")
    stop_min_strength: Decimal = param("2", _STRENGTH, "Least strength of the stop's support.")
    stop_buf: int = param("0.002", Rate(Span("[0, 0.5]")), "Stop below its level, by fraction.")
    stop_buf_atr: Decimal = param("0.25", _ATRS, "Stop below its level, in ATR; the greater holds.")
    stop_min_pct: int = param("0.005", Rate(Span("[0, 1)")), "Least stop distance, by fraction.")
    stop_min_atr: Decimal = param("0.75", _ATRS, "Least stop distance in ATR; the greater holds.")
    stop_max_pct: int = param("0.08", _SHARE, "Greatest stop distance, by fraction.")
    stop_max_atr: Decimal | None = param(
        "4", Off(Number(Span("(0, 1000]"))), "Greatest stop distance in ATR; the smaller holds."
    )
    atr_fallback: Decimal | None = param(
        "off", Off(Number(Span("(0, 100]"))), "Stop this many ATR below where no level fits."
    )
    target_min_strength: Decimal = param("3", _STRENGTH, "Least strength of the target's level.")
    target_buf: int = param("0.001", Rate(Span("[0, 0.5]")), "Target below its level, by fraction.")
    target_fallback: int | None = param(
        "off",
        Off(Rate(Span("(0, 100]"))),
        "Target at this net reward:risk where no level is above.",
    )
    min_rr: int = param("1.5", Rate(Span("[0, 100]")), "Least net reward:risk, costs included.")
    max_drift: int = param("0.01", Rate(Span("[0, 1]")), "Highest fill above the decision's price.")
    pivot_k: int = param("24", Whole(Span("[1, 500]")), "Bars on each side of a local pivot.")
    cluster_tol: Decimal = param("0.01", Number(Span("[0, 0.5]")), "Least width of a local level.")
    cluster_atr: Decimal = param("1", _ATRS, "Width of a local level in ATR; the greater holds.")

    # size
    sigma: str = param(
        "ewma",
        Text(
            f"ewma|quantmetrics|parkinson|rogers_satchell|yang_zhang|{RECORDED_COLUMN}",
            '"ewma", "quantmetrics", "parkinson", "rogers_satchell", "yang_zhang" or "column:NAME"',
        ),
        "The annual volatility that sizes.",
    )
    sigma_floor: Decimal = param("0.10", Number(Span("[0.001, 10]")), "Least volatility assumed.")
    atr: str = param("local", _LOCAL_OR_COLUMN, "The average true range, in quote units.")
    adv: str = param("local", _LOCAL_OR_COLUMN, "The daily quote volume.")
    scope: str = param(
        "portfolio", Choice(("portfolio", "candidates")),
        "Inverse volatility over positions and candidates, or over candidates alone.",
    )  # fmt: skip
    redistribute: str = param(
        "none", Choice(("none", "waterfill")), "What happens to what the position cap cuts off."
    )
    gross: int = param("0.9", _SHARE, "Most of equity that is invested.")
    risk: int = param("0.005", _SHARE, "Most of equity lost at the stop, costs included.")
    pos_vol: int | None = param(
        "0.10", Off(Rate(Span("(0, 10]"))), "Most annual volatility that a position adds."
    )
    position_cap: int = param("0.25", _SHARE, "Most of equity in one token.")
    sector_cap: int = param("0.5", _SHARE, "Most of equity in one sector.")
    max_adv_frac: Decimal | None = param(
        "0.01", Off(Number(Span("(0, 1]"))), "Most of a day's volume that an order may be."
    )
    portfolio_vol: Decimal | None = param(
        "off", Off(Number(Span("(0, 10]"))), "Annual volatility to which candidates are scaled."
    )

    # fills
    k: int = param("0.0005", Rate(Span("[0, 0.1]")), "Half spread and slippage of a market fill.")
    impact: Decimal | None = param(
        "off", Off(Number(Span("(0, 100]"))), "Y of the square-root impact; 1 is usual."
    )
    taker: int = param("0.001", Rate(Span("[0, 0.1]")), "Fee of market orders and stops.")
    maker: int = param("0.0005", Rate(Span("[0, 0.1]")), "Fee of targets.")
    limit_rule: str = param(
        "through", Choice(("through", "touch")), "What fills a target: beyond it, or at it."
    )
    limit_gap: str = param(
        "limit", Choice(("limit", "open")), "What an open above the target pays."
    )
    part: int = param("0.1", _SHARE, "Most of a bar's volume that orders of a token may fill.")
    entry_ttl: int = param("1", _COUNT, "Hours in which an entry may fill.")
    volume_unit: str = param(
        "base", Choice(("base", "quote", "unknown")),
        "What a bar's volume counts where its token does not say.",
    )  # fmt: skip
    jump: Decimal = param(
        "10", Number(Span("(1, 1000]")), "A close this many times the last one stops entries."
    )

    universe: Universe = param(Universe(), Table(Universe), "Which tokens are looked at.")
    alert: tuple[Alert, ...] = param(
        [], Tables(Alert, 40), "What is told by message; no part of the configuration's hash."
    )

    def __post_init__(self) -> None:
        for key, value in derived_values(self).items():
            object.__setattr__(self, key, value)  # a frozen value is finished here
        found = strategy_faults(self)
        if found:
            raise StrategyFaults(found)

    @property
    def period_ms(self) -> int:
        """The period of the signal series."""
        return DAY if self.signals == "daily" else HOUR

    @property
    def latency_ms(self) -> int:
        """From the slot to the first instant at which its orders may fill."""
        return self.latency

    @property
    def uses_local(self) -> bool:
        """Whether reports must say `source=local`: signals, levels, gates or ranks from candles."""
        named = any(is_local(name) for name in all_columns(self))
        return named or "local" in (self.signals, self.levels)
