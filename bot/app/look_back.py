"""Once a day the last hours are asked for again: providers do change what they once said."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import structlog

from bot.adapters.sql import restated_rows, slot_store
from bot.adapters.sql.engine import Database
from bot.adapters.tokenmetrics.client import TokenMetricsClient
from bot.adapters.tokenmetrics.spans import Span
from bot.domain.errors import ProviderError
from bot.domain.instants import DAY, HOUR, floor_hour

NOTED = "look back"  # under which name the database notes when that was last done


@dataclass(frozen=True, slots=True, kw_only=True)
class LookBackPlan:
    """How many hours, 0 for none at all, of which tokens, and whether of their signals too."""

    hours: int
    with_signals: bool
    universe: Callable[[int], tuple[int, ...]]


class LookBack:
    """Asks again between slots; what differs is stored as a later version, known from now on."""

    def __init__(self, client: TokenMetricsClient, database: Database, plan: LookBackPlan) -> None:
        self._client = client
        self._database = database
        self._plan = plan
        self._log = structlog.get_logger()

    def run(self, now: int) -> None:
        """What is due by now. One that fails is not repeated before its next day."""
        if not self._plan.hours or not self._is_due(now):
            return
        end = floor_hour(now)
        try:
            self._ask(Span(start=end - self._plan.hours * HOUR, end=end), now)
        except ProviderError as error:
            self._log.warning("look_back.failed", cause=str(error))
            return
        with self._database.transaction() as connection:
            changed = restated_rows.count_since(connection, now)
        if any(changed.values()):
            self._log.warning("history.restated", **changed)

    def _is_due(self, now: int) -> bool:
        """Noted first, so that a failure costs no more than a success; not on the first day."""
        with self._database.transaction() as connection:
            last = slot_store.last_polls(connection).get(NOTED)
            if last is not None and last <= now < last + DAY:
                return False
            slot_store.note_poll(connection, NOTED, now)
        return last is not None

    def _ask(self, span: Span, now: int) -> None:
        ids, deadline = self._plan.universe(now), self._client.deadline()
        self._client.hourly_ohlcv(ids, span, deadline)
        if not self._plan.with_signals:
            return
        with self._database.transaction() as connection:
            first = restated_rows.first_slot(connection)
        # What was told before we listened is not restated, only late.
        self._client.hourly_signals(ids, max(span.start, first), deadline)
