"""A body read chunk by chunk under two caps, decompressed by at most one bounded gzip."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator

from bot.adapters.tokenmetrics.faults import FaultKind, TransportFault
from bot.adapters.tokenmetrics.limits import DECODED_BYTES_MAX, MIB, WIRE_BYTES_MAX

_GZIP_ONLY = 16 + zlib.MAX_WBITS


def read_body(chunks: Iterable[bytes], content_encoding: str) -> bytes:
    """The decoded body.

    Raises TransportFault where either size is beyond its cap, the encoding is neither none nor
    one gzip, or the gzip stream is broken, cut short or followed by anything.
    """
    bounded = _within_wire_cap(chunks)
    encoding = content_encoding.strip().lower()
    if encoding in {"", "identity"}:
        # Into one buffer: a list of a million chunks of two bytes is a hundred times its text.
        whole = bytearray()
        for chunk in bounded:
            whole += chunk
        return bytes(whole)
    if encoding == "gzip":
        return _gunzip(bounded)
    raise TransportFault(FaultKind.ENCODING, "an encoding that was not asked for")


def _within_wire_cap(chunks: Iterable[bytes]) -> Iterable[bytes]:
    taken = 0
    for chunk in chunks:
        taken += len(chunk)
        if taken > WIRE_BYTES_MAX:
            raise TransportFault(FaultKind.TOO_LARGE, f"more than {WIRE_BYTES_MAX} bytes sent")
        yield chunk


def _gunzip(chunks: Iterable[bytes]) -> bytes:
    inflater = zlib.decompressobj(_GZIP_ONLY)
    body = bytearray()
    try:
        for chunk in chunks:
            for part in _inflated(inflater, chunk):
                body += part
                if len(body) > DECODED_BYTES_MAX:
                    told = f"more than {DECODED_BYTES_MAX} bytes when decompressed"
                    raise TransportFault(FaultKind.TOO_LARGE, told)
        body += inflater.flush()
    except zlib.error:
        raise TransportFault(FaultKind.ENCODING, "a broken gzip stream") from None
    if not inflater.eof or inflater.unused_data:
        raise TransportFault(FaultKind.ENCODING, "a gzip stream that does not end with the body")
    return bytes(body)


def _inflated(inflater: zlib._Decompress, chunk: bytes) -> Iterator[bytes]:
    # In small steps: a bomb then costs one step beyond the cap, not a copy of it.
    rest = chunk
    while rest:
        yield inflater.decompress(rest, MIB)
        rest = inflater.unconsumed_tail
