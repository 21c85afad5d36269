"""Answers that go wrong on demand: which one, and what is done to it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from bot.domain.errors import ConfigError
from bot.simulator.shapes import Json, encode

MILLION = 1_000_000
_OPPOSITE = {"1": "-1", "-1": "1", "0": "1", "bullish": "bearish", "bearish": "bullish"}
_PRICES = frozenset({"open", "high", "low", "close"})


class FaultKind(StrEnum):
    """What can go wrong with an answer."""

    RATE_LIMIT = "rate-limit"  # 429, with `retry_after` as its header
    SERVER_ERROR = "server-error"  # `status` with a page of HTML
    DELAY = "delay"  # the answer starts `delay_s` late
    TRICKLE = "trickle"  # the body comes in small pieces, `delay_s` apart
    TRUNCATED = "truncated"  # half a body that claims to be whole
    BROKEN_OFF = "broken-off"  # the connection closes in the middle of the body
    HTML = "html"  # 200 with a page instead of JSON
    WRONG_TYPES = "wrong-types"  # numbers as words, text as lists
    DUPLICATED = "duplicated"  # every row twice
    CONTRADICTED = "contradicted"  # every row twice, the second time with another word or number
    SHUFFLED = "shuffled"  # rows oldest first


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One way in which an answer goes wrong.

    retry_after: header of a 429: "" for none, digits for seconds, "date:N" for an HTTP date N
    seconds from the simulated now, anything else as it stands.
    """

    kind: FaultKind
    status: int = 503
    retry_after: str = ""
    delay_s: float = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class ScriptedFault:
    """A fault of the requests numbered first to last, counted from 1.

    Counted are all requests, or those to `endpoint` where one is named.
    """

    fault: Fault
    first: int
    last: int
    endpoint: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RandomFault:
    """A fault of `rate_ppm` requests in a million, drawn by seed and request number."""

    fault: Fault
    rate_ppm: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultPlan:
    """Everything that will go wrong; the script comes before chance."""

    script: tuple[ScriptedFault, ...] = ()
    chances: tuple[RandomFault, ...] = ()
    seed: int = 0

    def fault_for(self, endpoint: str, number: int, number_there: int) -> Fault | None:
        """What goes wrong with the request of these numbers (over all, at its endpoint)."""
        for scripted in self.script:
            counted = number_there if scripted.endpoint == endpoint else number
            applies = scripted.endpoint in {"", endpoint}
            if applies and scripted.first <= counted <= scripted.last:
                return scripted.fault
        for place, chance in enumerate(self.chances):
            if draw(self.seed, "request", place, number) < chance.rate_ppm:
                return chance.fault
        return None


def draw(seed: int, *what: object) -> int:
    """A number from 0 to 999999 that depends on nothing but its arguments."""
    text = "|".join(map(str, (seed, *what)))
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest()) % MILLION


def parse_random_fault(text: str) -> RandomFault:
    """A fault from text such as `rate-limit:0.02` or `server-error:0.01:status=500`.

    Kind and share of requests, then any of status, retry_after and delay_s. Raises ConfigError.

    >>> parse_random_fault("rate-limit:0.02:retry_after=2").rate_ppm
    20000
    """
    kind, _, rest = text.partition(":")
    share, *settings = rest.split(":")
    values = dict(setting.partition("=")[::2] for setting in settings)
    try:
        fault = Fault(
            kind=FaultKind(kind),
            status=int(values.pop("status", "503")),
            retry_after=values.pop("retry_after", ""),
            delay_s=float(values.pop("delay_s", "0.2")),
        )
        rate_ppm = int(Decimal(share) * MILLION)
    except (ValueError, ArithmeticError):
        kinds = ", ".join(FaultKind)
        raise ConfigError([f"{text!r} is not a fault: KIND:SHARE, with KIND of {kinds}"]) from None
    if values or not 0 <= rate_ppm <= MILLION:
        raise ConfigError([f"{text!r}: a share from 0 to 1, then status, retry_after, delay_s"])
    return RandomFault(fault=fault, rate_ppm=rate_ppm)


def spoil_rows(rows: list[str], fault: Fault) -> list[str]:
    """The rows as a fault of the data leaves them; other faults change nothing here."""
    match fault.kind:
        case FaultKind.DUPLICATED:
            return [row for row in rows for _ in range(2)]
        case FaultKind.CONTRADICTED:
            return [one for row in rows for one in (row, _contradiction(row))]
        case FaultKind.SHUFFLED:
            return rows[::-1]
        case FaultKind.WRONG_TYPES:
            return [_wrong_types(row, place) for place, row in enumerate(rows)]
        case _:
            return rows


def _contradiction(row: str) -> str:
    """Another row about the same thing: a signal turned round, prices a hundredth higher."""
    values: dict[str, Json] = json.loads(row, parse_float=Decimal)
    for key, value in values.items():
        if "signal" in key.casefold() and str(value) in _OPPOSITE:
            opposite = _OPPOSITE[str(value)]
            values[key] = opposite if isinstance(value, str) else int(opposite)
        elif key.casefold() in _PRICES and isinstance(value, int | Decimal):
            values[key] = value * Decimal("1.01")
    return encode(values)


def _wrong_types(row: str, place: int) -> str:
    """The row with one of its values, another one in each row, of a type it never has."""
    values: dict[str, Json] = json.loads(row, parse_float=Decimal)
    keys = list(values)
    key = keys[place % len(keys)]
    values[key] = [] if isinstance(values[key], str) else "n/a"
    return encode(values)
