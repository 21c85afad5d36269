"""What SQLite refuses is told without the values that it was given."""

from __future__ import annotations

import traceback
from pathlib import Path

import pytest

from bot.adapters.sql.engine import open_database
from bot.domain.errors import LedgerError, StorageError

CANARY = "canary-0f3c9a57-4b86"


@pytest.mark.parametrize(
    ("statement", "kind"),
    [
        ("INSERT INTO meta (key, value) VALUES (?, ?), ('a', 'b'), ('a', 'c')", LedgerError),
        ("INSERT INTO nowhere (key, value) VALUES (?, ?)", StorageError),
    ],
)
def test_neither_the_message_nor_its_causes_show_a_value(
    tmp_path: Path, statement: str, kind: type[Exception]
) -> None:
    database = open_database(tmp_path / "a.db", create=True)
    with pytest.raises(kind) as refused, database.transaction() as connection:
        connection.exec_driver_sql(statement, (CANARY, CANARY))
    database.close()
    told = "".join(traceback.format_exception(refused.value, chain=True))
    assert "hide_parameters" in told  # the cause was shown, and had something to hide
    assert CANARY not in told


def test_no_extension_can_be_loaded(tmp_path: Path) -> None:
    database = open_database(tmp_path / "a.db", create=True)
    with pytest.raises(StorageError, match="not authorized"), database.transaction() as connection:
        connection.exec_driver_sql("SELECT load_extension('nothing')")
    database.close()
