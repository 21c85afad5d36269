"""A small expression over named columns, `sharpe > 1 and not volatility >= 0.8`; never evaluated.

    expression = term { "or" term }
    term       = factor { "and" factor }
    factor     = "not" factor | "(" expression ")" | operand sign operand
    sign       = "<" | "<=" | ">" | ">=" | "=" | "==" | "!="
    operand    = column | number, with "%" a hundredth of it | text in quotes

What is compared with a missing value is neither true nor false, and neither is its opposite: a
missing number never passes.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from bot.market.column_names import column_typed, nearest_column

Value = float | str | None
Verdict = bool | None  # None: not known
Row = Mapping[str, Value]

LENGTH_MAX = 2000
DEPTH_MAX = 50

_SIGNS: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
    "=": operator.eq, "==": operator.eq, "!=": operator.ne,
}  # fmt: skip
_TOKEN = re.compile(
    r"\s*(?:(?P<number>[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,3})?)(?P<percent>\s*%)?"
    r"|(?P<text>'[^']*'|\"[^\"]*\")"
    r"|(?P<name>[A-Za-z_][A-Za-z0-9_]*)"
    r"|(?P<sign><=|>=|==|!=|<|>|=)"
    r"|(?P<bracket>[()]))"
)
_WORDS = frozenset({"and", "or", "not"})


class WhereError(ValueError):
    """What is wrong with an expression; `place` counts characters from 0."""

    def __init__(self, place: int, reason: str) -> None:
        super().__init__(f"character {place + 1}: {reason}")
        self.place = place


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    place: int


@dataclass(frozen=True, slots=True)
class _Operand:
    """A column by name, or a constant."""

    column: str | None
    constant: Value = None

    def of(self, row: Row) -> Value:
        return self.constant if self.column is None else row.get(self.column)


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two operands and a sign between them."""

    left: _Operand
    sign: str
    right: _Operand

    def judge(self, row: Row) -> Verdict:
        """Whether it holds; not known where a value is missing, or text meets a number."""
        left, right = self.left.of(row), self.right.of(row)
        if left is None or right is None or isinstance(left, str) != isinstance(right, str):
            return None
        if isinstance(left, str) and isinstance(right, str):
            left, right = left.casefold(), right.casefold()
        return _SIGNS[self.sign](left, right)


@dataclass(frozen=True, slots=True)
class Not:
    """The opposite; of what is not known nothing is known."""

    part: Where

    def judge(self, row: Row) -> Verdict:
        """Whether the part does not hold."""
        found = self.part.judge(row)
        return None if found is None else not found


@dataclass(frozen=True, slots=True)
class Joined:
    """Parts joined by `and` or by `or`."""

    word: str
    parts: tuple[Where, ...]

    def judge(self, row: Row) -> Verdict:
        """Whether all of them hold, or any; what decides alone decides."""
        decisive = self.word == "or"
        found = [part.judge(row) for part in self.parts]
        if decisive in found:
            return decisive
        return None if None in found else not decisive


Where = Comparison | Not | Joined


def parse_where(text: str, columns: Collection[str]) -> Where:
    """The expression; WhereError says where it is wrong, and which columns there are."""
    if len(text) > LENGTH_MAX:
        raise WhereError(LENGTH_MAX, f"longer than {LENGTH_MAX} characters")
    return _Parser(_tokens(text), len(text.rstrip()), columns).whole()


def _tokens(text: str) -> list[_Token]:
    found = []
    at = 0
    while text[at:].strip():
        match = _TOKEN.match(text, at)
        if match is None:
            place = at + len(text[at:]) - len(text[at:].lstrip())
            raise WhereError(place, f"{text[place]!r} means nothing here")
        kind = match.lastgroup or ""
        if kind == "percent":
            kind = "number"
        body = match.group("number") if kind == "number" else match.group(kind)
        place = match.start(kind)
        if kind == "number" and match.group("percent"):
            body = str(Decimal(body) / 100)
        elif kind == "name" and body.lower() in _WORDS:
            kind, body = "word", body.lower()
        found.append(_Token(kind, body, place))
        at = match.end()
    return found


class _Parser:
    """Reads tokens from left to right."""

    def __init__(self, tokens: list[_Token], end: int, columns: Collection[str]) -> None:
        self._tokens = tokens
        self._end = end
        self._columns = columns
        self._at = 0

    def whole(self) -> Where:
        """All tokens as one expression."""
        found = self._joined("or", 0)
        if self._at < len(self._tokens):
            raise self._wrong('expected "and", "or" or the end')
        return found

    def _joined(self, word: str, depth: int) -> Where:
        parts = [self._part(word, depth)]
        while self._takes("word", word):
            parts.append(self._part(word, depth))
        return parts[0] if len(parts) == 1 else Joined(word, tuple(parts))

    def _part(self, word: str, depth: int) -> Where:
        return self._joined("and", depth) if word == "or" else self._factor(depth)

    def _factor(self, depth: int) -> Where:
        if depth > DEPTH_MAX:
            raise self._wrong(f"nested deeper than {DEPTH_MAX}")
        if self._takes("word", "not"):
            return Not(self._factor(depth + 1))
        if self._takes("bracket", "("):
            found = self._joined("or", depth + 1)
            if not self._takes("bracket", ")"):
                raise self._wrong('expected ")"')
            return found
        left = self._operand()
        sign = self._next()
        if sign is None or sign.kind != "sign":
            raise self._wrong(f"expected one of {' '.join(_SIGNS)}")
        self._at += 1
        return Comparison(left, sign.text, self._operand())

    def _operand(self) -> _Operand:
        token = self._next()
        if token is None or token.kind not in {"name", "number", "text"}:
            raise self._wrong("expected a column, a number or a text in quotes")
        self._at += 1
        if token.kind == "number":
            return _Operand(None, float(token.text))
        if token.kind == "text":
            return _Operand(None, token.text[1:-1])
        column = column_typed(token.text, self._columns)
        if column is None:
            raise WhereError(token.place, unknown_column(token.text, self._columns))
        return _Operand(column)

    def _takes(self, kind: str, text: str) -> bool:
        token = self._next()
        found = token is not None and (token.kind, token.text) == (kind, text)
        self._at += found
        return found

    def _next(self) -> _Token | None:
        return self._tokens[self._at] if self._at < len(self._tokens) else None

    def _wrong(self, reason: str) -> WhereError:
        token = self._next()
        if token is None:
            return WhereError(self._end, f"{reason}, found the end")
        return WhereError(token.place, f"{reason}, found {token.text!r}")


def unknown_column(name: str, columns: Collection[str]) -> str:
    """The complaint about a column that is not there, with those that are."""
    near = nearest_column(name, columns)
    hint = "" if near is None else f" (did you mean {near}?)"
    return f"no column {name!r}{hint}; there are: {', '.join(sorted(columns))}"
