"""Packed texts come out whole, or not at all where they are cut or inflate beyond measure."""

from __future__ import annotations

import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.adapters.sql.packed import UNPACKED_MAX, unpacked


@given(st.binary(max_size=5000))
def test_what_was_packed_comes_out(body: bytes) -> None:
    assert unpacked(zlib.compress(body)) == body


@pytest.mark.parametrize("left", [0, 1, 5, 12])
def test_a_cut_body_is_refused(left: int) -> None:
    with pytest.raises(zlib.error):
        unpacked(zlib.compress(b"a text of some length")[:left])


def zeros(megabytes: int) -> bytes:
    packer = zlib.compressobj(1)
    return b"".join([*(packer.compress(bytes(1 << 20)) for _ in range(megabytes)), packer.flush()])


def test_a_body_may_not_inflate_beyond_measure() -> None:
    most = UNPACKED_MAX >> 20
    assert len(unpacked(zeros(most))) == UNPACKED_MAX
    with pytest.raises(zlib.error, match="unpacks to more than 64 MiB"):
        unpacked(zeros(most + 1))
