"""Kinds of strategy parameters: how a value is written, read exactly, shown again and bounded.

One declaration per key, next to its field, serves the loader, the JSON schema, the reference page
and the canonical text, so that they cannot disagree.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Protocol

from bot.domain.decimals import MONEY_DECIMALS, decimals_of, plain
from bot.domain.instants import DAY, HOUR, MINUTE, SECOND

PPM = 1_000_000
DIGITS_MAX = 28  # what the default decimal context multiplies and shifts exactly
_UNITS = {"d": DAY, "h": HOUR, "m": MINUTE, "s": SECOND}
_DURATION = re.compile(r"([0-9]{1,9})(s|m|h|d)")
_NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]{1,3})?")


class Misfit(ValueError):
    """A raw value that its parameter cannot be; the message says what was expected and found."""


class Kind(Protocol):
    """How one parameter is read from a file and shown again."""

    def expects(self) -> str:
        """What the parameter takes, as words that follow "expected"."""

    def read(self, raw: object) -> Any:
        """The value inside, or Misfit."""

    def show(self, value: Any) -> object:
        """The value as a file would have it: text, Decimal, int, bool, list or mapping."""

    def schema(self) -> dict[str, object]:
        """The JSON schema of what a file may say."""


def param(default: object, kind: Kind, doc: str) -> Any:
    """A dataclass field with its kind and meaning; `default` is written as in a file."""
    raw = literal(default) if isinstance(default, str) else default
    return field(default=kind.read(raw), metadata={"kind": kind, "doc": doc})


def literal(text: str) -> object:
    """What a bare word in a file means: a number, true or false, else the text itself.

    >>> literal("0.5"), literal("8"), literal("off")
    (Decimal('0.5'), 8, 'off')
    """
    stripped = text.strip()
    if stripped in {"true", "false"}:
        return stripped == "true"
    if len(stripped) > DIGITS_MAX or _NUMBER.fullmatch(stripped) is None:
        return stripped
    value = Decimal(stripped)
    return int(value) if re.fullmatch(r"[+-]?[0-9]+", stripped) else value


def shown(raw: object) -> str:
    """A raw value in a message, short and on one line."""
    if isinstance(raw, bool):
        text = "true" if raw else "false"
    elif isinstance(raw, Mapping):
        text = "a table"
    elif isinstance(raw, list):
        text = "a list"
    else:
        text = repr(raw) if isinstance(raw, str) else str(raw)
    return text if len(text) <= 60 else text[:57] + "..."


def misfit(kind: Kind, raw: object) -> Misfit:
    """The usual complaint."""
    return Misfit(f"expected {kind.expects()}, found {shown(raw)}")


def json_number(value: Decimal) -> int | float:
    """A bound or default as JSON has it."""
    return int(value) if decimals_of(value) == 0 else float(value)


@dataclass(frozen=True, slots=True)
class Span:
    """Bounds of a number, written as an interval: "[0, 1]", "(0, 1]" or "[0, 0.1)"."""

    text: str

    def _ends(self) -> tuple[Decimal, Decimal]:
        low, high = self.text[1:-1].split(",")
        return Decimal(low.strip()), Decimal(high.strip())

    def holds(self, value: Decimal) -> bool:
        """Whether the value lies inside."""
        low, high = self._ends()
        above = value > low if self.text[0] == "(" else value >= low
        below = value < high if self.text[-1] == ")" else value <= high
        return above and below

    def words(self) -> str:
        """The bounds for people."""
        low, high = self._ends()
        start = f"above {plain(low)}" if self.text[0] == "(" else f"at least {plain(low)}"
        return f"{start} and {'below' if self.text[-1] == ')' else 'at most'} {plain(high)}"

    def schema(self) -> dict[str, object]:
        """The bounds as JSON schema keywords."""
        low, high = self._ends()
        return {
            "exclusiveMinimum" if self.text[0] == "(" else "minimum": json_number(low),
            "exclusiveMaximum" if self.text[-1] == ")" else "maximum": json_number(high),
        }


def exact_number(kind: Kind, span: Span, raw: object) -> Decimal:
    """A finite number inside the span with few enough digits, or Misfit."""
    if isinstance(raw, bool) or not isinstance(raw, int | Decimal):
        raise misfit(kind, raw)
    value = Decimal(raw)
    if not value.is_finite() or not span.holds(value):
        raise misfit(kind, raw)
    if len(value.as_tuple().digits) > DIGITS_MAX or decimals_of(value) > DIGITS_MAX:
        raise Misfit(f"{shown(raw)} has too many digits")
    return value


def exact_whole(kind: Kind, raw: object, span: Span) -> int:
    """A whole number inside the span, 3.0 included, or Misfit."""
    value = exact_number(kind, span, raw)
    if decimals_of(value) > 0:
        raise misfit(kind, raw)
    return int(value)


def whole_units(value: Decimal, places: int) -> int:
    """The value in units of 10^-places, or Misfit with its neighbours."""
    scaled = value.scaleb(places)
    whole = int(scaled.to_integral_value(rounding="ROUND_FLOOR"))
    if scaled != whole:
        unit = plain(Decimal(1).scaleb(-places))
        near = [plain(Decimal(n).scaleb(-places)) for n in (whole, whole + 1)]
        raise Misfit(
            f"{plain(value)} is no whole multiple of {unit} (nearest: {near[0]} and {near[1]})"
        )
    return whole


@dataclass(frozen=True, slots=True)
class Number:
    """An exact number, kept as Decimal."""

    span: Span

    def expects(self) -> str:
        return f"a number {self.span.words()}"

    def read(self, raw: object) -> Decimal:
        value = exact_number(self, self.span, raw)
        whole_units(value, 9)
        return value

    def show(self, value: Decimal) -> Decimal:
        return value

    def schema(self) -> dict[str, object]:
        return {"type": "number", **self.span.schema()}


@dataclass(frozen=True, slots=True)
class Rate:
    """A fraction or ratio in whole millionths, kept as ppm."""

    span: Span

    def expects(self) -> str:
        return f"a number {self.span.words()}"

    def read(self, raw: object) -> int:
        return whole_units(exact_number(self, self.span, raw), 6)

    def show(self, value: int) -> Decimal:
        return Decimal(value).scaleb(-6)

    def schema(self) -> dict[str, object]:
        return {"type": "number", **self.span.schema()}


@dataclass(frozen=True, slots=True)
class Money:
    """An amount of the quote currency, kept in 1e-8; text where a number is not exact enough."""

    span: Span

    def expects(self) -> str:
        return f"an amount {self.span.words()}"

    def read(self, raw: object) -> int:
        number = literal(raw) if isinstance(raw, str) else raw
        return whole_units(exact_number(self, self.span, number), MONEY_DECIMALS)

    def show(self, value: int) -> Decimal:
        return Decimal(value).scaleb(-MONEY_DECIMALS)

    def schema(self) -> dict[str, object]:
        text = {"type": "string", "pattern": r"^[0-9]+(\.[0-9]{1,8})?$"}
        return {"anyOf": [{"type": "number", **self.span.schema()}, text]}


@dataclass(frozen=True, slots=True)
class Whole:
    """A whole number."""

    span: Span

    def expects(self) -> str:
        return f"a whole number {self.span.words()}"

    def read(self, raw: object) -> int:
        return exact_whole(self, raw, self.span)

    def show(self, value: int) -> int:
        return value

    def schema(self) -> dict[str, object]:
        return {"type": "integer", **self.span.schema()}


def duration_text(ms: int) -> str:
    """A duration in its largest whole unit.

    >>> duration_text(600_000), duration_text(48 * 3_600_000), duration_text(0)
    ('10m', '2d', '0s')
    """
    for unit, size in _UNITS.items():
        if ms and ms % size == 0:
            return f"{ms // size}{unit}"
    return f"{ms // SECOND}s"


@dataclass(frozen=True, slots=True)
class Duration:
    """A span of time, kept in milliseconds: "600s", "30m", "2h", "3d" or whole seconds."""

    least: str
    most: str

    def _bounds(self) -> tuple[int, int]:
        return _milliseconds(self.least), _milliseconds(self.most)

    def expects(self) -> str:
        return f'a duration such as "30m" or a number of seconds, {self.least} to {self.most}'

    def read(self, raw: object) -> int:
        least, most = self._bounds()
        if isinstance(raw, str) and _DURATION.fullmatch(raw):
            value = _milliseconds(raw)
        else:
            value = exact_whole(self, raw, Span("[0, 1000000000]")) * SECOND
        if not least <= value <= most:
            raise misfit(self, raw)
        return value

    def show(self, value: int) -> str:
        return duration_text(value)

    def schema(self) -> dict[str, object]:
        least, most = self._bounds()
        text = {"type": "string", "pattern": r"^[0-9]{1,9}(s|m|h|d)$"}
        seconds = {"type": "integer", "minimum": least // SECOND, "maximum": most // SECOND}
        return {"anyOf": [text, seconds]}


def _milliseconds(text: str) -> int:
    return int(text[:-1]) * _UNITS[text[-1]]


@dataclass(frozen=True, slots=True)
class Choice:
    """One of a few words."""

    words: tuple[str, ...]

    def expects(self) -> str:
        return " or ".join(f'"{word}"' for word in self.words)

    def read(self, raw: object) -> str:
        if not isinstance(raw, str) or raw not in self.words:
            raise misfit(self, raw)
        return raw

    def show(self, value: str) -> str:
        return value

    def schema(self) -> dict[str, object]:
        return {"enum": list(self.words)}


@dataclass(frozen=True, slots=True)
class Text:
    """Text of a pattern, described in words."""

    pattern: str
    words: str

    def expects(self) -> str:
        return self.words

    def read(self, raw: object) -> str:
        if not isinstance(raw, str) or re.fullmatch(self.pattern, raw) is None:
            raise misfit(self, raw)
        return raw

    def show(self, value: str) -> str:
        return value

    def schema(self) -> dict[str, object]:
        return {"type": "string", "pattern": f"^(?:{self.pattern})$"}


@dataclass(frozen=True, slots=True)
class Switch:
    """True or false."""

    def expects(self) -> str:
        return "true or false"

    def read(self, raw: object) -> bool:
        if not isinstance(raw, bool):
            raise misfit(self, raw)
        return raw

    def show(self, value: Any) -> object:
        return value

    def schema(self) -> dict[str, object]:
        return {"type": "boolean"}
