"""One alert of a strategy file: what is watched, when it is told, and when it is armed again."""

# ruff: noqa: RUF009  the calls among the defaults describe fields, as dataclasses.field does
from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from bot.market.column_names import COLUMN_NAME
from bot.market.parameter_groups import Fault, Items, Off, StrategyFaults, required_param
from bot.market.parameters import Choice, Duration, Number, Rate, Span, Text, Whole, param

COLUMN, SIGNAL, LEVEL = "column", "signal", "level"
APPROACH, TOUCH, BREAKOUT = "approach", "touch", "breakout"
BULLISH, BEARISH, ANY = "bullish", "bearish", "any"
SUPPORT, RESISTANCE = "support", "resistance"
# Numbers that every slot has of a token without a gate that names them.
NUMBERS = ("close", "sigma", "atr", "adv")

_NAME = Text("[a-z0-9_-]{1,40}", "1 to 40 of a-z, 0-9, _ and -")
_LABEL = Text(r"[^\x00-\x1f\x7f;]{1,60}", "1 to 60 printable characters without a semicolon")
_ANY = Number(Span("[-1000000000000, 1000000000000]"))
_TOKEN_ID = Whole(Span("[1, 2147483647]"))
_EVENT = Choice((APPROACH, TOUCH, BREAKOUT))


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """What a slot's inputs are watched for; it is told by message and decides nothing."""

    name: str = required_param(_NAME, "sample", "Stands in its messages; unique in the file.")
    on: str = required_param(
        Choice((COLUMN, SIGNAL, LEVEL)), COLUMN, "What is watched: a number, the trend, or levels."
    )
    token_ids: tuple[int, ...] = param(
        [], Items(_TOKEN_ID, 1000), "Only these tokens; with none named, those of the universe."
    )
    symbols: tuple[str, ...] = param([], Items(_LABEL, 1000), "Only tokens of these symbols.")
    throttle: int = param(
        "4h", Duration("0s", "30d"), "Least time between two messages of one token and event."
    )
    column: str | None = param(
        "off", Off(COLUMN_NAME), 'on = "column": the number; also "close", "sigma", "atr", "adv".'
    )
    above: Decimal | None = param("off", Off(_ANY), "Told when it rises to this or beyond.")
    below: Decimal | None = param("off", Off(_ANY), "Told when it falls to this or beyond.")
    hysteresis: Decimal = param(
        "0", Number(Span("[0, 1000000000000]")), "How far back it must come to be armed again."
    )
    signal: str = param(
        ANY, Choice((ANY, BULLISH, BEARISH)), 'on = "signal": the turns that are told.'
    )
    events: tuple[str, ...] = param(
        [APPROACH, TOUCH, BREAKOUT], Items(_EVENT, 3), 'on = "level": the events that are told.'
    )
    side: str = param(
        ANY, Choice((ANY, SUPPORT, RESISTANCE)), "Levels below the price, above it, or both."
    )
    min_strength: Decimal = param("0", Number(Span("[0, 1000000]")), "Least strength of a level.")
    approach: int = param("0.005", Rate(Span("(0, 0.2]")), "How near a bar comes to approach.")
    touch: int = param("0.0005", Rate(Span("[0, 0.1]")), "How near is a touch, or one tick.")
    breakout: int = param("0.002", Rate(Span("[0, 0.2]")), "A close this far beyond breaks it.")
    rearm: int = param(
        "0.01",
        Rate(Span("(0, 0.5]")),
        "A close so far off arms a level again; back so far: held.",
    )
    timeout: int = param("24", Whole(Span("[1, 1000]")), "Bars after which an approach is over.")

    def __post_init__(self) -> None:
        found = [*_missing(self), *_limits(self), *_distances(self)]
        if found:
            raise StrategyFaults(found)

    @property
    def names_tokens(self) -> bool:
        """Whether it watches the tokens that it names instead of the universe."""
        return bool(self.token_ids or self.symbols)


def _missing(alert: Alert) -> list[Fault]:
    """What the kind of alert cannot do without."""
    if alert.on == COLUMN and alert.column is None:
        return [Fault(("column",), 'is missing: on = "column" needs one', ("on",))]
    if alert.on == COLUMN and alert.above is None and alert.below is None:
        return [Fault(("column",), "an alert on a column needs above or below", ("above", "below"))]
    if alert.on == LEVEL and not alert.events:
        return [Fault(("events",), "is empty: nothing would be told", ("on",))]
    return [
        Fault((key,), f'has no effect with on = "{alert.on}"', ("on",))
        for key in ("column", "above", "below")
        if alert.on != COLUMN and getattr(alert, key) is not None
    ]


def _limits(alert: Alert) -> list[Fault]:
    low, high = alert.below, alert.above
    if low is None or high is None or low < high:
        return []
    return [Fault(("below",), "is not below above: one of both would always hold", ("above",))]


def _distances(alert: Alert) -> list[Fault]:
    """A touch is nearer than an approach, and what was approached is armed again farther off."""
    found = []
    if alert.touch > alert.approach:
        found.append(Fault(("touch",), "is wider than approach", ("approach",)))
    if alert.rearm <= alert.approach:
        reason = "is not above approach: a level would be armed again while it is near"
        found.append(Fault(("rearm",), reason, ("approach",)))
    if alert.rearm <= alert.breakout:
        reason = "is not above breakout: a broken level would be armed again at once"
        found.append(Fault(("rearm",), reason, ("breakout",)))
    return found
