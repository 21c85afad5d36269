"""vectorbt's from_signals on the arrays of a market; prints the seconds of each repeat as JSON."""

import json
import sys
import time

import numpy as np
import pandas as pd
import vectorbt as vbt

found = np.load(sys.argv[1])
index = pd.to_datetime(found["times"], unit="ms", utc=True)
names = [f"T{i}" for i in range(found["closes"].shape[1])]


def frame(name):
    return pd.DataFrame(found[name], index=index, columns=names)


opens, highs, lows, closes = (frame(name) for name in ("opens", "highs", "lows", "closes"))
# A row known at a close acts at the next open.
entries = frame("entries").shift(1, fill_value=False).astype(bool)
exits = frame("exits").shift(1, fill_value=False).astype(bool)


def once():
    began = time.perf_counter()
    made = vbt.Portfolio.from_signals(
        close=closes, entries=entries, exits=exits, price=opens, open=opens, high=highs, low=lows,
        sl_stop=float(found["stop"]), tp_stop=float(found["target"]), stop_entry_price="fillprice",
        fees=float(found["fee"]), slippage=float(found["slip"]), size=float(found["share"]),
        size_type="percent", init_cash=10_000.0, cash_sharing=True, group_by=True, freq="1h",
    )  # fmt: skip
    seconds = time.perf_counter() - began
    return seconds, len(made.trades.records), float(made.final_value())


once()
runs = [once() for _ in range(int(sys.argv[2]))]
print(json.dumps({
    "version": vbt.__version__, "seconds": [run[0] for run in runs],
    "trades": runs[0][1], "equity": runs[0][2],
}))  # fmt: skip
