"""Answers made to exhaust memory, by name: whole, endless, compressed, or small and swelling."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable

from bot.adapters.tokenmetrics.limits import JSON_ITEMS_MAX, WIRE_BYTES_MAX
from tests.contract import fault_server as faults
from tests.contract.fault_server import Handler, reply

MIB = 1 << 20
CAP = WIRE_BYTES_MAX


def _enveloped(text: bytes) -> bytes:
    return b'{"success": true, "data": [' + text + b"]}"


def _many(item: bytes, size: int) -> bytes:
    """An envelope whose list holds an item again and again, about `size` bytes in all."""
    return _enveloped(b",".join([item] * (size // (len(item) + 1))))


def _bomb(size: int) -> bytes:
    """A gzip stream of so many zeros, made without holding them."""
    press = zlib.compressobj(9, zlib.DEFLATED, 31)
    block = b"0" * MIB
    return b"".join([press.compress(block) for _ in range(size // MIB)]) + press.flush()


def _squeezed(body: bytes) -> Handler:
    return reply(gzip.compress(body, 1), content_encoding="gzip")


def _level_row(levels: int) -> bytes:
    one = b'{"date":"2020-06-05","level":1.25}'
    listed = b",".join([one] * levels)
    return b'{"TOKEN_ID":1,"HISTORICAL_RESISTANCE_SUPPORT_LEVELS":[' + listed + b"]}"


# Each is made when it is asked for: together they would fill the memory that is measured.
BODIES: dict[str, Callable[[], Handler]] = {
    "an honest page: 50 tokens, 1000 levels each": lambda: reply(
        _enveloped(b",".join(_level_row(1000).replace(b":1,", b":%d," % n) for n in range(1, 51)))
    ),
    "200 MB with a length": lambda: faults.endless_body(200 * MIB),
    "endless chunks of 64 KiB": lambda: faults.endless_chunks,
    "endless chunks of 2 bytes": lambda: faults.tiny_chunks(b"[ "),
    "gzip bomb, 300 MiB from 300 kB": lambda: reply(_bomb(300 * MIB), content_encoding="gzip"),
    "double gzip bomb": lambda: reply(
        gzip.compress(_bomb(300 * MIB)), content_encoding="gzip, gzip"
    ),
    "double gzip bomb announced as one": lambda: reply(
        gzip.compress(_bomb(300 * MIB)), content_encoding="gzip"
    ),
    "head without end": lambda: faults.endless_head,
    "trailers without end": lambda: faults.endless_trailers,
    "early hints without end": lambda: faults.endless_informational,
    "6 MB of blanks": lambda: reply(b" " * (CAP - 2) + b"[]"),
    "6 MB of nested lists": lambda: reply(b"[" * (CAP)),
    "6 MB of empty lists": lambda: reply(_many(b"[]", CAP - 100)),
    "6 MB of empty objects": lambda: reply(_many(b"{}", CAP - 100)),
    "6 MB of small objects": lambda: reply(_many(b'{"a":1}', CAP - 100)),
    "6 MB of fractions": lambda: reply(_many(b"0.5", CAP - 100)),
    "6 MB of short texts": lambda: reply(_many(b'"ab"', CAP - 100)),
    "6 MB of one object's keys": lambda: reply(
        b"{" + b",".join(b'"%x":0' % n for n in range(500_000)) + b"}"
    ),
    "6 MB of wide characters": lambda: reply(
        '{"success": true, "message": "\U0001f4a5'.encode() + b"a" * (CAP - 100) + b'"}'
    ),
    "as many keys of one object as are read": lambda: reply(
        b"{" + b",".join(b'"%x":0.5' % n for n in range(JSON_ITEMS_MAX - 1)) + b"}"
    ),
    "as many fractions as are read": lambda: reply(_many(b"0.5", 4 * (JSON_ITEMS_MAX - 9))),
    "as many absurd numbers as are read": lambda: reply(
        _many(b"1e9999999999999999999", 22 * (JSON_ITEMS_MAX - 9))
    ),
    "as many small objects as are read": lambda: reply(
        _many(b'{"a":0.5}', 10 * (JSON_ITEMS_MAX // 2 - 9))
    ),
    "gzip of 32 MB of empty lists": lambda: _squeezed(_many(b"[]", 32 * MIB - 100)),
    "gzip of 32 MB of small objects": lambda: _squeezed(_many(b'{"a":1}', 32 * MIB - 100)),
    "gzip of 32 MB of fractions": lambda: _squeezed(_many(b"0.5", 32 * MIB - 100)),
    "gzip of 32 MB of wide characters": lambda: _squeezed(
        '{"success": true, "message": "\U0001f4a5'.encode() + b"a" * (32 * MIB - 100) + b'"}'
    ),
    "gzip of a list of 900,000 levels": lambda: _squeezed(_enveloped(_level_row(900_000))),
}
