"""One statistic with the size of the sample that it rests on, or the reason why there is none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

Number: TypeAlias = float | int | None
DIGITS = 10  # statistics are stored rounded to so many significant digits


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A statistic of `n` observations; `of` names them, as days, trades, slots or fills.

    value: None where it is missing, and `why` then says why in words. A `why` beside a value is
    about what is missing in `more`, the further numbers of the same statistic (bounds, sd, t, p).
    """

    value: float | None
    n: int
    of: str
    why: str = ""
    more: Mapping[str, Number] = field(default_factory=dict)

    def document(self) -> dict[str, Any]:
        """The same for `--json`: value, n, of, the further numbers, and why where there is one."""
        shown: dict[str, Any] = {"value": rounded(self.value), "n": self.n, "of": self.of}
        shown |= {name: rounded(number) for name, number in self.more.items()}
        return shown | {"why": self.why} if self.why else shown


Figures: TypeAlias = dict[str, Figure]


def figure(value: float | None, n: int, of: str, why: str) -> Figure:
    """A figure that says `why` only where its value is missing."""
    return Figure(value=value, n=n, of=of, why="" if value is not None else why)


def rounded(number: Number) -> Number:
    """A float rounded to ten significant digits, a whole number as it is.

    >>> rounded(0.1 + 0.2), rounded(3), rounded(None)
    (0.3, 3, None)
    """
    return float(f"{number:.{DIGITS}g}") if isinstance(number, float) else number


def documents(figures: Figures) -> dict[str, Any]:
    """Figures by name for `--json`."""
    return {name: one.document() for name, one in figures.items()}
