"""Packed texts of the database, unpacked no further than any of ours goes."""

from __future__ import annotations

import zlib

UNPACKED_MAX = 64 << 20  # ten times what an answer may be; everything else is far smaller


def unpacked(body: bytes) -> bytes:
    """What was packed. Raises zlib.error where it is none of ours, or inflates beyond measure."""
    unpacker = zlib.decompressobj()
    plain = unpacker.decompress(body, UNPACKED_MAX)
    if unpacker.eof:
        return plain
    if len(plain) == UNPACKED_MAX:
        raise zlib.error(f"unpacks to more than {UNPACKED_MAX >> 20} MiB")
    raise zlib.error("is cut short")
