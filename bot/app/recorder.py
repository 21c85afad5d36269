"""Answers into the record: each response is stored together with what is read from it."""

from __future__ import annotations

import json
from collections.abc import Callable

from bot.adapters.sql import record_store, slot_store
from bot.adapters.sql.engine import Database
from bot.adapters.tokenmetrics.endpoints import Endpoint
from bot.adapters.tokenmetrics.parsed import Observation, Parsed
from bot.adapters.tokenmetrics.ports import RawResponse
from bot.adapters.tokenmetrics.wire import PARSERS
from bot.adapters.tokenmetrics.wire_settings import WireSettings
from bot.domain.errors import ProviderError
from bot.domain.values import Bar, Grade, LevelList, Metrics, Record, Signal, Token

GOOD = 200


def read_observations(
    endpoint: str, body: bytes, fetched_at: int, settings: WireSettings
) -> Record:
    """What one answer says; nothing where it cannot be read, which the client reports.

    A function of the stored response alone, so that the audit reads the same from it.
    """
    try:
        return _as_record(PARSERS[Endpoint(endpoint)](body, fetched_at, settings))
    except (ProviderError, ValueError):
        return Record()


def _as_record(parsed: Parsed[Observation]) -> Record:
    record = Record()
    for row in parsed.observations:
        if isinstance(row, Token):
            record.tokens.append(row)
        elif isinstance(row, Bar):
            record.bars.append(row)
        elif isinstance(row, Signal):
            record.signals.append(row)
        elif isinstance(row, Metrics):
            record.metrics.append(row)
        elif isinstance(row, LevelList):
            record.levels.append(row)
        elif isinstance(row, Grade):
            record.grades.append(row)
    return record


def keep_all(_: int, __: int) -> None:
    """For records whose raw answers have no bound."""


class RecordingSink:
    """The client's sink: one transaction per answer, so that a kill leaves no half of one."""

    def __init__(
        self,
        database: Database,
        settings: WireSettings,
        make_room: Callable[[int, int], None] = keep_all,
    ) -> None:
        """`make_room` is called after each answer with instant and bytes, to bound what is kept."""
        self._database = database
        self._settings = settings
        self._make_room = make_room

    def store(self, response: RawResponse, parsed: Parsed[Observation] | None) -> int:
        """Store an answer and its observations; returns the answer's id."""
        with self._database.transaction() as connection:
            # No frozen slot can have known it, whatever the clock says now: one that was set back,
            # or a simulator's that stands still, must not change what is past.
            fetched_at = max(response.fetched_at, 1 + record_store.last_freeze(connection))
            raw = record_store.RawResponse(
                endpoint=response.endpoint,
                params=_as_json(response.params),
                status=response.status,
                body=response.body,
                fetched_at=fetched_at,
                latency_ms=response.latency_ms,
                request_id=response.request_id or None,
            )
            raw_id = record_store.add_raw(connection, raw)
            if parsed is not None:
                seen = _as_record(parsed)
                if fetched_at != response.fetched_at:
                    seen = read_observations(
                        response.endpoint, response.body, fetched_at, self._settings
                    )
                record_store.add_observations(connection, seen, raw_id)
        self._make_room(fetched_at, len(response.body))
        return raw_id

    def note_failure(self, endpoint: str, cause: str, at: int) -> None:
        """Count a failure that no stored answer shows, for a day."""
        with self._database.transaction() as connection:
            slot_store.note_failure(connection, endpoint, cause, at)


def _as_json(params: str) -> str:
    """`name=value&name=value` as the JSON object that the record keeps."""
    pairs = (pair.partition("=") for pair in params.split("&") if pair)
    return json.dumps({name: value for name, _, value in pairs}, sort_keys=True)


class DatabaseCredits:
    """The month's requests, counted in the database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def spent(self, month: str) -> int:
        """Requests sent in a month such as 2025-05."""
        with self._database.transaction() as connection:
            return slot_store.credits_spent(connection, month)

    def charge(self, month: str, limit: int | None) -> bool:
        """Count one request, unless `limit` are counted; whether it was."""
        most = slot_store.NO_LIMIT if limit is None else limit
        with self._database.transaction() as connection:
            return slot_store.charge_credit(connection, month, most)
