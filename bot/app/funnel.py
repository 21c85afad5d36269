"""From edges to fills: how many candidates got how far, and what stopped the others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from bot.domain.records import Decision, SlotRecords
from bot.engine.reasons import NAMES

BRACKET = frozenset({
    "NEAR_STRONG_RESISTANCE", "NO_SUPPORT", "STOP_TOO_FAR", "NO_RESISTANCE",
    "TARGET_NOT_PROFITABLE", "RR_BELOW_MIN",
})  # fmt: skip
RANKED = frozenset({"NOT_IN_TOP_N", "HALT_MAX_OPEN", "QTY_ZERO", "MIN_NOTIONAL"})
# The last word on a candidate says nothing about how far it came.
LAST_WORDS = frozenset({"CANDIDATE_EXPIRED", "SIGNAL_REVERSED"})
NEVER_EVALUATED = frozenset({"COLD_START", "EDGE_UNDATED"})


def funnel(records: Iterable[SlotRecords]) -> dict[str, object]:
    """Candidates by the best stage that any of their slots reached.

    `stopped_by` counts, for candidates that no slot let through the gates, every rule that
    refused them at their first evaluation: one candidate may stand under several rules.
    """
    candidates: dict[tuple[int, str, int], list[Decision]] = {}
    filled: set[str] = set()
    for slot in records:
        for decision in slot.decisions:
            key = (decision.token_id, decision.kind, decision.edge_time)
            candidates.setdefault(key, []).append(decision)
        filled |= {fill.order_id for fill in slot.fills if fill.reason == "ENTRY"}
    stages = Counter(stage for rows in candidates.values() for stage in _reached(rows))
    stopped: Counter[str] = Counter()
    for rows in candidates.values():
        if "gates" not in _reached(rows):
            stopped.update(_rules(rows[0]) - LAST_WORDS)
    return {
        "candidates": len(candidates),
        "evaluated": stages["evaluated"],
        "gates_passed": stages["gates"],
        "bracket_fits": stages["bracket"],
        "sized": stages["sized"],
        "filled": len(filled),
        "stopped_by": dict(stopped.most_common()),
    }


def gate_steps(records: Iterable[SlotRecords]) -> list[tuple[str, int]]:
    """The rules up to the bracket in the order of evaluation, each with how many candidates are
    left after it: those with a slot that neither this rule nor one before it refused.

    Rules that refused nothing are left out.
    """
    tries: dict[tuple[int, str, int], list[set[str]]] = {}
    for slot in records:
        for decision in slot.decisions:
            rules = _rules(decision)
            if not rules & (LAST_WORDS | NEVER_EVALUATED):
                key = (decision.token_id, decision.kind, decision.edge_time)
                tries.setdefault(key, []).append(rules)
    seen = set().union(*(rules for rows in tries.values() for rules in rows))
    steps: list[tuple[str, int]] = []
    above: set[str] = set()
    for name in NAMES:
        if name in seen - BRACKET - RANKED:
            above.add(name)
            left = sum(any(not rules & above for rules in rows) for rows in tries.values())
            steps.append((name, left))
    return steps


def _rules(decision: Decision) -> set[str]:
    return set(decision.details.get("failed", ()))


def _reached(decisions: list[Decision]) -> set[str]:
    found: set[str] = set()
    for decision in decisions:
        rules = _rules(decision)
        if rules & (LAST_WORDS | NEVER_EVALUATED):
            continue
        found.add("evaluated")
        if rules <= BRACKET | RANKED:
            found.add("gates")
        if rules <= RANKED:
            found.add("bracket")
        if decision.reason == "ENTRY":
            found.add("sized")
    return found
