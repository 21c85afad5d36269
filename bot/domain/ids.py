"""Ids that are a function of the decision, so that a second try finds the first."""

from __future__ import annotations

import hashlib

from bot.domain.instants import format_instant

ID_SHOWN = 8  # digits of a trade's id that people read and type


def order_id(strategy: str, token_id: int, slot: int, action: str, leg: int) -> str:
    """The derived order id of semantics T13.

    >>> order_id("core-v1", 3375, 1746882000000, "ENTRY", 0)
    'b2735ce05d17de1b8bc3d7fca433ec25'
    """
    parts = f"{strategy}|{token_id}|{format_instant(slot)}|{action}|{leg}"
    return hashlib.sha256(parts.encode()).hexdigest()[:32]


def message_id(topic: str, of: str) -> str:
    """The id of a message about something: `of` is the id of the order, the fill or the event.

    >>> message_id("entry.ordered", "b2735ce05d17de1b8bc3d7fca433ec25")
    '160b6df7dc73d68114cfa87649426ab3'
    """
    return hashlib.sha256(f"{topic}|{of}".encode()).hexdigest()[:32]


def slot_event(strategy: str, slot: int, name: str) -> str:
    """What identifies an event that a strategy has at most once in a slot.

    >>> slot_event("core-v1", 1746882000000, "HALT_DRAWDOWN")
    'core-v1|2025-05-10T13:00:00Z|HALT_DRAWDOWN'
    """
    return f"{strategy}|{format_instant(slot)}|{name}"
