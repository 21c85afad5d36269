"""One finding of the audit as a value, and how findings are made, guarded and capped."""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, ParamSpec

from sqlalchemy.exc import SQLAlchemyError

from bot.app.audit_codes import Code, number_of
from bot.domain.errors import HourhandError

__all__ = ["BREAKS", "SHOWN_PER_CODE", "Code", "Finding", "capped", "guarded", "unequal", "unmet"]

SHOWN_PER_CODE = 20

P = ParamSpec("P")

# What reading can run into where anything may stand in a row; a bug of ours shows the same way.
BREAKS = (
    ArithmeticError, AssertionError, AttributeError, LookupError, RecursionError, TypeError,
    ValueError, HourhandError, SQLAlchemyError, zlib.error,
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One place where the ledger or the record is not what it must be."""

    code: Code
    where: str
    expected: str
    found: str

    @property
    def invariant(self) -> int | None:
        """The number of the invariant that does not hold; None for a row that cannot be read."""
        return number_of(self.code)

    def as_dict(self) -> dict[str, Any]:
        """The finding for `--json`."""
        return {
            "invariant": self.invariant,
            "code": str(self.code),
            "where": self.where,
            "expected": self.expected,
            "found": self.found,
        }

    def text(self) -> str:
        """One line for people."""
        number = "" if self.invariant is None else f" (invariant {self.invariant})"
        return f"{self.code}{number}: {self.where}: expected {self.expected}, found {self.found}"


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
        cause = f"{type(error).__name__}: {_plain(error)}"
        yield Finding(code=Code.UNREADABLE, where=where, expected="a row that reads", found=cause)


def _plain(error: Exception) -> str:
    """What an error says, on one line and without a library's address for reading more."""
    return " ".join(str(error).split("(Background on this error at")[0].split())


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
