"""Parsers under arbitrary bytes: each target reads its input, checks what came, and lets escape
only what no parser may raise.

The property tests of this folder and the coverage-guided fuzzer run the same functions.
"""

from __future__ import annotations

import contextlib
import math
import tempfile
from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import cache
from pathlib import Path

import numpy as np
import pyarrow as pa

from bot.adapters.files import bulk, cells
from bot.adapters.files.candles import read_candle_history
from bot.adapters.files.record_folder import read_record
from bot.adapters.files.sheet import Sheet
from bot.adapters.sql.observations import SERIES
from bot.adapters.tokenmetrics.bounded_body import read_body
from bot.adapters.tokenmetrics.endpoints import Endpoint
from bot.adapters.tokenmetrics.envelope import message_of, read_envelope
from bot.adapters.tokenmetrics.faults import TransportFault
from bot.adapters.tokenmetrics.fields import read_instant, read_number, read_price, read_text
from bot.adapters.tokenmetrics.limits import DECODED_BYTES_MAX
from bot.adapters.tokenmetrics.parsed import RowRefusedError
from bot.adapters.tokenmetrics.ports import WireAnswer
from bot.adapters.tokenmetrics.retry import retry_after_s
from bot.adapters.tokenmetrics.strict_json import decode_json
from bot.adapters.tokenmetrics.verdict import error_of
from bot.adapters.tokenmetrics.wire import PARSERS
from bot.adapters.tokenmetrics.wire_settings import DrawdownForm, WireSettings
from bot.app.recorder import read_observations
from bot.app.settings import load_settings
from bot.app.strategy_files import canonical_text, load_strategy, strategy_from_canonical
from bot.domain.decimals import PRICE_MAX, plain
from bot.domain.errors import BadPayloadError, ConfigError, DataError, ProviderError
from bot.domain.instants import EARLIEST, LATEST, parse_instant
from bot.domain.values import Record

FETCHED = parse_instant("2025-09-01T15:00:05Z")
ENDPOINTS = sorted(PARSERS)
FORMS = (
    WireSettings(),
    WireSettings(max_drawdown=DrawdownForm(sign="positive", unit="percent")),
)
_TOKEN_ID_MAX = 10**15


