"""Documents about the operator's commands, and of `once`."""

from __future__ import annotations

from typing import Literal

from typing_extensions import TypedDict

from bot.app.documents.base import Count, Instant, Note, Sha256, Symbol


class Command(TypedDict):
    """What was asked of the slots; no strategy is every strategy."""

    at: Instant
    kind: Literal["PAUSE", "RESUME", "CLOSE", "WRITE_OFF", "ACK"]
    source: str
    strategy: str | None
    token_id: int | None
    symbol: Symbol | None
    note: str


class Recorded(TypedDict):
    """The commands that were recorded, and what a person should know besides."""

    recorded: list[Command]
    notes: list[Note]


class Held(TypedDict):
    """Who holds a strategy's entries back, since when and why."""

    source: str
    since: Instant
    note: str
    words: Note


class Managed(TypedDict):
    """A strategy that is only managed until nothing of it is open any more."""

    name: str
    file: Literal["removed", "changed"]
    words: Note
    open_positions: Count
    working_entries: Count
    config_sha256: Sha256


class Conflict(TypedDict):
    """A slot that was decided twice with two results."""

    id: int
    strategy: str
    slot: Instant
    kind: str
    expected: str
    found: str


class Once(TypedDict):
    """How many slots were done."""

    slots: Count
