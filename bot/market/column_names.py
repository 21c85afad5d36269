"""Names of metric columns in a strategy file: recorded ones, local windows, and the grade."""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection
from dataclasses import dataclass

from bot.engine.layout import FROM_GRADE, FROM_LOCAL, FROM_QUANT
from bot.market.parameters import Text

GRADE = "grade"
WINDOW_DAYS = {"30d": 30, "90d": 90, "1y": 365}
_FAMILIES = "sharpe|sortino|mdd|volatility|cagr"
_NAME = "[A-Za-z_][A-Za-z0-9_]{0,59}"
_LOCAL = f"(?:{_FAMILIES})_(?:{'|'.join(WINDOW_DAYS)})"
# A window that nobody computes would be missing for ever; it needs "column:" to be meant.
_RECORDED = f"(?!(?:{_FAMILIES})_[0-9]+[a-z]$){_NAME}"
_PATTERN = f"column:{_NAME}|(?:local:)?{_LOCAL}|{_RECORDED}"

COLUMN_NAME = Text(
    _PATTERN,
    'a column such as "sharpe", a window of 30d, 90d or 1y such as "sharpe_90d", or "column:NAME"',
)
RECORDED_COLUMN = f"column:{_NAME}"

# What a table has above a column, and what a user may type for it.
HEADINGS = {
    "max_drawdown": "max_dd", "volatility": "vol", "support_away": "to_support",
    "resistance_away": "to_resist", "level_away": "to_level", "symbol": "token",
}  # fmt: skip
_BY_HEADING = {heading: name for name, heading in HEADINGS.items()}

_FAMILY = re.compile(f"({_FAMILIES}|max_drawdown)(_[0-9]+[a-z])?")


@dataclass(frozen=True, slots=True)
class Column:
    """One number per token and slot: its name, where it comes from, and in which form."""

    name: str
    source: int  # FROM_QUANT, FROM_GRADE or FROM_LOCAL of the engine's layout
    lower_bound: bool = False  # the value less z standard errors (G6)

    @property
    def family(self) -> str:
        """sharpe, sortino, mdd, volatility, cagr, grade, or "" for any other metric."""
        if self.source == FROM_GRADE:
            return GRADE
        found = _FAMILY.fullmatch(self.name)
        if found is None:
            return ""
        return "mdd" if found[1] == "max_drawdown" else found[1]

    @property
    def window_days(self) -> int:
        """How many daily returns a local column is computed from; 0 for any other."""
        if self.source != FROM_LOCAL:
            return 0
        return WINDOW_DAYS[self.name.rsplit("_", 1)[1]]


def named_column(text: str) -> Column:
    """The column that a name in a strategy file means.

    >>> named_column("sharpe_90d") == Column("sharpe_90d", FROM_LOCAL)
    True
    >>> named_column("column:sharpe_90d") == Column("sharpe_90d", FROM_QUANT)
    True
    """
    prefix, _, name = text.rpartition(":")
    if prefix == "column":
        return Column(name, FROM_QUANT)
    if name in {GRADE, "tm_grade"}:
        return Column(GRADE, FROM_GRADE)
    local = re.fullmatch(_LOCAL, name) is not None
    return Column(name, FROM_LOCAL if local else FROM_QUANT)


def is_local(text: str) -> bool:
    """Whether a name in a strategy file means a column computed from candles."""
    return named_column(text).source == FROM_LOCAL


def column_typed(text: str, columns: Collection[str]) -> str | None:
    """The column that a user means by its name or its heading; None where there is none.

    >>> column_typed("vol", {"volatility"}), column_typed("Max DD", {"max_drawdown"})
    ('volatility', 'max_drawdown')
    """
    if text in columns:
        return text
    plain = re.sub(r"[\s-]+", "_", text.strip().rstrip(".").lower())
    found = _BY_HEADING.get(plain, plain)
    return found if found in columns else None


def nearest_column(text: str, columns: Collection[str]) -> str | None:
    """The column whose name or heading is most like a text that is neither."""
    plain = text.lower()
    spellings = {name: name for name in columns}
    spellings |= {heading: name for name, heading in HEADINGS.items() if name in columns}
    near = difflib.get_close_matches(plain, list(spellings), n=1, cutoff=0.6)
    begun = sorted(spelling for spelling in spellings if plain and spelling.startswith(plain))
    found = next(iter([*near, *begun]), None)
    return None if found is None else spellings[found]
