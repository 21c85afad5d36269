"""Inverse-volatility sizes under every bound, and the one that binds (semantics 5)."""

from __future__ import annotations

import math

from bot.engine.account import mark_points, position_value
from bot.engine.costs import net_entry, net_stop, reserve_of
from bot.engine.layout import (
    A_CASH,
    D_BINDING,
    D_BOUND,
    D_CAP,
    D_ENTRY,
    D_EQUITY,
    D_K,
    D_QTY,
    D_RISK_CASH,
    D_STOP,
    I_LOT_VOLUME,
    I_MIN_NOTIONAL,
    I_SECTOR,
    I_UNIT,
    T_CAP,
    T_ORDER_PRICE,
    T_QTY,
    T_REST,
    X_SIGMA,
)
from bot.engine.numbers import PPM, mul_div_floor, rate_floor, round10, whole_down, whole_up
from bot.engine.params import Params
from bot.engine.reasons import MIN_NOTIONAL, OK, QTY_ZERO
from bot.engine.types import Floats, Ints, Row

SIGMA_UNIT = 1_000_000_000
SIGMA_BOUND = 1_000_000.0  # beyond it the number is no volatility, and its whole no exact float
INVERSE_UNIT = 1_000_000_000_000_000_000
CENT = 1_000_000
BOUNDS = 8
INV_VOL, RISK, VOL_TARGET, POSITION, SECTOR, GROSS, CASH, ADV = 0, 1, 2, 3, 4, 5, 6, 7


def whole_sigma(sigma: float) -> int:
    """An annual volatility in 1e-9, 0 where there is none."""
    cut = round10(sigma)
    if math.isnan(cut) or cut <= 0.0 or cut > SIGMA_BOUND:
        return 0
    return math.floor(cut * SIGMA_UNIT + 0.5)


def inverse_sigma(sigma: float) -> int:
    """floor(10^18 / s) for the whole volatility s, 0 where there is none."""
    whole = whole_sigma(sigma)
    return INVERSE_UNIT // whole if whole > 0 else 0


def exposure(t: Row, inst: Row, close: int) -> int:
    """A token's open value: its position at the mark, its working entry at the decision's price."""
    working = t[T_REST] * t[T_ORDER_PRICE] * inst[I_UNIT]
    return position_value(t, inst, close) + working  # type: ignore[no-any-return]


def total_exposure(tokens: Ints, insts: Ints, newest: Row, bars: Ints) -> int:
    """Open value of the whole account."""
    total = 0
    for i in range(tokens.shape[0]):
        if tokens[i, T_QTY] > 0 or tokens[i, T_REST] > 0:
            total += exposure(tokens[i], insts[i], mark_points(newest, bars, i))
    return total


def sector_exposure(tokens: Ints, insts: Ints, newest: Row, bars: Ints, sector: int) -> int:
    """Open value of one sector."""
    total = 0
    for i in range(tokens.shape[0]):
        held = tokens[i, T_QTY] > 0 or tokens[i, T_REST] > 0
        if held and insts[i, I_SECTOR] == sector:
            total += exposure(tokens[i], insts[i], mark_points(newest, bars, i))
    return total


def free_cash(tokens: Ints, insts: Ints, acc: Row, p: Params) -> int:
    """Cash less the reserves of working entries."""
    cash = acc[A_CASH]
    for i in range(tokens.shape[0]):
        if tokens[i, T_REST] > 0:
            cash = cash - reserve_of(tokens[i, T_REST], tokens[i, T_CAP], insts[i, I_UNIT], p)
    return cash  # type: ignore[no-any-return]


def inverse_vol_targets(
    tokens: Ints, values: Floats, picked: Ints, count: int, equity: int, open_value: int,
    p: Params, targets: Ints,
) -> None:  # fmt: skip
    """Z2: the target notional of each picked token, in the order of `picked`."""
    budget = rate_floor(equity, p.gross)
    room = budget - open_value
    if room < 0:
        room = 0
    weights = 0
    for n in range(count):
        weights += inverse_sigma(values[picked[n], X_SIGMA])
    if p.scope_candidates == 1:
        budget = room
    else:
        for i in range(tokens.shape[0]):
            if tokens[i, T_QTY] > 0 or tokens[i, T_REST] > 0:
                weights += inverse_sigma(values[i, X_SIGMA])
    wanted = 0
    for n in range(count):
        share = inverse_sigma(values[picked[n], X_SIGMA])
        targets[n] = mul_div_floor(budget, share, weights) if weights > 0 else 0
        wanted += targets[n]
    if wanted > room:
        for n in range(count):
            targets[n] = mul_div_floor(targets[n], room, wanted)
    if p.waterfill == 1:
        waterfill(values, picked, count, rate_floor(equity, p.position_cap), targets)


def waterfill(values: Floats, picked: Ints, count: int, cap: int, targets: Ints) -> None:
    """Give what the position cap cuts off to the uncapped, pro rata to 1 / sigma."""
    total = 0
    for n in range(count):
        total += targets[n]
    for _ in range(count):
        left = total
        weights = 0
        for n in range(count):
            if targets[n] >= cap:
                targets[n] = cap
                left -= cap
            else:
                weights += inverse_sigma(values[picked[n], X_SIGMA])
        if weights == 0 or left <= 0:
            return
        over = 0
        for n in range(count):
            if targets[n] < cap:
                share = inverse_sigma(values[picked[n], X_SIGMA])
                targets[n] = mul_div_floor(left, share, weights)
                if targets[n] > cap:
                    over += 1
        if over == 0:
            return