def wire(data: bytes) -> None:
    """An answer of any endpoint: rows that the record can hold, the same at every reading."""
    if not data:
        return
    endpoint = Endpoint(ENDPOINTS[data[0] % len(ENDPOINTS)])
    form = FORMS[data[0] // 128]
    try:
        parsed = PARSERS[endpoint](data[1:], FETCHED, form)
    except ProviderError:
        return
    assert parsed == PARSERS[endpoint](data[1:], FETCHED, form)
    assert len(parsed.observations) + parsed.unfinished <= parsed.rows
    _check_storable(read_observations(endpoint, data[1:], FETCHED, form))


def _check_storable(record: Record) -> None:
    for series in SERIES:
        for value in getattr(record, series.name):
            row = series.to_row(value)
            assert 0 < row["token_id"] <= _TOKEN_ID_MAX
            for name in ("available_at", "open_time", "valid_time", "seen_at"):
                assert EARLIEST <= (row.get(name) or EARLIEST) <= LATEST
            for name in ("open", "high", "low", "close"):
                assert 0 < Decimal(row.get(name, 1)) <= PRICE_MAX
            if series.body is not None:
                series.body(value).encode()
            for text in row.values():
                assert not isinstance(text, str) or text.encode("utf-8") is not None


def json_text(data: bytes) -> None:
    """JSON, and the envelope and message around it."""
    with contextlib.suppress(BadPayloadError):
        decode_json(data)
    with contextlib.suppress(ProviderError):
        read_envelope(data)
    message = message_of(data)
    assert len(message) <= 200
    assert message.isprintable()


def answer(data: bytes) -> None:
    """Status, headers and body of an answer, and the wait that it asks for."""
    head, _, body = data.partition(b"\n")
    status, _, rest = head.partition(b" ")
    asked, _, date = rest.decode("latin-1").partition("|")
    wait = retry_after_s(asked, date, FETCHED)
    assert wait is None or (math.isfinite(wait) and wait >= 0)
    number = 200 + int.from_bytes(status[:2], "big") % 400
    headers = {"content-type": date, "retry-after": asked, "date": date}
    error = error_of(
        WireAnswer(status=number, headers=headers, body=body, latency_ms=0), Endpoint.PRICE
    )
    assert error is not None or number in {200, 404}


def body(data: bytes) -> None:
    """A body in pieces under an encoding."""
    encodings = ("gzip", "", "identity", "gzip, gzip", "br")
    encoding = encodings[data[0] % len(encodings)] if data else ""
    size = 1 + (data[1] if len(data) > 1 else 0)
    pieces = [data[at : at + size] for at in range(2, len(data), size)]
    try:
        found = read_body(pieces, encoding)
    except TransportFault:
        return
    assert len(found) <= DECODED_BYTES_MAX


def fields(data: bytes) -> None:
    """One value of a row, as text."""
    # What is no UTF-8 becomes a lone surrogate, as an escape in JSON can.
    text = data.decode("utf-8", errors="surrogateescape")
    for read in (read_number, read_price, read_instant, read_text):
        with contextlib.suppress(RowRefusedError):
            read(text)
    with contextlib.suppress(RowRefusedError):
        number = read_number(text)
        assert number.is_finite()
        assert read_number(plain(number)) == number
    with contextlib.suppress(RowRefusedError):
        assert EARLIEST <= read_instant(text) < LATEST


def column(data: bytes) -> None:
    """A column of cells: read at once where that is possible, to the same values as one by one."""
    lines = data.decode("utf-8", errors="replace").split("\n")
    texts = [line or None for line in lines[:50]]
    sheet = Sheet(
        path=Path("cells.parquet"), columns={"c": pa.array(texts, pa.string())}, rows=len(texts)
    )
    whole = pa.array(texts, pa.string())
    for at_once, one in ((bulk.ids, "_id"), (bulk.instants, "_instant")):
        found = at_once(whole)
        if found is not None:
            plainly = cells._array(cells._one_by_one(sheet, "c", getattr(cells, one)))
            assert np.array_equal(found, plainly)
    for exact, one in ((bulk.prices, "_price"), (bulk.decimals, "_amount")):
        values = exact(whole)
        if values is None or (one == "_amount" and values[0].size and values[0].min() < 0):
            continue
        expected = cells._one_by_one(sheet, "c", getattr(cells, one))
        assert cells._exact(whole, *values) == expected
    for read in (
        cells.ids,
        cells.instants,
        cells.prices,
        cells.amounts,
        cells.numbers,
        cells.flags,
    ):
        with contextlib.suppress(DataError):
            read(sheet, "c")


@cache
def _folder() -> Path:
    return Path(tempfile.mkdtemp(prefix="hourhand-fuzz-"))


def _refusal(read: Callable[[], object], kind: type[Exception]) -> str:
    """What is said where a file is refused; empty where it is read."""
    try:
        read()
    except kind as error:
        return str(error)
    return ""


def table(data: bytes) -> None:
    """A file of bars, read as a record and as candles."""
    folder = _folder() / "table"
    folder.mkdir(exist_ok=True)
    (folder / "bars.csv").write_bytes(data)
    for read in (read_record, read_candle_history):
        assert len(_refusal(lambda read=read: read(folder), DataError)) < 2_000  # type: ignore[misc]


def strategy(data: bytes) -> None:
    """A strategy file: what is accepted is written back and read to the same."""
    path = _folder() / "strategy.toml"
    path.write_bytes(data)
    try:
        loaded = load_strategy(path)
    except ConfigError:
        return
    again = strategy_from_canonical(loaded.canonical)
    assert canonical_text(again) == loaded.canonical


def settings(data: bytes) -> None:
    """The files of an installation: settings, environment file and key, one after the other."""
    home = _folder() / "home"
    parts = [*data.split(b"\x00", 2), b"", b""][:3]
    names = ("config/hourhand.toml", ".env", "secrets/api_key")
    for name, part in zip(names, parts, strict=True):
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_bytes(part)
        (home / name).chmod(0o600)
    said = _refusal(lambda: load_settings(home), ConfigError)
    key = parts[2].strip().decode("latin-1")
    # Long enough to be no word of the message by chance.
    assert len(key) < 12 or key not in said


TARGETS: Mapping[str, Callable[[bytes], None]] = {
    "wire": wire,
    "json_text": json_text,
    "answer": answer,
    "body": body,
    "fields": fields,
    "column": column,
    "table": table,
    "strategy": strategy,
    "settings": settings,
}
