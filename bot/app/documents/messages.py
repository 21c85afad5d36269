"""Documents about messages and their receivers."""

from __future__ import annotations

from typing import Any, Literal

from typing_extensions import TypedDict

from bot.app.documents.base import Count, Id, Instant, Note


class Receiver(TypedDict):
    """A receiver of messages: what it got, and what waits for it or was set aside."""

    sink: str
    configured: bool
    to: str | None
    sent: Count
    waiting: Count
    poison: Count
    oldest_waiting: Instant | None
    last_sent: Instant | None
    last_error: str | None


class Delivery(TypedDict):
    """A message at one receiver."""

    sink: str
    state: Literal["waiting", "sent", "poison"]
    attempts: Count
    sent_at: Instant | None
    next_attempt: Instant | None
    last_error: str | None


class Message(TypedDict):
    """A message; what stands in `data` depends on its topic."""

    id: Id
    topic: str
    strategy: str | None
    slot: Instant | None
    event_time: Instant
    late: bool
    text: Note
    data: dict[str, Any]
    deliveries: list[Delivery]


class Outbox(TypedDict):
    """Receivers, and the newest messages, newest first; total counts all of them."""

    sinks: list[Receiver]
    total: Count
    messages: list[Message]


class Retried(TypedDict):
    """How many messages that were set aside are tried again."""

    again: Count


class TriedReceiver(TypedDict):
    """What became of a test message."""

    sink: str
    to: str
    ok: bool
    result: Note


class TriedReceivers(TypedDict):
    """A test message to every receiver."""

    sinks: list[TriedReceiver]
