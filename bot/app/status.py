"""`status`: what the installation is worth, how far it has come, and what it still lacks."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from bot.adapters.sql import ledger_read, overview, slot_store
from bot.adapters.sql.ledger_rows import EquityRow
from bot.adapters.sql.lock_probe import Holder, lock_holder
from bot.adapters.sql.overview import Lease
from bot.adapters.tokenmetrics.backfill import cost
from bot.adapters.tokenmetrics.endpoints import Endpoint
from bot.adapters.tokenmetrics.ports import UNREAD
from bot.adapters.tokenmetrics.spans import Span
from bot.app.account import LedgerHash
from bot.app.bootstrap import load_all_strategies, strategy_files_of
from bot.app.health_view import health_document, is_replay
from bot.app.lineup import Lineup, line_up
from bot.app.missing_history import missing_history
from bot.app.operator_view import (
    conflicts_document,
    held_document,
    managed_document,
    waiting_document,
)
from bot.app.outbox_view import sinks_document
from bot.app.poll_needs import BACKFILL_MINUTES, plan_of
from bot.app.queries import account_of, open_positions, series_read, slot_inputs, strategy_of
from bot.app.reading import Document, Reader, instant_text
from bot.app.strategy_files import LoadedStrategy
from bot.app.timing import timing_of
from bot.domain.decimals import money_text
from bot.domain.errors import HourhandError
from bot.domain.instants import DAY, HOUR, SECOND, floor_hour, format_instant, parse_instant
from bot.engine import layout as at
from bot.market.parameters import PPM
from bot.market.strategy import Strategy
from bot.market.universe import resolve

_STALE_BAR = 2 * HOUR
_PERCENTILES = (50, 95, 99)
_ENDED: Document = {"behind": 0, "config": "ended: no file of this name and nothing open"}


def status(reader: Reader, names: Iterable[str]) -> Document:
    """Everything that `hourhand status` shows."""
    now = reader.now()
    loaded, fault = _strategy_files(reader)
    by_name = {one.strategy.name: one for one in loaded}
    # Files that cannot be read say nothing about who has ended or is only managed.
    lineup = Lineup(posts=(), ended=()) if fault else line_up(reader.connection, loaded)
    receivers = sinks_document(reader)
    replayed = is_replay(reader.connection)
    document: Document = {
        "home": str(reader.settings.home),
        "database": str(reader.path),
        "now": format_instant(now),
        "replayed": replayed,
        "next_slot": None if replayed else _next_slot(loaded, now),
        "health": health_document(reader, loaded, fault, receivers),
        "daemon": _daemon(reader),
        "strategies": [
            _strategy(reader, name, by_name.get(name), None if replayed else floor_hour(now))
            | (_ENDED if name in lineup.ended else {})
            for name in names
        ],
        "managed": managed_document(lineup),
        "conflicts": conflicts_document(reader),
        "not_started": sorted(set(by_name) - set(ledger_read.strategies(reader.connection))),
        "backfill": _backfill(reader, loaded, now) if loaded and not replayed else None,
        "polls": _polls(reader, now),
        "credits": _credits(reader, now),
        "receivers": receivers,
    }
    if fault:
        document["strategy_files"] = fault
    return document


def _next_slot(loaded: list[LoadedStrategy], now: int) -> str | None:
    """When the next slot is polled; None where no strategy's file says so."""
    if not loaded:
        return None
    return format_instant(timing_of([one.strategy for one in loaded]).next_wake(now))


def _strategy_files(reader: Reader) -> tuple[list[LoadedStrategy], str]:
    """The strategies of the home; files that are wrong must not hide the account."""
    try:
        loaded = strategy_files_of(reader.settings)
        if not loaded and not line_up(reader.connection, []).posts:
            load_all_strategies(reader.settings)  # says what a start would say
        return loaded, ""
    except HourhandError as error:
        return [], str(error)


