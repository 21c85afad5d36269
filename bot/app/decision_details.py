"""What a decision saw and made, from the engine's rows to numbers with names."""

from __future__ import annotations

import math
from typing import Any

from bot.domain.decimals import money_text, scaled
from bot.domain.records import Scale
from bot.engine import layout as at
from bot.engine.reasons import BOUND_NAMES, NAMES
from bot.engine.tables import Rules
from bot.market.bar_series import Prices
from bot.market.rules import ColumnPlan

_STRENGTH = 9


class DetailReader:
    """Reads the details of one strategy's decisions."""

    def __init__(self, rules: Rules, plan: ColumnPlan) -> None:
        self._rules = rules
        self._columns = ["adv" if c < at.X_FIRST else plan.columns[c - at.X_FIRST].name
                         for c in rules.gates[:, at.GATE_COLUMN].tolist()]  # fmt: skip

    def read(
        self, d: list[int], x: list[float], scale: Scale | None, prices: Prices
    ) -> dict[str, Any]:
        """Every number that a decision saw or made, as text or finite float; absent left out."""
        failed = [NAMES[n] for n in range(1, len(NAMES)) if d[at.D_FAILED] >> n & 1]
        shown: dict[str, Any] = {"failed": failed}
        floats = {"sigma": x[at.DX_SIGMA], "adv": x[at.DX_ADV], "net_rr": x[at.DX_RR],
                  "score": x[at.DX_SCORE]}  # fmt: skip
        if d[at.D_KIND] == 0:
            return shown
        shown |= {name: value for name, value in floats.items() if math.isfinite(value)}
        shown["gates"] = self._gates(d, x)
        if d[at.D_CLOSE] == 0 or scale is None:
            return shown
        if math.isfinite(x[at.DX_ATR]):
            shown["atr"] = float(f"{x[at.DX_ATR] / 10.0**prices.decimals:.10g}")
        shown |= _bracket(d, scale, prices)
        if d[at.D_EQUITY] > 0:
            shown |= _size(d, scale)
        return shown

    def _gates(self, d: list[int], x: list[float]) -> list[dict[str, Any]]:
        gates = []
        for g, name in enumerate(self._columns):
            limits = self._rules.limits[g].tolist()
            keys = ("min", "max", "leave_min", "leave_max")
            gate: dict[str, Any] = {
                key: limit for key, limit in zip(keys, limits, strict=True) if math.isfinite(limit)
            }
            gate["column"] = name
            gate["passed"] = not d[at.D_GATES] >> g & 1
            gate["member"] = bool(d[at.D_MEMBER] >> g & 1)
            if math.isfinite(x[at.DX_GATES + g]):
                gate["value"] = x[at.DX_GATES + g]
            gates.append(gate)
        return gates


def _bracket(d: list[int], scale: Scale, prices: Prices) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "close": prices.text(d[at.D_CLOSE]),
        "entry": scale.price(d[at.D_ENTRY]),
        "cap": scale.price(d[at.D_CAP]),
        "k_ppm": d[at.D_K],
    }
    for name, column in (("stop", at.D_STOP), ("target", at.D_TARGET)):
        if d[column] > 0:
            shown[name] = scale.price(d[column])
    for name, price, strength in (
        ("support", at.D_SUPPORT, at.D_STRENGTH),
        ("resistance", at.D_RESISTANCE, at.D_TARGET_STRENGTH),
    ):
        if d[price] > 0:
            shown[name] = prices.text(d[price])
            shown[f"{name}_strength"] = scaled(d[strength], _STRENGTH)
    if d[at.D_STRONG] > 0:
        shown["strong_resistance"] = prices.text(d[at.D_STRONG])
    if d[at.D_FLAGS] & at.FLAG_ATR_FALLBACK:
        shown["stop_from"] = "atr_fallback"
    if d[at.D_FLAGS] & at.FLAG_TARGET_FALLBACK:
        shown["target_from"] = "target_fallback"
    return shown


def _size(d: list[int], scale: Scale) -> dict[str, Any]:
    bounds = {
        name: money_text(d[at.D_BOUND + n])
        for n, name in enumerate(BOUND_NAMES)
        if d[at.D_BOUND + n] >= 0
    }
    return {
        "equity": money_text(d[at.D_EQUITY]),
        "risk_cash": money_text(d[at.D_RISK_CASH]),
        "bounds": bounds,
        "binding": BOUND_NAMES[d[at.D_BINDING]],
        "quantity": scale.quantity(d[at.D_QTY]),
        "rank": d[at.D_RANK],
    }
