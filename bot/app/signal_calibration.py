"""Calibration: grades and ranks read as probabilities, against what came of the signals."""

from __future__ import annotations

import math
from dataclasses import asdict
from typing import Any

from bot.app.judged_run import JudgedRun
from bot.app.signal_scan import Edge, Scan
from bot.domain.instants import HOUR
from bot.stats.brier_score import brier_score

Document = dict[str, Any]
EDGES = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)


def calibration_document(
    run: JudgedRun, scan: Scan, outcomes: list[tuple[Edge, dict[int, float]]], cost: float
) -> list[Document]:
    """Brier score and Murphy's parts by horizon, where a grade or a composite score stood."""
    named = {"grade": _grades(run, scan), "score": _scores(run, scan)}
    found = []
    for name, values in named.items():
        for h in sorted({h for _, returns in outcomes for h in returns}):
            pairs = [
                (values[edge], float(returns[h] > cost))
                for edge, returns in outcomes
                if h in returns and edge in values
            ]
            score = brier_score([p for p, _ in pairs], [y for _, y in pairs], EDGES)
            if score is not None:
                found.append({"of": name, "h": h, **asdict(score)})
    return found


def _grades(run: JudgedRun, scan: Scan) -> dict[Edge, float]:
    """The grade that the edge's slot knew, over 100."""
    if scan.grades is None:
        return {}
    first = run.slots[0].slot
    found = {}
    for edge in scan.edges:
        grade = float(scan.grades[(edge.slot - first) // HOUR, edge.token])
        if math.isfinite(grade) and 0.0 <= grade <= 100.0:
            found[edge] = grade / 100.0
    return found


def _scores(run: JudgedRun, scan: Scan) -> dict[Edge, float]:
    """The composite percentile of the edge's first evaluation; a rank by Sortino is no score."""
    if run.loaded.strategy.rank_by != "composite":
        return {}
    first: dict[tuple[int, int], float] = {}
    for decision in run.decisions:
        key = (decision.token_id, decision.edge_time)
        score = decision.details.get("score")
        if key not in first and score is not None:
            first[key] = score
    keyed = ((edge, (scan.token_ids[edge.token], edge.edge_time)) for edge in scan.edges)
    return {edge: first[key] for edge, key in keyed if key in first}
