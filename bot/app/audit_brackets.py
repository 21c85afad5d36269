"""Audit of brackets: stop and target worked out again from the level book by plain fractions."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import Any

from bot.adapters.sql.ledger_rows import DecisionRow, OrderRow
from bot.app.audit_book import PPM, Book, body_of
from bot.app.audit_finding import Code, Finding, unequal, unmet
from bot.app.audit_seen import bar_time
from bot.domain.instants import DAY, parse_instant
from bot.market.strategy import Strategy

# The refusals that levels and prices alone decide (L3 to L6).
CODES = frozenset({
    "NEAR_STRONG_RESISTANCE", "NO_SUPPORT", "STOP_TOO_FAR", "NO_RESISTANCE",
    "TARGET_NOT_PROFITABLE", "RR_BELOW_MIN",
})  # fmt: skip
_HALF_LIFE = 30 * DAY
_UNIT = 10**9
_STRENGTH_MOST = 10**6
_DIGITS = 10
_PRICE_DECIMALS = 12


@dataclass(frozen=True, slots=True)
class Level:
    """A merged level: price in quote units, strength in whole 1e-9."""

    price: Fraction
    strength: int


@dataclass(slots=True, kw_only=True)
class Bracket:
    """What the rules come to; stop, target, entry and cap in ticks, None where there is none."""

    entry: int
    cap: int
    stop: int | None = None
    target: int | None = None
    failed: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What a bracket is made of, in quote units."""

    close: Fraction
    tick: Fraction
    atr: float | None
    levels: list[Level]
    strategy: Strategy


def check_bracket(
    book: Book, row: DecisionRow, details: dict[str, Any], seen: dict[str, Any],
    entry: OrderRow | None,
) -> Iterator[Finding]:  # fmt: skip
    """A decision's bracket, or what refused it, follows from what the slot saw (19)."""
    where = f"decision {row.id}"
    strategy = book.config(row.slot)
    opened = bar_time(seen)
    if opened is None or "tick" not in seen:
        yield unmet(Code.BRACKET, where, "a bar and a tick in the slot's inputs", "none")
        return
    close = seen["bar"]["close"]
    yield from unequal(Code.BRACKET, f"close of {where}", close, details.get("close"))
    tick = Fraction(seen["tick"])
    terms = Terms(
        close=Fraction(close),
        tick=tick,
        atr=seen.get("atr"),
        levels=merged_levels(seen, row.slot, strategy.merge, tick),
        strategy=strategy,
    )
    made = bracket_of(terms)
    failed = CODES & set(details.get("failed", []))
    yield from unequal(
        Code.BRACKET, f"what levels refuse of {where}", sorted(made.failed), sorted(failed)
    )
    for name, ticks in (("stop", made.stop), ("target", made.target), ("cap", made.cap)):
        shown = None if ticks is None else book.price(row.token_id, ticks)
        yield from unequal(Code.BRACKET, f"{name} of {where}", shown, details.get(name))
    if entry is not None:
        rows = (entry.stop_ticks, entry.target_ticks, entry.cap_ticks)
        bracket = (made.stop, made.target, made.cap)
        yield from unequal(Code.BRACKET, f"order {entry.id}", bracket, rows)
    yield from _check_cost(book, row, details, terms, entry)


def _check_cost(
    book: Book, row: DecisionRow, details: dict[str, Any], terms: Terms, entry: OrderRow | None
) -> Iterator[Finding]:
    """The price reckoned with is the close and its costs, rounded up; without impact k is given."""
    where = f"decision {row.id}"
    k = int(details.get("k_ppm", -1))
    if terms.strategy.impact is None or k < terms.strategy.k:
        yield from unequal(Code.BRACKET, f"costs in ppm of {where}", terms.strategy.k, k)
    ticks = up(terms.close * (PPM + k) / PPM, terms.tick)
    shown = book.price(row.token_id, ticks)
    yield from unequal(Code.BRACKET, f"entry price of {where}", shown, details.get("entry"))
    if entry is not None:
        body = body_of(entry)
        found = (body.get("price_ticks"), body.get("k_ppm"))
        yield from unequal(Code.BRACKET, f"price of order {entry.id}", (ticks, k), found)


def merged_levels(seen: dict[str, Any], slot: int, merge: int, tick: Fraction) -> list[Level]:
    """L1: neighbours in ascending order are one level; the mean is kept exact until its end.

    Prices are whole 1e-12 while they are summed.
    """
    built = parse_instant(seen["book_built"]) if "book_built" in seen else 0
    clusters: list[Cluster] = []
    for text, strength in seen["book"]:
        price = int(Decimal(text).scaleb(_PRICE_DECIMALS))
        if not (clusters and clusters[-1].is_near(price, merge)):
            clusters.append(Cluster())
        clusters[-1].add(price, whole_strength(strength, built, slot))
    return [cluster.level(tick) for cluster in clusters]


@dataclass(slots=True)
class Cluster:
    """Levels on their way to being one: weighted by strength, by count where none has any."""

    count: int = 0
    strength: int = 0
    by_count: int = 0
    by_strength: int = 0

    def is_near(self, price: int, merge: int) -> bool:
        """Whether a price lies less than the merging distance above the mean."""
        total, weight = self._mean()
        return price * weight * PPM < total * (PPM + merge)

    def add(self, price: int, strength: int) -> None:
        """Take in a level."""
        self.count += 1
        self.strength += strength
        self.by_count += price
        self.by_strength += price * strength

    def level(self, tick: Fraction) -> Level:
        """The merged level: at the nearest tick, half up; one alone stays where it is."""
        total, weight = self._mean()
        price = Fraction(total, weight * 10**_PRICE_DECIMALS)
        if self.count > 1:
            price = math.floor(price / tick + Fraction(1, 2)) * tick
        return Level(price, self.strength)

    def _mean(self) -> tuple[int, int]:
        if self.strength:
            return self.by_strength, self.strength
        return self.by_count, self.count


