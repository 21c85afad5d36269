"""A strategy's tokens are found by id or by a symbol that only one token bears."""

from __future__ import annotations

from decimal import Decimal

import pytest

from bot.adapters.tokenmetrics.resolve import choose_tokens
from bot.domain.errors import ConfigError
from bot.domain.values import Token

BITCOIN = Token(token_id=3375, symbol="BTC", name="Bitcoin", market_cap=Decimal("2.1E12"))
BRIDGED = Token(token_id=17528, symbol="btc", name="Bridged Bitcoin")
ETHER = Token(token_id=3306, symbol="eth", name="Ethereum")


def test_symbols_are_compared_without_case() -> None:
    assert choose_tokens([], ["ETH"], [BITCOIN, ETHER]) == (ETHER,)


def test_an_id_settles_what_a_symbol_leaves_open() -> None:
    assert choose_tokens([3375], ["Eth"], [BRIDGED, ETHER, BITCOIN]) == (ETHER, BITCOIN)


def test_tokens_nobody_named_are_left_out() -> None:
    assert choose_tokens([3375], [], [BITCOIN, ETHER]) == (BITCOIN,)


def test_all_faults_are_named_at_once() -> None:
    with pytest.raises(ConfigError) as caught:
        choose_tokens([1], ["BTC", "XYZ"], [BITCOIN, BRIDGED])
    assert caught.value.faults == [
        "token id 1: the provider knows no such token",
        "symbol 'BTC' is borne by 2 tokens, name one by id: "
        "3375 Bitcoin (market cap 2100000000000); 17528 Bridged Bitcoin (market cap unknown)",
        "symbol 'XYZ': the provider knows no such token",
    ]
