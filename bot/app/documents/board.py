"""The documents of `gates` and `signals`."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field
from typing_extensions import TypedDict

from bot.app.documents.base import Count, Fraction, Instant, Note, Reason, Sha256, Source, Span

Horizon = Annotated[int, Field(description="hours after the signal")]


class Interval(TypedDict):
    """How low and high of means were drawn."""

    level: float
    draws: Count
    seed: int
    drawn: str


class Fates(TypedDict):
    """What a group of candidates came to: counts by fate, and R of those that closed."""

    candidates: Count
    no_bracket: Count
    no_size: Count
    not_filled: Count
    still_open: Count
    n: Count
    won: Count
    mean_r: float | None
    low: float | None
    high: float | None
    sum_r: float
    p: Annotated[float | None, Field(description="of a mean of zero, over the same draws")]
    p_adjusted: Annotated[float | None, Field(description="by Holm; null without a verdict")]
    verdict: Literal["too few", "pays", "costs", "unclear"]


class FatesOfRule(Fates):
    """The same of those that one rule alone refused."""

    rule: Reason


class FatesOfFirst(FatesOfRule):
    """The same of those that a rule refused first; any counts those it refused at all."""

    any: Count


class GatesOfRun(Span):
    """What a strategy's gates kept out, and what that would have earned in shadow."""

    strategy: str
    source: Source
    config_sha256: Sha256
    slots: Count
    candidates: Count
    never_evaluated: Count
    entered: Fates
    refused: Fates
    first_reason: list[FatesOfFirst]
    only_reason: list[FatesOfRule]
    compared: Annotated[Count, Field(description="rows of rules with a verdict: Holm's m")]
    interval: Interval
    least_n: Count


class GatesOfStrategy(GatesOfRun):
    """The same, with what a reader should know of the data."""

    notes: list[Note]


class Gates(TypedDict):
    """The gate ledger, strategy by strategy."""

    strategies: list[GatesOfStrategy]


class Edges(TypedDict):
    """Signals that turned."""

    bullish: Count
    bearish: Count


class SignalFigures(TypedDict):
    """What prices did after the signals of a group, beside what they did in any hour."""

    h: Horizon
    edges: Count
    n: Count
    n_eff: float | None
    hits: Count
    rate: Fraction | None
    low: Fraction | None
    high: Fraction | None
    base_rate: Fraction | None
    mean: Fraction | None
    mean_low: Fraction | None
    mean_high: Fraction | None
    base_mean: Fraction | None
    p: float | None
    p_adjusted: float | None
    verdict: Literal["too few", "as any hour", "better", "worse"]


class SignalGroup(TypedDict):
    """Signals that are counted together, horizon by horizon."""

    kind: Literal["all", "entered", "regime", "sector", "token"]
    name: str
    direction: Literal["bullish", "bearish"]
    horizons: list[SignalFigures]


class Coefficient(TypedDict):
    """The information coefficient: rank correlation across tokens, slot by slot."""

    of: str
    h: Horizon
    slots: Count
    n: Count
    mean: float | None
    sd: float | None
    t: float | None
    low: float | None
    high: float | None


class CalibrationBin(TypedDict):
    """Forecasts from low to high: their mean, and how often they came true."""

    low: Fraction
    high: Fraction
    n: Count
    forecast: Fraction
    observed: Fraction


class Calibration(TypedDict):
    """Grades or scores read as probabilities: Brier score, skill and Murphy's parts."""

    of: Literal["grade", "score"]
    h: Horizon
    n: Count
    score: float
    base: float
    skill: float | None
    reliability: float
    resolution: float
    uncertainty: float
    bins: list[CalibrationBin]


class Proportion(TypedDict):
    """A share with its Wilson interval; the verdict is null from least_n on."""

    n: Count
    rate: Fraction | None
    low: Fraction | None
    high: Fraction | None
    verdict: Literal["too few"] | None


class LevelGroup(TypedDict):
    """What prices did at levels of a kind; the base is that of levels put elsewhere."""

    name: str
    approaches: Count
    touches: Count
    alert_precision: Proportion
    holds: Count
    breaks: Count
    timeouts: Count
    turned: Count
    open: Count
    hold_rate: Proportion
    base_hold_rate: Fraction | None


_From = TypedDict("_From", {"from": Instant | None})


class Levels(_From):
    """Daily snapshots of the level books judged; from is the first of them."""

    snapshots: Count
    levels: Count
    placebo_shift: float
    groups: list[LevelGroup]


class SignalsOfStrategy(Span):
    """What prices did after a strategy's signals and at its levels."""

    strategy: str
    source: Source
    slots: Count
    tokens: Count
    edges: Edges
    left_out: dict[str, Count]
    round_trip_cost: Fraction
    horizons: list[Horizon]
    groups: list[SignalGroup]
    coefficients: list[Coefficient]
    calibration: list[Calibration]
    levels: Levels
    interval: Interval
    false_discovery_rate: Fraction
    least_n: Count
    notes: list[Note]


class Signals(TypedDict):
    """The signal scoreboard, strategy by strategy."""

    strategies: list[SignalsOfStrategy]