def scale_to_portfolio_vol(
    values: Floats, covariance: Floats, picked: Ints, count: int, equity: int, p: Params,
    targets: Ints,
) -> None:  # fmt: skip
    """Z3: all candidates times min(1, target / sqrt(w'Cw)), w as shares of equity."""
    if math.isnan(p.portfolio_vol) or equity <= 0 or covariance.shape[0] == 0:
        return
    variance = 0.0
    for a in range(count):
        for b in range(count):
            weight = float(targets[a]) / float(equity) * (float(targets[b]) / float(equity))
            variance += weight * covariance[picked[a], picked[b]]
    if math.isnan(variance) or variance <= 0.0:
        return
    ratio = p.portfolio_vol / math.sqrt(variance)
    if ratio >= 1.0:
        return
    scale = whole_down(ratio * 1e9)
    for n in range(count):
        targets[n] = mul_div_floor(targets[n], scale, SIGMA_UNIT)


def adv_bound(inst: Row, adv: float, p: Params) -> int:
    """The money that max_adv_frac of the daily volume is, -1 where volume is off or unknown."""
    if inst[I_LOT_VOLUME] == 0 or math.isnan(adv) or p.max_adv_frac < 0.0:
        return -1
    quote = round10(adv * p.max_adv_frac)
    if quote < 9e7:
        return whole_down(quote * 1e8)
    cents = whole_down(quote * 100.0)
    # Above 10^9 quote units, more than any account holds, the bound says nothing.
    return cents * CENT if 0 <= cents <= 100_000_000_000 else -1


def set_bounds(
    target: int, sector_room: int, gross_room: int, cash_room: int, sigma: float, adv: float,
    inst: Row, p: Params, d: Row,
) -> None:  # fmt: skip
    """All bounds as money floored to 1e-8, in the order of Z4; -1 where a bound does not exist."""
    equity = d[D_EQUITY]
    entry = net_entry(d[D_ENTRY], p)
    per_unit = entry - net_stop(d[D_STOP], d[D_K], p)
    d[D_RISK_CASH] = rate_floor(equity, p.risk)
    d[D_BOUND + INV_VOL] = target
    d[D_BOUND + RISK] = mul_div_floor(d[D_RISK_CASH], d[D_ENTRY] * PPM, per_unit)
    d[D_BOUND + VOL_TARGET] = -1
    if p.pos_vol >= 0:
        budget = rate_floor(equity, p.pos_vol)
        d[D_BOUND + VOL_TARGET] = mul_div_floor(budget, SIGMA_UNIT, whole_sigma(sigma))
    d[D_BOUND + POSITION] = rate_floor(equity, p.position_cap)
    d[D_BOUND + SECTOR] = sector_room if sector_room > 0 else 0
    d[D_BOUND + GROSS] = gross_room if gross_room > 0 else 0
    cash = cash_room if cash_room > 0 else 0
    d[D_BOUND + CASH] = mul_div_floor(cash, d[D_ENTRY] * PPM, d[D_CAP] * (PPM + p.taker))
    d[D_BOUND + ADV] = adv_bound(inst, adv, p)


def choose_quantity(cash_room: int, inst: Row, p: Params, d: Row) -> int:
    """The quantity under the first smallest bound; OK, QTY_ZERO or MIN_NOTIONAL (Z4, Z6)."""
    binding = 0
    for n in range(1, BOUNDS):
        if 0 <= d[D_BOUND + n] < d[D_BOUND + binding]:
            binding = n
    d[D_BINDING] = binding
    per_lot = d[D_ENTRY] * inst[I_UNIT]
    qty = d[D_BOUND + binding] // per_lot
    if binding == CASH:
        cash = cash_room if cash_room > 0 else 0
        qty = mul_div_floor(cash, PPM, d[D_CAP] * inst[I_UNIT] * (PPM + p.taker))
    d[D_QTY] = qty
    if qty == 0:
        return QTY_ZERO
    if qty * per_lot < inst[I_MIN_NOTIONAL]:
        return MIN_NOTIONAL
    return OK


def impact_rate(sigma: float, adv: float, notional: int, p: Params) -> int:
    """Square-root impact in ppm, up: Y x daily volatility x sqrt(notional / ADV)."""
    if math.isnan(p.impact) or math.isnan(adv) or adv <= 0.0 or math.isnan(sigma):
        return 0
    share = float(notional) / 1e8 / adv
    rate = p.impact * sigma / math.sqrt(365.0) * math.sqrt(share)
    ppm = whole_up(rate * 1e6)
    return ppm if 0 <= ppm < 500_000 else 500_000


def open_count(tokens: Ints) -> int:
    """Open positions and working entries, each token once."""
    count = 0
    for i in range(tokens.shape[0]):
        if tokens[i, T_QTY] > 0 or tokens[i, T_REST] > 0:
            count += 1
    return count
