"""What reading one answer gives: observations, and the rows that could not be read, by name."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Generic, TypeVar

from bot.domain.errors import DataError
from bot.domain.values import Bar, Grade, LevelList, Metrics, Signal, Token


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """A token's last price in quote units; `valid_time` is None where the answer gives no time."""

    token_id: int
    price: Decimal
    valid_time: int | None = None
    available_at: int | None = None


Observation = Token | Bar | Signal | Metrics | LevelList | Grade | Quote
T_co = TypeVar("T_co", bound=Observation, covariant=True)


class FaultCode(StrEnum):
    """Why a row, or a part of it, was not read."""

    ROW_NOT_OBJECT = "ROW_NOT_OBJECT"
    FIELD_MISSING = "FIELD_MISSING"
    KEY_AMBIGUOUS = "KEY_AMBIGUOUS"
    TOKEN_ID_BAD = "TOKEN_ID_BAD"  # noqa: S105  (a reason code, no secret)
    TIME_BAD = "TIME_BAD"
    NUMBER_BAD = "NUMBER_BAD"
    TEXT_BAD = "TEXT_BAD"
    LEVEL_BAD = "LEVEL_BAD"
    LIST_BAD = "LIST_BAD"
    ROWS_CONTRADICT = "ROWS_CONTRADICT"
    LENGTH_DIFFERS = "LENGTH_DIFFERS"


class RowRefusedError(DataError):
    """A row or a part of it is refused; `code` says why."""

    def __init__(self, code: FaultCode, detail: str) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail


@dataclass(frozen=True, slots=True, kw_only=True)
class RowFault:
    """One thing in an answer that was not read; `row` counts from 0, -1 is the answer itself."""

    row: int
    code: FaultCode
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Parsed(Generic[T_co]):
    """The reading of one answer.

    `observations` are without duplicates and in an order of their own, so a permuted answer reads
    the same. `unfinished` counts bars that had not closed when they were fetched; they are left
    out. `unknown_keys` are those no reader knows: the provider's format has moved.
    """

    observations: tuple[T_co, ...]
    faults: tuple[RowFault, ...] = ()
    rows: int = 0
    unfinished: int = 0
    unknown_keys: tuple[str, ...] = ()
