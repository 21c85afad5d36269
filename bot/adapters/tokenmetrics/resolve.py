"""Which token a strategy means: by id, or by a symbol that only one token bears."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from bot.domain.decimals import plain
from bot.domain.errors import ConfigError
from bot.domain.values import Token


def choose_tokens(
    token_ids: Iterable[int], symbols: Iterable[str], found: Sequence[Token]
) -> tuple[Token, ...]:
    """The wanted tokens among those found, ascending by id.

    Raises ConfigError that names every unknown id, every unknown symbol and, for every symbol
    that several tokens bear, the candidates.
    """
    by_id = {token.token_id: token for token in found}
    chosen: dict[int, Token] = {}
    faults: list[str] = []
    for token_id in sorted(set(token_ids)):
        if token_id in by_id:
            chosen[token_id] = by_id[token_id]
        else:
            faults.append(f"token id {token_id}: the provider knows no such token")
    for symbol in sorted(set(symbols)):
        candidates = _bearing(symbol, by_id)
        if len(candidates) == 1:
            chosen[candidates[0].token_id] = candidates[0]
        else:
            faults.append(_symbol_fault(symbol, candidates))
    if faults:
        raise ConfigError(faults)
    return tuple(chosen[token_id] for token_id in sorted(chosen))


def _bearing(symbol: str, by_id: dict[int, Token]) -> list[Token]:
    wanted = symbol.casefold()
    return [by_id[token_id] for token_id in sorted(by_id) if _symbol(by_id[token_id]) == wanted]


def _symbol(token: Token) -> str:
    return token.symbol.casefold()


def _symbol_fault(symbol: str, candidates: list[Token]) -> str:
    if not candidates:
        return f"symbol {symbol!r}: the provider knows no such token"
    listed = "; ".join(_described(token) for token in candidates)
    return f"symbol {symbol!r} is borne by {len(candidates)} tokens, name one by id: {listed}"


def _described(token: Token) -> str:
    cap = "unknown" if token.market_cap is None else plain(token.market_cap)
    return f"{token.token_id} {token.name} (market cap {cap})"
