"""The same strategy under other costs, another order inside a bar, and one bar of latency."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from bot.app.tally import EQUITY, SLOT, Tally
from bot.domain.instants import HOUR
from bot.engine.params import Params
from bot.engine.tables import Rules


class Variation(NamedTuple):
    """One thing changed, and what to call it."""

    name: str
    change: Callable[[Params], Params]


def _costs(p: Params, times: int) -> Params:
    impact = p.impact * times if times else float("nan")
    return p._replace(k=p.k * times, taker=p.taker * times, maker=p.maker * times, impact=impact)


VARIATIONS = (
    Variation("costs x0", lambda p: _costs(p, 0)),
    Variation("costs x2", lambda p: _costs(p, 2)),
    Variation("target first in a bar", lambda p: p._replace(target_first=1)),
    Variation("one bar of latency", lambda p: p._replace(latency=p.latency + HOUR)),
)


def varied(rules: Rules, variation: Variation) -> Rules:
    """The rules with one thing changed."""
    return rules._replace(params=variation.change(rules.params))


class Result(NamedTuple):
    """A row of the robustness table: return as a fraction, closed trades."""

    name: str
    total_return: float
    trades: int


def result_of(name: str, tally: Tally, cash: int) -> Result:
    """What a whole run came to."""
    marks = tally.marks()
    end = int(marks[-1, EQUITY]) if len(marks) else cash
    return Result(name, end / cash - 1.0, len(tally.closed()))


def halves_of(tally: Tally, cash: int) -> list[Result]:
    """The first and the second half of the run as it stands; trades by when they closed."""
    marks = tally.marks()
    if len(marks) < 2:
        return []
    middle = marks[len(marks) // 2 - 1]
    equity = int(middle[EQUITY])
    first = tally.closed_until(int(middle[SLOT]))
    return [
        Result("first half", equity / cash - 1.0, first),
        Result("second half", int(marks[-1, EQUITY]) / equity - 1.0, len(tally.closed()) - first),
    ]


def verdict(base: Result, others: list[Result]) -> str:
    """One plain sentence where the sign of the result hangs on a choice; "" where it does not."""
    if base.total_return == 0.0:
        return ""
    turned = [one.name for one in others if one.total_return * base.total_return < 0.0]
    if not turned:
        return ""
    return (
        "The sign of the result changes with: " + ", ".join(turned) + ". "
        "Hourly bars cannot judge this strategy."
    )
