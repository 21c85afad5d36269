"""What an answer's status and body mean: rows, nothing, or which error."""

from __future__ import annotations

from typing import Final

from bot.adapters.tokenmetrics.endpoints import Endpoint
from bot.adapters.tokenmetrics.envelope import message_of, says_no_rows
from bot.adapters.tokenmetrics.ports import WireAnswer
from bot.adapters.tokenmetrics.retry import TOO_MANY_REQUESTS
from bot.domain.errors import (
    AuthError,
    BadPayloadError,
    PlanError,
    ProviderError,
    RateLimitError,
    UnavailableError,
)

OK: Final = 200
NOT_FOUND: Final = 404
_REFUSALS: Final = frozenset({401, 403})
_SERVER_ERROR: Final = 500


def error_of(answer: WireAnswer, endpoint: Endpoint) -> ProviderError | None:
    """The error that an answer means; None where its body is to be read for rows.

    A plan refusal and a wrong key share the status 401 and differ in the message only; a 404
    whose message says that no data was found is an answer without rows.
    """
    if answer.status == OK:
        return _content_error(answer, endpoint)
    message = message_of(answer.body)
    if answer.status == NOT_FOUND and says_no_rows(message):
        return None
    told = f"{endpoint}: status {answer.status}" + (f", {message}" if message else "")
    return _error_type(answer.status, message)(told)


def _content_error(answer: WireAnswer, endpoint: Endpoint) -> ProviderError | None:
    kind = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "application/json":
        return None
    return BadPayloadError(f"{endpoint}: the answer's content type is not application/json")


def _error_type(status: int, message: str) -> type[ProviderError]:
    if status in _REFUSALS:
        return PlanError if "plan" in message.casefold() else AuthError
    if status == TOO_MANY_REQUESTS:
        return RateLimitError
    return UnavailableError if status >= _SERVER_ERROR else ProviderError
