"""What an answer says is never older than the last freeze, whatever the clock says."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.adapters.sql import record_store
from bot.adapters.sql.engine import Database, open_database
from bot.adapters.tokenmetrics.ports import RawResponse
from bot.adapters.tokenmetrics.wire import parse_hourly_ohlcv
from bot.adapters.tokenmetrics.wire_settings import WireSettings
from bot.app.recorder import RecordingSink
from bot.domain.instants import HOUR, format_instant
from bot.domain.values import Slot
from tests.integration.sql.support import T0


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    found = open_database(tmp_path / "hourhand.db", create=True)
    yield found
    found.close()


def answer(fetched_at: int) -> RawResponse:
    """One hourly bar, as the provider sends it."""
    row = {
        "TOKEN_ID": 3375, "TIMESTAMP": format_instant(T0 - 4 * HOUR), "OPEN": 1, "HIGH": 3,
        "LOW": 1, "CLOSE": 2, "VOLUME": 5,
    }  # fmt: skip
    body = json.dumps({"success": True, "data": [row]}).encode()
    return RawResponse(
        endpoint="hourly-ohlcv", params="", status=200, fetched_at=fetched_at, latency_ms=1,
        body=body, sha256=hashlib.sha256(body).hexdigest(), request_id="",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("clock", "known"),
    [(T0 + 9 * HOUR, T0 + 9 * HOUR), (T0 + 5, T0 + 6), (T0 - 500 * HOUR, T0 + 6)],
    ids=["a later clock", "the millisecond of the freeze", "a clock set back by weeks"],
)
def test_an_answer_is_known_after_the_last_freeze(
    database: Database, clock: int, known: int
) -> None:
    with database.transaction() as connection:
        record_store.add_slot(connection, Slot(slot=T0, as_of=T0 + 5))
    raw = answer(clock)
    parsed = parse_hourly_ohlcv(raw.body, clock, WireSettings())
    RecordingSink(database, WireSettings()).store(raw, parsed)
    with database.transaction() as connection:
        (bar,) = record_store.export_record(connection).bars
        ((_, raw),) = record_store.raw_responses(connection)
    assert (bar.available_at, raw.fetched_at) == (known, known)
