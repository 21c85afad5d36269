"""Doctor: whether the provider answers, takes the key, and has the same time as this machine."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping

from bot.app.bootstrap import build_clock
from bot.app.doctor_check import Check, fail, ok, warn
from bot.app.settings import Settings
from bot.domain.errors import AuthError, ConfigError, HourhandError

_DEADLINE_S = 15.0
_SET_CLOCK = "synchronise this machine's clock (chrony, systemd-timesyncd)"


def check_provider(settings: Settings) -> Iterator[Check]:
    """One request, which costs one credit at most."""
    from bot.adapters.tokenmetrics.endpoints import Endpoint
    from bot.adapters.tokenmetrics.faults import TransportFault
    from bot.adapters.tokenmetrics.transport import HttpTransport, TransportSettings
    from bot.adapters.tokenmetrics.verdict import error_of

    if settings.api_key is None:
        yield warn("provider", "not asked: there is no key", "see `key`")
        return
    where = TransportSettings(base_url=settings.base_url, key_header=settings.key_header)
    try:
        transport = HttpTransport(where, settings.api_key)
    except ConfigError as error:
        yield fail("provider", str(error), "correct the key or `base_url`")
        return
    clock = build_clock(settings, threading.Event())
    try:
        asked = clock.now()
        path = f"/{settings.api_version}/{Endpoint.TOKENS}"
        answer = transport.get(path, {"limit": "1", "page": "1"}, _DEADLINE_S)
        got = clock.now()
    except (TransportFault, HourhandError) as fault:
        yield warn(
            "provider", f"{settings.base_url}: {fault}", "see whether the network lets it through"
        )
        return
    finally:
        transport.close()
        clock.close()
    refusal = error_of(answer, Endpoint.TOKENS)
    if isinstance(refusal, AuthError):
        yield fail("provider", f"the key is refused: {refusal}", "put the right one in its place")
    elif refusal is not None:
        yield warn("provider", str(refusal), "wait; where it stays, see the plan")
    else:
        yield ok("provider", f"{settings.base_url} takes the key ({answer.latency_ms} ms)")
    yield _clock_check(answer.headers, asked, got)


def _clock_check(headers: Mapping[str, str], asked: int, got: int) -> Check:
    from bot.adapters.tokenmetrics.clock_check import skew_s
    from bot.adapters.tokenmetrics.limits import CLOCK_SKEW_MAX_S

    skew = skew_s(headers, asked, got)
    if skew is None:
        return warn("clock", "not compared: the provider gives no time", _SET_CLOCK)
    if abs(skew) > CLOCK_SKEW_MAX_S:
        way = "behind" if skew > 0 else "ahead"
        found = f"{abs(skew)} s {way}, {CLOCK_SKEW_MAX_S} s are allowed: no slot would be done"
        return fail("clock", found, _SET_CLOCK)
    return ok("clock", f"within {max(1, abs(skew))} s of the provider's")
