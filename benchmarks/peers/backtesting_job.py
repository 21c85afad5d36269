"""backtesting.py on the arrays of a market, token by token; prints seconds of each repeat."""

import json
import sys
import time
import warnings

import backtesting
import numpy as np
import pandas as pd
from backtesting import Backtest, Strategy

warnings.simplefilter("ignore")
backtesting.backtesting._tqdm = lambda items, **_: items
found = np.load(sys.argv[1])
index = pd.to_datetime(found["times"], unit="ms")
STOP, TARGET = float(found["stop"]), float(found["target"])
UNIT = 1e-4  # it trades whole units, so prices are those of a ten-thousandth


class Edges(Strategy):
    def init(self):
        pass

    def next(self):
        if self.data.Exit[-1] and self.position:
            self.position.close()
        elif self.data.Entry[-1] and not self.position:
            close = self.data.Close[-1]
            self.buy(size=0.99, sl=close * (1 - STOP), tp=close * (1 + TARGET))


def token(i):
    columns = {"Open": "opens", "High": "highs", "Low": "lows", "Close": "closes"}
    data = {name: found[key][:, i] * UNIT for name, key in columns.items()}
    data |= {"Volume": np.ones(len(index)), "Entry": found["entries"][:, i],
             "Exit": found["exits"][:, i]}  # fmt: skip
    return pd.DataFrame(data, index=index)


tests = [
    Backtest(token(i), Edges, cash=1000.0, commission=float(found["fee"]),
             spread=float(found["slip"]), finalize_trades=True)
    for i in range(found["closes"].shape[1])
]  # fmt: skip


def once():
    began = time.perf_counter()
    results = [test.run() for test in tests]
    seconds = time.perf_counter() - began
    trades = sum(int(each["# Trades"]) for each in results)
    return seconds, trades, sum(float(each["Equity Final [$]"]) for each in results)


runs = [once() for _ in range(int(sys.argv[2]))]
print(json.dumps({
    "version": backtesting.__version__, "seconds": [run[0] for run in runs],
    "trades": runs[0][1], "equity": runs[0][2],
}))  # fmt: skip
