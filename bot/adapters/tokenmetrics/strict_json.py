"""JSON of an untrusted sender: exact numbers, no duplicates, bounded depth, one kind of error."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from bot.adapters.tokenmetrics.limits import JSON_DEPTH_MAX, JSON_ITEMS_MAX, NUMBER_CHARS_MAX
from bot.domain.errors import BadPayloadError

Container = dict[str, object] | list[object]


@dataclass(frozen=True, slots=True)
class NotFinite:
    """A number that is none (NaN, Infinity, an absurd exponent), kept as text.

    The field that holds it is refused by its reader; the other rows of the answer are not lost.
    """

    text: str


def decode_json(body: bytes) -> object:
    """The value of a JSON text; fractions as Decimal, exactly as sent.

    Raises BadPayloadError for anything that is not strict UTF-8 JSON, for a key that an object
    holds twice, for numbers of absurd length, for more values than the limit (before any of them
    takes memory) and for nesting deeper than the limit.

    >>> decode_json(b'{"CLOSE": 0.30, "SKEW": NaN}')
    {'CLOSE': Decimal('0.30'), 'SKEW': NotFinite(text='NaN')}
    """
    _check_items(body)
    try:
        value: object = json.loads(
            body.decode("utf-8"),
            parse_float=_fraction,
            parse_int=_whole,
            parse_constant=NotFinite,
            object_pairs_hook=_object,
        )
    except RecursionError:
        raise BadPayloadError("JSON nested too deeply") from None
    except ValueError as error:
        raise BadPayloadError(f"not JSON: {type(error).__name__}") from None
    _check_depth(value)
    return value


def _check_items(body: bytes) -> None:
    # Every value but the first follows a comma or an opening sign; those inside texts count too.
    items = body.count(b",") + body.count(b"[") + body.count(b"{")
    if items > JSON_ITEMS_MAX:
        raise BadPayloadError(
            f"{items} values in one answer, at most {JSON_ITEMS_MAX} are read: if they are "
            f"meant, ask for fewer tokens at once (batch_size)"
        )


def _fraction(text: str) -> Decimal | NotFinite:
    _check_length(text)
    try:
        return Decimal(text)
    except InvalidOperation:
        return NotFinite(text)


def _whole(text: str) -> int:
    _check_length(text)
    return int(text)


def _check_length(text: str) -> None:
    if len(text) > NUMBER_CHARS_MAX:
        raise BadPayloadError(f"a number of {len(text)} characters")


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise BadPayloadError("an object holds one key twice")
    return found


def _check_depth(value: object) -> None:
    layer = _containers([value])
    for _ in range(JSON_DEPTH_MAX):
        layer = [child for parent in layer for child in _nested(parent)]
        if not layer:
            return
    raise BadPayloadError(f"JSON nested deeper than {JSON_DEPTH_MAX}")


def _nested(parent: Container) -> list[Container]:
    return _containers(parent.values() if isinstance(parent, dict) else parent)


def _containers(values: Iterable[object]) -> list[Container]:
    return [value for value in values if isinstance(value, dict | list)]
