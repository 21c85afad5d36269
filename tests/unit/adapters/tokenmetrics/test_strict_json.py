"""Strict JSON keeps numbers exact and refuses everything that two readers could read two ways."""

from __future__ import annotations

from contextlib import suppress
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.adapters.tokenmetrics.limits import JSON_DEPTH_MAX, JSON_ITEMS_MAX, NUMBER_CHARS_MAX
from bot.adapters.tokenmetrics.strict_json import NotFinite, decode_json
from bot.domain.errors import BadPayloadError


def nested(depth: int) -> bytes:
    return b"[" * depth + b"]" * depth


def test_fractions_keep_every_digit_as_sent() -> None:
    assert decode_json(b"[0.1, 6.12e-06, 108301]") == [
        Decimal("0.1"),
        Decimal("6.12e-06"),
        108301,
    ]


@pytest.mark.parametrize("text", [b"NaN", b"Infinity", b"-Infinity", b"1e99999999999999999999"])
def test_a_number_that_is_none_is_marked_and_the_rest_is_read(text: bytes) -> None:
    assert decode_json(b"[1, " + text + b"]") == [1, NotFinite(text.decode())]


def test_depth_and_number_length_are_read_up_to_their_limits() -> None:
    assert decode_json(nested(JSON_DEPTH_MAX)) is not None
    assert decode_json(b"9" * NUMBER_CHARS_MAX) == int("9" * NUMBER_CHARS_MAX)


def test_as_many_values_are_read_as_the_limit_says_and_not_one_more() -> None:
    full = b"[" + b"0," * (JSON_ITEMS_MAX - 1) + b"0]"
    assert decode_json(full) == [0] * JSON_ITEMS_MAX
    with pytest.raises(BadPayloadError, match="batch_size"):
        decode_json(b"[" + full + b"]")


@pytest.mark.parametrize(
    "body",
    [
        nested(JSON_DEPTH_MAX + 1),
        nested(200_000),
        b"9" * (NUMBER_CHARS_MAX + 1),
        b"0." + b"9" * NUMBER_CHARS_MAX,
        b'{"a": 1, "a": 1}',
        b'[{"a": 1, "b": {"c": 1, "c": 2}}]',
        b"\xef\xbb\xbf[]",
        b"\xff",
        b"",
        b"{'a': 1}",
        b"[1,]",
    ],
    ids=lambda body: f"{len(body)}_bytes",
)
def test_anything_else_is_a_bad_payload(body: bytes) -> None:
    with pytest.raises(BadPayloadError):
        decode_json(body)


@given(st.binary(max_size=200))
def test_no_bytes_raise_anything_but_a_bad_payload(body: bytes) -> None:
    with suppress(BadPayloadError):
        decode_json(body)
