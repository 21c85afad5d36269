"""Random damage anywhere in a real ledger: every one is found, none ends the audit."""

from __future__ import annotations

import random
import shutil
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from bot.adapters.sql.command_store import add_command
from bot.adapters.sql.engine import open_database
from bot.adapters.sql.raw_retention import prune_old
from bot.adapters.sql.record_store import import_record
from bot.adapters.sql.schema import metadata
from bot.app.audit import audit_home
from bot.app.settings import load_settings
from bot.domain.instants import HOUR
from bot.domain.values import Command, Record
from tests.support.audit_page import no_evidence
from tests.support.command import run
from tests.support.ledger_home import (
    ALERTS,
    EASY,
    MARKET_HOURS,
    START,
    made_up_market,
    run_until,
    simulated,
    write_home,
    write_strategy,
)
from tests.support.random_tampering import tables_with_rows, tamper
from tests.support.tampering import opened

SEED = 20250203
PAGE = 4096
INVARIANTS_FAIL, STORAGE_FAILS = 70, 74


@pytest.fixture(scope="module")
def short_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Nine slots with entries, exits and refusals; imports, commands, and bodies let go."""
    home = tmp_path_factory.mktemp("short")
    market = made_up_market(MARKET_HOURS, 4)
    with simulated(market) as url:
        settings = write_home(home, url)
        write_strategy(home, "easy", EASY + ALERTS)
        database = open_database(settings.database_path, create=True)
        past = [bar for bar in market.bars if bar.open_time < START - 18 * HOUR]
        with database.transaction() as connection:
            import_record(connection, Record(tokens=market.tokens, bars=past))
            pause = Command(at=START + 5 * HOUR, kind="PAUSE", source="operator")
            add_command(connection, pause)
            add_command(connection, replace(pause, at=START + 7 * HOUR, kind="RESUME"))
        run_until(settings, START + 8 * HOUR)
        with database.transaction() as connection:
            assert prune_old(connection, START + HOUR, START + 9 * HOUR) is not None
        database.close()
    return home


def test_a_random_change_of_any_row_is_found(
    short_home: Path, tmp_path: Path, pytestconfig: pytest.Config
) -> None:
    assert audit_home(load_settings(short_home)).findings == []
    tries = pytestconfig.getoption("--tampers")
    unseen = no_evidence()
    found: dict[str, int] = {}
    missed = []
    with opened(Path(shutil.copy(short_home / "hourhand.db", tmp_path / "n.db"))) as connection:
        tables = tables_with_rows(connection)
    for table in tables:
        columns = {column.name for column in metadata.tables[table].columns}
        told = sorted(columns - unseen.get(table, set()))
        if not told:
            continue
        for number in range(tries):
            seed = f"{SEED}-{table}-{number}"
            home = Path(shutil.copytree(short_home, tmp_path / seed))
            with opened(home / "hourhand.db") as connection:
                done = tamper(connection, table, told, random.Random(seed))
            if audit_home(load_settings(home)).ok:
                missed.append(f"{done} (seed {seed})")
            else:
                found[table] = found.get(table, 0) + 1
            shutil.rmtree(home)
    print({table: f"{found.get(table, 0)} of {tries}" for table in tables if table in found})
    assert not missed, missed
    assert len(found) >= 30


def test_damaged_pages_end_in_findings_or_in_words(short_home: Path, tmp_path: Path) -> None:
    whole = (short_home / "hourhand.db").read_bytes()
    codes: Counter[int] = Counter()
    for number in range(12):
        chance = random.Random(f"{SEED}-page-{number}")
        home = Path(shutil.copytree(short_home, tmp_path / str(number)))
        at = chance.randrange(1, len(whole) // PAGE) * PAGE
        kept = b"" if number % 3 == 0 else whole[at + PAGE :]
        (home / "hourhand.db").write_bytes(whole[:at] + bytes(PAGE) * bool(kept) + kept)
        outcome = run("audit", "--home", home)
        codes[outcome.code] += 1
        words = outcome.out if outcome.code == INVARIANTS_FAIL else outcome.error
        assert "malformed" in words or "INTEGRITY (invariant 1)" in words, (number, at, words)
        shutil.rmtree(home)
    assert set(codes) <= {INVARIANTS_FAIL, STORAGE_FAILS}
    assert codes[INVARIANTS_FAIL] > 0
