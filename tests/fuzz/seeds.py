"""Where the fuzzer begins: real examples of what each target reads, and words that they use."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterator
from pathlib import Path

from bot.adapters.tokenmetrics import wire_vocabulary
from bot.resources import resource_dir
from tests.fuzz.targets import ENDPOINTS

FIXTURES = Path(__file__).parents[1] / "fixtures" / "wire"
_CSV = b"token_id,open_time,open,high,low,close,volume\n"
_TABLES = (
    _CSV + b"1,2025-05-10T13:00:00Z,1,2,0.5,1.5,10\n1,1746885600000,1e0,2,.5,1.50,\n",
    b"\xef\xbb\xbftimestamp;o;h;l;c;v\r\n1746882000;1;2;0.5;1.5;10\r\n",
    _CSV[:-1] + b",interval,available_at\n" + b'1,"2025-05-10 13:00",1,2,1,2,3,5m,1746882000\n',
)
_VALUES = (
    "true", "false", "null", "NaN", "Infinity", "1e999", "-0.0", "1e-60", "9" * 64, "0x10",
    "1,234.5", "2025-09-01", "2025-09-01T12:00:00.000Z", "1756728000000", "Bullish", "-1",
)  # fmt: skip


def seeds_of(name: str) -> Iterator[bytes]:
    """Examples for a target."""
    return iter(_SEEDS[name]())


def _bodies() -> list[bytes]:
    return [path.read_bytes() for path in sorted(FIXTURES.glob("*.json"))]


def _wire() -> list[bytes]:
    return [bytes([at]) + body for body in _bodies() for at in range(len(ENDPOINTS))]


def _answers() -> list[bytes]:
    head = b"\x00\x0c 120|Mon, 01 Sep 2025 15:00:05 GMT\n"
    return [*(head + body for body in _bodies()), b"\x00\xe5 Mon, 01 Sep 2025 15:00:25 GMT|\n"]


def _packed() -> list[bytes]:
    bodies = _bodies()
    packed = [bytes([0, 99]) + gzip.compress(body) for body in bodies[:5]]
    return [*packed, *(bytes([1, 9]) + body for body in bodies[:2])]


def _cells() -> list[bytes]:
    return [*(value.encode() for value in _VALUES), b"1\n2.50\n\n1e-8\n2025-09-01T12:00:00Z"]


def _strategies() -> list[bytes]:
    files = [path.read_bytes() for path in sorted(resource_dir("strategies").glob("*.toml"))]
    return [*files, b'name = "x"\n[universe]\ntop = 3\n[[gates]]\ncolumn = "a"\nmin = 1\n']


def _homes() -> list[bytes]:
    rest = b"\x00HOURHAND_LOG_LEVEL=debug\n\x00tm-0123456789abcdef"
    found = sorted(resource_dir("config").rglob("*.toml"))
    return [path.read_bytes() + rest for path in found]


_SEEDS: dict[str, Callable[[], list[bytes]]] = {
    "wire": _wire,
    "json_text": _bodies,
    "answer": _answers,
    "body": _packed,
    "fields": _cells,
    "column": _cells,
    "table": lambda: list(_TABLES),
    "strategy": _strategies,
    "settings": _homes,
}


def words() -> list[str]:
    """Words worth trying in any input."""
    keys: set[str] = set()
    for value in vars(wire_vocabulary).values():
        if isinstance(value, frozenset | tuple):
            keys |= {f'"{key}":' for key in value if isinstance(key, str)}
    signs = ['{"success":true,"data":[', "]}", "},{", "[[", "\\ud800", '""', "\x00", "\r\n"]
    return [*sorted(keys), *_VALUES, *signs]
