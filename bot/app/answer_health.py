"""What the provider's answers hold that was not read: refused rows, keys that nobody knows.

A row that cannot be read is left out and the rest is used, so that one bad row stops nothing; this
is where somebody hears of it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

import structlog

from bot.adapters.tokenmetrics.endpoints import Endpoint
from bot.adapters.tokenmetrics.envelope import printable
from bot.adapters.tokenmetrics.paging import Answer
from bot.adapters.tokenmetrics.parsed import Observation

_KEYS_SHOWN = 10
_TEXT_SHOWN = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerHealth:
    """Of one answer: rows in all, refusals by code and the first of them, keys nobody knows, and
    rows about tokens that nobody asked for."""

    rows: int
    refused: tuple[tuple[str, int], ...]
    first: str
    unknown_keys: tuple[str, ...]
    unasked: int

    @property
    def refusals(self) -> int:
        """How many things were not read."""
        return sum(count for _, count in self.refused)


def health_of(answer: Answer[Observation], asked: Iterable[int] = ()) -> AnswerHealth:
    """The health of an answer; `asked` names the tokens of the question, none for every one."""
    wanted = frozenset(asked)
    faults = answer.faults
    found = Counter(str(fault.code) for fault in faults)
    unasked = sum(one.token_id not in wanted for one in answer.observations) if wanted else 0
    return AnswerHealth(
        rows=answer.rows,
        refused=tuple(sorted(found.items())),
        first=_shown(f"{_place(faults[0].row)}: {faults[0].detail}") if faults else "",
        unknown_keys=tuple(map(_shown, answer.unknown_keys[:_KEYS_SHOWN])),
        unasked=unasked,
    )


class AnswerLog:
    """Says what is wrong with answers: refused rows each time, a moved format when it moves."""

    def __init__(self) -> None:
        self._log = structlog.get_logger()
        self._keys: dict[Endpoint, tuple[str, ...]] = {}

    def see(self, endpoint: Endpoint, found: AnswerHealth) -> None:
        """Look at one answer."""
        if found.refused:
            self._log.warning(
                "answer.rows_refused", endpoint=endpoint, rows=found.rows,
                refused=dict(found.refused), first=found.first,
            )  # fmt: skip
        if found.unasked:
            self._log.warning(
                "answer.rows_not_asked_for", endpoint=endpoint, rows=found.rows,
                observations=found.unasked,
            )  # fmt: skip
        if found.rows and found.unknown_keys != self._keys.get(endpoint, ()):
            self._keys[endpoint] = found.unknown_keys
            self._log.warning(
                "answer.format_moved", endpoint=endpoint, unknown_keys=list(found.unknown_keys)
            )


def _place(row: int) -> str:
    return f"row {row}" if row >= 0 else "the answer"


def _shown(text: str) -> str:
    """Foreign text fit for a log."""
    return printable(text)[:_TEXT_SHOWN]
