"""Where a card writes the words beside its levels, so that none lies upon another."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bot.report.tables import clean

Document = dict[str, Any]
HEIGHT = 320  # of a card's chart, in pixels
PADDING = 8  # above the highest and below the lowest price
GAP = 13  # between two lines of words
COLUMNS = ("price", "at", "label")
_ROOM = 22  # of the line that leads to a word
_LETTER = 6  # at most, in the words' size


def level_labels(card: Document) -> Document:
    """A table: a level's price, the price at which its words stand, and the words.

    A level of which nothing is known but its price has none: the axis tells that. Where a
    strength is told, a heading without a price stands on top.
    """
    said = sorted(
        (row[0], text) for row in card["levels"]["rows"] if (text := _words(*row[1:])) is not None
    )
    low, high = _extent(card)
    wanted = [price for price, _ in said]
    rows: list[tuple[float | None, str]] = list(said)
    if any(row[1] is not None for row in card["levels"]["rows"]):
        wanted.append(high)
        rows.append((None, "strength"))
    places = spread(wanted, (high - low) * GAP / (HEIGHT - 2 * PADDING), (low, high))
    return {
        "columns": list(COLUMNS),
        "rows": [[price, at, text] for (price, text), at in zip(rows, places, strict=True)],
    }


def label_room(labels: Document) -> int:
    """How many pixels the words need at the right of the chart."""
    longest = max((len(row[2]) for row in labels["rows"]), default=0)
    return _ROOM + _LETTER * longest if longest else 0


def spread(wanted: Sequence[float], gap: float, room: tuple[float, float]) -> list[float]:
    """Places at least a gap apart, in the order of what is wanted and as near to it as may be.

    wanted: ascending. Places lie within the room as far as it holds them all; else they begin at
    its lower end.

    >>> spread([1.0, 5.0, 5.5, 9.0], 2.0, (0.0, 10.0))
    [1.0, 4.25, 6.25, 9.0]
    """
    low, high = room
    last = len(wanted) - 1
    groups: list[tuple[float, int]] = []  # sum of (wanted - place in the row), and how many
    for n, value in enumerate(wanted):
        total, count = value - n * gap, 1
        while groups and groups[-1][0] / groups[-1][1] > total / count:
            total, count = total + groups[-1][0], count + groups[-1][1]
            groups.pop()
        groups.append((total, count))
    starts = [total / count for total, count in groups for _ in range(count)]
    most = max(high - last * gap, low)
    return [min(max(start, low), most) + n * gap for n, start in enumerate(starts)]


def _words(strength: float | None, _side: str, used: str) -> str | None:
    parts = [] if strength is None else [f"{strength:.1f}"]
    if used:
        parts.append(f"{clean(used)} level")
    return ", ".join(parts) or None


def _extent(card: Document) -> tuple[float, float]:
    """The lowest and the highest price that the chart draws."""
    prices = [price for row in card["bars"]["rows"] for price in row[1:]]
    prices += [row[1] for name in ("lines", "fills") for row in card[name]["rows"]]
    prices += [row[0] for row in card["levels"]["rows"]]
    return min(prices, default=0.0), max(prices, default=0.0)
