"""The documents of `report` and `card`: what a page and a picture show."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field
from typing_extensions import TypedDict

from bot.app.documents.base import (
    Count,
    Fraction,
    Instant,
    Missing,
    Note,
    Reason,
    Sha256,
    Source,
    Symbol,
)
from bot.app.documents.ledger import Trade
from bot.app.documents.replay import Funnel, Performance, Robustness, Standing

Words = Annotated[list[list[str]], Field(description="rows of a name and texts, for people")]


class Drawn(TypedDict):
    """A table that is drawn: names of its columns, and rows; t and other times are epoch ms."""

    columns: list[str]
    rows: list[list[float | str | None]]


class Card(Trade):
    """A trade with the hours around it; prices are rounded for drawing, exact in the texts."""

    bars: Drawn
    lines: Drawn
    moments: Drawn
    fills: Drawn
    levels: Drawn
    gates: Words
    bracket: Words
    size: Words


class ReportSlots(TypedDict):
    """Hours from the first slot to the last, and how many were done or missed."""

    expected: Count
    processed: Count
    missed: Count


class Year(TypedDict):
    """Change by month, January first; null where nothing ran."""

    year: int
    months: list[Fraction | None]
    total: Fraction | None


class GateStep(TypedDict):
    """How many candidates were left after a gate."""

    gate: str
    left: Count


class ReportFunnel(Funnel):
    """The funnel from the hours that were looked at, gate by gate."""

    token_hours: Count
    steps: list[GateStep]


class FillPaths(TypedDict):
    """For how many fills the way of the price inside their hour is known."""

    fills: Count
    finer: Count
    bars: str


class Series(TypedDict):
    """A token's bars within the run."""

    symbol: Symbol
    token_id: int
    bars: Count
    first: Instant
    last: Instant
    absent: Count


Ended = TypedDict("Ended", {"from": Instant, "days": Count, "symbols": list[Symbol]})


class TokenPrices(TypedDict):
    """A traded token's prices, and its trades on them."""

    token_id: int
    symbol: Symbol
    prices: Drawn
    marks: Drawn


class Report(TypedDict):
    """One strategy's run, as its page shows it; cards as far as a page can carry them."""

    strategy: str
    description: Note
    origin: Note
    source: Source
    slots: ReportSlots
    ledger_sha256: Sha256
    config_sha256: Sha256
    rules_version: int
    seed: int
    performance: Performance
    equity: Drawn
    band: Drawn
    shares: Drawn
    drawn_by: Literal["hour", "day"]
    months: list[Year]
    funnel: ReportFunnel
    refusals: dict[Reason, Count]
    exits: dict[Reason, Count]
    cancelled: dict[Reason, Count]
    notices: dict[Reason, Count]
    robustness: Robustness | Missing
    trials: Standing | Missing
    path: FillPaths
    series: list[Series]
    ended: Annotated[
        list[Ended], Field(description="tokens whose bars end days before the run does")
    ]
    notes: list[Note]
    parameters: Annotated[dict[str, Any], Field(description="the strategy, every key")]
    trades: list[Trade]
    listed_max: Count
    cards: list[Card]
    prices: list[TokenPrices]


class Reports(TypedDict):
    """The reports of a ledger, strategy by strategy."""

    reports: list[Report]
