"""Makes the database of this version that later versions must be able to take over.

    python -m tests.support.released_database tests/fixtures/databases

writes REVISION.db.xz there: a ledger that a real daemon wrote against the simulator, with orders,
fills, closed trades, refusals and every answer it was made from. It is made once for each schema,
with the version that had it, and never again: what a user has is what must be migrated.
"""

from __future__ import annotations

import lzma
import sqlite3
import sys
import tempfile
from pathlib import Path

from bot.adapters.sql.schema import REVISIONS
from tests.support import ledger_home
from tests.support.ledger_home import EASY, START, made_up_market, run_until, simulated, write_home

HOURS = 16
TOKENS = 3


def make(folder: Path) -> Path:
    """Write the file of the schema that this version has; returns its path."""
    target = folder / f"{REVISIONS[-1]}.db.xz"
    if target.exists():
        raise SystemExit(f"{target}: is there already, and a released database is never made anew")
    with tempfile.TemporaryDirectory() as name:
        home = Path(name)
        with simulated(made_up_market(ledger_home.MARKET_HOURS, TOKENS)) as url:
            settings = write_home(home, url)
            ledger_home.write_strategy(home, "easy", EASY)
            run_until(settings, START + HOURS * 3_600_000)
        connection = sqlite3.connect(settings.database_path)
        connection.execute("PRAGMA journal_mode = DELETE")
        connection.execute("VACUUM")
        connection.close()
        packed = lzma.compress(settings.database_path.read_bytes(), preset=9 | lzma.PRESET_EXTREME)
    folder.mkdir(parents=True, exist_ok=True)
    target.write_bytes(packed)
    return target


def unpack(packed: Path, target: Path) -> None:
    """A released database as its daemon left it, but for the write-ahead log."""
    target.touch(mode=0o600)
    target.write_bytes(lzma.decompress(packed.read_bytes()))


if __name__ == "__main__":
    made = make(Path(sys.argv[1]))
    sys.stdout.write(f"{made}: {made.stat().st_size} bytes\n")
