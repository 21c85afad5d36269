"""Spans of time cut into pieces that one request may ask for."""

from __future__ import annotations

from dataclasses import dataclass

from bot.adapters.tokenmetrics.limits import PAGE_ROWS, PAGES_MAX, SPAN_DAYS_MAX
from bot.domain.instants import DAY, floor_day, format_instant

# Half of what the pages hold: a set then ends well before its cap, duplicates included.
_ROWS_PER_SET = PAGES_MAX * PAGE_ROWS // 2


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Span:
    """Half open: from `start` to before `end`, UTC milliseconds."""

    start: int
    end: int

    @property
    def days(self) -> int:
        """Calendar days touched; what a request by dates has to ask for."""
        return (floor_day(self.end - 1) - floor_day(self.start)) // DAY + 1

    def params(self) -> dict[str, str]:
        """The dates of the request; the provider counts both ends in."""
        return {"startDate": day_text(self.start), "endDate": day_text(self.end - 1)}


def pieces(span: Span) -> list[Span]:
    """The span cut at midnights into pieces of at most 29 days, on a grid that no span moves.

    A fixed grid gives every token the same pieces, so that one request serves several.
    """
    width = SPAN_DAYS_MAX * DAY
    found: list[Span] = []
    start = span.start
    while start < span.end:
        end = min(span.end, start - start % width + width)
        found.append(Span(start=start, end=end))
        start = end
    return found


def tokens_per_request(batch_size: int, rows_per_token: int) -> int:
    """How many tokens may share a request so that its pages stay within their cap."""
    return max(1, min(batch_size, _ROWS_PER_SET // max(1, rows_per_token)))


def batches(token_ids: tuple[int, ...], size: int) -> list[tuple[int, ...]]:
    """Ascending ids without duplicates in groups of at most `size`."""
    ordered = tuple(sorted(set(token_ids)))
    return [ordered[at : at + size] for at in range(0, len(ordered), size)]


def day_text(instant: int) -> str:
    """`YYYY-MM-DD` of an instant's UTC day."""
    return format_instant(floor_day(instant))[:10]
