"""A body in pieces becomes one text under its caps, and costs no more than itself."""

from __future__ import annotations

import gzip
import tracemalloc
from itertools import repeat

import pytest

from bot.adapters.tokenmetrics.bounded_body import read_body
from bot.adapters.tokenmetrics.faults import FaultKind, TransportFault
from bot.adapters.tokenmetrics.limits import DECODED_BYTES_MAX, MIB, WIRE_BYTES_MAX


def test_pieces_of_two_bytes_cost_no_more_than_the_body() -> None:
    count = 200_000
    tracemalloc.start()
    body = read_body((bytes([65, n % 7]) for n in range(count)), "")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(body) == 2 * count
    assert peak < 3 * len(body)


@pytest.mark.parametrize("size", [DECODED_BYTES_MAX - 1, DECODED_BYTES_MAX])
def test_a_body_is_inflated_up_to_its_cap(size: int) -> None:
    assert read_body([gzip.compress(b"0" * size)], "gzip") == b"0" * size


def test_a_body_one_byte_beyond_a_cap_is_refused() -> None:
    for chunks, encoding in (
        ([b"0" * WIRE_BYTES_MAX, b"0"], ""),
        ([gzip.compress(b"0" * (DECODED_BYTES_MAX + 1))], "gzip"),
    ):
        with pytest.raises(TransportFault) as caught:
            read_body(chunks, encoding)
        assert caught.value.kind is FaultKind.TOO_LARGE


def test_a_body_without_end_is_left_at_its_cap() -> None:
    taken = 0

    def endless() -> object:
        nonlocal taken
        for chunk in repeat(b"0" * MIB):
            taken += 1
            yield chunk

    with pytest.raises(TransportFault):
        read_body(endless(), "")  # type: ignore[arg-type]
    assert taken == WIRE_BYTES_MAX // MIB + 1


def test_a_stream_cut_into_single_bytes_reads_the_same() -> None:
    packed = gzip.compress(b"a body")
    assert read_body((packed[n : n + 1] for n in range(len(packed))), " GZip ") == b"a body"
