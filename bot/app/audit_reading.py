"""Reading stored answers again at a bearable pace: what was read before is not parsed twice.

Polls repeat most of what the ones before them said. A row of bars or signals whose very bytes were
read before, and whose word still stands, can add nothing; a whole answer of levels or metrics with
the bytes of an earlier one of the same day says the same again. Whoever finds anything amiss in
what this gives reads the whole answer instead (`read_observations`), so that memory never decides.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from bot.adapters.sql.observations import SERIES, Row, Series
from bot.adapters.tokenmetrics.endpoints import Endpoint
from bot.adapters.tokenmetrics.parsed import Observation
from bot.adapters.tokenmetrics.reading import in_order
from bot.adapters.tokenmetrics.wire import PARSERS
from bot.adapters.tokenmetrics.wire_settings import WireSettings
from bot.app.recorder import read_observations
from bot.domain.errors import ProviderError
from bot.domain.instants import floor_day
from bot.domain.values import Record

_OPENING = re.compile(rb'"data"\s*:\s*\[\s*\{')
_BETWEEN = re.compile(rb"\}\s*,\s*\{")
_ROWS_MAX = 200_000  # texts of rows that are remembered
_ANSWERS_MAX = 500
_BY_ROW = {Endpoint.HOURLY_OHLCV: "bars", Endpoint.HOURLY_SIGNALS: "signals"}

Key = tuple[str, tuple[Any, ...]]
Said = dict[Key, tuple[Any, ...]]
_Word = tuple[Key, tuple[Any, ...]]


class Reader:
    """Reads answers in the order in which they came; `said` is the last word on each key."""

    def __init__(self, wire: WireSettings, said: Said) -> None:
        self._wire = wire
        self._said = said
        self._rows: dict[tuple[str, bytes], _Word] = {}
        self._answers: dict[tuple[str, str, int], tuple[int, Record]] = {}
        self._series = {series.name: series for series in SERIES}

    def fresh(self, endpoint: str, body: bytes, digest: str, fetched_at: int) -> Record:
        """What an answer says, without rows that were read before and still stand."""
        if endpoint in _BY_ROW:
            return self._fresh_rows(endpoint, body, fetched_at)
        key = (endpoint, digest, floor_day(fetched_at))
        if key not in self._answers:
            if len(self._answers) > _ANSWERS_MAX:
                self._answers.clear()
            found = read_observations(endpoint, body, fetched_at, self._wire)
            self._answers[key] = (fetched_at, found)
        before, found = self._answers[key]
        return found if before == fetched_at else _again(found, fetched_at)

    def _fresh_rows(self, endpoint: str, body: bytes, fetched_at: int) -> Record:
        opening, end = _OPENING.search(body), body.rfind(b"}", 0, max(body.rfind(b"]"), 0))
        if opening is None or end < opening.end():
            return read_observations(endpoint, body, fetched_at, self._wire)
        head, tail = body[: opening.end()], body[end:]
        texts = _BETWEEN.split(body[opening.end() : end])
        new = [text for text in texts if not self._stands(endpoint, text)]
        if any(b"{" in text or b"}" in text for text in new):  # no flat list of rows
            return read_observations(endpoint, body, fetched_at, self._wire)
        found: list[Observation] = []
        for text in new:
            alone = self._alone(endpoint, text, head + text + tail, fetched_at)
            if alone is None:
                return read_observations(endpoint, body, fetched_at, self._wire)
            found += alone
        record = Record()
        getattr(record, _BY_ROW[Endpoint(endpoint)]).extend(in_order(found))
        return record

    def _stands(self, endpoint: str, text: bytes) -> bool:
        word = self._rows.get((endpoint, text))
        return word is not None and self._said.get(word[0]) == word[1]

    def _alone(
        self, endpoint: str, text: bytes, alone: bytes, fetched_at: int
    ) -> tuple[Observation, ...] | None:
        """What one row says by itself, which is then remembered; None where it is no row."""
        try:
            parsed = PARSERS[Endpoint(endpoint)](alone, fetched_at, self._wire)
        except (ProviderError, ValueError):
            return None
        if parsed.rows != 1:
            return None
        if len(self._rows) > _ROWS_MAX:
            self._rows.clear()
        series = self._series[_BY_ROW[Endpoint(endpoint)]]
        for observation in parsed.observations:
            row = series.to_row(observation)
            self._rows[endpoint, text] = (key_of(series, row), same_of(series, row))
        return parsed.observations


def _again(record: Record, fetched_at: int) -> Record:
    """An answer's words once more at another instant."""
    return Record(
        tokens=[replace(row, available_at=fetched_at) for row in record.tokens],
        bars=[replace(row, available_at=fetched_at) for row in record.bars],
        signals=[replace(row, available_at=fetched_at) for row in record.signals],
        metrics=[replace(row, available_at=fetched_at) for row in record.metrics],
        levels=[replace(row, seen_at=fetched_at) for row in record.levels],
        grades=[replace(row, available_at=fetched_at) for row in record.grades],
    )


def key_of(series: Series, row: Row) -> Key:
    """What a row describes."""
    return series.name, tuple(row[name] for name in series.key)


def same_of(series: Series, row: Row) -> tuple[Any, ...]:
    """What a row says of it."""
    return tuple(row[name] for name in series.same)
