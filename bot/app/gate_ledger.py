"""What each rule kept out, and what that would have earned: refused candidates in shadow."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np

from bot.app.funnel import LAST_WORDS, NEVER_EVALUATED
from bot.app.judged_run import JudgedRun
from bot.app.machine import Machine
from bot.app.shadow import Bracket, Outcome, follow
from bot.app.strategy_files import LoadedStrategy
from bot.app.weeks import Weeks
from bot.domain.bar_table import History
from bot.domain.instants import format_instant
from bot.domain.records import Decision
from bot.domain.values import Slot
from bot.engine.reasons import NAMES
from bot.stats.holm import ALPHA, holm

Document = dict[str, Any]
LEAST = 30  # fewer results carry no verdict
NO_BRACKET = frozenset({"NO_SUPPORT", "NO_RESISTANCE", "TARGET_NOT_PROFITABLE"})
REWARD_RISK = frozenset({"RR_BELOW_MIN"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A candidate as its first evaluation found it: every rule that refused it, in their order.

    bracket: None where stop or target could not be placed, or the target pays less than the costs.
    """

    token_id: int
    kind: str
    slot: int
    failed: tuple[str, ...]
    entered: bool
    bracket: Bracket | None


def candidates_of(decisions: Iterable[Decision]) -> list[Candidate]:
    """One for each edge or re-entry, in the order in which they arose."""
    grouped: dict[tuple[int, str, int], list[Decision]] = {}
    for decision in decisions:
        key = (decision.token_id, decision.kind, decision.edge_time)
        grouped.setdefault(key, []).append(decision)
    return [_candidate(rows) for rows in grouped.values()]


def _candidate(rows: list[Decision]) -> Candidate:
    entries = [row for row in rows if row.reason == "ENTRY"]
    first = (
        entries[0] if entries else next((r for r in rows if r.reason not in LAST_WORDS), rows[0])
    )
    details = first.details
    return Candidate(
        token_id=first.token_id,
        kind=first.kind,
        slot=first.slot,
        failed=tuple(details["failed"]),
        entered=bool(entries),
        bracket=_bracket(first, details),
    )


