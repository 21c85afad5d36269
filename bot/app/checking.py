"""`check`: are settings and strategies right, what do they mean, and what would they do now."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from bot.adapters.sql import overview, slot_store
from bot.adapters.sql.record_store import load
from bot.app.bootstrap import strategy_files_of
from bot.app.lineup import line_up
from bot.app.operator_view import managed_document
from bot.app.reading import Document, Reader, reading
from bot.app.settings import Settings, load_settings
from bot.app.starting import strategy_faults
from bot.app.stepper import Stepper
from bot.app.strategy_files import LoadedStrategy, from_strategy, load_strategies
from bot.app.strategy_words import describe
from bot.domain.errors import ConfigError
from bot.domain.instants import DAY, HOUR, format_instant
from bot.domain.values import Record, Slot
from bot.market.inputs import Market
from bot.market.instruments import Instrument
from bot.market.needs import needs_of

_MARGIN = 60 * DAY  # windows count rows, and hours may be missing
NOT_CONSIDERED = (
    "every token that is Bullish counts as one that has not been looked at since it turned so; "
    "open positions, cooldowns, halts and earlier candidates are not considered"
)


def check(home: Path, files: Sequence[Path]) -> Document:
    """Settings and strategies: the given files and folders, else those of the home.

    Raises ConfigError with the faults of all of them together.
    """
    settings, loaded = _load(home, files)
    document: Document = {
        "ok": True,
        "home": str(home),
        "base_url": settings.base_url,
        "key": "there" if settings.api_key is not None else "missing",
        "strategies": [
            {
                "name": one.strategy.name,
                "file": str(one.path),
                "config_sha256": one.config_sha256,
                "source": "local" if one.strategy.uses_local else "recorded",
                "meaning": describe(one.strategy),
            }
            for one in loaded
        ],
    }
    if settings.database_path.is_file():
        with reading(home) as reader:
            if not files:
                document["managed"] = managed_document(line_up(reader.connection, loaded))
            _add_last_slot(reader, loaded, document)
    return document


def _load(home: Path, files: Sequence[Path]) -> tuple[Settings, list[LoadedStrategy]]:
    faults: list[str] = []
    settings = None
    loaded: list[LoadedStrategy] = []
    try:
        settings = load_settings(home)
    except ConfigError as problem:
        faults += problem.faults
        faults += [] if files else strategy_faults(home)
    try:
        if files:
            loaded = load_strategies(files)
        elif settings is not None:
            loaded = strategy_files_of(settings)
    except ConfigError as problem:
        faults += problem.faults
    if settings is None or faults:
        raise ConfigError(faults)
    return settings, loaded


def _add_last_slot(reader: Reader, loaded: list[LoadedStrategy], document: Document) -> None:
    slots = overview.last_slots(reader.connection, 2)
    if not slots:
        return
    last = slots[-1]
    before = slots[0] if len(slots) == 2 else Slot(slot=last.slot - HOUR, as_of=last.as_of - HOUR)
    document["last_slot"] = {"slot": format_instant(last.slot), "note": NOT_CONSIDERED}
    for one, shown in zip(loaded, document["strategies"], strict=True):
        shown["last_slot"] = _would_have_done(reader, one, before, last)


def _would_have_done(reader: Reader, loaded: LoadedStrategy, before: Slot, last: Slot) -> Document:
    """The last slot stepped with a fresh account, to which every known turn is new."""
    fresh = replace(loaded.strategy, enter_on_first_seen=True)
    stepper = Stepper(from_strategy(fresh, loaded.path))
    reach = max(needs_of(fresh).bars * HOUR, fresh.min_history) + _MARGIN
    settled = dict.fromkeys(("metrics", "levels", "grades"), before.as_of)
    record, _ = load(reader.connection, bars_from=last.slot - reach, settled=settled)
    # Signals come last: skipping would take them for news of earlier slots, and trends are theirs.
    signals, record.signals = record.signals, []
    market = Market(fresh, stepper.plan, _instruments(reader))
    market.push(record)
    market.skip_to(before)
    market.push(Record(signals=signals))
    stepped = stepper.step(market, stepper.open_account(), [replace(last, missed=False)])
    decisions = stepped.records[0].decisions
    return {
        "outcomes": dict(Counter(one.reason for one in decisions).most_common()),
        "decisions": [
            {
                "token_id": one.token_id,
                "symbol": reader.symbol(one.token_id),
                "outcome": one.outcome,
                "reason": one.reason,
                "failed": one.details["failed"],
            }
            for one in decisions
        ],
    }


def _instruments(reader: Reader) -> dict[int, Instrument]:
    return {
        row.token_id: Instrument(
            token_id=row.token_id, tick=row.tick, lot=row.lot, min_notional=row.min_notional,
            note=row.notes,
        )
        for row in slot_store.instruments(reader.connection)
    }  # fmt: skip
