"""The words beside a card's levels stand apart, near their levels, and say only what is known."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.report.card_spec import card_picture
from bot.report.level_labels import GAP, level_labels, spread
from bot.report.palette import PICTURE
from bot.report.vega import svg

HOUR = 3_600_000


def table(columns: str, *rows: list[Any]) -> dict[str, Any]:
    return {"columns": columns.split(), "rows": list(rows)}


def card(*levels: list[Any]) -> dict[str, Any]:
    bars = [[n * HOUR, 100 + n, 104 + n, 98 + n, 101 + n] for n in range(20)]
    return {
        "id": "abc", "symbol": "BTC", "strategy": "plain", "reason": "TARGET", "pnl": "1", "r": 1.0,
        "decided": "2025-05-10T13:00:00Z", "opened": "2025-05-10T13:00:00Z",
        "closed": "2025-05-10T15:00:00Z", "quantity": "1", "entry": "105", "exit": "110",
        "fees": "0", "risk": "1", "gates": [], "bracket": [], "size": [],
        "bars": table("t o h l c", *bars),
        "lines": table("kind price from to", ["stop", 104.0, 5 * HOUR, 9 * HOUR],
                       ["target", 104.1, 5 * HOUR, 9 * HOUR]),
        "moments": table("t label", [5 * HOUR, "decided"]),
        "fills": table("t price side reason text", [5 * HOUR, 105.0, "BUY", "ENTRY", "bought"]),
        "levels": table("price strength side used", *levels),
    }  # fmt: skip


def words(shown: dict[str, Any]) -> list[str]:
    return [row[2] for row in level_labels(shown)["rows"]]


def test_a_strength_that_was_not_sent_is_not_told() -> None:
    without = card([103.0, None, "support", ""], [104.5, None, "support", "stop"])
    assert words(without) == ["stop level"]
    computed = card([103.0, 0.0, "support", ""], [104.5, 2.26, "support", "stop"])
    assert words(computed) == ["0.0", "2.3, stop level", "strength"]


@pytest.mark.parametrize("close", [0.0, 0.001, 0.4])
def test_words_in_the_picture_never_lie_on_another_however_close_the_levels(close: float) -> None:
    shown = card(*([104.0 + n * close, n / 2, "support", "stop" if n == 3 else ""]
                   for n in range(12)))  # fmt: skip
    drawn = svg(card_picture(shown, PICTURE)).decode()
    heights = {}
    for place, text in re.findall(r"translate\([-\d.]+,([-\d.]+)\)[^>]*>([^<]+)</text>", drawn):
        heights[text] = float(place)
    found = [heights[text] for text in words(shown)]
    assert min(below - above for below, above in pairwise(found)) > GAP - 0.5
    assert heights["stop"] - heights["target"] > GAP


@given(
    st.lists(st.floats(0, 100), min_size=1, max_size=20).map(sorted),
    st.floats(0.1, 5),
)  # fmt: skip
def test_places_keep_their_order_their_gap_and_the_room(wanted: list[float], gap: float) -> None:
    places = spread(wanted, gap, (0.0, 100.0))
    assert all(b - a >= gap - 1e-9 for a, b in pairwise(places))
    assert places[0] >= -1e-9
    assert places[-1] <= 100 + 1e-9
    if all(b - a >= gap for a, b in pairwise(wanted)):
        assert places == pytest.approx(wanted)
