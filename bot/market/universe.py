"""Which tokens a strategy may enter, resolved from the token list as known at an instant."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from bot.domain.decimals import plain
from bot.domain.errors import ConfigError
from bot.domain.values import Token
from bot.market.strategy import Universe, category_slug


def is_newer(token: Token, than: Token) -> bool:
    """Later rows hold; of one instant the greater text. Rows without an instant are the oldest."""
    seen, before = token.available_at or 0, than.available_at or 0
    return seen > before or (seen == before and repr(token) > repr(than))


def tokens_as_of(tokens: Iterable[Token], as_of: int) -> dict[int, Token]:
    """The newest row of each token known at `as_of`; rows without an instant always are."""
    found: dict[int, Token] = {}
    for token in tokens:
        if (token.available_at or 0) > as_of:
            continue
        before = found.get(token.token_id)
        if before is None or is_newer(token, before):
            found[token.token_id] = token
    return found


def resolve(universe: Universe, tokens: dict[int, Token]) -> frozenset[int]:
    """Token ids of the universe; an empty selection means every token that is not excluded.

    Raises ConfigError for a symbol that several tokens share, with the candidates.
    """
    chosen = set(universe.token_ids) | _by_symbol(universe.symbols, tokens)
    wanted = {category_slug(name) for name in universe.categories}
    if wanted:
        chosen |= {i for i, token in tokens.items() if wanted & categories_of(token)}
    if not (universe.token_ids or universe.symbols or universe.categories):
        chosen = set(tokens)
    barred = {category_slug(name) for name in universe.exclude_categories}
    named = set(universe.token_ids) | _by_symbol(universe.symbols, tokens)
    kept = {
        i for i in chosen if i in named or (i in tokens and not barred & categories_of(tokens[i]))
    }
    if universe.top is not None:
        if kept and all(i not in tokens or tokens[i].market_cap is None for i in kept):
            raise ConfigError(
                [
                    "universe.top: no token has a market value: the v2 wire sends none, v3 does "
                    '(api_version = "v3"), or give tokens a market_cap in the record'
                ]
            )
        kept = set(sorted(kept, key=lambda i: _by_value(i, tokens))[: universe.top])
    return frozenset(kept)


def resolve_again(
    universe: Universe, tokens: dict[int, Token], before: frozenset[int] | None
) -> frozenset[int]:
    """The same in the course of a run: where a symbol means nothing or two tokens by now, the
    universe stays what it was, since an identity is the id and the symbol a label.

    Raises ConfigError at the first time.
    """
    try:
        return resolve(universe, tokens)
    except ConfigError:
        if before is None:
            raise
        return before


def categories_of(token: Token) -> set[str]:
    """The token's categories in the form in which they are compared."""
    return {category_slug(part) for part in token.category.split(";") if part.strip()}


def _by_value(token_id: int, tokens: dict[int, Token]) -> tuple[Decimal, int]:
    token = tokens.get(token_id)
    value = token.market_cap if token is not None and token.market_cap is not None else Decimal(-1)
    return (-value, token_id)


def _by_symbol(symbols: Iterable[str], tokens: dict[int, Token]) -> set[int]:
    found: set[int] = set()
    faults: list[str] = []
    for symbol in symbols:
        same = [t for t in tokens.values() if t.symbol.casefold() == symbol.casefold()]
        if len(same) > 1:
            shown = ", ".join(_described(token) for token in sorted(same, key=lambda t: t.token_id))
            faults.append(
                f"universe.symbols: {symbol!r} is the symbol of several tokens: {shown}; "
                f"name the one you mean in universe.token_ids"
            )
        if tokens and not same:
            faults.append(f"universe.symbols: no token has the symbol {symbol!r}")
        found |= {token.token_id for token in same}
    if faults:
        raise ConfigError(faults)
    return found


def _described(token: Token) -> str:
    value = f", market value {plain(token.market_cap)}" if token.market_cap is not None else ""
    return f"{token.token_id} ({token.name or token.symbol}{value})"
