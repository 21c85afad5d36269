"""Evidence about the record and who wrote the ledger, made good for what is there already."""

import hashlib
import json
from pathlib import Path

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

OBSERVED = ("token_seen", "bar", "signal", "metric", "level_list", "grade")
RAW = "id, endpoint, params, status, sha256, fetched_at, latency_ms, request_id"


def upgrade() -> None:
    """Run the statements of the file beside this one; they stand a blank line apart."""
    text = Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")
    for paragraph in text.split("\n\n"):
        if not paragraph.startswith("--"):
            op.get_bind().exec_driver_sql(paragraph)
    _link_responses()
    _seal_imports()
    _note_journal_head()
    _note_writers()
    _note_messages()
    _note_mode()


def downgrade() -> None:
    """Refused: a ledger is never taken back; restore the backup made before the upgrade."""
    raise RuntimeError("a downgrade would lose records: restore a backup instead")


def _link_responses() -> None:
    """The chain over the raw responses, and where it ends."""
    connection = op.get_bind()
    last, number = "0" * 64, 0
    query = f"SELECT {RAW} FROM raw_response ORDER BY id"  # noqa: S608  our own names
    for row in connection.exec_driver_sql(query).fetchall():
        text = json.dumps([last, *row], separators=(",", ":"))
        last, number = hashlib.sha256(text.encode()).hexdigest(), number + 1
        connection.exec_driver_sql("INSERT INTO raw_link VALUES (?, ?)", (row[0], last))
    if number:
        row = ("record", number, last)
        connection.exec_driver_sql("INSERT INTO head VALUES (?, ?, ?)", row)


def _seal_imports() -> None:
    """All rows that were imported until now, table by table, as one import each."""
    connection = op.get_bind()
    for name in OBSERVED:
        query = f"SELECT * FROM {name} WHERE raw_id IS NULL ORDER BY id"  # noqa: S608  our own names
        digest, ids = hashlib.sha256(), []
        for row in connection.exec_driver_sql(query):
            digest.update(f"{json.dumps(list(row), separators=(',', ':'))}\n".encode())
            ids.append(row[0])
        if ids:
            sealed = (name, ids[0], ids[-1], len(ids), digest.hexdigest())
            connection.exec_driver_sql(
                "INSERT INTO import_seal (observed, first_id, last_id, rows, sha256) "
                "VALUES (?, ?, ?, ?, ?)",
                sealed,
            )


def _note_journal_head() -> None:
    """Where the journal ends."""
    op.get_bind().exec_driver_sql(
        "INSERT INTO head SELECT 'journal', seq, hash FROM journal ORDER BY seq DESC LIMIT 1"
    )


def _note_writers() -> None:
    """Who wrote the slots before now was not noted: all of them count as the first holder's."""
    op.get_bind().exec_driver_sql("INSERT INTO tenure SELECT strategy, slot, 1 FROM cycle")


def _note_messages() -> None:
    """The chain over the messages, and where it ends."""
    connection = op.get_bind()
    last, number = "0" * 64, 0
    for row in connection.exec_driver_sql("SELECT * FROM outbox ORDER BY id").fetchall():
        text = json.dumps([last, *row], separators=(",", ":"))
        last, number = hashlib.sha256(text.encode()).hexdigest(), row[0]
    if number:
        head = ("outbox", number, last)
        connection.exec_driver_sql("INSERT INTO head VALUES (?, ?, ?)", head)


def _note_mode() -> None:
    """Slots without a single answer of the provider were replayed; every other ledger is live."""
    op.get_bind().exec_driver_sql(
        "INSERT INTO meta SELECT 'mode', CASE WHEN EXISTS (SELECT 1 FROM cycle) "
        "AND NOT EXISTS (SELECT 1 FROM raw_response) THEN 'replay' ELSE 'live' END"
    )
