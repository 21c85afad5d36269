"""Reader of support and resistance levels: one list a token, as seen at one instant."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

from bot.adapters.tokenmetrics.fields import Row, read_instant, read_number, read_price
from bot.adapters.tokenmetrics.limits import LEVELS_MAX
from bot.adapters.tokenmetrics.parsed import FaultCode, Parsed, RowFault, RowRefusedError
from bot.adapters.tokenmetrics.reading import Reading, read_rows
from bot.adapters.tokenmetrics.wire_settings import WireSettings
from bot.adapters.tokenmetrics.wire_vocabulary import LEVEL_KEYS
from bot.domain.values import Level, LevelList

# The wire sends one mixed list; the idealised form two.
_LISTS = ("historical_resistance_support_levels", "support", "resistance")


def parse_levels(body: bytes, fetched_at: int, settings: WireSettings) -> Parsed[LevelList]:
    """Level lists, all seen at `fetched_at`; no list in a row means that the token has none.

    Of several rows of a token the one with the newest date counts; two lists of one date
    contradict each other, and that token is refused.
    """
    dates: dict[LevelList, int] = {}

    def read_row(row: Row, reading: Reading) -> LevelList:
        found = LevelList(
            token_id=row.token_id(),
            seen_at=reading.fetched_at,
            levels=tuple(
                sorted(_levels(row, reading), key=lambda level: (level.price, repr(level)))
            ),
        )
        date = reading.timely(row.instant_or(reading.fetched_at))
        dates[found] = max(date, dates.get(found, date))
        return found

    reading = Reading(fetched_at=fetched_at, settings=settings)
    return _one_a_token(read_rows(body, reading, read_row, LEVEL_KEYS), dates)


def _one_a_token(parsed: Parsed[LevelList], dates: dict[LevelList, int]) -> Parsed[LevelList]:
    newest: dict[int, int] = {}
    for found in parsed.observations:
        newest[found.token_id] = max(dates[found], newest.get(found.token_id, dates[found]))
    kept = [found for found in parsed.observations if dates[found] == newest[found.token_id]]
    lists = Counter(found.token_id for found in kept)
    torn = sorted(token_id for token_id, count in lists.items() if count > 1)
    faults = tuple(
        RowFault(row=-1, code=FaultCode.ROWS_CONTRADICT, detail=f"two lists of token {token_id}")
        for token_id in torn
    )
    return replace(
        parsed,
        observations=tuple(found for found in kept if lists[found.token_id] == 1),
        faults=parsed.faults + faults,
    )


def _levels(row: Row, reading: Reading) -> Iterator[Level]:
    for name in _LISTS:
        listed = row.find(name)
        if listed is None:
            continue
        if not isinstance(listed, list) or len(listed) > LEVELS_MAX:
            raise RowRefusedError(FaultCode.LIST_BAD, name)
        for entry in listed:
            level = _level(entry, reading)
            if level is not None:
                yield level


def _level(entry: object, reading: Reading) -> Level | None:
    try:
        row = Row(entry)
        strength = row.find("strength")
        date = row.find("date")
        return Level(
            price=read_price(row.need("level", "price")),
            strength=None if strength is None else float(read_number(strength)),
            level_date=None if date is None else read_instant(date),
        )
    except RowRefusedError as refusal:
        reading.note(FaultCode.LEVEL_BAD, f"{refusal.code}: {refusal.detail}")
        return None
