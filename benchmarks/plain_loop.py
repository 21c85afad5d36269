"""What a portfolio loop over arrays costs when it does no more than it must: floats, one lot size.

Entry at the next open after a Bullish row, stop and target inside the bar (the stop first), exit at
the next open after a Bearish row, fees and slippage as fractions, one position a token, equity at
every close. No exact money, no gates, no reasons, no ledger.
"""

from __future__ import annotations

import numba
import numpy as np

CASH = 10_000.0


@numba.njit  # type: ignore[misc]
def portfolio(  # noqa: PLR0913 - compiled code wants plain arrays and scalars
    opens, highs, lows, closes, entries, exits, stop, target, share, fee, slip, equity, trades
):  # type: ignore[no-untyped-def]
    """Run all hours; writes equity by hour and (token, hour, result) by trade, returns how many."""
    hours, tokens = closes.shape
    cash = CASH
    total = CASH
    done = 0
    held = np.zeros(tokens)
    paid = np.zeros(tokens)
    floor = np.zeros(tokens)
    ceiling = np.zeros(tokens)
    buy = np.zeros(tokens, np.bool_)
    sell = np.zeros(tokens, np.bool_)
    for hour in range(hours):
        value = 0.0
        for i in range(tokens):
            if buy[i]:
                price = opens[hour, i] * (1.0 + slip)
                amount = min(total * share, cash / (1.0 + fee))
                held[i] = amount / price
                paid[i] = amount * (1.0 + fee)
                cash -= paid[i]
                floor[i] = closes[hour - 1, i] * (1.0 - stop)
                ceiling[i] = closes[hour - 1, i] * (1.0 + target)
                buy[i] = False
            if held[i] > 0.0:
                price = 0.0
                if sell[i] or opens[hour, i] <= floor[i]:
                    price = opens[hour, i] * (1.0 - slip)
                elif lows[hour, i] <= floor[i]:
                    price = floor[i] * (1.0 - slip)
                elif highs[hour, i] >= ceiling[i]:
                    price = ceiling[i]
                if price > 0.0:
                    got = held[i] * price * (1.0 - fee)
                    cash += got
                    trades[done, 0] = i
                    trades[done, 1] = hour
                    trades[done, 2] = got - paid[i]
                    done += 1
                    held[i] = 0.0
                else:
                    value += held[i] * closes[hour, i]
            sell[i] = exits[hour, i]
            if entries[hour, i] and held[i] == 0.0:
                buy[i] = True
        total = cash + value
        equity[hour] = total
    return done


@numba.njit  # type: ignore[misc]
def read_once(opens, highs, lows, closes, entries, exits):  # type: ignore[no-untyped-def]
    """Touch every number once, as little as any loop over these arrays can do."""
    price = 0.0
    flags = 0
    for hour in range(closes.shape[0]):
        for i in range(closes.shape[1]):
            price += opens[hour, i] + highs[hour, i] + lows[hour, i] + closes[hour, i]
            flags += entries[hour, i] + exits[hour, i]
    return price + flags