def _bracket(decision: Decision, details: Document) -> Bracket | None:
    failed = set(details["failed"])
    if failed & NO_BRACKET or not {"stop", "target", "entry", "cap"} <= details.keys():
        return None
    prices = {name: Decimal(details[name]) for name in ("entry", "cap", "stop", "target")}
    return Bracket(
        token_id=decision.token_id,
        slot=decision.slot,
        sigma=details.get("sigma", math.nan),
        adv=details.get("adv", math.nan),
        waive_rr=bool(failed & REWARD_RISK),
        **prices,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Followed:
    """A candidate and what its bracket came to; no outcome where there is no bracket."""

    candidate: Candidate
    outcome: Outcome | None


def follow_all(
    loaded: LoadedStrategy,
    history: History,
    slots: list[Slot],
    decisions: Iterable[Decision],
    machine: Machine,
) -> list[Followed]:
    """Every candidate of a run, entered or not, followed by the same rules."""
    found = candidates_of(decisions)
    there = [one for one in found if one.bracket is not None]
    brackets = [one.bracket for one in there if one.bracket is not None]
    ends = follow(loaded, history, slots, brackets, machine)
    outcomes = {id(one): end for one, end in zip(there, ends, strict=True)}
    return [Followed(candidate=one, outcome=outcomes.get(id(one))) for one in found]


def gates_document(runs: Iterable[JudgedRun]) -> Document:
    """The gate ledger of each run, as `hourhand gates --json` prints it."""
    found = []
    for run in runs:
        followed = follow_all(run.loaded, run.history, run.slots, run.decisions, run.machine)
        found.append({**gate_document(run.loaded, run.slots, followed), "notes": list(run.notes)})
    return {"strategies": found}


def gate_document(
    loaded: LoadedStrategy, slots: Sequence[Slot], followed: Sequence[Followed]
) -> Document:
    """The gate ledger of a run: by first reason, and where one rule alone stood in the way."""
    weeks = Weeks(slots)
    refused = [one for one in followed if not one.candidate.entered]
    judged = [one for one in refused if not set(one.candidate.failed) & NEVER_EVALUATED]
    rules = sorted({name for one in refused for name in one.candidate.failed}, key=NAMES.index)
    alone = {
        name: [one for one in judged if one.candidate.failed == (name,)] for name in rules
    }  # fmt: skip
    first = {
        name: [one for one in refused if one.candidate.failed[:1] == (name,)] for name in rules
    }
    by_first = [
        {"rule": name, "any": _any(refused, name), **_row(rows, weeks)}
        for name, rows in first.items()
    ]
    only = [{"rule": name, **_row(rows, weeks)} for name, rows in alone.items()]
    entered = _row([one for one in followed if one.candidate.entered], weeks)
    return {
        "strategy": loaded.strategy.name,
        "source": "local" if loaded.strategy.uses_local else "recorded",
        "config_sha256": loaded.config_sha256,
        "from": format_instant(slots[0].slot),
        "to": format_instant(slots[-1].slot),
        "slots": len(slots),
        "candidates": len(followed),
        "never_evaluated": len(refused) - len(judged),
        "entered": _judged([entered])[0],
        "refused": _judged([_row(refused, weeks)])[0],
        **_judged_rules(by_first, only),
        "interval": weeks.document(),
        "least_n": LEAST,
    }


def _judged_rules(by_first: list[Document], only: list[Document]) -> Document:
    """Both tables of rules, judged as one family; how many of its rows have a verdict."""
    rows = _judged([*by_first, *only])
    return {
        "first_reason": rows[: len(by_first)],
        "only_reason": rows[len(by_first) :],
        "compared": sum(row["p_adjusted"] is not None for row in rows),
    }


def _judged(rows: Sequence[Document]) -> list[Document]:
    """The rows of a family with their p, adjusted for how many they are, and their verdicts."""
    there = [n for n, row in enumerate(rows) if row["n"] >= LEAST and row["p"] is not None]
    adjusted = dict(zip(there, holm([rows[n]["p"] for n in there]), strict=True))
    return [
        {**row, "p_adjusted": adjusted.get(n), "verdict": verdict(row["mean_r"], adjusted.get(n))}
        for n, row in enumerate(rows)
    ]


def _any(refused: Sequence[Followed], name: str) -> int:
    return sum(name in one.candidate.failed for one in refused)


def _row(rows: Sequence[Followed], weeks: Weeks) -> Document:
    """Counts by fate, and the mean R of what closed with its interval."""
    fates = [one.outcome.fate if one.outcome else "no_bracket" for one in rows]
    closed = [
        (one.candidate.slot, one.outcome.r)
        for one in rows
        if one.outcome is not None and one.outcome.r is not None
    ]
    at = np.array([slot for slot, _ in closed], dtype=np.int64)
    values = np.array([r for _, r in closed], dtype=np.float64)
    low, high = weeks.interval(at, values)
    return {
        "candidates": len(rows),
        "no_bracket": fates.count("no_bracket"),
        "no_size": fates.count("unsized"),
        "not_filled": fates.count("unfilled"),
        "still_open": fates.count("open"),
        "n": len(closed),
        "won": int((values > 0.0).sum()),
        "mean_r": float(values.mean()) if closed else None,
        "low": low,
        "high": high,
        "sum_r": float(values.sum()),
        "p": weeks.p_of_zero(at, values),
    }


def verdict(mean_r: float | None, p_adjusted: float | None) -> str:
    """What the refused say about the rule; "too few" where no p was adjusted: under n = 30.

    pays: what it kept out would have lost. costs: it would have won. unclear: that may be chance
    among so many rules.
    """
    if mean_r is None or p_adjusted is None:
        return "too few"
    if p_adjusted > ALPHA:
        return "unclear"
    return "pays" if mean_r < 0.0 else "costs"
