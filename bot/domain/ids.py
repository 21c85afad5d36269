"""Ids that are a function of the decision, so that a second try finds the first."""

from __future__ import annotations

import hashlib

from bot.domain.instants import format_instant


def order_id(strategy: str, token_id: int, slot: int, action: str, leg: int) -> str:
    """The derived order id of semantics T13.

    >>> order_id("core-v1", 3375, 1746882000000, "ENTRY", 0)
    'b2735ce05d17de1b8bc3d7fca433ec25'
    """
    parts = f"{strategy}|{token_id}|{format_instant(slot)}|{action}|{leg}"
    return hashlib.sha256(parts.encode()).hexdigest()[:32]
