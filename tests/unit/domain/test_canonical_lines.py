"""The lines of the ledger that are written by hand are the JSON that they stand for."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from bot.domain.decimals import scaled
from bot.domain.records import Decision, Mark, decision_line, header_line, mark_line

MONEY = st.integers(-(10**17), 10**17)


def canonical(text: str) -> str:
    return json.dumps(json.loads(text), sort_keys=True, separators=(",", ":")) + "\n"


@given(st.lists(MONEY, min_size=7, max_size=7), st.sets(st.sampled_from(["HALT_A", "HALT_B"])))
def test_an_equity_line_is_canonical_json(money: list[int], halts: set[str]) -> None:
    cash, value, equity, realised, unrealised, peak, day_base = money
    mark = Mark(
        slot=1746882000000, cash=cash, value=value, equity=equity, realised=realised,
        unrealised=unrealised, peak=peak, day_base=day_base, open_positions=1,
        halts=tuple(sorted(halts)),
    )  # fmt: skip
    text = mark_line(mark)
    assert text == canonical(text)
    found = json.loads(text)
    assert (found["record"], found["halts"]) == ("equity", sorted(halts))
    assert found["unrealised"] == scaled(unrealised, 8)


def test_a_header_is_canonical_json() -> None:
    text = header_line("core-v1", 1746882000000, "ab12", "no")
    assert text == canonical(text)
    assert json.loads(text) == {
        "record": "slot", "strategy": "core-v1", "slot": "2025-05-10T13:00:00Z", "missed": "no",
        "config_sha256": "ab12",
    }  # fmt: skip


def test_a_decision_line_is_canonical_json_with_its_details_inside() -> None:
    decision = Decision(
        id="a1", slot=1746882000000, token_id=7, kind="edge", edge_time=1746878400000,
        reason="RR_BELOW_MIN", step=7, details_json='{"failed":["RR_BELOW_MIN"],"net_rr":0.25}',
    )  # fmt: skip
    text = decision_line(decision)
    assert text == canonical(text)
    assert json.loads(text)["details"] == decision.details == {
        "failed": ["RR_BELOW_MIN"], "net_rr": 0.25,
    }  # fmt: skip
