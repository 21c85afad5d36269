"""One working process per database."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from bot.adapters.sql.engine import open_database
from bot.adapters.sql.lock import acquire, take_lease
from bot.domain.errors import AlreadyRunningError, StorageError
from tests.integration.sql.support import T0, commit, quiet_slot, start

HOLD = """
import sys, pathlib
from bot.adapters.sql.lock import acquire
held = acquire(pathlib.Path(sys.argv[1]))
print("held", flush=True)
sys.stdin.read()
"""


def test_a_second_process_is_told_who_holds_the_database(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    child = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert child.stdout is not None
    assert child.stdin is not None
    try:
        assert child.stdout.readline() == b"held\n"
        with pytest.raises(AlreadyRunningError, match=f"process {child.pid}, since 20") as told:
            acquire(path)
        assert told.value.exit_code == 75
    finally:
        child.kill()
        child.wait()
        child.stdin.close()
        child.stdout.close()
    acquire(path).release()  # a killed holder leaves no lock behind


def test_a_link_leads_to_the_same_lock(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    path = tmp_path / "real" / "a.db"
    path.touch()
    (tmp_path / "link.db").symlink_to(path)
    with acquire(path), pytest.raises(AlreadyRunningError):
        acquire(tmp_path / "link.db")
    acquire(tmp_path / "link.db").release()


def test_a_file_with_a_second_name_is_refused_but_for_names_that_a_killed_restore_leaves(
    tmp_path: Path,
) -> None:
    path, other = tmp_path / "a.db", tmp_path / "other" / "a.db"
    path.touch()
    other.parent.mkdir()
    for left in (".a.db.0123.new", "a.db.20250510T130000Z.replaced"):
        (tmp_path / left).hardlink_to(path)
    acquire(path).release()
    other.hardlink_to(path)
    for name in (path, other):
        with pytest.raises(StorageError, match="has another name as well"):
            acquire(name)
    other.unlink()
    acquire(path).release()


def test_the_lock_is_not_inherited_by_a_child(tmp_path: Path) -> None:
    with acquire(tmp_path / "a.db") as held:
        assert not os.get_inheritable(held.descriptor)


def test_a_former_holder_of_the_lease_cannot_write(tmp_path: Path) -> None:
    first, epoch = start(tmp_path / "a.db")
    commit(first, epoch, quiet_slot(0))
    second = open_database(tmp_path / "a.db")
    with second.transaction() as connection:
        later = take_lease(connection, T0)
    assert later == epoch + 1
    with pytest.raises(AlreadyRunningError, match="taken over by another process"):
        commit(first, epoch, quiet_slot(1))
    commit(second, later, quiet_slot(1))
