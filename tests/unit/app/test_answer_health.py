"""What is said of an answer that could not be read whole."""

from __future__ import annotations

import pytest

from bot.adapters.tokenmetrics.paging import Answer, Page
from bot.adapters.tokenmetrics.parsed import FaultCode, Parsed, RowFault
from bot.app.answer_health import health_of
from bot.domain.values import Bar


@pytest.mark.parametrize(
    ("row", "said"), [(3, "row 3: no price"), (-1, "the answer: no price")], ids=["row", "whole"]
)
def test_the_first_fault_is_told_with_its_place(row: int, said: str) -> None:
    fault = RowFault(row=row, code=FaultCode.FIELD_MISSING, detail="no price")
    parsed: Parsed[Bar] = Parsed(
        observations=(), faults=(fault,), rows=5, unfinished=0, unknown_keys=()
    )
    answer = Answer(pages=(Page(raw_id=1, fetched_at=0, parsed=parsed),))
    assert health_of(answer).first == said