def whole_strength(strength: float | None, built: int, slot: int) -> int:
    """A strength in whole 1e-9, halved every thirty days since its book was built."""
    if strength is None or not strength > 0:
        return 0
    if built and slot > built:
        strength *= math.exp(-math.log(2.0) / _HALF_LIFE * (slot - built))
    cut = min(ten_digits(Decimal(strength)), Decimal(_STRENGTH_MOST))
    return int((cut * _UNIT).to_integral_value(ROUND_HALF_UP))


def ten_digits(value: Decimal) -> Decimal:
    """A number cut to ten significant digits, half up."""
    if not value:
        return value
    return value.quantize(Decimal(1).scaleb(value.adjusted() + 1 - _DIGITS), ROUND_HALF_UP)


def bracket_of(terms: Terms) -> Bracket:
    """L3 to L6 for the close of the newest bar."""
    strategy, tick = terms.strategy, terms.tick
    made = Bracket(
        entry=up(terms.close * (PPM + strategy.k) / PPM, tick),
        cap=down(terms.close * (PPM + strategy.max_drift) / PPM, tick),
    )
    failed = set(_veto(terms))
    stop, refusal = _stop(terms)
    made.stop = stop
    failed |= {refusal} if refusal else set()
    made.target = _target(terms, made)
    if made.target is None:
        failed.add("NO_RESISTANCE")
    elif stop is not None:
        failed |= _ratio(strategy, made, stop)
    made.failed = frozenset(failed)
    return made


def _veto(terms: Terms) -> Iterator[str]:
    """A strong level at or barely above the price (L3)."""
    strategy = terms.strategy
    if strategy.strong is None:
        return
    least = strategy.strong * _UNIT
    near = terms.close * strategy.veto / PPM
    if any(n.strength >= least and 0 <= n.price - terms.close <= near for n in terms.levels):
        yield "NEAR_STRONG_RESISTANCE"


def _stop(terms: Terms) -> tuple[int | None, str]:
    """The stop in ticks and what refuses it (L4)."""
    strategy, close, tick = terms.strategy, terms.close, terms.tick
    nearest = max(close * strategy.stop_min_pct / PPM, _atrs(terms, strategy.stop_min_atr))
    farthest = close * strategy.stop_max_pct / PPM
    if strategy.stop_max_atr and terms.atr is not None:
        farthest = min(farthest, _atrs(terms, strategy.stop_max_atr))
    least = strategy.stop_min_strength * _UNIT
    stop, refusal = None, "NO_SUPPORT"
    for level in reversed(terms.levels):
        if level.price >= close or level.strength < least:
            continue
        buffer = max(level.price * strategy.stop_buf / PPM, _atrs(terms, strategy.stop_buf_atr))
        ticks = down(level.price - buffer, tick)
        if close - ticks * tick < nearest:
            continue
        stop, refusal = ticks, ""
        if close - ticks * tick > farthest or ticks < 1:
            refusal = "STOP_TOO_FAR"
        break
    if refusal and strategy.atr_fallback is not None and terms.atr is not None:
        stop, refusal = down(close - _atrs(terms, strategy.atr_fallback), tick), ""
        if close - stop * tick < nearest:
            refusal = "NO_SUPPORT"
        elif close - stop * tick > farthest or stop < 1:
            refusal = "STOP_TOO_FAR"
    return (stop if stop is not None and stop > 0 else None), refusal


def _atrs(terms: Terms, multiple: Decimal) -> Fraction:
    """A distance of so many average ranges, cut to ten digits; 0 where no range is known."""
    if terms.atr is None or multiple <= 0:
        return Fraction()
    return Fraction(ten_digits(multiple * Decimal(repr(terms.atr))))


def _target(terms: Terms, made: Bracket) -> int | None:
    """The target in ticks (L5), by the fallback where no level lies above."""
    strategy = terms.strategy
    least = strategy.target_min_strength * _UNIT
    for level in terms.levels:
        if level.price >= terms.close and level.strength >= least:
            return down(level.price * (PPM - strategy.target_buf) / PPM, terms.tick)
    if strategy.target_fallback is None or made.stop is None:
        return None
    paid, kept = _net(strategy, made.entry, made.stop)
    wanted = paid + (paid - kept) * Fraction(strategy.target_fallback, PPM)
    return up(wanted / (PPM - strategy.maker), Fraction(1))


def _net(strategy: Strategy, entry: int, stop: int) -> tuple[Fraction, Fraction]:
    """What entry and stop come to after costs, in ticks times 10^6 (L6)."""
    sold = stop * (PPM - strategy.k) // PPM
    return Fraction(entry * (PPM + strategy.taker)), Fraction(sold * (PPM - strategy.taker))


def _ratio(strategy: Strategy, made: Bracket, stop: int) -> set[str]:
    """The verdict on the net reward:risk."""
    paid, kept = _net(strategy, made.entry, stop)
    reward = (made.target or 0) * (PPM - strategy.maker) - paid
    risk = paid - kept
    if reward <= 0 or risk <= 0:
        return {"TARGET_NOT_PROFITABLE"}
    return {"RR_BELOW_MIN"} if reward * PPM < risk * strategy.min_rr else set()


def down(price: Fraction, tick: Fraction) -> int:
    """Whole ticks not above a price."""
    return math.floor(price / tick)


def up(price: Fraction, tick: Fraction) -> int:
    """Whole ticks not below a price."""
    return math.ceil(price / tick)
