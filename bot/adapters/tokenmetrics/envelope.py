"""The envelope around the rows of an answer, and the meaning of its message."""

from __future__ import annotations

from dataclasses import dataclass

from bot.adapters.tokenmetrics.limits import ROWS_MAX, TEXT_CHARS_MAX
from bot.adapters.tokenmetrics.strict_json import decode_json
from bot.domain.errors import BadPayloadError, ProviderError

_NO_ROWS = "data not found"


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """The rows of an answer; `length` is what the answer says of their number, if it does."""

    rows: tuple[object, ...]
    length: int | None = None


def read_envelope(body: bytes) -> Envelope:
    """The rows of a body; none where the provider says that it found no data.

    Accepts the envelope, a bare list, and a bare object that names a token.
    Raises ProviderError where the body says that it failed, BadPayloadError where it is not
    what the wire promises.
    """
    value = decode_json(body)
    if isinstance(value, list):
        return Envelope(rows=_bounded(value))
    if not isinstance(value, dict):
        raise BadPayloadError("the answer is neither an object nor a list")
    if "data" not in value and "success" not in value and _names_token(value):
        return Envelope(rows=(value,))
    return _enveloped(value)


def _enveloped(value: dict[str, object]) -> Envelope:
    if value.get("success", True) is not True:
        if says_no_rows(value.get("message")):
            return Envelope(rows=())
        raise ProviderError(f"the provider reports a failure: {printable(value.get('message'))}")
    rows = value.get("data")
    if not isinstance(rows, list):
        raise BadPayloadError("the answer holds no list under 'data'")
    length = value.get("length")
    whole = length if isinstance(length, int) and not isinstance(length, bool) else None
    return Envelope(rows=_bounded(rows), length=whole)


def message_of(body: bytes) -> str:
    """The message of an error's body in printable form; empty where there is none to read."""
    try:
        value = decode_json(body)
    except BadPayloadError:
        return ""
    if not isinstance(value, dict):
        return ""
    return printable(value.get("message", value.get("error")))


def says_no_rows(message: object) -> bool:
    """Whether a message is the provider's way to say that nothing matches the filter."""
    return isinstance(message, str) and message.strip().rstrip(".").casefold() == _NO_ROWS


def printable(message: object) -> str:
    """Foreign text cut short and without control characters, fit for a log or a terminal."""
    if not isinstance(message, str):
        return ""
    return "".join(sign for sign in message if " " <= sign <= "~")[:TEXT_CHARS_MAX]


def _bounded(rows: list[object]) -> tuple[object, ...]:
    if len(rows) > ROWS_MAX:
        raise BadPayloadError(f"{len(rows)} rows in one answer, at most {ROWS_MAX} are read")
    return tuple(rows)


def _names_token(value: dict[str, object]) -> bool:
    return any(key.casefold() == "token_id" for key in value)
