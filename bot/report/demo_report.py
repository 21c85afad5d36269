"""The demo's report: one Markdown page that says what happened and how it was checked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from bot.domain.decimals import money_text


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoFigures:
    """The demo in numbers; money in 1e-8."""

    slots: int
    orders: int
    fills: int
    trades: int
    refusals: dict[str, int]
    exits: dict[str, int]
    kills: int
    seconds: float
    start: int
    end: int
    fees: int


class Audited(Protocol):
    """What the report says of the audit."""

    @property
    def ok(self) -> bool:
        """Whether nothing was found."""
        ...

    @property
    def ledger_sha256(self) -> str:
        """The ledger's hash."""
        ...

    @property
    def replayed_sha256(self) -> str:
        """The hash of the recomputed ledger."""
        ...


def demo_report(figures: DemoFigures, audit: Audited) -> str:
    """The page."""
    same = audit.ledger_sha256 == audit.replayed_sha256
    parts = [
        "# hourhand demo",
        "The market is generated: seeded random prices, not one of them real. Nothing here says "
        "what a strategy would earn; it shows that every step is recorded and can be repeated.",
        "## What ran",
        _table(
            ("figure", "value"),
            [
                ("slots (simulated hours)", figures.slots),
                ("orders recorded", figures.orders),
                ("fills", figures.fills),
                ("closed trades", figures.trades),
                ("kills with SIGKILL on the way", figures.kills),
                ("starting equity", money_text(figures.start)),
                ("ending equity, after all costs", money_text(figures.end)),
                ("fees paid", money_text(figures.fees)),
            ],
        ),
        "## Exits by reason",
        _table(("reason", "fills"), list(figures.exits.items())),
        "## Refusals by reason",
        "Every refusal is a stored result with its numbers; `hourhand why TOKEN` shows one.",
        _table(("reason", "count"), list(figures.refusals.items())),
        "## Audit",
        f"{'No finding.' if audit.ok else 'There are findings: run `hourhand audit`.'} "
        f"The ledger recomputed from the raw responses is {'the same' if same else 'DIFFERENT'}:",
        f"    ledger    {audit.ledger_sha256}\n    replayed  {audit.replayed_sha256}",
        "## What these numbers assume",
        "Hourly bars; market orders fill at the next open plus half spread and slippage; the stop "
        "goes first where one bar reaches both stop and target; zero decision latency; fees of "
        "0.1 % for market orders and 0.05 % for targets.",
    ]
    return "\n\n".join(parts) + "\n"


def _table(header: tuple[str, str], rows: list[tuple[str, object]]) -> str:
    lines = [f"| {header[0]} | {header[1]} |", "|---|---:|"]
    lines += [f"| {name} | {value} |" for name, value in rows]
    return "\n".join(lines)
