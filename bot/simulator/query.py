"""The parameters of a request, read as the provider reads them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from bot.domain.decimals import parse_decimal
from bot.domain.errors import DataError
from bot.domain.instants import DAY, LATEST, floor_day, parse_instant
from bot.domain.values import Token
from bot.simulator.shapes import slug

LIMIT_DEFAULT = 50
LIMIT_MAX = 100
# "At most about 30 days": the official clients cut ranges into pieces of 29 and both ends count.
SPAN_MAX = 31 * DAY

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_WHOLE = re.compile(r"-?\d{1,9}")


class BadRequestError(Exception):
    """A parameter that the provider refuses; the status is 400 or 422."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Which rows of an answer are asked for; the first page is 1."""

    limit: int = LIMIT_DEFAULT
    number: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """The half-open span [start, end) of times that is asked for, in milliseconds."""

    start: int
    end: int


def read_page(params: Mapping[str, str]) -> Page:
    """Limit and page; more than 100 rows are cut to 100, page 0 of old clients is page 1."""
    limit = _whole(params, "limit", LIMIT_DEFAULT)
    number = _whole(params, "page", 1)
    if limit < 1 or number < 0:
        raise BadRequestError(400, "limit and page must be positive")
    return Page(limit=min(limit, LIMIT_MAX), number=max(number, 1))


def read_window(params: Mapping[str, str], now: int) -> Window:
    """The days from startDate to endDate, both included; of a longer range its newest days."""
    start, end = _day(params, "startDate"), _day(params, "endDate")
    last = floor_day(now) if end is None else end
    if start is not None and start > last:
        raise BadRequestError(400, "startDate lies after endDate")
    after = last + DAY
    return Window(start=max(start or 0, after - SPAN_MAX), end=min(after, LATEST))


def read_signal(params: Mapping[str, str]) -> int | None:
    """The wanted daily signal, or None for all."""
    if "signal" not in params:
        return None
    number = _whole(params, "signal", 0)
    if number not in {-1, 0, 1}:
        raise BadRequestError(400, "signal must be 1, 0 or -1")
    return number


def read_token_ids(params: Mapping[str, str]) -> frozenset[int] | None:
    """The wanted token ids, or None for all."""
    names = _names(params, "token_id")
    if names is None:
        return None
    if not all(_WHOLE.fullmatch(name) for name in names):
        raise BadRequestError(400, "token_id must be an integer or a list of integers")
    return frozenset(map(int, names))


def select_tokens(
    tokens: list[Token], params: Mapping[str, str], known: frozenset[str]
) -> list[Token]:
    """The tokens that every given filter lets through; filters not in `known` are ignored."""
    params = {key: value for key, value in params.items() if key in known}
    ids = read_token_ids(params)
    chosen = [token for token in tokens if ids is None or token.token_id in ids]
    for key, words_of in _WORDS.items():
        wanted = _names(params, key)
        if wanted is not None:
            chosen = [token for token in chosen if words_of(token) & wanted]
    least = _minimum(params, "marketcap")
    if least is not None:
        chosen = [token for token in chosen if (token.market_cap or Decimal(0)) >= least]
    return chosen


def _category_words(token: Token) -> frozenset[str]:
    names = [name.strip() for name in token.category.split(";")]
    return frozenset(name.lower() for name in names) | frozenset(map(slug, names))


# No record names exchanges, so a filter by one finds nothing, as with the provider's empty lists.
_WORDS: dict[str, Callable[[Token], frozenset[str]]] = {
    "symbol": lambda token: frozenset({token.symbol.lower()}),
    "token_name": lambda token: frozenset({(token.name or token.symbol).lower()}),
    "slug": lambda token: frozenset({slug(token.name or token.symbol)}),
    "category": _category_words,
    "exchange": lambda _: frozenset(),
}


def _names(params: Mapping[str, str], key: str) -> frozenset[str] | None:
    if key not in params:
        return None
    return frozenset(part.strip().lower() for part in params[key].split(",") if part.strip())


def _whole(params: Mapping[str, str], key: str, default: int) -> int:
    text = params.get(key, str(default))
    if _WHOLE.fullmatch(text) is None:
        raise BadRequestError(400, f"{key} must be an integer")
    return int(text)


def _minimum(params: Mapping[str, str], key: str) -> Decimal | None:
    if key not in params:
        return None
    try:
        return parse_decimal(params[key])
    except DataError:
        raise BadRequestError(400, f"{key} must be a number") from None


def _day(params: Mapping[str, str], key: str) -> int | None:
    text = params.get(key)
    if text is None:
        return None
    try:
        if _DATE.fullmatch(text):
            return parse_instant(text)
    except DataError:
        pass
    raise BadRequestError(400, f"{key} must be YYYY-MM-DD")
