"""The signal scoreboard for people: hit rates beside their base rates, with n and intervals."""

from __future__ import annotations

from typing import Any

from bot.domain.plurals import counted
from bot.report.tables import Column, Page, clean, indented, minute_text, table_text

Document = dict[str, Any]


def signals_text(document: Document, page: Page, horizon: int) -> str:
    """All strategies of a document; groups are shown at one horizon, the JSON holds all."""
    return "\n".join(_strategy(one, page, horizon) for one in document["strategies"])


def _strategy(one: Document, page: Page, horizon: int) -> str:
    first, last = minute_text(one["from"]), minute_text(one["to"])
    left = ", ".join(f"{name} {count}" for name, count in one["left_out"].items())
    head = (
        f"{clean(one['strategy'])}  {first} to {last} UTC, signals: source={one['source']}\n"
        f"  {one['edges']['bullish']} turns to Bullish, {one['edges']['bearish']} to Bearish of "
        f"{counted(one['tokens'], 'token')}" + (f"\n  left out: {left}" if left else "")
    )
    parts = [
        head + "\n",
        *(_by_horizon(group, page) for group in one["groups"] if group["kind"] == "all"),
        _by_group(one, page, horizon),
        _coefficients(one, page),
        _calibration(one, page, horizon),
        _levels(one["levels"], page),
        _notes(one, page),
    ]
    return "\n".join(part for part in parts if part)


def _figure_columns(first: str, side: str = "left") -> list[Column]:
    return [
        Column(head=first, side="right" if side == "right" else "left"),
        Column(head="n", side="right"),
        Column(head="n_eff", side="right", spare=2),
        Column(head="hit", side="right"),
        Column(head="95%"),
        Column(head="base", side="right"),
        Column(head="mean", side="right"),
        Column(head="95%", spare=3),
        Column(head="base", side="right", spare=1),
        Column(head="p adj", side="right", spare=4),
        Column(head="verdict"),
    ]


def _figure(name: str, row: Document) -> tuple[str | int | None, ...]:
    return (
        name, row["n"], f"{row['n_eff']:.0f}", _percent(row["rate"]),
        _range(row["low"], row["high"]), _percent(row["base_rate"]), _signed(row["mean"]),
        _signed_range(row["mean_low"], row["mean_high"]), _signed(row["base_mean"]),
        None if row["p_adjusted"] is None else f"{row['p_adjusted']:.3f}", row["verdict"],
    )  # fmt: skip


def _by_horizon(group: Document, page: Page) -> str:
    rows = [_figure(f"{row['h']} h", row) for row in group["horizons"]]
    return table_text(_figure_columns(f"after {group['direction'].capitalize()}"), rows, page)


def _by_group(one: Document, page: Page, horizon: int) -> str:
    rows = []
    kind = ""
    for group in one["groups"]:
        if group["kind"] == "all" or not any(row["edges"] for row in group["horizons"]):
            continue
        shown = next(row for row in group["horizons"] if row["h"] == horizon)
        label = group["name"] if group["kind"] in ("entered", "token") else (
            f"{group['kind']} {group['name']}"
        )  # fmt: skip
        rows.append(_figure(f"{'  ' if kind == group['kind'] else '- '}{label}", shown))
        kind = group["kind"]
    return table_text(_figure_columns(f"Bullish, {horizon} h later"), rows, page)


def _coefficients(one: Document, page: Page) -> str:
    columns = [
        Column(head="IC across tokens"), Column(head="slots", side="right"),
        Column(head="mean", side="right"), Column(head="95%"), Column(head="sd", side="right"),
        Column(head="t", side="right"),
    ]  # fmt: skip
    rows = [
        (f"{row['of']}, {row['h']} h", row["n"], _ratio(row["mean"]),
         None if row["low"] is None else f"{row['low']:+.3f} to {row['high']:+.3f}",
         _ratio(row["sd"]), None if row["t"] is None else f"{row['t']:.2f}")
        for row in one["coefficients"]
    ]  # fmt: skip
    return table_text(columns, rows, page)


