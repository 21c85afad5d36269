"""The documents of `replay` and `trials`."""

from __future__ import annotations

from typing import Annotated, NotRequired

from pydantic import Field
from typing_extensions import TypedDict

from bot.app.documents.base import (
    Count,
    Figure,
    Instant,
    Missing,
    Money,
    Note,
    Path,
    Rate,
    Reason,
    Sha256,
    Source,
    Span,
)
from bot.app.documents.board import GatesOfRun


class Funnel(TypedDict):
    """Candidates by how far they came."""

    candidates: Count
    evaluated: Count
    gates_passed: Count
    bracket_fits: Count
    sized: Count
    filled: Count
    stopped_by: dict[Reason, Count]


class StartAndEnd(TypedDict):
    """Equity before the first slot and after the last."""

    start: Money
    end: Money


class Variation(TypedDict):
    """What the run came to under one thing changed."""

    name: str
    total_return: float
    trades: Count


class Robustness(TypedDict):
    """The run, the same with other costs, order and latency, and its halves."""

    results: list[Variation]
    verdict: Note
    ambiguous_bars: Count


class Days(Span):
    """The daily points that all daily figures read."""

    n: Count


class Costs(TypedDict):
    """Half spread and slippage, and the fees."""

    k: Rate
    taker: Rate
    maker: Rate


class RunMoney(TypedDict):
    """Where the money went; gross = net + fees + slippage."""

    start: Money
    final: Money
    net: Money
    fees: Money
    slippage: Money
    gross: Money
    net_of_closed_trades: Money
    net_of_open_positions: Money


class Returns(TypedDict):
    """Figures of the account."""

    total_return: Figure
    max_drawdown_hourly: Figure
    exposure: Figure
    turnover: Figure
    cagr: Figure
    sharpe: Figure
    max_drawdown: Figure
    calmar: Figure
    longest_drawdown_days: Figure
    under_water: Figure
    drawdown_at_end: Figure
    volatility: Figure
    sortino: Figure
    value_at_risk: Figure
    expected_shortfall: Figure
    skewness: Figure
    kurtosis: Figure
    psr: Figure
    min_track_record_days: Figure


class Intervals(TypedDict):
    """How low and high of the figures were drawn, or why there are none."""

    n: Count
    method: NotRequired[str]
    seed: NotRequired[int]
    draws: NotRequired[Count]
    level: NotRequired[float]
    mean_block_days: NotRequired[float]
    why: NotRequired[Note]


class TradeFigures(TypedDict):
    """Figures of closed trades."""

    closed: Count
    open: Count
    win_rate: Figure
    profit_factor: Figure
    expectancy_r: Figure
    mae_r: Figure
    mfe_r: Figure
    best_five_share: Figure
    median_hours: Figure


class Benchmark(TypedDict):
    """A benchmark that pays the same costs, and the account against it."""

    name: str
    token_ids: list[int]
    bought: Instant | None
    total_return: Figure
    cagr: Figure
    sharpe: Figure
    max_drawdown: Figure
    excess_return: Figure
    beta: Figure
    information_ratio: Figure


class Performance(Span):
    """The run in statistics, each with its n."""

    slots: Count
    days: Days
    costs: Costs
    money: RunMoney
    returns: Returns
    intervals: Intervals
    trades: TradeFigures
    benchmarks: dict[str, Benchmark | Missing]


class Standing(TypedDict):
    """What the Sharpe ratio is worth among all runs on the same data."""

    n: Count
    compared: Count
    days: Count
    sharpe: float | None
    sharpe_variance: float | None
    expected_max_sharpe: float | None
    deflated_sharpe: float | None
    why: NotRequired[Note]


class InputChange(TypedDict):
    """A number that a slot read, with all of the history and with what was known at the cut."""

    slot: Instant
    token_id: int
    name: str
    whole: str
    cut: str


class RecordChange(TypedDict):
    """The first line of the ledger that differs; "" where a run has none."""

    slot: Instant
    whole: str
    cut: str


class Difference(TypedDict):
    """What later data changed in slots up to the cut; null is what it did not."""

    strategy: str
    cut: Instant
    as_of: Instant
    input: InputChange | None
    record: RecordChange | None
    instruments: list[int]


class Lookahead(TypedDict):
    """The proof that later data changes nothing; first_difference is null where it holds."""

    ok: bool
    cuts: Count
    seed: int
    cut_slots: list[Instant]
    token_slots: Count
    by_records_alone: Annotated[
        list[int], Field(description="tokens of which only the records are compared")
    ]
    ledger_sha256: Sha256
    first_difference: Difference | None


class Replay(Span):
    """One strategy over a history."""

    strategy: str
    slots: Count
    missed: Count
    token_bars: Count
    decisions: Count
    orders: Count
    fills: Count
    trades: Count
    refusals: dict[Reason, Count]
    exits: dict[Reason, Count]
    notices: dict[Reason, Count]
    funnel: Funnel
    bars_impossible: Annotated[dict[str, Count], Field(description="token id -> bars")]
    equity: StartAndEnd
    source: Source
    ledger_sha256: Sha256
    config_sha256: Sha256
    robustness: Robustness
    engine: Annotated[str, Field(description="how the engine ran: interpreted, compiled, ...")]
    slot_by_slot: Annotated[
        list[int], Field(description="tokens whose columns were computed slot by slot")
    ]
    seconds: float
    performance: Performance
    notes: list[Note]
    out: NotRequired[Path]
    report: NotRequired[Path]
    gates: NotRequired[GatesOfRun]
    lookahead: NotRequired[Lookahead]
    trials: Standing


Replays = Annotated[
    Replay | list[Replay], Field(description="one document; a list of them for several strategies")
]


class Trial(Span):
    """A run that counts among the trials on its data."""

    data_sha256: Sha256
    config_sha256: Sha256
    strategy: str
    days: Count
    sharpe: float | None
    total_return: float | None
    tried_at: Instant


class Trials(TypedDict):
    """All trials, by data set, in the order in which they were made."""

    file: Path
    n: Count
    trials: list[Trial]
