"""The rows of one answer: chosen, merged newest first, cut to a page and written as JSON."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping
from functools import lru_cache, partial
from itertools import chain, islice

from bot.domain.instants import DAY, LATEST, floor_hour
from bot.domain.values import Token
from bot.simulator import wire_v3
from bot.simulator.endpoints import (
    ENDPOINTS,
    WIRES,
    Endpoint,
    Key,
    Market,
    filters_of,
)
from bot.simulator.facts import Facts
from bot.simulator.options import SimulatorOptions
from bot.simulator.query import (
    BadRequestError,
    Window,
    read_page,
    read_signal,
    read_window,
    select_tokens,
)
from bot.simulator.shapes import encode
from bot.simulator.source import MarketSource

# Pages of one question are asked for one after the other; rows are asked for again each hour.
_QUESTIONS_KEPT = 32
_ROWS_KEPT = 20_000


class _Merged:
    """The rows of all chosen tokens, merged only as far as someone has read."""

    def __init__(self, keys: Iterator[Key]) -> None:
        self._rest = keys
        self._read: list[Key] = []

    def slice(self, start: int, stop: int) -> list[Key]:
        self._read += islice(self._rest, max(0, stop - len(self._read)))
        return self._read[start:stop]


class Answers:
    """Answers questions about a source; the same question at the same now has the same answer."""

    def __init__(self, source: MarketSource, options: SimulatorOptions) -> None:
        self._market = Market(source=source, facts=Facts(source))
        self._options = options
        self._question = lru_cache(maxsize=_QUESTIONS_KEPT)(self._ask)
        self._kept_row = lru_cache(maxsize=_ROWS_KEPT)(self._write_fixed)

    def rows(self, version: str, name: str, params: Mapping[str, str], now: int) -> list[str]:
        """One page of rows as JSON texts; empty where nothing fits.

        Raises BadRequestError for a parameter that the provider refuses.
        """
        endpoint = ENDPOINTS[name]
        if version in endpoint.needs_token_in and not params.get("token_id"):
            raise BadRequestError(422, "token_id is required")
        page = read_page(params)
        tokens = select_tokens(self._market.source.tokens(now), params, filters_of(name, version))
        by_id = {token.token_id: token for token in tokens}
        signal = read_signal(params) if endpoint.by_signal else None
        merged = self._question(
            name, tuple(by_id), self._window(endpoint, params, now), now, signal
        )
        first = (page.number - 1) * page.limit
        keys = merged.slice(first, first + page.limit)
        if name == "tokens" and version == "v3" and "expand" in params:
            return [self._expanded(by_id[key[1]], params["expand"], now) for key in keys]
        return [self._row(version, name, by_id[key[1]], key[2], now) for key in keys]

    def _window(self, endpoint: Endpoint, params: Mapping[str, str], now: int) -> Window:
        window = read_window(params, now) if endpoint.dated else Window(start=0, end=LATEST)
        # A day's row may be dated ahead of now, but by less than a day.
        oldest, newest = window.start, min(window.end, now + DAY)
        if self._options.history_days:
            oldest = max(oldest, now - self._options.history_days * DAY)
        if self._options.recent_days_withheld and endpoint.recent_withheld:
            newest = min(newest, now - self._options.recent_days_withheld * DAY)
        return Window(start=oldest, end=newest)

    def _ask(
        self, name: str, token_ids: tuple[int, ...], window: Window, now: int, signal: int | None
    ) -> _Merged:
        keys = partial(self._keys, name, window=window, now=now)
        merged: Iterator[Key] = heapq.merge(*map(keys, token_ids))
        if signal is not None:
            merged = (k for k in merged if self._market.facts.daily_call(*k[1:]).signal == signal)
        return _Merged(merged)

    def _keys(self, name: str, token_id: int, window: Window, now: int) -> Iterator[Key]:
        keys = ENDPOINTS[name].keys(self._market, token_id, window, now)
        if name == "hourly-ohlcv" and self._options.unfinished_bar:
            return chain(self._running_hour(token_id, window, now), keys)
        return keys

    def _running_hour(self, token_id: int, window: Window, now: int) -> Iterator[Key]:
        series = self._market.source.hourly_bars.get(token_id)
        hour = floor_hour(now)
        index = series.at(hour) if series else None
        if index is not None and window.start <= hour < window.end:
            yield -hour, token_id, ~index

    def _row(self, version: str, name: str, token: Token, index: int, now: int) -> str:
        if ENDPOINTS[name].fixed and index >= 0:
            return self._kept_row(version, name, token, index)
        return self._write(version, name, token, index, now)

    def _expanded(self, token: Token, wanted: str, now: int) -> str:
        row = ENDPOINTS["tokens"].row(self._market, WIRES["v3"], token, 0, now)
        lists = wire_v3.token_lists(token)
        return encode(row | {key: lists[key] for key in wanted.split(",") if key in lists})

    def _write_fixed(self, version: str, name: str, token: Token, index: int) -> str:
        return self._write(version, name, token, index, 0)

    def _write(self, version: str, name: str, token: Token, index: int, now: int) -> str:
        row = ENDPOINTS[name].row(self._market, WIRES[version], token, index, now)
        return encode(row)