def _calibration(one: Document, page: Page, horizon: int) -> str:
    columns = [
        Column(head=f"as a probability, {horizon} h"), Column(head="n", side="right"),
        Column(head="Brier", side="right"), Column(head="skill", side="right"),
        Column(head="reliability", side="right"), Column(head="resolution", side="right"),
        Column(head="uncertainty", side="right"),
    ]  # fmt: skip
    rows = [
        (row["of"], row["n"], *(_ratio(row[name]) for name in (
            "score", "skill", "reliability", "resolution", "uncertainty")))
        for row in one["calibration"] if row["h"] == horizon
    ]  # fmt: skip
    return table_text(columns, rows, page) if rows else ""


def _levels(levels: Document, page: Page) -> str:
    if not levels["snapshots"]:
        return "levels: no book stood at any 00:00 slot\n"
    columns = [
        Column(head="levels"), Column(head="near", side="right"),
        Column(head="touched", side="right"),
        Column(head="of near", side="right", spare=2),
        Column(head="held", side="right"), Column(head="broke", side="right"),
        Column(head="timeout", side="right", spare=1), Column(head="rate", side="right"),
        Column(head="95%"), Column(head="placebo", side="right"),
    ]  # fmt: skip
    rows = []
    for row in levels["groups"]:
        rate = row["hold_rate"]
        rows.append((
            row["name"], row["approaches"], row["touches"],
            _percent(row["alert_precision"]["rate"]), row["holds"], row["breaks"],
            row["timeouts"], _percent(rate["rate"]), _range(rate["low"], rate["high"]),
            _percent(row["base_hold_rate"]),
        ))  # fmt: skip
    return table_text(columns, rows, page)


def _notes(one: Document, page: Page) -> str:
    drawn = one["interval"]
    text = [
        f"hit: the price at the hour is above the first eligible open by more than a round trip "
        f"costs ({100 * one['round_trip_cost']:.2f}%); after Bearish: below it by as much. One "
        f"observation per turn; n_eff is what n overlapping ones are worth.",
        "base: the same over every hour of the same tokens (of that regime) in which a signal "
        "stood. regime: whether the median token is above its price of 30 days ago.",
        f"verdict: score test of the hit rate on n_eff; better or worse where Benjamini-Hochberg "
        f"over all figures leaves p at most {one['false_discovery_rate']:g}; none under "
        f"n = {one['least_n']}.",
        "95%: Wilson's for rates, on n as if no two overlapped; for means "
        f"{drawn['draws']} draws of whole weeks, seed {drawn['seed']}. "
        "IC: Spearman across tokens by slot, t of Newey and West.",
        "levels: the book of each 00:00 slot until the next; near: within 0.5%, touched: within "
        "0.05% or a tick, held: a close 1% back, broke: a close 0.2% beyond, in 24 hours; rate: "
        "held of both. "
        f"placebo: the same levels moved by {100 * (one['levels']['placebo_shift'] - 1):.1f}%.",
        *one["notes"],
    ]
    return "".join(indented(line, page) for line in text)


def _percent(value: float | None) -> str | None:
    return None if value is None else f"{100 * value:.1f}%"


def _signed(value: float | None) -> str | None:
    return None if value is None else f"{round(100 * value, 2) + 0.0:+.2f}%"


def _ratio(value: float | None) -> str | None:
    return None if value is None else f"{round(value, 3) + 0.0:.3f}"


def _range(low: float | None, high: float | None) -> str | None:
    return None if low is None or high is None else f"{100 * low:.1f} to {100 * high:.1f}"


def _signed_range(low: float | None, high: float | None) -> str | None:
    return None if low is None or high is None else f"{100 * low:+.2f} to {100 * high:+.2f}"
