"""Random damage anywhere in a real ledger: every one is found, none ends the audit."""

from __future__ import annotations

import random
import shutil
from pathlib import Path

import pytest

from bot.adapters.sql.schema import metadata
from bot.app.audit import audit_home
from bot.app.settings import load_settings
from tests.support.audit_page import no_evidence
from tests.support.ledger_home import make_home
from tests.support.random_tampering import tables_with_rows, tamper
from tests.support.tampering import opened

SEED = 20250203


@pytest.fixture(scope="module")
def short_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A ledger of nine slots with entries, exits and refusals."""
    return make_home(tmp_path_factory.mktemp("short"), hours=8).home


def test_a_random_change_of_any_row_is_found(
    short_home: Path, tmp_path: Path, pytestconfig: pytest.Config
) -> None:
    tries = pytestconfig.getoption("--tampers")
    unseen = no_evidence()
    found: dict[str, int] = {}
    missed = []
    with opened(shutil.copy(short_home / "hourhand.db", tmp_path / "names.db")) as connection:
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
    assert len(found) >= 25
