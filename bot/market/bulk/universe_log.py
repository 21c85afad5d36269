"""The universe of every slot of a run, resolved again only where its tokens changed."""

from __future__ import annotations

from bisect import bisect_right

import numpy as np

from bot.domain.errors import ConfigError
from bot.domain.instants import DAY
from bot.domain.values import Token
from bot.market.bulk.known import Flags, SlotTimes
from bot.market.strategy import Universe
from bot.market.token_rows import TokenRows
from bot.market.universe import resolve


class UniverseLog:
    """Resolves at a run's first slot and at every 00:00, from the tokens known then."""

    def __init__(
        self, universe: Universe, tokens: TokenRows, turns: list[int], ids: list[int]
    ) -> None:
        self._universe = universe
        self._tokens = tokens
        self._turns = turns  # instants at which rows of the token list became known, rising
        self._ids = ids
        self._members: Flags | None = None
        self._found: dict[tuple[int, bytes], frozenset[int]] = {}
        self._newest: frozenset[int] | None = None
        self._unresolved: set[tuple[int, bytes]] = set()  # as in `resolve_again`

    def members(
        self, times: SlotTimes, first: int, priced: Flags
    ) -> tuple[Flags, list[tuple[int, tuple[int, ...]]]]:
        """Whether each token is in, by slot, and what was resolved when.

        `priced` says by slot and token whether a bar is known; its slots begin at index `first`.
        """
        inside = np.zeros(priced.shape, dtype=np.bool_)
        log = []
        for s in range(len(priced)):
            slot = int(times.slot[first + s])
            if self._members is None or slot % DAY == 0:
                found = self._resolve(int(times.as_of[first + s]), priced[s])
                self._newest = found
                self._members = np.array([i in found for i in self._ids], dtype=np.bool_)
                log.append((slot, tuple(sorted(found))))
            inside[s] = self._members
        return inside, log

    def _resolve(self, as_of: int, priced: Flags) -> frozenset[int]:
        key = (bisect_right(self._turns, as_of), priced.tobytes())
        if key in self._unresolved and self._newest is not None:
            return self._newest
        if key not in self._found:
            tokens = self._tokens.all_as_of(as_of)
            for token_id, known in zip(self._ids, priced.tolist(), strict=True):
                if known:
                    tokens.setdefault(token_id, Token(token_id=token_id, symbol=str(token_id)))
            try:
                self._found[key] = resolve(self._universe, tokens)
            except ConfigError:
                if self._newest is None:
                    raise
                self._unresolved.add(key)
                return self._newest
        return self._found[key]
