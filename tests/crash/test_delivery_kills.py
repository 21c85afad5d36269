"""A delivery killed before any statement: every message arrives, at most one of them twice."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from bot.domain.instants import format_instant
from tests.support.crash_lab import SLOT, Lab, Prepared, ledger, said, succeed
from tests.support.crash_sweep import at_point, chosen, points_of
from tests.support.webhook_server import WebhookServer

RUN = ("run", "--until", format_instant(SLOT))
COURIER = "outbox-webhook"


def to_webhook(receiver: WebhookServer) -> dict[str, str]:
    """Settings of a home whose messages go to a receiver."""
    return {
        "HOURHAND_NOTIFY_LOG": "false",
        "HOURHAND_NOTIFY_PER_MINUTE": "1000",
        "HOURHAND_WEBHOOK_URL": receiver.url,
        "HOURHAND_WEBHOOK_ALLOW_PRIVATE": "true",
        "HOURHAND_WEBHOOK_SECRET": "a text of at least 24 bytes",
    }


def messages(home: Path) -> list[str]:
    """The ids of the slot's messages."""
    return [row["dedup"] for row in ledger(home)["outbox"] if row["slot"] == SLOT]


def due_at_once(home: Path) -> None:
    """Let the wait for the second try be over."""
    with closing(sqlite3.connect(home / "hourhand.db")) as connection, connection:
        connection.execute(
            "UPDATE outbox_delivery SET next_attempt = next_attempt - 60000 WHERE state = 'WAITING'"
        )


@pytest.fixture
def telling(prepared: Prepared) -> Iterator[Prepared]:
    """Laboratories whose settings are put back at the end."""
    yield prepared
    for lab in prepared.labs:
        lab.extra.clear()


def test_a_delivery_killed_before_any_statement_is_made_up_for_with_the_same_ids(
    telling: Prepared,
) -> None:
    lab = telling.labs[0]
    with WebhookServer() as receiver:
        lab.extra.update(to_webhook(receiver))
        home = telling.copy(lab, "delivered")
        statements = points_of(lab, home, *RUN, thread=COURIER)
        wanted = messages(home)
        assert len(wanted) >= 2
        assert sorted(receiver.ids) == sorted(wanted)
    doubled = []

    def strike(lab: Lab, number: int) -> None:
        with WebhookServer() as receiver:
            lab.extra.update(to_webhook(receiver))
            home = telling.copy(lab, f"delivery-{number}")
            ended = lab.run(home, *RUN, points=at_point(number, thread=COURIER))
            assert ended.signal == 9 or ended.exit == 0, f"{number}: {ended}\n{said(home)}"
            due_at_once(home)
            succeed(home, lab.finish(home))
            counted = Counter(receiver.ids)
        assert counted.keys() == set(wanted), f"{number}: {counted}"
        assert sum(counted.values()) <= len(wanted) + 1, f"{number}: {counted}"
        doubled.append(sum(counted.values()) > len(wanted))
        assert ledger(home) == telling.expected
        telling.audit(lab, home, number)

    points = chosen(range(1, len(statements) + 1), 8)
    print(f"deliveries: {len(statements)} statements, {telling.each(points, strike)} struck")
    # Both fates of the message in hand were met: killed before it was sent, and after.
    assert set(doubled) == {False, True}
