"""What one check of the doctor found, and what to do about it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

OK, WARN, FAIL = "ok", "warn", "fail"


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """A line: how it stands, of what, what was found, and what to do where that is not well."""

    level: str
    name: str
    found: str
    advice: str = ""

    def as_dict(self) -> dict[str, Any]:
        """The check for `--json`."""
        return {
            "level": self.level,
            "name": self.name,
            "found": self.found,
            "advice": self.advice or None,
        }


def ok(name: str, found: str) -> Check:
    """All is well."""
    return Check(level=OK, name=name, found=found)


def warn(name: str, found: str, advice: str) -> Check:
    """It works, but a person should know."""
    return Check(level=WARN, name=name, found=found, advice=advice)


def fail(name: str, found: str, advice: str) -> Check:
    """It will not work, or must not."""
    return Check(level=FAIL, name=name, found=found, advice=advice)


def guarded(name: str, checks: Callable[[], Iterator[Check]]) -> Iterator[Check]:
    """The checks; one that breaks is a finding like another, and the rest go on."""
    try:
        yield from checks()
    except Exception as error:
        yield fail(
            name, f"the check itself broke: {type(error).__name__}: {error}", "report this fault"
        )
