"""Commands that read a damaged database: damage is told in a line, and never as a crash."""

from __future__ import annotations

import random
import shutil
import sqlite3
from collections import Counter
from contextlib import closing
from pathlib import Path

from tests.support.command import run
from tests.support.reading_home import FilledHomes
from tests.support.tampering import tamper

PAGE = 4096
DAMAGES = 12
COMMANDS = (("status",), ("orders", "--all"), ("pause",), ("gates",), ("export", "{home}/tables"))


def folded(home: Path) -> bytes:
    """The database without a log beside it."""
    with closing(sqlite3.connect(home / "hourhand.db")) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return (home / "hourhand.db").read_bytes()


def with_pages_swapped(whole: bytes, draw: random.Random) -> bytes:
    """Rows that stand where others are looked for: the tables hold together, the cells do not."""
    one, other = sorted(draw.sample(range(1, len(whole) // PAGE), 2))
    pages = [whole[at : at + PAGE] for at in range(0, len(whole), PAGE)]
    pages[one], pages[other] = pages[other], pages[one]
    return b"".join(pages)


def test_pages_in_each_others_place_end_no_command_in_a_crash(
    homes: FilledHomes, tmp_path: Path
) -> None:
    home = shutil.copytree(homes.late, tmp_path / "home")
    whole, draw = folded(home), random.Random(8)
    codes: Counter[int] = Counter()
    for number in range(DAMAGES):
        damaged = with_pages_swapped(whole, draw)
        for words in COMMANDS:
            for left in home.glob("hourhand.db-*"):
                left.unlink()
            shutil.rmtree(home / "tables", ignore_errors=True)
            (home / "hourhand.db").write_bytes(damaged)
            outcome = run(*(word.format(home=home) for word in words), "--home", home)
            codes[outcome.code] += 1
            assert outcome.code in (0, 1, 2, 74, 78), f"{number} {words}: {outcome.error}"
            if outcome.code == 74:
                # SQLite takes some pages in a wrong place for a disk that cannot be read.
                told = "hourhand db restore" in outcome.error or "disk I/O error" in outcome.error
                assert told, f"{number} {words}: {outcome.error}"
    assert codes[74] >= DAMAGES, codes


def test_a_stored_price_that_is_no_number_is_told_as_damage(
    homes: FilledHomes, tmp_path: Path
) -> None:
    home = shutil.copytree(homes.late, tmp_path / "home")
    tamper(home / "hourhand.db", "UPDATE bar SET close = 'abc' WHERE id = 100")
    for words in (("gates",), ("signals",)):
        outcome = run(*words, "--home", home)
        assert (outcome.code, outcome.out) == (74, "")
        assert "the bars of token " in outcome.error
        assert "'abc'" in outcome.error
