"""Random records: the generated market, made as untidy as a real one."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import cache
from random import Random

from bot.app.account import Account
from bot.app.stepper import Stepper
from bot.app.strategy_files import LoadedStrategy
from bot.domain.decimals import decimals_of
from bot.domain.instants import DAY, HOUR, MINUTE, floor_day, parse_instant
from bot.domain.records import SlotRecords
from bot.domain.values import (
    Bar,
    Command,
    Grade,
    Level,
    LevelList,
    Metrics,
    Record,
    Signal,
    Slot,
    Token,
)
from bot.market.availability import Lags, bar_visible, signal_visible, snapshot_visible
from bot.market.inputs import Market, lags_of
from bot.market.instruments import Instrument
from bot.simulator.generated import GeneratedMarket, generate
from tests.support.records import load
from tests.support.replays import Replayed, replay

START = parse_instant("2025-05-01T00:00:00Z")
HOURS = 5 * 24
STRATEGY = """
name = "untidy"
cash = 100000
sigma = "quantmetrics"
atr = "column:reach"
adv = "column:turnover"
sharpe_min = -5
mdd_max = 0.9
grade_min = 20
candidate_ttl = 6
stop_min_strength = 0
target_min_strength = 0
strong = 3
stop_max_pct = 0.2
stop_max_atr = 20
atr_fallback = 3
target_fallback = 2
min_rr = 0.1
sector_cap = 0.3
max_hold = 20
entry_ttl = 2
part = 0.05
max_drift = 0.02
cooldown_stop = 2
bar_wait = 2
"""
VARIANTS = (
    "",
    'latency = "120s"\nreentry = "while_bullish"\nrank_by = "composite"\n',
    'bars = "5m"\n',
    'scope = "candidates"\nimpact = 1\nlimit_rule = "touch"\nlimit_gap = "open"\n',
)


@dataclass(frozen=True, slots=True)
class Case:
    """A record, the slots in which it was looked at, and a strategy over it."""

    loaded: LoadedStrategy
    record: Record
    slots: list[Slot]

    @property
    def lags(self) -> Lags:
        return lags_of(self.loaded.strategy)

    def replay(self, record: Record | None = None, slots: list[Slot] | None = None) -> Replayed:
        """Replayed this case, with another record or over other slots where given."""
        return replay(self.loaded, self.record if record is None else record, slots or self.slots)


@cache
def market(seed: int) -> Record:
    return generate(GeneratedMarket(seed=seed, start=START, hours=HOURS, tokens=5))


@cache
def case(seed: int) -> Case:
    """The untidy market of a seed under one of the strategies."""
    rng = Random(seed)
    strategy = load(STRATEGY + VARIANTS[seed % len(VARIANTS)])
    source = market(seed)
    prices = {bar.token_id: float(bar.close) for bar in source.bars}
    record = Record(
        tokens=[row for known in source.tokens for row in untidy_token(rng, known)],
        bars=[row for bar in source.bars for row in untidy_bar(rng, bar)],
        signals=[row for signal in source.signals for row in untidy_signal(rng, signal)],
        metrics=[
            row for metric in source.metrics
            for row in untidy_metrics(rng, metric, prices[metric.token_id])
        ],
        levels=[row for found in source.levels for row in untidy_levels(rng, found)],
        grades=source.grades + [
            replace(grade, tm_grade=rng.uniform(0, 100), available_at=grade.valid_time + DAY)
            for grade in source.grades if rng.random() < 0.3
        ],
        commands=random_commands(Random(-seed), sorted(prices)),
    )  # fmt: skip
    if strategy.strategy.bars == "5m":
        record.bars += [row for bar in source.bars for row in finer_bars(rng, bar)]
    return Case(strategy, record, random_slots(rng))


def random_commands(rng: Random, token_ids: list[int]) -> list[Command]:
    """A pause of some hours, closes and acknowledgements, some to another strategy."""
    instants = [START + rng.randrange(HOURS * HOUR) for _ in range(12)]
    return [
        Command(
            at=at,
            kind=rng.choice(("CLOSE", "CLOSE", "ACK", "PAUSE", "RESUME", "RESUME")),
            strategy=rng.choice(("", "untidy", "other")),
            token_id=rng.choice(token_ids),
        )
        for at in instants
    ]


def random_slots(rng: Random) -> list[Slot]:
    """Every hour; some frozen early, some long after the fact, some missed."""
    made: list[Slot] = []
    late = 0
    for hour in range(HOURS):
        slot = START + HOUR + hour * HOUR
        if rng.random() < 0.02:
            late = max(late, slot + rng.randrange(2, 9) * HOUR)
        as_of = max(slot + rng.choice((10_000, 10 * MINUTE, 600_123)), late)
        made.append(Slot(slot=slot, as_of=as_of, missed=as_of > slot + 40 * MINUTE))
    return made


def moved(rng: Random, bar: Bar, seen: int) -> Bar:
    """A corrected version of a bar, seen later."""
    step = Decimal(1).scaleb(-max(decimals_of(bar.close), 1))
    close = min(bar.high, bar.close + step * rng.randrange(0, 4))
    return replace(bar, close=close, available_at=seen)


def untidy_token(rng: Random, token: Token) -> list[Token]:
    """Seen in the first hours, twice at one instant, and later in another sector or unit."""
    first = replace(token, available_at=START + rng.randrange(0, 3 * HOUR))
    other = replace(first, lot=Decimal(1), tick=Decimal("0.01"))
    later = START + rng.randrange(2, HOURS) * HOUR
    changed = replace(first, sector="sector-1", available_at=later)
    unit = replace(changed, volume_unit=rng.choice(("quote", "unknown", "base")))
    return rng.choice(([token], [first], [first, changed], [first, unit], [first, other, unit]))


def untidy_bar(rng: Random, bar: Bar) -> list[Bar]:
    """Missing, late, repeated, corrected, empty, impossible and without a volume."""
    chance = rng.random()
    close = bar.open_time + HOUR
    if chance < 0.02:
        return []
    if chance < 0.07:
        bar = replace(bar, available_at=close + rng.randrange(0, 6 * HOUR))
    if 0.07 < chance < 0.1:
        return [bar, moved(rng, bar, close + rng.randrange(1, 4 * HOUR)), bar]
    if 0.1 < chance < 0.12:
        return [moved(rng, bar, close + HOUR), moved(rng, bar, close + HOUR)]
    if 0.12 < chance < 0.13:
        return [replace(bar, volume=Decimal(0))]
    if 0.13 < chance < 0.14:
        return [replace(bar, volume=None)]
    if 0.14 < chance < 0.15:
        return [replace(bar, high=bar.low)]
    return [bar]


def finer_bars(rng: Random, bar: Bar) -> list[Bar]:
    """Twelve bars of five minutes inside an hour, sometimes with a hole, sometimes late."""
    chance = rng.random()
    late = bar.open_time + rng.randrange(1, 5) * HOUR if chance < 0.05 else None
    path = [bar.open, bar.high, bar.low, bar.close]
    if rng.random() < 0.5:
        path = [bar.open, bar.low, bar.high, bar.close]
    ends = [path[min(3, part // 3)] for part in range(12)] + [bar.close]
    made = [
        Bar(
            token_id=bar.token_id, open_time=bar.open_time + part * 5 * MINUTE,
            open=ends[part], close=ends[part + 1], high=max(ends[part], ends[part + 1]),
            low=min(ends[part], ends[part + 1]), volume=Decimal(rng.randrange(0, 3)),
            interval="5m", available_at=late,
        )
        for part in range(12)
    ]  # fmt: skip
    return [row for row in made if chance > 0.1 or rng.random() < 0.9]


def untidy_signal(rng: Random, signal: Signal) -> list[Signal]:
    """Late, repeated, changed, ambiguous and unreadable."""
    chance = rng.random()
    end = signal.valid_time + HOUR
    if chance < 0.05:
        return [replace(signal, available_at=end + rng.randrange(0, 5 * HOUR))]
    if chance < 0.08:
        seen = end + rng.randrange(0, 2 * HOUR)
        return [signal, replace(signal, signal=rng.choice(("1", "-1")), available_at=seen), signal]
    if chance < 0.1:
        seen = end + rng.randrange(0, HOUR)
        texts = rng.sample(("1", "-1", "0", "bullish", "unclear"), 2)
        return [replace(signal, signal=text, available_at=seen) for text in texts]
    if chance < 0.11:
        return [replace(signal, signal="??")]
    if chance < 0.3:
        return [replace(signal, signal=rng.choice(("1", "-1")))]
    return [signal]


def untidy_metrics(rng: Random, row: Metrics, price: float) -> list[Metrics]:
    """With the columns that the strategy sizes by; blanks, corrections, confirmations."""
    reach, turnover = price * rng.uniform(0.006, 0.02), rng.uniform(1e5, 1e7)
    values = dict(row.values) | {"reach": reach, "turnover": turnover}
    if rng.random() < 0.03:
        del values[rng.choice(("sharpe", "sortino", "volatility"))]
    made = replace(row, values=tuple(sorted(values.items())))
    chance = rng.random()
    day = floor_day(row.valid_time)
    if chance < 0.3:
        return [replace(made, available_at=day + rng.randrange(0, 2 * DAY))]
    if chance < 0.5:
        changed = replace(made, values=tuple((n, v * 1.5) for n, v in made.values))
        seen = day + DAY + rng.randrange(0, DAY)
        return [made, replace(changed, available_at=seen), replace(made, available_at=seen)]
    return [made]


def untidy_levels(rng: Random, row: LevelList) -> list[LevelList]:
    """Strengths, empty lists, repeats, other lists within the day, two lists of one instant."""
    levels = tuple(
        Level(price=level.price, strength=rng.choice((1.0, 2.0, 3.5)), level_date=level.level_date)
        for level in row.levels
    )
    made = replace(row, levels=levels)
    chance = rng.random()
    later = row.seen_at + rng.randrange(1, 20 * HOUR)
    if chance < 0.2:
        return [made, replace(made, seen_at=later)]
    if chance < 0.4:
        return [made, replace(made, seen_at=later, levels=levels[: len(levels) // 2])]
    if chance < 0.45:
        return [made, replace(made, seen_at=later, levels=())]
    if chance < 0.55:
        strong = tuple(replace(level, strength=9.0) for level in levels)
        return [made, replace(made, levels=strong)]
    return [made]


def shuffled(record: Record, seed: int) -> Record:
    """The same rows with every table in another order, levels within their lists too."""
    rng = Random(seed)
    lists = [replace(row, levels=tuple(_mixed(rng, row.levels))) for row in record.levels]
    return Record(
        tokens=_mixed(rng, record.tokens), bars=_mixed(rng, record.bars),
        signals=_mixed(rng, record.signals), metrics=_mixed(rng, record.metrics),
        levels=_mixed(rng, lists), grades=_mixed(rng, record.grades), slots=record.slots,
        commands=record.commands,
    )  # fmt: skip


def _mixed(rng: Random, rows: list) -> list:  # type: ignore[type-arg]
    return rng.sample(list(rows), len(rows))


def known_by(record: Record, instant: int, lags: Lags) -> Record:
    """The rows that could be known at an instant."""
    return Record(
        tokens=[row for row in record.tokens if _token_seen(row) <= instant],
        bars=[row for row in record.bars if bar_visible(row, lags) <= instant],
        signals=[row for row in record.signals if signal_visible(row, lags) <= instant],
        metrics=[row for row in record.metrics if _snapshot_seen(row, lags) <= instant],
        levels=[row for row in record.levels if row.seen_at <= instant],
        grades=[row for row in record.grades if _snapshot_seen(row, lags) <= instant],
        commands=[row for row in record.commands if row.at <= instant],
    )


def _token_seen(row: Token) -> int:
    return row.available_at or 0


def _snapshot_seen(row: Metrics | Grade, lags: Lags) -> int:
    return snapshot_visible(row, lags)


@dataclass(slots=True)
class Walk:
    """A strategy stepped in pieces, the market kept or built anew between them as a daemon does."""

    case: Case
    stepper: Stepper
    market: Market | None = None
    account: Account | None = None
    universe: frozenset[int] | None = None
    instruments: dict[int, Instrument] = field(default_factory=dict)
    done: int = 0

    @classmethod
    def begin(cls, of: Case) -> Walk:
        """A walk before its first slot."""
        return cls(of, Stepper(of.loaded))

    def step(self, count: int) -> list[SlotRecords]:
        """The next slots in one call."""
        market = self._opened() if self.market is None else self.market
        slots = self.case.slots[self.done : self.done + count]
        account = self.account or self.stepper.open_account()
        stepped = self.stepper.step(market, account, slots)
        self.market = market
        self.account = Account.from_bytes(stepped.account.to_bytes())
        if stepped.market.universes:
            self.universe = frozenset(stepped.market.universes[-1][1])
        self.instruments |= {unit.token_id: unit for unit in stepped.market.derived}
        self.done += count
        return stepped.records

    def forget(self) -> None:
        """A restart: all that was in memory is lost."""
        self.market = None

    def _opened(self) -> Market:
        strategy = self.case.loaded.strategy
        market = Market(strategy, self.stepper.plan, self.instruments, self.universe)
        record = self.case.record
        if not self.done:
            market.push(record)
            return market
        before = self.case.slots[self.done - 1]
        market.push(replace(record, bars=[]))
        size = len(record.bars) // 3
        for first in range(0, len(record.bars), size):
            market.push(Record(bars=record.bars[first : first + size]))
            market.absorb(before)
        market.skip_to(before)
        return market
