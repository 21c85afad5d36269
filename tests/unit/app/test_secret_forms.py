"""What looks like a secret that nobody knows: forms of keys, and words of chance."""

from __future__ import annotations

import pytest

from bot.app.secret_forms import looks_like_key, looks_random

KEY = "tm-0f3c9a52-7d1e-4b86-a1c4-55e0d2b79f18"


@pytest.mark.parametrize(
    "text",
    [
        f'{{"key": "{KEY}"}}',
        "Authorization: Bearer abcdefghijklmnop0123",
        '{"api_key": "0123456789abcdef"}',
        "API-KEY=0123456789abcdef0123",
        "password: correcthorsebattery",
        "sk-live-0123456789abcdefgh",
        "ghp_0123456789abcdefghijABCDEFGHIJ012345",
        "AKIAIOSFODNN7EXAMPLE",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NSJ9.c2ln",
        "-----BEGIN EC PRIVATE KEY-----",
    ],
)
def test_what_has_the_form_of_a_key_is_named(text: str) -> None:
    assert looks_like_key(text)


@pytest.mark.parametrize(
    "text",
    [
        '{"TOKEN_ID": 3375, "TOKEN_NAME": "Secret Network", "TOKEN_SYMBOL": "SCRT"}',
        '{"strategy": "tm-core", "reason": "SHARPE_LOW"}',
        "sharpe 0.1234567890123456 at 2025-02-03T00:00:00Z",
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
        "key figures: turnover",
    ],
)
def test_the_words_of_the_market_are_no_keys(text: str) -> None:
    assert not looks_like_key(text)
    assert not looks_random(text)


def test_a_word_of_chance_is_noticed_and_names_and_hashes_are_not() -> None:
    assert looks_random('{"note": "Zk3xQ9vLr2TbWm8YpD4nHs7A"}')
    assert not looks_random("b2735ce05d17de1b8bc3d7fca433ec25-CANCEL-1738605600000-0")
    assert not looks_random("TARGET_PASSED_BEFORE_FILL RR_BELOW_MIN_AT_FILL")
