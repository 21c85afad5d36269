"""Every fill vector of the semantics, through the whole step."""

from __future__ import annotations

import re

import pytest

from bot.engine import layout as at
from bot.engine.reasons import NAMES
from bot.engine.tables import State
from tests.support.engine_market import HOUR, T0, VECTOR_PARAMS, OneToken, account, points
from tests.unit.engine.fill_vectors import VECTORS

E0 = "100 101 99 100.5 1000"


def options_of(case: str) -> dict[str, str]:
    return dict(re.findall(r"(\w+)=([\w.%]+)", case))


def parse_market(bars: str, options: dict[str, str]) -> OneToken:
    market = OneToken()
    fine = re.search(r"\(b(\d) finer: (.*)\)", bars)
    if fine:
        parts = [part.split() for part in fine.group(2).split(" / ")]
        market.fine[int(fine.group(1))] = [(part[:4], part[4]) for part in parts]
        bars = bars[: fine.start()].strip()
    for hour, bar in enumerate(bars.split(" / ")):
        text = E0 if bar.strip() == "E0" else bar.strip()
        if text != "missing":
            *prices, volume = text.split()
            market.bars.append((hour, prices, volume))
    part = options.get("part", "100%").rstrip("%")
    market.params = VECTOR_PARAMS._replace(
        entry_ttl=int(options.get("ttl", 1)),
        part=int(part) * 10_000,
        limit_touch=int(options.get("limit_rule") == "touch"),
        limit_gap_open=int(options.get("limit_gap") == "open"),
        min_rr=int(float(options.get("min_rr", 0)) * 1_000_000),
        max_hold=int(options.get("max_hold", 168)) * HOUR,
    )
    if "tick" in options:
        market.tick, market.unit = points(options["tick"], 2), points(options["tick"], 2) * 1000
    return market


def buy_ten_before_b0(state: State, market: OneToken, options: dict[str, str]) -> None:
    """Ten units decided in the slot in which b0 opens: stop 95, target 110, cap 101."""
    token = state.tokens[0]
    token[at.T_REST] = token[at.T_ORDERED] = 10_000
    token[at.T_STOP] = points("95", 2) // market.tick
    token[at.T_TARGET] = points("110", 2) // market.tick
    token[at.T_CAP] = points(options.get("cap", "101"), 2) // market.tick
    token[at.T_K] = 500
    token[at.T_ORDER_SLOT] = token[at.T_ORDER_FROM] = token[at.T_CURSOR] = T0
    token[at.T_RISK_CASH] = points(options.get("risk_cash", "100000"), 8)
    token[at.T_BUSY] = 1


def events_of(records: object, tick: int) -> list[str]:
    shown = []
    for row in records:  # type: ignore[attr-defined]
        bar = f"b{(row[at.R_BAR] - T0) // HOUR}"
        qty = f"{row[at.R_QTY] / 1000:g}"
        reason = NAMES[row[at.R_REASON]]
        kind = row[at.R_KIND]
        if kind == at.FILL:
            side = "BUY" if row[at.R_ACTION] == at.ACT_ENTRY else "SELL"
            shown.append(f"{bar} {side} {qty} @{row[at.R_PRICE] * tick / 100:g} {reason}")
        elif kind in (at.CANCEL, at.RESIZE, at.TRIGGER):
            word = {at.CANCEL: "CANCEL", at.RESIZE: "RESIZE", at.TRIGGER: "TRIGGER"}[kind]
            shown.append(f"{bar} {word} {qty} {reason}")
    return shown


@pytest.mark.parametrize(
    ("case", "bars", "events", "cash", "realised"),
    [pytest.param(*row[1:], id=row[0]) for row in VECTORS],
)
def test_fill_vector(case: str, bars: str, events: str, cash: str, realised: str) -> None:
    options = options_of(case)
    market = parse_market(bars, options)
    exit_live = re.search(r"live at b(\d)", case)
    if exit_live:
        hour = int(exit_live.group(1))
        market.signals.append((T0 + hour * HOUR, T0 + (hour - 1) * HOUR, -1))
    state = account(options.get("cash", "10000"))
    buy_ten_before_b0(state, market, options)
    output = market.run([T0 + n * HOUR for n in range(1, 8)], state)
    assert events_of(output.records, market.tick) == events.split("; ")
    assert state.account[at.A_CASH] == points(cash, 8)
    assert state.account[at.A_REALISED] == points(realised, 8)
