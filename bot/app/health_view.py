"""`status`: healthy, degraded or failing, why and since when; facts first, the daemon's notes last.

What can be seen from outside (the last slot, the last answers, the disk) is looked at anew each
time, so that a daemon that hangs or a disk that takes no note cannot look well.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from bot.adapters.sql import ledger_read, slot_store
from bot.adapters.sql.health_store import health_rows
from bot.adapters.sql.log_size import overgrown_log
from bot.adapters.sql.raw_retention import last_pruning
from bot.adapters.sql.schema_health import DEGRADED, FAILING, HEALTHY
from bot.adapters.tokenmetrics.endpoints import Endpoint
from bot.app.poll_needs import plan_of
from bot.app.put_back import open_put_backs
from bot.app.reading import Document, Reader, instant_text
from bot.app.strategy_files import LoadedStrategy
from bot.domain.instants import DAY, HOUR, MINUTE, format_instant, parse_instant
from bot.domain.plurals import counted

LATE = 30 * MINUTE
OVERDUE = 2 * HOUR
SILENT = 2 * HOUR
FREE_LEAST = 100 << 20
EXIT_CODES = {HEALTHY: 0, DEGRADED: 1, FAILING: 2}
_HOURLY = frozenset({Endpoint.HOURLY_OHLCV, Endpoint.HOURLY_SIGNALS})


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """One thing that is not well; `since` None where nobody knows."""

    state: str
    part: str
    reason: str
    since: int | None = None


def health_document(
    reader: Reader, loaded: list[LoadedStrategy], fault: str, receivers: list[Document]
) -> Document:
    """The state with its reasons; `fault` is what is wrong with the strategy files."""
    troubles = list(_troubles(reader, loaded, fault, receivers))
    worst = max((EXIT_CODES[one.state] for one in troubles), default=0)
    state = next(name for name, code in EXIT_CODES.items() if code == worst)
    since = [one.since for one in troubles if one.state == state and one.since is not None]
    return {
        "state": state,
        "since": instant_text(min(since, default=None)),
        "reasons": [_document(one) for one in troubles],
    }


def _document(trouble: Trouble) -> dict[str, Any]:
    return {
        "state": trouble.state,
        "part": trouble.part,
        "reason": trouble.reason,
        "since": instant_text(trouble.since),
    }


def _troubles(
    reader: Reader, loaded: list[LoadedStrategy], fault: str, receivers: list[Document]
) -> Iterator[Trouble]:
    now = reader.now()
    if not is_replay(reader.connection):
        yield from _slots(reader, [one.strategy.name for one in loaded], now)
    yield from _answers(reader, loaded, now)
    yield from _credits(reader, now)
    yield from _disk(reader.path)
    yield from _raw_answers(reader, now)
    yield from _waiting(receivers, now)
    for lost in open_put_backs(reader.path, reader.connection):
        reason = f"{lost.found}: {lost.advice}"
        yield Trouble(state=DEGRADED, part="ledger", reason=reason, since=lost.since)
    if fault:
        reason = f"the next start would fail: {fault}"
        yield Trouble(state=DEGRADED, part="strategies", reason=reason)
    yield from (
        Trouble(state=row.state, part=row.part, reason=row.reason, since=row.since)
        for row in health_rows(reader.connection)
        if row.state != HEALTHY
    )


def is_replay(connection: Connection) -> bool:
    """Whether all slots come from a replay: nobody has ever asked the provider for them."""
    return bool(ledger_read.strategies(connection)) and not slot_store.last_polls(connection)


def _slots(reader: Reader, loaded: Iterable[str], now: int) -> Iterator[Trouble]:
    """Whether every strategy that is to run has done the last slots."""
    begun = ledger_read.strategies(reader.connection)
    if not begun:
        yield Trouble(state=DEGRADED, part="slots", reason="no slot has been done yet")
    for name in sorted(set(loaded) & set(begun)) or begun:
        mark = ledger_read.watermark(reader.connection, name)
        due = mark + HOUR if mark is not None else now
        if now - due > LATE:
            state = FAILING if now - due > OVERDUE else DEGRADED
            reason = f"{name}: no slot done since {format_instant(due - HOUR)}"
            yield Trouble(state=state, part="slots", reason=reason, since=due)


def _answers(reader: Reader, loaded: list[LoadedStrategy], now: int) -> Iterator[Trouble]:
    """Whether the hourly endpoints have answered lately."""
    if not loaded:
        return
    last = slot_store.last_polls(reader.connection)
    for endpoint in sorted(plan_of([one.strategy for one in loaded]).endpoints & _HOURLY):
        at = last.get(endpoint)
        if at is not None and now - at > SILENT:
            reason = f"{endpoint}: no answer since {format_instant(at)}: entries stop as data ages"
            yield Trouble(state=DEGRADED, part="provider", reason=reason, since=at)


def _credits(reader: Reader, now: int) -> Iterator[Trouble]:
    month = format_instant(now)[:7]
    if slot_store.credits_spent(reader.connection, month) >= reader.settings.monthly_credits:
        yield Trouble(state=DEGRADED, part="credits", reason=f"none are left in {month}")


def _raw_answers(reader: Reader, now: int) -> Iterator[Trouble]:
    """Whether the bound on raw answers leaves the audit less than a day of them."""
    last = last_pruning(reader.connection)
    if last is not None and last.is_short and last.pruned_at > now - DAY:
        reason = (
            f"raw answers: less than a day is within raw_max_mb = {reader.settings.raw_max_mb}; "
            f"those up to {format_instant(last.fetched_until)} were let go"
        )
        yield Trouble(state=DEGRADED, part="disk", reason=reason, since=last.pruned_at)


def _disk(database: Path) -> Iterator[Trouble]:
    """Whether the next slot can be written."""
    free = shutil.disk_usage(database.parent).free
    if free < FREE_LEAST:
        reason = f"{free // 1024:,} kB are free at {database.parent}"
        yield Trouble(state=DEGRADED, part="disk", reason=reason)
    if os.statvfs(database.parent).f_flag & os.ST_RDONLY:
        reason = f"{database.parent} is mounted read-only"
        yield Trouble(state=DEGRADED, part="disk", reason=reason)
    if reason := overgrown_log(database):
        yield Trouble(state=DEGRADED, part="disk", reason=f"{reason}: end that program")


def _waiting(receivers: list[Document], now: int) -> Iterator[Trouble]:
    """Whether every receiver of the settings gets its messages."""
    for one in receivers:
        if not one["configured"]:
            continue
        oldest, name = one["oldest_waiting"], one["sink"]
        if oldest is not None and now - parse_instant(oldest) > LATE:
            waits = f"{name}: {counted(one['waiting'], 'message')} not delivered since {oldest}"
            reason = f"{waits}: {one['last_error'] or 'not tried yet'}"
            yield Trouble(
                state=DEGRADED, part="receivers", reason=reason, since=parse_instant(oldest)
            )
