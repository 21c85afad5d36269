"""Exact decimals as the engine's whole numbers: one row per instrument, bar and finer bar."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_FLOOR, Decimal

from bot.domain.decimals import MONEY_DECIMALS, decimals_of
from bot.domain.values import Bar
from bot.market.bar_series import Prices, Version
from bot.market.instruments import Instrument

VOLUME_MAX = 1 << 61
EXTRA_DECIMALS = 6  # of a lot, so that a share of a volume is cut to the lot exactly


@dataclass(frozen=True, slots=True)
class VolumeScale:
    """How volumes become whole units; `lot` units make one lot, 0 where the unit is unknown."""

    unit: str
    decimals: int
    lot: int
    lot_size: Decimal

    def units(self, bar: Bar) -> int:
        """A bar's volume in units, -1 where none was sent."""
        if bar.volume is None:
            return -1
        if self.lot == 0:
            return 0 if bar.volume == 0 else -1
        if self.unit == "quote":
            return _floor(bar.volume / bar.open / self.lot_size)
        return _floor(bar.volume.scaleb(self.decimals))


def _floor(value: Decimal) -> int:
    return min(int(value.to_integral_value(ROUND_FLOOR)), VOLUME_MAX)


def quote_scale(instrument: Instrument, unit: str) -> VolumeScale:
    """The volume scale of a token whose bars count volume in `unit`."""
    if unit == "unknown":
        return VolumeScale(unit, 0, 0, instrument.lot)
    if unit == "quote":
        return VolumeScale(unit, 0, 1, instrument.lot)
    decimals = decimals_of(instrument.lot) + EXTRA_DECIMALS
    lot = int(instrument.lot.scaleb(decimals))
    return VolumeScale(unit, decimals, lot, instrument.lot)


def instrument_row(
    instrument: Instrument, prices: Prices, sector: int, scale: VolumeScale
) -> list[int]:
    """The engine's row of an instrument, in the order of its layout."""
    return [
        instrument.token_id,
        prices.points(instrument.tick),
        instrument.unit,
        int(instrument.min_notional.scaleb(MONEY_DECIMALS)),
        sector,
        scale.lot,
    ]


def bar_row(version: Version, prices: Prices, scale: VolumeScale) -> list[int]:
    """The engine's row of one version of an hourly bar."""
    bar = version.bar
    return [
        version.open_time,
        prices.points(bar.open),
        prices.points(bar.high),
        prices.points(bar.low),
        prices.points(bar.close),
        scale.units(bar),
        version.known,
    ]


def fine_row(bar: Bar, prices: Prices) -> list[int]:
    """The engine's row of a finer bar; only whether its volume is zero matters."""
    return [
        bar.open_time,
        prices.points(bar.open),
        prices.points(bar.high),
        prices.points(bar.low),
        prices.points(bar.close),
        0 if bar.volume == 0 else 1,
    ]
