"""Where each number stands in the engine's arrays.

The engine works on int64 and float64 arrays only, so that the same functions run interpreted and
compiled. This module names their columns; nothing else may use a bare column number.

Prices are points (10^-d quote units) in market data and ticks in orders, fills and the account;
quantities are lots; money is 1e-8 quote units; rates are ppm; instants are milliseconds.
"""

from __future__ import annotations

HOUR = 3_600_000
DAY = 86_400_000

# bars: one row per version of an hourly bar, by token, open time, instant of knowledge
B_OPEN_TIME = 0
B_OPEN = 1
B_HIGH = 2
B_LOW = 3
B_CLOSE = 4
B_VOLUME = 5  # in units of which I_LOT_VOLUME make one lot; -1 where none was sent
B_KNOWN = 6  # the first slot that knows this version
BAR_COLS = 7

# finer bars inside an hour: open time, prices, volume (0 marks an empty one)
F_OPEN_TIME = 0
F_OPEN = 1
F_HIGH = 2
F_LOW = 3
F_CLOSE = 4
F_VOLUME = 5
FINE_COLS = 6

# instruments, one row per token
I_TOKEN_ID = 0
I_TICK = 1  # points of one tick; 0 while no bar is known
I_UNIT = 2  # money of one lot at one tick
I_MIN_NOTIONAL = 3
I_SECTOR = 4
I_LOT_VOLUME = 5  # bar volume units of one lot; 0: volume unit unknown, participation off
INST_COLS = 6

# slots
S_SLOT = 0
S_MISSED = 1
S_PAUSED = 2
S_COVARIANCE = 3  # which of the covariance matrices holds
S_ACKNOWLEDGED = 4  # the operator lifts a drawdown halt
SLOT_COLS = 5

# integer cells, per slot and token
C_QUANT = 0  # UNKNOWN, FRESH or STALE, and the same for grades and levels
C_GRADE = 1
C_LEVELS = 2
C_BOOK_START = 3
C_BOOK_END = 4
C_BOOK_BUILT = 5  # bar close the book was built at; 0: strengths are used as given
C_UNIVERSE = 6
C_HISTORY = 7  # milliseconds since the first known bar opened, -1 for none
C_JUMP = 8  # a new bar of this slot jumped
C_LATE = 9  # open time of the oldest bar that an earlier slot should have known, else 0
C_OPERATOR = 10  # what the operator asks of the token in this slot: the bits below
CELL_COLS = 11

ASKED_CLOSE = 1
ASKED_ACK = 2  # of a price jump
ASKED_WRITE_OFF = 4  # with ASKED_CLOSE: sell for next to nothing where no bar comes

UNKNOWN = 0
FRESH = 1
STALE = 2

# float cells, per slot and token; gate and rank columns follow
X_SIGMA = 0
X_ATR = 1  # in points
X_ADV = 2  # in quote units a day
X_FIRST = 3

# signal rows of a slot
G_TOKEN = 0
G_VALID = 1
G_VALUE = 2  # -1, 0, 1, or UNREADABLE
G_AMBIGUOUS = 3
SIGNAL_COLS = 4
UNREADABLE = 2

# gates: integer and float halves
GATE_COLUMN = 0
GATE_SOURCE = 1
GATE_LOW_REASON = 2
GATE_HIGH_REASON = 3
GATE_INT_COLS = 4
FROM_QUANT = 0
FROM_GRADE = 1
FROM_LOCAL = 2
FROM_VOLUME = 3  # the liquidity gate: off where the volume unit is unknown
GATE_MIN = 0
GATE_MAX = 1
GATE_LEAVE_MIN = 2
GATE_LEAVE_MAX = 3
GATE_FLOAT_COLS = 4

# rank columns: column, 1 where smaller is better
RANK_COLUMN = 0
RANK_REVERSED = 1
RANK_SOURCE = 2
RANK_COLS = 3

# account
A_CASH = 0
A_START = 1
A_REALISED = 2
A_PEAK = 3
A_DAY = 4  # 00:00 of the day that the day base belongs to
A_DAY_BASE = 5
A_HALT_DAILY = 6
A_HALT_DRAWDOWN = 7
A_EQUITY = 8
A_VALUE = 9
A_SLOT = 10  # the last slot stepped
ACCOUNT_COLS = 11