def _daemon(reader: Reader) -> Document:
    holder = lock_holder(reader.path)
    lease = overview.lease_of(reader.connection)
    document: Document = {"running": holder is not None}
    if holder is not None:
        document |= {"pid": holder.pid, "since": _since(reader, holder, lease)}
    if lease is not None:
        document["lease"] = {
            "epoch": lease.epoch,
            "holder": lease.holder,
            "started_at": format_instant(lease.started_at),
            "heartbeat": format_instant(lease.heartbeat),
        }
    return document


def _since(reader: Reader, holder: Holder, lease: Lease | None) -> str | None:
    """Since when the holder works, by the daemon's clock; None where only the machine's is known.

    The lock's own note is in the machine's time, which on a simulator's clock means nothing.
    """
    if lease is not None and lease.holder == f"pid {holder.pid}":
        return format_instant(lease.started_at)
    return holder.since if reader.settings.clock_url is None else None


def _strategy(
    reader: Reader, name: str, loaded: LoadedStrategy | None, due: int | None
) -> Document:
    """A strategy's account; `due` is the slot that it should have done, None for none."""
    span = overview.slot_span(reader.connection, name)
    row = overview.newest_equity(reader.connection, name)
    assert span is not None, "the ledger names only strategies that have done a slot"
    first, last, done, missed = span
    account = account_of(reader, name)
    cycle = ledger_read.cycles(reader.connection, ledger_read.Span(strategy=name, start=last))[0]
    strategy = strategy_of(reader, cycle)
    digest = LedgerHash()
    for body in ledger_read.journal_bodies(reader.connection, name):
        digest.add(body)
    numbers = account.numbers
    seen = slot_inputs(reader, name, last)["tokens"]
    halts = (("HALT_DAILY_LOSS", at.A_HALT_DAILY), ("HALT_DRAWDOWN", at.A_HALT_DRAWDOWN))
    return {
        "name": name,
        "first_slot": format_instant(first),
        "slot": format_instant(last),
        "slots": done,
        "missed": missed,
        "behind": 0 if due is None else max(0, (due - last) // HOUR),
        "cash": money_text(row.cash),
        "value": money_text(row.value),
        "equity": money_text(row.equity),
        "realised": money_text(row.realised),
        "unrealised": money_text(row.unrealised),
        "peak": money_text(row.peak),
        "drawdown": _fraction(row.peak - row.equity, row.peak),
        "open_positions": sum(token[at.T_QTY] > 0 for token in account.tokens.values()),
        "working_entries": sum(token[at.T_REST] > 0 for token in account.tokens.values()),
        "positions": open_positions(reader, name, last, seen),
        "limits": _limits(strategy, row, numbers),
        "held": held_document(reader, name),
        "waiting": waiting_document(reader, name),
        "halts": [halt for halt, column in halts if numbers[column]],
        "stale": _stale(reader, seen, last, series_read(strategy)),
        "notices": overview.notice_counts(reader.connection, name, last - DAY + HOUR),
        "config_sha256": cycle.config_sha256,
        "config": _config_state(loaded, cycle.config_sha256),
        "rules_version": cycle.rules_version,
        "ledger_sha256": digest.text(),
    }


def _limits(strategy: Strategy, row: EquityRow, numbers: Sequence[int]) -> list[Document]:
    """Each halt that the strategy has: how far equity is down now, and from where on it holds."""
    base, peak = numbers[at.A_DAY_BASE], row.peak
    rows = (
        ("HALT_DAILY_LOSS", _fraction(base - row.equity, base), strategy.daily_loss_limit),
        ("HALT_DRAWDOWN", _fraction(peak - row.equity, peak), strategy.dd_halt),
    )
    return [
        {"halt": halt, "down": max(0.0, down), "limit": limit / PPM}
        for halt, down, limit in rows
        if limit is not None
    ]


def _config_state(loaded: LoadedStrategy | None, recorded: str) -> str:
    if loaded is None:
        return "no file of this name"
    return "as in its file" if loaded.config_sha256 == recorded else "its file has changed since"


def _fraction(part: int, whole: int) -> float:
    return float(f"{part / whole:.4g}") if whole > 0 else 0.0


def _stale(
    reader: Reader, tokens: Document, slot: int, read: tuple[str, ...]
) -> dict[str, list[str]]:
    """Bars and the series read -> symbols of the universe whose newest row was too old."""
    found: dict[str, list[str]] = {}
    for token_id, seen in sorted(tokens.items()):
        if not seen["in_universe"]:
            continue
        symbol = reader.symbol(int(token_id))
        bar = seen.get("bar")
        if bar is None or slot - parse_instant(bar["open_time"]) - HOUR > _STALE_BAR:
            found.setdefault("bars", []).append(symbol)
        for series in read:
            if seen[series] == "stale":
                found.setdefault(series, []).append(symbol)
    return found


def _backfill(reader: Reader, loaded: list[LoadedStrategy], now: int) -> Document:
    """Bars that were never asked for, and when the daemon will have asked at its pace."""
    strategies = [one.strategy for one in loaded]
    settings = reader.settings
    end = floor_hour(now)
    reach = max(plan_of(strategies).horizon, settings.backfill_days * DAY)
    try:
        ids = set().union(*(resolve(one.universe, reader.tokens) for one in strategies))
    except HourhandError as error:
        return {"fault": str(error)}
    wanted = Span(start=end - reach, end=end)
    missing = missing_history(reader.connection, ids, wanted, settings.batch_size)
    requests = cost(missing)
    wakes = math.ceil(requests / (settings.requests_per_minute * BACKFILL_MINUTES))
    return {
        "tokens": len(ids),
        "incomplete": sorted({i for request in missing for i in request.token_ids}),
        "requests": requests,
        "from": format_instant(end - reach),
        "ready": instant_text(end + wakes * HOUR if wakes else None),
    }


def _polls(reader: Reader, now: int) -> list[Document]:
    """Each endpoint: its last success, and its requests of the last day."""
    last = {name: at for name, at in slot_store.last_polls(reader.connection).items()
            if name in set(Endpoint)}  # fmt: skip
    seen = {one.endpoint: one for one in overview.traffic(reader.connection, now - DAY)}
    lost = slot_store.failures(reader.connection, now - DAY)
    rows: list[Document] = []
    for endpoint in sorted({*last, *seen, *lost}):
        heard = last.get(endpoint)
        row: Document = {
            "endpoint": endpoint, "last_success": instant_text(heard),
            "age_s": None if heard is None else (now - heard) // SECOND,
        }  # fmt: skip
        found = seen.get(endpoint)
        latencies = found.latencies if found else ()
        row["answers"] = len(latencies)
        for percent in _PERCENTILES:
            row[f"p{percent}_ms"] = percentile(latencies, percent)
        statuses = {str(code): n for code, n in sorted(found.errors.items())} if found else {}
        rows.append(row | _error_cells(len(latencies), statuses, lost.get(endpoint, {})))
    return rows


def _error_cells(answers: int, statuses: dict[str, int], lost: dict[str, int]) -> Document:
    """Requests, how many of them failed by cause, and their share; None of no request."""
    errors = statuses | dict(sorted(lost.items()))
    requests = answers + sum(n for cause, n in lost.items() if cause != UNREAD)
    share = _fraction(sum(errors.values()), requests) if requests else None
    return {"requests": requests, "errors": errors, "error_rate": share}


def percentile(ascending: tuple[int, ...], percent: int) -> int | None:
    """The nearest-rank percentile; None of nothing.

    >>> percentile((10, 20, 30, 40), 50), percentile((10, 20, 30, 40), 95)
    (20, 40)
    """
    if not ascending:
        return None
    return ascending[max(1, -(-percent * len(ascending) // 100)) - 1]


def _credits(reader: Reader, now: int) -> Document:
    month = format_instant(now)[:7]
    spent = slot_store.credits_spent(reader.connection, month)
    limit = reader.settings.monthly_credits
    return {"month": month, "spent": spent, "limit": limit, "left": max(0, limit - spent)}
