"""Prices after costs, and the net reward:risk that decision and fill share (L6, F2, F3, F10)."""

from __future__ import annotations

from bot.engine.numbers import PPM, rate_ceil, ticks_down, ticks_up, wide_less, wide_mul
from bot.engine.params import Params


def buy_ticks(points: int, k: int, tick: int) -> int:
    """What a market buy pays at a reference price, in ticks."""
    return ticks_up(points, PPM + k, tick)


def sell_ticks(points: int, k: int, tick: int) -> int:
    """What a market sale or a stop earns at a reference price, in ticks."""
    return ticks_down(points, PPM - k, tick)


def fee_of(notional: int, rate: int) -> int:
    """The fee on a notional, up to the next 1e-8."""
    return rate_ceil(notional, rate)


def net_entry(entry: int, p: Params) -> int:
    """e of L6 in ticks times 10^6."""
    return entry * (PPM + p.taker)


def net_stop(stop: int, k: int, p: Params) -> int:
    """s of L6 in ticks times 10^6; `stop` in ticks."""
    return sell_ticks(stop, k, 1) * (PPM - p.taker)


def net_target(target: int, p: Params) -> int:
    """t of L6 in ticks times 10^6."""
    return target * (PPM - p.maker)


def ratio_below(reward: int, risk: int, min_rr: int) -> bool:
    """Whether reward / risk < min_rr, exactly; risk is positive."""
    if reward < 0:
        return True
    high, low = wide_mul(reward, PPM)
    limit_high, limit_low = wide_mul(risk, min_rr)
    return wide_less(high, low, limit_high, limit_low)


def reserve_of(rest: int, cap: int, unit: int, p: Params) -> int:
    """Cash held for an entry's unfilled rest: at its cap, taker fee included."""
    notional = rest * cap * unit
    return notional + fee_of(notional, p.taker)
