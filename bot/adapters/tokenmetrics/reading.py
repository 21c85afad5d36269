"""The loop over an answer's rows that every endpoint's reader shares."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TypeVar

from bot.adapters.tokenmetrics.envelope import Envelope, read_envelope
from bot.adapters.tokenmetrics.fields import Row, read_number
from bot.adapters.tokenmetrics.parsed import (
    FaultCode,
    Observation,
    Parsed,
    RowFault,
    RowRefusedError,
)
from bot.adapters.tokenmetrics.wire_settings import WireSettings
from bot.domain.instants import DAY
from bot.domain.plurals import counted

T = TypeVar("T", bound=Observation)


@dataclass(slots=True, kw_only=True)
class Reading:
    """One answer being read: what its readers may know, and what they could not read so far."""

    fetched_at: int
    settings: WireSettings
    row: int = -1
    unfinished: int = 0
    faults: list[RowFault] = field(default_factory=list)
    seen_keys: set[str] = field(default_factory=set)

    def note(self, code: FaultCode, detail: str) -> None:
        """Name one thing of the current row that was not read."""
        self.faults.append(RowFault(row=self.row, code=code, detail=detail))

    def timely(self, instant: int) -> int:
        """The same instant; a row a day or more ahead of its fetch is refused."""
        if instant >= self.fetched_at + DAY:
            raise RowRefusedError(FaultCode.TIME_BAD, f"{instant} lies in the future")
        return instant

    def optional_number(self, row: Row, name: str) -> Decimal | None:
        """A number that may be missing; an unreadable one is noted and counts as missing."""
        try:
            raw = row.find(name)
            return None if raw is None else read_number(raw)
        except RowRefusedError as refusal:
            self.note(refusal.code, f"{name}: {refusal.detail}")
            return None


def read_rows(
    body: bytes,
    reading: Reading,
    read_row: Callable[[Row, Reading], T | None],
    known_keys: frozenset[str],
) -> Parsed[T]:
    """Read every row that can be read, and name the others.

    Raises ProviderError or BadPayloadError where the answer as a whole cannot be read.
    """
    envelope = read_envelope(body)
    found = [item for item in _rows(envelope, reading, read_row) if item is not None]
    return Parsed(
        observations=in_order(found),
        faults=tuple(reading.faults),
        rows=len(envelope.rows),
        unfinished=reading.unfinished,
        unknown_keys=tuple(sorted(reading.seen_keys - known_keys)),
    )


def in_order(observations: Iterable[T]) -> tuple[T, ...]:
    """Without duplicates, by token and then by content: the same for every order of the input."""
    return tuple(sorted(set(observations), key=lambda item: (item.token_id, repr(item))))


def _rows(
    envelope: Envelope, reading: Reading, read_row: Callable[[Row, Reading], T | None]
) -> list[T | None]:
    if envelope.length is not None and envelope.length != len(envelope.rows):
        told = f"{counted(len(envelope.rows), 'row')}, announced {envelope.length}"
        reading.note(FaultCode.LENGTH_DIFFERS, told)
    return [_one(index, raw, reading, read_row) for index, raw in enumerate(envelope.rows)]


def _one(
    index: int, raw: object, reading: Reading, read_row: Callable[[Row, Reading], T | None]
) -> T | None:
    reading.row = index
    try:
        row = Row(raw)
        reading.seen_keys |= row.keys
        return read_row(row, reading)
    except RowRefusedError as refusal:
        reading.note(refusal.code, refusal.detail)
        return None
