"""One row of an answer, read field by field: any spelling of a key, no lenience about values."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from bot.adapters.tokenmetrics.limits import (
    NUMBER_CHARS_MAX,
    NUMBER_EXPONENT_MAX,
    NUMBER_EXPONENT_MIN,
    TEXT_CHARS_MAX,
)
from bot.adapters.tokenmetrics.parsed import FaultCode, RowRefusedError
from bot.domain.decimals import PRICE_MAX, canonical_price, parse_decimal, plain
from bot.domain.errors import DataError
from bot.domain.instants import parse_instant

# As the record: whatever is read here must be storable.
_TOKEN_ID_MAX = 10**15
_TIME_KEYS = ("timestamp", "date", "generated_at", "updated_at")


class Row:
    """The fields of one object; keys are compared without regard to case."""

    __slots__ = ("_ambiguous", "_values")

    def __init__(self, raw: object) -> None:
        if not isinstance(raw, Mapping):
            raise RowRefusedError(FaultCode.ROW_NOT_OBJECT, _shown(raw))
        self._values: dict[str, object] = {}
        self._ambiguous: set[str] = set()
        for key, value in raw.items():
            name = str(key).casefold()
            if self._values.setdefault(name, value) != value:
                self._ambiguous.add(name)

    @property
    def keys(self) -> frozenset[str]:
        """All keys in lower case."""
        return frozenset(self._values)

    def find(self, *names: str) -> object:
        """The first of the fields that is there and not null; else None.

        Refuses a key that two spellings give two values: neither is better than the other.
        """
        for name in names:
            value = self._values.get(name)
            if name in self._ambiguous:
                raise RowRefusedError(FaultCode.KEY_AMBIGUOUS, name)
            if value is not None:
                return value
        return None

    def need(self, *names: str) -> object:
        """Like `find`, but a missing or null field refuses the row."""
        value = self.find(*names)
        if value is None:
            raise RowRefusedError(FaultCode.FIELD_MISSING, names[0])
        return value

    def token_id(self) -> int:
        """The provider's id of the token: a positive whole number, also as text."""
        raw = self.need("token_id")
        value = read_number(raw)
        if value != value.to_integral_value() or not 0 < value <= _TOKEN_ID_MAX:
            raise RowRefusedError(FaultCode.TOKEN_ID_BAD, _shown(raw))
        return int(value)

    def instant(self) -> int:
        """The instant the row describes, UTC milliseconds; the row is refused without one."""
        return read_instant(self.need(*_TIME_KEYS))

    def instant_or(self, default: int) -> int:
        """The instant the row describes, or the default where it names none."""
        raw = self.find(*_TIME_KEYS)
        return default if raw is None else read_instant(raw)

    def price(self, *names: str) -> Decimal:
        """A price above zero as the record keeps it."""
        return read_price(self.need(*names))

    def text(self, *names: str) -> str:
        """A short printable text; empty where the field is missing or null."""
        raw = self.find(*names)
        return "" if raw is None else read_text(raw)


def read_number(raw: object) -> Decimal:
    """An exact finite number from a JSON number or from decimal text; a boolean is none."""
    value = _exact(raw)
    if value and not NUMBER_EXPONENT_MIN <= value.adjusted() <= NUMBER_EXPONENT_MAX:
        raise RowRefusedError(FaultCode.NUMBER_BAD, _shown(raw))
    return Decimal(plain(value)) if value else Decimal(0)


def _exact(raw: object) -> Decimal:
    if isinstance(raw, Decimal):
        return raw
    if isinstance(raw, int) and not isinstance(raw, bool):
        return Decimal(raw)
    if isinstance(raw, str) and len(raw) <= NUMBER_CHARS_MAX:
        try:
            return parse_decimal(raw)
        except DataError:
            pass
    raise RowRefusedError(FaultCode.NUMBER_BAD, _shown(raw))


def read_price(raw: object) -> Decimal:
    """A number above zero and at most 4e12, cut to what the record keeps of a price."""
    value = canonical_price(read_number(raw))
    if not 0 < value <= PRICE_MAX:
        raise RowRefusedError(FaultCode.NUMBER_BAD, f"{_shown(raw)} is no price")
    return Decimal(plain(value))


def read_instant(raw: object) -> int:
    """An instant from ISO 8601 text; a number could be seconds or milliseconds and is refused."""
    if not isinstance(raw, str):
        raise RowRefusedError(FaultCode.TIME_BAD, _shown(raw))
    try:
        return parse_instant(raw)
    except DataError as error:
        raise RowRefusedError(FaultCode.TIME_BAD, str(error)[:TEXT_CHARS_MAX]) from None


def read_text(raw: object) -> str:
    """Text without control characters or lone surrogates, which no database or terminal takes."""
    if not isinstance(raw, str) or len(raw) > TEXT_CHARS_MAX or not _storable(raw):
        raise RowRefusedError(FaultCode.TEXT_BAD, _shown(raw))
    return raw.strip()


def _storable(text: str) -> bool:
    return all(" " <= sign != "\x7f" and not "\ud800" <= sign <= "\udfff" for sign in text)


def _shown(raw: object) -> str:
    return ascii(raw)[:80]
