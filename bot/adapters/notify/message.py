"""A message on its way out, and what a receiver is to those who deliver."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Protocol

from bot.domain.instants import format_instant


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """One try at one message; `id` is the same at every try, so that doubles can be told."""

    id: str
    topic: str
    strategy: str | None
    slot: int | None
    event_time: int
    late: bool
    attempt: int
    facts: dict[str, Any]

    def document(self) -> dict[str, Any]:
        """The message as receivers get it."""
        return {
            "id": self.id,
            "type": self.topic,
            "timestamp": format_instant(self.event_time),
            "strategy": self.strategy,
            "slot": None if self.slot is None else format_instant(self.slot),
            "late": self.late,
            "attempt": self.attempt,
            "data": self.facts,
        }

    def body(self) -> bytes:
        """The document as canonical JSON in ASCII."""
        return json.dumps(self.document(), sort_keys=True, separators=(",", ":")).encode()


class UndeliveredError(Exception):
    """A try failed, with a cause that is fit for the database and the log."""

    def __init__(self, cause: str, *, retry_after_s: int = 0, is_refusal: bool = False) -> None:
        """`is_refusal` where this message was refused, and another one might be taken."""
        super().__init__(cause)
        self.retry_after_s = retry_after_s
        self.is_refusal = is_refusal


class Sink(Protocol):
    """A receiver of messages."""

    @property
    def name(self) -> str:
        """Under which its deliveries are kept."""
        ...

    @property
    def per_minute(self) -> int | None:
        """How many tries in a minute it may be given; None for any number."""
        ...

    def deliver(self, message: Outgoing) -> None:
        """Hand over one message within a bounded time; UndeliveredError where that failed."""
        ...
