"""What the audit can find: a closed list of codes, and one finding as a value."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, ParamSpec

from sqlalchemy.exc import SQLAlchemyError

from bot.domain.errors import HourhandError

SHOWN_PER_CODE = 20

P = ParamSpec("P")

# What reading can run into where anything may stand in a row; a bug of ours shows the same way.
BREAKS = (
    ArithmeticError, AssertionError, AttributeError, LookupError, TypeError, ValueError,
    HourhandError, SQLAlchemyError,
)  # fmt: skip


class Code(StrEnum):
    """The rule that does not hold."""

    # the file
    INTEGRITY = "INTEGRITY"  # SQLite itself finds the file damaged or a constraint broken
    SCHEMA = "SCHEMA"  # a table, index or trigger is missing, foreign or altered
    TYPE = "TYPE"  # a value of another type than its column's, or absent where it must not be
    TIMESTAMP = "TIMESTAMP"  # an instant outside 2000 to 2100, or a slot that is no whole hour
    SECRET = "SECRET"  # noqa: S105  (a code, no secret)  something that looks like a key
    META = "META"  # the ledger's identity is absent or not one
    HASH = "HASH"  # content that no longer has the hash that stands beside it
    UNREADABLE = "UNREADABLE"  # a check could not be carried out on what stands there
    # the record
    RAW_BODY = "RAW_BODY"  # a raw response was changed
    OBSERVATION = "OBSERVATION"  # a stored row is not what its response says
    OBSERVATION_MISSING = "OBSERVATION_MISSING"  # a response says what no row holds
    SLOT = "SLOT"  # a slot's freeze is absent or not the one that its cycle names
    SLOT_INPUT = "SLOT_INPUT"  # the inputs that the engine saw come out differently
    INSTRUMENT = "INSTRUMENT"  # tick, lot or least order come out differently
    UNIVERSE = "UNIVERSE"
    # the ledger recomputed
    LINES = "LINES"  # a slot steps to other lines than the journal's
    ACCOUNT = "ACCOUNT"  # the last account comes out differently
    # the chain
    JOURNAL_CHAIN = "JOURNAL_CHAIN"
    JOURNAL_ROWS = "JOURNAL_ROWS"  # rows and journal do not say the same
    SLOT_GAP = "SLOT_GAP"
    WATERMARK = "WATERMARK"  # the account stands at another slot than the last cycle
    FUTURE = "FUTURE"
    CONFIG = "CONFIG"  # a cycle's configuration is absent or not the text of its hash
    CONFLICT = "CONFLICT"
    LEASE = "LEASE"
    OUTBOX = "OUTBOX"
    # orders and fills
    ORPHAN = "ORPHAN"  # a row without the one that it follows from
    IDENTITY = "IDENTITY"  # an id is not the hash or the name of its parts
    ORDER_TWICE = "ORDER_TWICE"
    REQUEST_HASH = "REQUEST_HASH"
    BRACKET = "BRACKET"  # stop < entry < target <= cap's reach does not hold
    EXPOSURE = "EXPOSURE"  # an entry went beyond a cap
    FILL_EARLY = "FILL_EARLY"  # before its order, or in a bar that had not closed
    FILL_BAR = "FILL_BAR"  # no bar known by then allows this fill
    FILL_PRICE = "FILL_PRICE"
    FEE = "FEE"
    MISSED_EXIT = "MISSED_EXIT"  # an earlier bar reached the stop or the target
    # money
    CASH = "CASH"
    CASH_LEGS = "CASH_LEGS"
    CASH_NEGATIVE = "CASH_NEGATIVE"
    POSITION = "POSITION"
    TWO_POSITIONS = "TWO_POSITIONS"
    REALISED = "REALISED"
    EQUITY = "EQUITY"
    # decisions
    REASON = "REASON"
    GATE_EVIDENCE = "GATE_EVIDENCE"
    SIZE = "SIZE"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One place where the ledger or the record is not what it must be."""

    code: Code
    where: str
    expected: str
    found: str

    def as_dict(self) -> dict[str, Any]:
        """The finding for `--json`."""
        return {
            "code": str(self.code),
            "where": self.where,
            "expected": self.expected,
            "found": self.found,
        }

    def text(self) -> str:
        """One line for people."""
        return f"{self.code}: {self.where}: expected {self.expected}, found {self.found}"


def unequal(code: Code, where: str, expected: object, found: object) -> Iterator[Finding]:
    """A finding where two values differ."""
    if expected != found:
        yield Finding(code=code, where=where, expected=str(expected), found=str(found))


def unmet(code: Code, where: str, rule: str, found: object) -> Finding:
    """A finding of a rule that does not hold."""
    return Finding(code=code, where=where, expected=rule, found=str(found))


def guarded(
    where: str, check: Callable[P, Iterable[Finding]], *args: P.args, **kwargs: P.kwargs
) -> Iterator[Finding]:
    """What a check finds; a check that breaks on what it reads is a finding itself.

    What stands in a damaged ledger can be anything, and one broken row must not hide the rest.
    """
    try:
        yield from check(*args, **kwargs)
    except BREAKS as error:
        cause = f"{type(error).__name__}: {error}"
        yield Finding(code=Code.UNREADABLE, where=where, expected="a row that reads", found=cause)


def capped(findings: Iterable[Finding]) -> tuple[list[Finding], dict[str, int]]:
    """The first findings of each code, and how many more there were of it."""
    seen: Counter[str] = Counter()
    kept = []
    for finding in findings:
        seen[finding.code] += 1
        if seen[finding.code] <= SHOWN_PER_CODE:
            kept.append(finding)
    more = {code: n - SHOWN_PER_CODE for code, n in sorted(seen.items()) if n > SHOWN_PER_CODE}
    return kept, more
