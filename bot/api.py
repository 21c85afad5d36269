"""The replay for notebooks and scripts: read a history, replay a strategy, get tables.

>>> from bot.api import read_candles, replay              # doctest: +SKIP
>>> run = replay("mine.toml", read_candles("candles"))    # doctest: +SKIP
>>> run.trades.to_pandas()                                # doctest: +SKIP
"""

from __future__ import annotations

import os
import sys
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from bot.app.machine import choose_machine
from bot.app.replay import Replay, history_slots, slots_within
from bot.app.replay import replay as step_through
from bot.app.replay_source import read_source
from bot.app.strategy_files import LoadedStrategy, from_strategy, load_strategy, override
from bot.domain.bar_table import History
from bot.domain.errors import ConfigError, UsageError
from bot.domain.instants import in_range, parse_instant
from bot.domain.plurals import counted
from bot.domain.values import Slot
from bot.market.parameter_groups import read_table
from bot.market.strategy import Strategy

if TYPE_CHECKING:
    import pyarrow as pa

    from bot.app.run_arrow import Tables

__all__ = ["Data", "Run", "read_candles", "read_database", "read_record", "replay"]

Instant: TypeAlias = str | datetime | None
Setting: TypeAlias = str | int | float | bool | Decimal | Sequence[object] | Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Data:
    """A history to replay over; `notes` are what a person should know about it, gaps and such."""

    history: History = field(repr=False)
    notes: tuple[str, ...]
    token_bars: int


def read_candles(folder: str | Path) -> Data:
    """A folder of hourly candles: CSV, CSV.gz, Parquet or Feather.

    Raises HourhandError (DataError, StorageError) for what cannot be read.
    """
    return _data(*read_source(Path(folder), None, None, None, os.environ))


def read_record(folder: str | Path) -> Data:
    """A record folder, as `hourhand record export` writes it."""
    return _data(*read_source(None, Path(folder), None, None, os.environ))


def read_database(path: str | Path) -> Data:
    """What a daemon has recorded: its database file, opened for reading only."""
    return _data(*read_source(None, None, str(path), None, os.environ))


class Run:
    """A replayed strategy: tables of Arrow with floats, the same exact, and the summary.

    Every table has `.to_pandas()`, and `polars.from_arrow(table)` takes it as it is.
    """

    def __init__(self, result: Replay, history: History) -> None:
        self._result = result
        self._history = history

    def __repr__(self) -> str:
        name = self._result.loaded.strategy.name
        done = f"{counted(len(self._result.slots), 'slot')}, {counted(len(self.trades), 'trade')}"
        return f"<Run of {name!r}: {done}>"

    @property
    def trades(self) -> pa.Table:
        """Closed round trips; pnl is net of all fees."""
        return self._floats.trades

    @property
    def fills(self) -> pa.Table:
        """Paper fills: which bar made them, at what price and fee."""
        return self._floats.fills

    @property
    def orders(self) -> pa.Table:
        """Orders as decided."""
        return self._floats.orders

    @property
    def order_events(self) -> pa.Table:
        """What happened to orders besides fills: cancels, resizes, triggers."""
        return self._floats.order_events

    @property
    def decisions(self) -> pa.Table:
        """Every candidate of every slot: entered, or the first rule that refused it."""
        return self._floats.decisions

    @property
    def gates(self) -> pa.Table:
        """Every gate of every decision: value, limits, verdict."""
        return self._floats.gates

    @property
    def equity(self) -> pa.Table:
        """The account at every slot."""
        return self._floats.equity

    @property
    def notices(self) -> pa.Table:
        """What the input itself said: late rows, ambiguous signals, price jumps."""
        return self._floats.notices

    @cached_property
    def exact(self) -> Tables:
        """The same tables with exact decimals in the place of floats, and those of less use."""
        from bot.app.run_arrow import exact_tables

        return exact_tables(self._result, self._history.rest.tokens)

    @cached_property
    def summary(self) -> dict[str, Any]:
        """What `hourhand replay --json` prints: counts, refusals, performance, robustness."""
        from bot.app.replay_performance import performance_of

        document = dict(self._result.summary())
        document["performance"] = performance_of(self._result, self._history).document()
        return document

    @property
    def ledger_sha256(self) -> str:
        """The hash over all that was decided and booked: equal runs have equal ones."""
        return self._result.ledger_sha256

    @property
    def canonical_strategy(self) -> str:
        """Every effective parameter as JSON, the text behind config_sha256."""
        return self._result.loaded.canonical

    @cached_property
    def _floats(self) -> Tables:
        from bot.app.run_arrow import float_tables

        return float_tables(self.exact)


def replay(
    strategy: str | Path,
    data: Data,
    *,
    changes: Mapping[str, Setting] | None = None,
    first: Instant = None,
    last: Instant = None,
) -> Run:
    """Step a strategy through a history, as `hourhand replay` does; nothing is written.

    strategy: a path, or the TOML text itself (a text of several lines, or with a `=`).
    changes: parameters to replace, such as {"sharpe_min": 1.2, "universe.top": 20}.
    first, last: the span of slots, as ISO 8601 text or as datetimes with a zone.
    Raises HourhandError: ConfigError with every fault of the strategy, UsageError, DataError.
    """
    loaded = _load(strategy, changes or {})
    slots = _between(history_slots(data.history, loaded.strategy.settle), first, last)
    machine = choose_machine(data.history.token_bars(), os.environ, _say)
    return Run(step_through(loaded, data.history, slots, machine), data.history)


def _data(history: History, notes: Sequence[str]) -> Data:
    return Data(history=history, notes=tuple(notes), token_bars=history.token_bars())


def _load(strategy: str | Path, changes: Mapping[str, Setting]) -> LoadedStrategy:
    pairs = [(key, _text(value)) for key, value in changes.items()]
    if isinstance(strategy, Path) or not ("\n" in strategy or "=" in strategy):
        return load_strategy(Path(strategy), [f"{key}={text}" for key, text in pairs])
    try:
        raw = tomllib.loads(strategy, parse_float=Decimal)
    except (ValueError, ArithmeticError, RecursionError) as problem:
        raise ConfigError([f"strategy text: is not TOML: {problem}"]) from None
    return from_strategy(read_table(Strategy, override(raw, pairs)), Path("strategy.toml"))


def _text(value: Setting) -> str:
    """A value as `--set` takes it."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Mapping):
        inner = ", ".join(f"{_quoted(key)} = {_inside(item)}" for key, item in value.items())
        return "{" + inner + "}"
    if isinstance(value, Sequence):
        return "[" + ", ".join(map(_inside, value)) + "]"
    return str(value)


def _inside(value: Any) -> str:
    return _quoted(value) if isinstance(value, str) else _text(value)


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _between(slots: list[Slot], first: Instant, last: Instant) -> list[Slot]:
    chosen = slots_within(slots, _instant(first, "first"), _instant(last, "last"))
    if not chosen:
        raise UsageError("no slot of the history lies between first and last")
    return chosen


def _instant(value: Instant, name: str) -> int | None:
    if value is None or isinstance(value, str):
        return None if value is None else parse_instant(value)
    if value.tzinfo is None:
        raise UsageError(f"{name}={value!r} has no time zone: give it one, UTC for instance")
    return in_range(round(value.timestamp() * 1000), value)


def _say(text: str) -> None:
    """A word about what takes long, as it happens; results are not printed."""
    sys.stderr.write(text + "\n")
