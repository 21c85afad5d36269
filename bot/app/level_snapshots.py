"""Daily snapshots of the levels (Q6): one per token and 00:00 slot, equal ones by reference.

The provider's lists, and the books computed from candles. Each content stands once under the
SHA-256 of its text; a snapshot is a row that names it, and can be checked by anyone.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from bot.adapters.files.layout import Column
from bot.adapters.files.table_writer import write_table
from bot.adapters.sql import ledger_read
from bot.adapters.sql.ledger_read import Span
from bot.adapters.sql.level_read import level_contents, midnight_inputs, midnight_lists
from bot.adapters.whole_file import whole_file
from bot.app.audit_seen import read_seen
from bot.app.queries import strategy_of
from bot.app.reading import Document, Reader
from bot.domain.errors import LedgerError, StorageError
from bot.domain.instants import format_instant

PROVIDER = "provider"
SNAPSHOTS, CONTENTS = "level_snapshots.csv", "level_contents.csv"
_COLUMNS = (
    Column("slot", "time"), Column("source", "text"), Column("token_id", "id"),
    Column("symbol", "text"), Column("levels", "id"), Column("content_sha256", "text"),
    Column("seen_at", "text"),
)  # fmt: skip
_TEXTS = (Column("content_sha256", "text"), Column("body", "text"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """What was known of one token's levels in a day's 00:00 slot.

    `source` is "provider", or the strategy whose books come from candles; `seen_at` is when the
    provider's list was last confirmed, ISO text.
    """

    slot: int
    source: str
    token_id: int
    sha256: str
    seen_at: str = ""


@dataclass(frozen=True, slots=True)
class Snapshots:
    """All of them by slot, source and token, and the text of each content by its hash."""

    rows: list[Snapshot]
    contents: dict[str, str]

    def levels(self, row: Snapshot) -> int:
        """How many levels a snapshot holds."""
        return len(json.loads(self.contents[row.sha256]))


def snapshots(reader: Reader, names: Sequence[str]) -> Snapshots:
    """The snapshots of all days of the record.

    Raises LedgerError where a stored text is missing or no longer has its hash.
    """
    contents: dict[str, str] = {}
    rows = [*_provider(reader, contents)]
    for name in names:
        rows += _local(reader, name, contents)
    rows.sort(key=lambda row: (row.slot, row.source, row.token_id))
    return Snapshots(rows, contents)


def _provider(reader: Reader, contents: dict[str, str]) -> Iterator[Snapshot]:
    lists = list(midnight_lists(reader.connection))
    used = {sha256 for *_, sha256 in lists}
    texts = level_contents(reader.connection)
    sound = {sha256: text for sha256, text in texts if sha256 in used and _sha256(text) == sha256}
    contents |= sound
    for slot, token_id, seen_at, sha256 in lists:
        if sha256 not in sound:
            raise LedgerError(f"levels {sha256}: the stored text is not that of its hash")
        yield Snapshot(
            slot=slot, source=PROVIDER, token_id=token_id, sha256=sha256,
            seen_at=format_instant(seen_at),
        )  # fmt: skip


def _local(reader: Reader, name: str, contents: dict[str, str]) -> Iterator[Snapshot]:
    """The books of a strategy that computes them, as its 00:00 slots saw them."""
    last = ledger_read.watermark(reader.connection, name)
    cycle = ledger_read.cycles(reader.connection, Span(strategy=name, start=last))[-1]
    if strategy_of(reader, cycle).levels != "local":
        return
    for slot, packed in midnight_inputs(reader.connection, name):
        for token_id, entry in sorted(read_seen(slot, packed).tokens.items()):
            book = [[price, strength, entry.get("book_built")] for price, strength in entry["book"]]
            text = json.dumps(book, separators=(",", ":"))
            contents[_sha256(text)] = text
            yield Snapshot(slot=slot, source=name, token_id=token_id, sha256=_sha256(text))


def levels_document(reader: Reader, found: Snapshots, days: int) -> Document:
    """The snapshots of the last days, and how many there are in all."""
    midnights = sorted({row.slot for row in found.rows})[-days:]
    before: dict[tuple[str, int], str] = {}
    shown = []
    for row in found.rows:
        key = (row.source, row.token_id)
        if row.slot in midnights:
            shown.append({
                "slot": format_instant(row.slot), "source": row.source, "token_id": row.token_id,
                "symbol": reader.symbol(row.token_id), "levels": found.levels(row),
                "content_sha256": row.sha256, "seen_at": row.seen_at or None,
                "same_as_before": before.get(key) == row.sha256,
            })  # fmt: skip
        before[key] = row.sha256
    return {"snapshots": shown, "total": len(found.rows), "contents": len(found.contents)}


def write_snapshots(reader: Reader, found: Snapshots, folder: Path) -> None:
    """Two tables: the snapshots, and each content once; whole files or none."""
    rows = [
        (
            row.slot, row.source, row.token_id, reader.symbol(row.token_id), found.levels(row),
            row.sha256, row.seen_at or None,
        )
        for row in found.rows
    ]  # fmt: skip
    texts = sorted(found.contents.items())
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, columns, cells in ((CONTENTS, _TEXTS, texts), (SNAPSHOTS, _COLUMNS, rows)):
            with whole_file(folder / name) as draft:
                write_table(draft, "csv", columns, cells)
    except OSError as error:
        raise StorageError(f"{folder}: cannot be written: {error.strerror}") from None


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
