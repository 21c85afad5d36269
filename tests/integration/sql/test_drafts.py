"""Files in the making: complete or nameless, under names that are free, and never in the way."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from bot.adapters.sql.backup import name_of
from bot.adapters.sql.drafts import drafting, publish, replace
from bot.domain.errors import StorageError


@pytest.mark.parametrize("give_name", [publish, replace])
def test_a_draft_whose_log_was_not_folded_in_never_gets_the_name(
    tmp_path: Path, give_name: object
) -> None:
    """As after an I/O error at the closing checkpoint, of which SQLite says nothing."""
    assert callable(give_name)
    target = tmp_path / "a.db"
    with drafting(target) as draft, closing(sqlite3.connect(draft)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("CREATE TABLE t (x INTEGER)")
        connection.commit()
        with pytest.raises(StorageError, match="not complete"):
            give_name(draft, target)
    assert list(tmp_path.iterdir()) == []


def test_copies_made_within_one_second_get_names_of_their_own(tmp_path: Path) -> None:
    names = []
    for _ in range(3):
        names.append(name_of(tmp_path / "a.db", tmp_path, "replaced"))
        names[-1].touch()
    assert len(set(names)) == 3


def test_a_draft_that_cannot_be_removed_is_left_for_later(tmp_path: Path) -> None:
    with drafting(tmp_path / "a.db") as draft:
        draft.unlink()
        draft.mkdir()  # what cannot be unlinked stands for a disk that refuses it
    assert draft.is_dir()
