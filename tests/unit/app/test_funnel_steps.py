"""What is left of the candidates after each gate."""

from __future__ import annotations

import json

from bot.app.funnel import gate_steps
from bot.domain.records import Decision, Mark, SlotRecords


def slot_of(*decisions: tuple[int, list[str]]) -> SlotRecords:
    mark = Mark(
        slot=0, cash=0, value=0, equity=0, realised=0, unrealised=0, peak=0, day_base=0,
        open_positions=0,
    )  # fmt: skip
    return SlotRecords(
        slot=0, missed=False, mark=mark,
        decisions=tuple(
            Decision(id="", slot=0, token_id=token, kind="edge", edge_time=0, step=0,
                     reason=failed[0] if failed else "ENTRY",
                     details_json=json.dumps({"failed": failed}))
            for token, failed in decisions
        ),
    )  # fmt: skip


def test_a_candidate_counts_by_the_best_of_its_hours() -> None:
    first = slot_of((1, ["SHARPE_LOW", "DRAWDOWN_HIGH"]), (2, ["DRAWDOWN_HIGH"]), (3, []))
    later = slot_of((1, ["DRAWDOWN_HIGH"]), (4, ["SHARPE_LOW"]))
    assert gate_steps([first, later]) == [("SHARPE_LOW", 3), ("DRAWDOWN_HIGH", 1)]


def test_two_hours_that_fail_at_different_gates_pass_no_third() -> None:
    hours = [slot_of((1, ["SHARPE_LOW"])), slot_of((1, ["DRAWDOWN_HIGH"]))]
    assert gate_steps(hours) == [("SHARPE_LOW", 1), ("DRAWDOWN_HIGH", 0)]


def test_bracket_size_and_last_words_are_no_gates() -> None:
    slot = slot_of((1, ["RR_BELOW_MIN"]), (2, ["QTY_ZERO"]), (3, ["CANDIDATE_EXPIRED"]),
                   (4, ["COLD_START"]))  # fmt: skip
    assert gate_steps([slot]) == []
