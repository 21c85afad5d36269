"""Which endpoints to ask in a slot: each only as often as its data changes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from bot.adapters.tokenmetrics.endpoints import Endpoint
from bot.domain.instants import DAY, HOUR, floor_hour

_HOURLY: Final = (Endpoint.HOURLY_OHLCV, Endpoint.HOURLY_SIGNALS)
# Tokens first: the others ask about them. Bars before signals: what is held is priced by them.
_ORDER: Final = (
    Endpoint.TOKENS,
    *_HOURLY,
    Endpoint.DAILY_SIGNALS,
    Endpoint.LEVELS,
    Endpoint.QUANTMETRICS,
    Endpoint.GRADES,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cadence:
    """How old a success may be before an endpoint is asked again, in ms, whole hours.

    `refused_every`: how long an endpoint rests after the plan refused it.
    """

    daily_every: int = 6 * HOUR
    tokens_every: int = DAY
    refused_every: int = DAY


@dataclass(frozen=True, slots=True, kw_only=True)
class PollHistory:
    """When each endpoint last gave an answer, and when the plan last refused it (UTC ms)."""

    succeeded: Mapping[Endpoint, int]
    refused: Mapping[Endpoint, int]


def due_endpoints(
    slot: int, needs: frozenset[Endpoint], history: PollHistory, cadence: Cadence
) -> tuple[Endpoint, ...]:
    """The needed endpoints to ask for a slot, in the order to ask them.

    Ages count in whole slots, so that a poll some seconds earlier in its hour than the last one
    is not put off to the next hour.
    """
    return tuple(
        endpoint
        for endpoint in _ORDER
        if endpoint in needs
        and _rested(slot, history.succeeded.get(endpoint), _every(endpoint, cadence))
        and _rested(slot, history.refused.get(endpoint), cadence.refused_every)
    )


def _every(endpoint: Endpoint, cadence: Cadence) -> int:
    if endpoint in _HOURLY:
        return HOUR
    return cadence.tokens_every if endpoint is Endpoint.TOKENS else cadence.daily_every


def _rested(slot: int, last: int | None, every: int) -> bool:
    return last is None or floor_hour(last) + every <= slot
