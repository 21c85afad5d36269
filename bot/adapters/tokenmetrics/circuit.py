"""Stops asking a provider that refuses the key or has been down for several requests."""

from __future__ import annotations

from bot.adapters.tokenmetrics.limits import AUTH_HOLD_S, OUTAGE_HOLD_S, OUTAGES_MAX
from bot.adapters.tokenmetrics.ports import Clock
from bot.domain.errors import AuthError, ProviderError, UnavailableError


class Circuit:
    """Closed: requests pass. Open: they fail at once with the error that opened it.

    A refused key opens it at once, an outage after several requests in a row. When the hold is
    over the next request is let through and decides.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._outages = 0
        self._held_until = clock.elapsed()
        self._cause: ProviderError | None = None

    def check(self) -> None:
        """Raise the cause anew while the circuit is open."""
        if self._cause is not None and self._clock.elapsed() < self._held_until:
            raise type(self._cause)(f"not asked again yet: {self._cause}")

    def succeeded(self) -> None:
        """An answer came: close."""
        self._outages = 0
        self._cause = None

    def failed(self, error: ProviderError) -> None:
        """A request failed for good, after its retries."""
        if isinstance(error, AuthError):
            self._open(error, AUTH_HOLD_S)
        elif isinstance(error, UnavailableError):
            self._outages += 1
            if self._outages >= OUTAGES_MAX:
                self._open(error, OUTAGE_HOLD_S)

    def _open(self, error: ProviderError, hold_s: float) -> None:
        self._cause = error
        self._held_until = self._clock.elapsed() + hold_s
