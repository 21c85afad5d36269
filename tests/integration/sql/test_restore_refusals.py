"""What is no sound backup is refused in plain words; a disk that fills on the way costs nothing."""

from __future__ import annotations

import os
import random
import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.adapters.sql.backup import backup_database
from bot.adapters.sql.file_checks import faults_of, read_card
from bot.adapters.sql.restore import Restored, restore_database
from bot.domain.errors import DamageError, HourhandError, SchemaError, UsageError
from tests.integration.sql.support import commit, names, quiet_slot, start
from tests.support.command import run
from tests.support.small_disk import fill, small_disk

DAMAGES = 150


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a database of three slots, and a backup made after the second."""
    folder = tmp_path_factory.mktemp("sound")
    database, epoch = start(folder / "hourhand.db")
    for number in (0, 1):
        commit(database, epoch, quiet_slot(number))
    backup_database(database.path, folder / "b.db")
    commit(database, epoch, quiet_slot(2))
    database.close()
    return folder


@pytest.fixture
def place(sound: Path, tmp_path: Path) -> Path:
    """A database in a folder of its own, without a log beside it."""
    (tmp_path / "home").mkdir()
    return Path(shutil.copy(sound / "hourhand.db", tmp_path / "home" / "hourhand.db"))


def folder_at(path: Path) -> None:
    path.mkdir()


def pipe_at(path: Path) -> None:
    os.mkfifo(path)


def nothing_in(path: Path) -> None:
    path.touch()


def circle_at(path: Path) -> None:
    path.symlink_to(path.name)


def absent(path: Path) -> None:
    assert not path.exists()


@pytest.mark.parametrize(
    ("make", "error", "words"),
    [
        (folder_at, UsageError, "is no file"),
        (pipe_at, UsageError, "is no file"),
        (nothing_in, SchemaError, "is not a database of hourhand"),
        (circle_at, UsageError, "there is no such file"),
        (absent, UsageError, "there is no such file"),
    ],
)
def test_what_is_no_file_of_ours_is_refused_by_its_name(
    place: Path, make: Callable[[Path], None], error: type[HourhandError], words: str
) -> None:
    source = place.parent.parent / "source"
    make(source)
    before = place.read_bytes()
    with pytest.raises(error, match=f"source: .*{words}"):
        restore_database(source, place)
    assert names(place.parent) == {place.name}
    assert place.read_bytes() == before


@pytest.mark.parametrize("command", ["restore", "backup"])
def test_a_path_that_the_system_refuses_is_told_and_no_crash(place: Path, command: str) -> None:
    outcome = run("db", command, place.parent / ("n" * 300), "--home", place.parent)
    assert outcome.code == 74
    assert "File name too long" in outcome.error


def test_a_schema_that_is_no_text_any_more_is_damage_and_the_advice_is_another_backup(
    sound: Path, place: Path, tmp_path: Path
) -> None:
    data = bytearray((sound / "b.db").read_bytes())
    data[data.index(b"CREATE TABLE instrument") + 3] = 0xAE
    (tmp_path / "b.db").write_bytes(data)
    with pytest.raises(DamageError, match="nothing was changed: name another backup"):
        restore_database(tmp_path / "b.db", place)


def attempt(source: Path, place: Path) -> HourhandError | Restored:
    """What came of a restore; an error that is none of ours is raised."""
    try:
        return restore_database(source, place)
    except HourhandError as error:
        return error


def damaged(data: bytes, draw: random.Random) -> bytes:
    """A file cut short, with bytes changed anywhere or at its beginning, or with a piece lost."""
    found = bytearray(data)
    kind = draw.randrange(4)
    if kind == 0:
        return bytes(found[: draw.randrange(len(found))])
    if kind == 1:
        at = draw.randrange(len(found))
        del found[at : at + draw.randrange(1, 600)]
        return bytes(found)
    for _ in range(draw.randrange(1, 20)):
        found[draw.randrange(len(found) if kind == 2 else 9000)] = draw.randrange(256)
    return bytes(found)


def test_a_backup_damaged_anywhere_is_refused_with_nothing_changed_or_put_in_place_sound(
    sound: Path, place: Path, tmp_path: Path
) -> None:
    whole, before = (sound / "b.db").read_bytes(), place.read_bytes()
    source, draw, fates = tmp_path / "b.db", random.Random(4), Counter[str]()
    for number in range(DAMAGES):
        source.write_bytes(damaged(whole, draw))
        done = attempt(source, place)
        if isinstance(done, HourhandError):
            assert done.exit_code in (74, 78), f"{number}: {done!r}"
            assert str(source) in str(done), f"{number}: {done}"
            assert place.read_bytes() == before, number
            assert names(place.parent) == {place.name}, number
        else:  # no page, link of the journal or reference that a check knows was hit
            assert faults_of(place) == [], number
            assert done.kept is not None
            assert done.kept.read_bytes() == before, number
            for path in place.parent.iterdir():
                path.unlink()
            place.write_bytes(before)
        fates[type(done).__name__] += 1
    assert fates["DamageError"] > DAMAGES // 3, fates
    assert fates["Restored"] > 0, fates


def test_a_disk_that_fills_anywhere_on_the_way_leaves_the_database_as_it_was(
    sound: Path, tmp_path: Path
) -> None:
    source, size = sound / "b.db", (sound / "hourhand.db").stat().st_size
    old, new = read_card(sound / "hourhand.db"), read_card(source)
    fates = Counter[str]()
    with small_disk(tmp_path / "disk", 4 * size // 1024) as disk:
        for spare in range(0, 2 * size, size // 6):
            place = Path(shutil.copy(sound / "hourhand.db", disk / "hourhand.db"))
            ballast = fill(disk, spare=spare)
            done = attempt(source, place)
            fates[type(done).__name__] += 1
            if isinstance(done, HourhandError):
                assert "disk" in str(done)
                assert names(disk) == {"ballast", place.name}
            ballast.unlink()
            assert faults_of(place) == [], spare
            assert read_card(place) in (old, new), spare
            for path in disk.iterdir():
                path.unlink()
    assert fates["StorageError"] >= 4, fates
    assert fates["Restored"] >= 2, fates
