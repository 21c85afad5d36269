"""Audit of gates: values as the slot saw them, limits as the strategy sets them, own verdicts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from bot.adapters.sql.ledger_rows import DecisionRow
from bot.app.audit_finding import Code, Finding, unequal, unmet
from bot.app.audit_seen import Seen, bar_time
from bot.domain.instants import HOUR
from bot.market.column_names import Column, named_column
from bot.market.strategy import Strategy

FROM_VOLUME = "adv"
_LOW = {"sharpe": "SHARPE_LOW", "sortino": "SORTINO_LOW", "grade": "GRADE_LOW"}
_HIGH = {"mdd": "DRAWDOWN_HIGH", "volatility": "VOLATILITY_HIGH"}
LIMITS = ("min", "max", "leave_min", "leave_max")
_QUANT = named_column("column:max_drawdown").source
# What one slot's number says of membership.
INSIDE, OUTSIDE, AS_IT_WAS = "inside", "outside", "as it was"


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """One gate of a strategy: its column, None for liquidity, and its limits."""

    column: Column | None
    limits: dict[str, float]

    @property
    def name(self) -> str:
        """As decisions name it."""
        return FROM_VOLUME if self.column is None else self.column.name

    def holds(self, value: float, low: str, high: str) -> bool:
        """Whether a value lies within two of the limits, both inclusive."""
        above = low not in self.limits or value >= self.limits[low]
        return above and (high not in self.limits or value <= self.limits[high])

    def reason(self, value: float) -> str:
        """The code with which a value outside the enter limits is refused."""
        if self.column is None:
            return "LIQUIDITY_LOW"
        if "min" in self.limits and value < self.limits["min"]:
            return _LOW.get(self.column.family, "GATE_LOW")
        return _HIGH.get(self.column.family, "GATE_HIGH")


def gates_of(s: Strategy) -> list[Gate]:
    """The gates that are on, liquidity first, then by G1, then those of the file (G1, G7)."""
    found = [
        (None, (s.min_adv, None, s.min_adv, None)),
        (s.sharpe_column, (s.sharpe_min, None, s.sharpe_leave, None)),
        (s.sortino_column, (s.sortino_min, None, s.sortino_leave, None)),
        (s.mdd_column, (None, s.mdd_max, None, s.mdd_leave)),
        (s.volatility_column, (None, s.volatility_max, None, s.volatility_leave)),
        ("grade", (s.grade_min, None, s.grade_leave, None)),
    ]
    for gate in s.gates:
        leave_min = gate.min if gate.leave_min is None else gate.leave_min
        leave_max = gate.max if gate.leave_max is None else gate.leave_max
        found.append((gate.column, (gate.min, gate.max, leave_min, leave_max)))
    return [
        Gate(column=None if name is None else named_column(name), limits=_limits(limits))
        for name, limits in found
        if limits[0] is not None or limits[1] is not None
    ]


def _limits(values: tuple[Decimal | None, ...]) -> dict[str, float]:
    named = zip(LIMITS, values, strict=True)
    return {key: float(value) for key, value in named if value is not None}


@dataclass(slots=True)
class Members:
    """Which tokens are inside which gates, carried from slot to slot (G7)."""

    inside: dict[tuple[int, int], bool] = field(default_factory=dict)

    def move(self, strategy: Strategy, gates: list[Gate], seen: Seen) -> None:
        """In at the enter limit, out beyond the leave limit, else as it was."""
        for token_id, entry in seen.tokens.items():
            for n, gate in enumerate(gates):
                settled = settled_by(strategy, gate, entry)
                if settled in (INSIDE, OUTSIDE):
                    self.inside[token_id, n] = settled == INSIDE


def settled_by(strategy: Strategy, gate: Gate, entry: dict[str, Any]) -> str | None:
    """What a slot's number says of membership; None where there is none that counts."""
    value = value_of(gate, entry)
    if value is None or not _fresh(gate, entry) or _impossible(strategy, gate, value):
        return None
    if gate.holds(value, "min", "max"):
        return INSIDE
    return AS_IT_WAS if gate.holds(value, "leave_min", "leave_max") else OUTSIDE


def value_of(gate: Gate, entry: dict[str, Any]) -> float | None:
    """A gate's number as the slot saw it."""
    found = entry.get("adv") if gate.column is None else entry["columns"].get(gate.name)
    return None if found is None else float(found)


