"""The document of `status`."""

from __future__ import annotations

from typing import Annotated, Literal, NotRequired

from pydantic import Field
from typing_extensions import TypedDict

from bot.app.documents.base import (
    Count,
    Fraction,
    Instant,
    Money,
    Note,
    Path,
    Reason,
    Sha256,
    Symbol,
)
from bot.app.documents.ledger import Position
from bot.app.documents.messages import Receiver
from bot.app.documents.operator import Command, Conflict, Held, Managed

State = Literal["healthy", "degraded", "failing"]
Milliseconds = Annotated[int | None, Field(description="milliseconds; null without an answer")]


class Trouble(TypedDict):
    """One thing that is not well."""

    state: State
    part: str
    reason: Note
    since: Instant | None


class Health(TypedDict):
    """The worst state of all parts, and what is not well."""

    state: State
    since: Instant | None
    reasons: list[Trouble]


class Lease(TypedDict):
    """Who writes, or wrote last."""

    epoch: int
    holder: str
    started_at: Instant
    heartbeat: Instant


class Daemon(TypedDict):
    """Whether a daemon runs; pid and since only where one does."""

    running: bool
    pid: NotRequired[int | None]
    since: NotRequired[Instant | None]
    lease: NotRequired[Lease]


class Limit(TypedDict):
    """A halt: how far equity is down now, and from where on it holds."""

    halt: Literal["HALT_DAILY_LOSS", "HALT_DRAWDOWN"]
    down: Fraction
    limit: Fraction


class StrategyStatus(TypedDict):
    """A strategy and its account after its last slot."""

    name: str
    first_slot: Instant
    slot: Instant
    slots: Count
    missed: Count
    behind: Annotated[int, Field(ge=0, description="slots that are due and not done")]
    cash: Money
    value: Money
    equity: Money
    realised: Money
    unrealised: Money
    peak: Money
    drawdown: Fraction
    open_positions: Count
    working_entries: Count
    positions: list[Position]
    limits: list[Limit]
    held: list[Held]
    waiting: list[Command]
    halts: list[Literal["HALT_DAILY_LOSS", "HALT_DRAWDOWN"]]
    stale: Annotated[
        dict[str, list[Symbol]], Field(description="series -> tokens whose newest row is too old")
    ]
    notices: Annotated[
        dict[Reason, Count], Field(description="events of the input in the last 24 slots")
    ]
    config_sha256: Sha256
    config: Literal[
        "as in its file",
        "its file has changed since",
        "no file of this name",
        "ended: no file of this name and nothing open",
    ]
    rules_version: int
    ledger_sha256: Sha256


Backfill = TypedDict(
    "Backfill",
    {
        "tokens": Count, "incomplete": list[int], "requests": Count, "from": Instant,
        "ready": Instant | None,
    },
)  # fmt: skip


class BackfillFault(TypedDict):
    """Why nobody can say what history is missing."""

    fault: Note


class Poll(TypedDict):
    """An endpoint: its last success, and its requests of the last day.

    Requests are answers and those to which none came, such as by their deadline.
    """

    endpoint: str
    last_success: Instant | None
    age_s: int | None
    answers: Count
    requests: Count
    p50_ms: Milliseconds
    p95_ms: Milliseconds
    p99_ms: Milliseconds
    errors: Annotated[
        dict[str, Count],
        Field(description="HTTP status, or why no answer came or could be read -> requests"),
    ]
    error_rate: Fraction | None


class Credits(TypedDict):
    """Requests counted in a month, such as 2025-05."""

    month: Annotated[str, Field(pattern=r"^\d{4}-\d{2}$")]
    spent: Count
    limit: Count
    left: Count


class Status(TypedDict):
    """What an installation is worth, how far it has come, and what it lacks."""

    home: Path
    database: Path
    now: Instant
    replayed: Annotated[
        bool, Field(description="all slots come from a replay: none is due, nobody is asked")
    ]
    next_slot: Instant | None
    health: Health
    daemon: Daemon
    strategies: list[StrategyStatus]
    managed: list[Managed]
    conflicts: list[Conflict]
    not_started: list[str]
    backfill: Backfill | BackfillFault | None
    polls: list[Poll]
    credits: Credits
    receivers: list[Receiver]
    strategy_files: NotRequired[Annotated[str, Field(description="what is wrong with them")]]