# per token: position
T_QTY = 0
T_COST = 1
T_ENTRY_FEES = 2  # not yet released by sales
T_ENTRY_OPEN = 3  # open time of the first entry fill
T_STOP = 4
T_TARGET = 5
T_K = 6
T_RESIDUAL = 7  # the stop has triggered, the rest goes at the next opens
T_BOUGHT = 8
T_PAID = 9  # all that the position's entries cost, fees apart
T_PROCEEDS = 10
T_FEES = 11
T_REALISED = 12
T_RISK = 13  # money at risk by the fills: q (e - s)
# entry order
T_REST = 14
T_ORDERED = 15
T_ORDER_SLOT = 16
T_ORDER_FROM = 17
T_CAP = 18
T_ORDER_PRICE = 19  # entry fill price estimated at the decision
T_BARS_TRIED = 20
T_RISK_CASH = 21
T_RISK_USED = 22
T_RISK_USED_PPM = 23
# market exit
T_EXIT_REASON = 24
T_EXIT_FROM = 25
T_EXIT_SLOT = 26
T_EXIT_ACTED = 27
# matching
T_CURSOR = 28  # open time of the next hour to match
T_VOLUME_LEFT = 29  # lots this hour's volume still gives; -1: no limit
T_TRIED = 30  # the entry has had its open in this hour
T_MATCHING = 31  # this hour is being matched
T_BAR_ROW = 32
# candidate
T_CANDIDATE = 33  # 0 none, EDGE or SYNTHETIC
T_EDGE_TIME = 34
T_BORN = 35
T_CARRIED = 36  # its order works
T_EDGE_USED = 37  # the last edge consumed
T_CLOSED_SLOT = 38
T_COOL_UNTIL = 39
T_SYNTHETIC_DUE = 40
# gates and guards
T_MEMBER = 41
T_JUMPED = 42
T_UNPRICED = 43  # 1: no bar for two days; more: written off from this instant on
# signal series: state before the newest row, then with it
T_BASE = 44
T_SERIES = 51
T_NEWEST_VALID = 58
T_NEWEST_VALUE = 59
T_SEEN_ROW = 60
T_BUSY = 61  # has a position, an order, a candidate or a synthetic candidate to come
TOKEN_COLS = 62

# a signal series' state, at T_BASE and T_SERIES
Q_TREND = 0
Q_EDGE = 1
Q_COUNT = 2
Q_FIRED = 3
Q_UNDATED = 4
Q_COLD = 5
Q_LAST = 6
SERIES_COLS = 7

EDGE = 1
SYNTHETIC = 2

# records, in the order in which they happen
R_KIND = 0
R_STEP = 1
R_SLOT = 2
R_BAR = 3
R_PHASE = 4
R_TOKEN = 5
R_ACTION = 6
R_REASON = 7
R_ORDER_SLOT = 8
R_QTY = 9
R_PRICE = 10
R_REF = 11
R_FEE = 12
R_NOTIONAL = 13
R_A = 14
R_B = 15
R_C = 16
R_D = 17
R_E = 18
R_F = 19
R_G = 20
R_H = 21
RECORD_COLS = 22

DECISION = 1
ORDER = 2
FILL = 3
CANCEL = 4
RESIZE = 5
TRIGGER = 6
CLOSED = 7
NOTICE = 8

ACT_NONE = 0
ACT_ENTRY = 1
ACT_STOP = 2
ACT_TARGET = 3
ACT_EXIT = 4
ACTIONS = ("", "ENTRY", "STOP", "TARGET", "EXIT")

PHASE_OPEN = 0
PHASE_INTRABAR = 1
PHASE_END = 2

# marks, one row per slot: the account after it was valued
M_SLOT = 0
M_CASH = 1
M_VALUE = 2
M_EQUITY = 3
M_REALISED = 4
M_UNREALISED = 5
M_PEAK = 6
M_DAY_BASE = 7
M_OPEN = 8
M_HALT_DAILY = 9
M_HALT_DRAWDOWN = 10
M_RECORDS = 11  # how many records of this output stand before it
MARK_COLS = 12

# integer details of a decision
D_EDGE = 0
D_KIND = 1
D_FAILED = 2  # bit mask over reason codes
D_GATES = 3  # bit mask over gates that did not pass
D_CLOSE = 4
D_SUPPORT = 5
D_STRENGTH = 6
D_RESISTANCE = 7
D_TARGET_STRENGTH = 8
D_STOP = 9
D_TARGET = 10
D_ENTRY = 11
D_CAP = 12
D_FLAGS = 13
D_K = 14
D_EQUITY = 15
D_BOUND = 16  # eight bounds in money, in the order of reasons.BOUND_NAMES; -1: no such bound
D_BINDING = 24
D_QTY = 25
D_RISK_CASH = 26
D_MEMBER = 27
D_BAR = 28
D_RANK = 29
D_STRONG = 30  # the strong resistance that vetoed
D_CURSOR = 31
DECISION_INT_COLS = 32

FLAG_ATR_FALLBACK = 1
FLAG_TARGET_FALLBACK = 2

# float details of a decision; the gate columns follow
DX_SIGMA = 0
DX_ATR = 1
DX_ADV = 2
DX_RR = 3
DX_SCORE = 4
DX_GATES = 5


# scratch, one row per token: lists that a step builds and forgets
W_ACTIVE = 0
W_BUSY = 1  # of the slot before, in token order: kept from slot to slot within a call
W_WOKEN = 2
W_PICKED = 3
W_TARGET = 4
W_DECISION = 5
W_NEW = 6  # whether the active token is one to look at
WORK_COLS = 7

# counters of the output buffers
OUT_RECORDS = 0
OUT_DECISIONS = 1
OUT_MARKS = 2
OUT_BUSY = 3  # how many stand in W_BUSY
OUT_WOKEN = 4
OUT_COLS = 5
