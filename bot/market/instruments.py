"""Tick, lot and least order of a token: given, or derived once from its first known bar."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from bot.domain.decimals import plain
from bot.domain.errors import DataError
from bot.domain.values import Token

MIN_NOTIONAL = Decimal(5)
MONEY_UNIT = Decimal("1e-8")
TICKS_MAX = 10**9
LOT_WORTH_MAX = Decimal(90_000)


@dataclass(frozen=True, slots=True, kw_only=True)
class Instrument:
    """Rounding of one token: price step, quantity step, least order in the quote currency."""

    token_id: int
    tick: Decimal
    lot: Decimal
    min_notional: Decimal
    note: str = ""  # what was derived or coarsened, for the record

    @property
    def unit(self) -> int:
        """Money (1e-8) of one lot at one tick; a whole number >= 1."""
        return int(self.tick * self.lot / MONEY_UNIT)

    def is_in_reach(self, price: Decimal) -> bool:
        """Whether the engine's whole numbers can hold a price; a bar or level beyond is none."""
        return 0 < price <= self.tick * TICKS_MAX and price * self.lot < LOT_WORTH_MAX

    def check(self, price: Decimal) -> None:
        """Refuse units with which whole numbers cannot hold the token's first price."""
        if price / self.tick > TICKS_MAX:
            raise DataError(
                f"token {self.token_id}: price {plain(price)} is more than 1e9 ticks of "
                f"{plain(self.tick)}: give it a larger tick"
            )
        if price * self.lot >= LOT_WORTH_MAX:
            raise DataError(
                f"token {self.token_id}: one lot of {plain(self.lot)} at {plain(price)} is worth "
                f"90000 or more: give it a smaller lot"
            )


def default_tick(close: Decimal) -> Decimal:
    """10^(floor(log10 close) - 4): five significant digits.

    >>> default_tick(Decimal("67123.45")), default_tick(Decimal("0.01234567"))
    (Decimal('1'), Decimal('0.000001'))
    """
    return Decimal(plain(Decimal(1).scaleb(close.adjusted() - 4)))


def _fits(tick: Decimal, lot: Decimal) -> bool:
    unit = tick * lot / MONEY_UNIT
    return unit >= 1 and unit == int(unit)


def default_lot(tick: Decimal) -> Decimal:
    """The smallest power of ten of which one tick's worth is whole money.

    >>> default_lot(Decimal("0.01"))
    Decimal('0.000001')
    """
    exponent = -8 - tick.adjusted() - len(tick.normalize().as_tuple().digits)
    while not _fits(tick, Decimal(1).scaleb(exponent)):
        exponent += 1
    return Decimal(plain(Decimal(1).scaleb(exponent)))


def coarsen(tick: Decimal, lot: Decimal) -> Decimal:
    """The lot itself, or the next power of ten above it that makes one tick's worth whole money.

    >>> coarsen(Decimal("1e-10"), Decimal(1))
    Decimal('100')
    """
    if _fits(tick, lot):
        return lot
    exponent = lot.adjusted() + 1
    while not _fits(tick, Decimal(1).scaleb(exponent)):
        exponent += 1
    return Decimal(plain(Decimal(1).scaleb(exponent)))


def complete(token: Token, close: Decimal) -> Instrument:
    """A token's instrument; `close` is that of the earliest bar known at its first slot.

    Raises DataError where a given tick or lot is so far from that price that nothing would fit.
    """
    notes = []
    tick = token.tick
    if tick is None:
        tick = default_tick(close)
        notes.append(f"tick {plain(tick)} derived")
    lot = token.lot
    if lot is None:
        lot = default_lot(tick)
        notes.append(f"lot {plain(lot)} derived")
    whole = coarsen(tick, lot)
    if whole != lot:
        notes.append(f"lot {plain(lot)} coarsened to {plain(whole)}")
    least = token.min_notional
    if least is None:
        least = MIN_NOTIONAL
        notes.append(f"minimum notional {plain(least)} assumed")
    made = Instrument(
        token_id=token.token_id, tick=tick, lot=whole, min_notional=least, note="; ".join(notes)
    )
    made.check(close)
    return made