def _fresh(gate: Gate, entry: dict[str, Any]) -> bool:
    """Whether what a gate reads was within its age limit; local columns have none."""
    series = _series(gate)
    return series is None or entry[series] == "fresh"


def _series(gate: Gate) -> str | None:
    if gate.column is None:
        return None
    if gate.column.family == "grade":
        return "grade"
    return "quantmetrics" if gate.column == Column(gate.name, _QUANT) else None


def _impossible(strategy: Strategy, gate: Gate, value: float) -> bool:
    """A provider's drawdown outside 0 to 1 counts for nothing (G4)."""
    drawdown = Column("max_drawdown", _QUANT)
    return gate.column == drawdown and not 0.0 <= value <= 1.0


def check_gates(
    strategy: Strategy, gates: list[Gate], members: Members, row: DecisionRow,
    details: dict[str, Any], entry: dict[str, Any],
) -> Iterator[Finding]:  # fmt: skip
    """One decision's gates: the strategy's, with the slot's values, and verdicts of our own."""
    where = f"decision {row.id}"
    shown = details.get("gates", [])
    names = [gate.get("column") for gate in shown]
    yield from unequal(Code.GATE_EVIDENCE, f"gates of {where}", [g.name for g in gates], names)
    refusals = set()
    for n, (gate, said) in enumerate(zip(gates, shown, strict=False)):
        place = f"gate {gate.name} of {where}"
        if gate.column is not None and strategy.gate_on == "lower_bound":
            continue  # a lower bound stands under its column's name, and is left to the repetition
        limits = {key: said[key] for key in LIMITS if key in said}
        yield from unequal(Code.GATE_EVIDENCE, f"limits of {place}", gate.limits, limits)
        value = value_of(gate, entry)
        yield from _same_value(place, value, said.get("value"))
        member = members.inside.get((row.token_id, n), False)
        if gate.column is None and said.get("passed") and value is None:
            continue  # the volume unit is unknown, which switches the liquidity gate off
        yield from unequal(Code.GATE_EVIDENCE, f"membership of {place}", member, said.get("member"))
        passed = value is not None and member
        if not (gate.column is None and said.get("passed")):
            yield from unequal(Code.GATE_EVIDENCE, f"verdict of {place}", passed, said["passed"])
        if not said.get("passed"):
            refusals.add("METRIC_MISSING" if value is None else gate.reason(value))
    yield from _check_failed(where, row, details, refusals)


def _same_value(place: str, seen: float | None, said: float | None) -> Iterator[Finding]:
    """Both cut to the ten digits in which numbers are stored."""
    texts = ["none" if value is None else f"{value:.10g}" for value in (seen, said)]
    yield from unequal(Code.GATE_EVIDENCE, f"value of {place}", *texts)


def _check_failed(
    where: str, row: DecisionRow, details: dict[str, Any], refusals: set[str]
) -> Iterator[Finding]:
    """Every gate that refuses is among what failed; nothing entered against one."""
    failed = set(details.get("failed", []))
    others = {"GATE_LOW", "GATE_HIGH"}
    missing = refusals - failed
    if refusals & others and failed & others:
        missing -= others  # gates on other columns share two codes: the first gives the reason
    if missing and row.reason != "NOT_IN_TOP_N":
        yield unmet(Code.GATE_EVIDENCE, where, f"{sorted(missing)} among what failed", failed)


def check_fresh(
    strategy: Strategy, gates: list[Gate], row: DecisionRow, entry: dict[str, Any]
) -> Iterator[Finding]:
    """An entry: everything that the strategy reads of the token was known and within its age."""
    where = f"decision {row.id}"
    opened = bar_time(entry)
    age = None if opened is None else row.slot + strategy.latency - (opened + HOUR)
    if age is None or age > strategy.stale_periods * HOUR:
        yield unmet(Code.GATE_EVIDENCE, where, "a fresh bar", f"one aged {age} ms")
    wanted = {series for gate in gates if (series := _series(gate)) is not None}
    for series in sorted(wanted):
        if entry.get(series) != "fresh":
            yield unmet(Code.GATE_EVIDENCE, where, f"fresh {series}", entry.get(series))
    if strategy.levels == "provider" and entry.get("levels") == "stale":
        yield unmet(Code.GATE_EVIDENCE, where, "levels within their age", "stale ones")
    if not entry.get("in_universe"):
        yield unmet(Code.GATE_EVIDENCE, where, "a token of the universe", "another")
