"""The trial registry: what is kept once, by many at once, and where."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from bot.adapters.trials_file import Trial, read_trials, remember, trials_path
from bot.domain.errors import SchemaError, StorageError

TRIAL = Trial(
    data_sha256="d" * 64, config_sha256="c" * 64, first_slot=3_600_000, last_slot=7_200_000,
    strategy="one", days=40, sharpe=0.05, total_return=-0.1, tried_at=1_000,
)  # fmt: skip


def test_a_trial_is_read_as_it_was_kept(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "trials.db"
    none = replace(TRIAL, config_sha256="e" * 64, sharpe=None, tried_at=2_000)
    remember(path, TRIAL)
    remember(path, none)
    assert read_trials(path) == [TRIAL, none]


def test_the_same_configuration_on_the_same_data_and_stretch_counts_once(tmp_path: Path) -> None:
    path = tmp_path / "trials.db"
    remember(path, TRIAL)
    remember(path, replace(TRIAL, tried_at=5_000, strategy="another name"))
    assert read_trials(path) == [TRIAL]


@pytest.mark.parametrize(
    "other",
    [{"config_sha256": "f" * 64}, {"first_slot": 0}, {"last_slot": 10_800_000}],
    ids=["configuration", "first slot", "last slot"],
)
def test_another_configuration_or_stretch_is_another_trial(
    tmp_path: Path, other: dict[str, object]
) -> None:
    path = tmp_path / "trials.db"
    remember(path, TRIAL)
    remember(path, replace(TRIAL, **other))  # type: ignore[arg-type]
    assert len(read_trials(path, TRIAL.data_sha256)) == 2


def test_trials_on_other_data_are_apart(tmp_path: Path) -> None:
    path = tmp_path / "trials.db"
    other = replace(TRIAL, data_sha256="b" * 64)
    remember(path, TRIAL)
    remember(path, other)
    assert read_trials(path, "b" * 64) == [other]
    assert len(read_trials(path)) == 2


WRITER = """
import sys
from dataclasses import replace
from pathlib import Path
from bot.adapters.trials_file import Trial, remember
for n in range(25):
    remember(Path(sys.argv[1]), Trial(
        data_sha256="d", config_sha256=f"{sys.argv[2]}-{n}", first_slot=0, last_slot=1,
        strategy="s", days=1, sharpe=None, total_return=0.0, tried_at=n))
"""


def test_processes_that_write_at_once_lose_no_trial(tmp_path: Path) -> None:
    path = tmp_path / "trials.db"
    root = Path(__file__).parents[3]
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, str(path), name],
            env=os.environ | {"PYTHONPATH": str(root)},
        )
        for name in "abc"
    ]
    assert [writer.wait(timeout=60) for writer in writers] == [0, 0, 0]
    assert len(read_trials(path)) == 75


def test_a_registry_that_cannot_be_written_says_where(tmp_path: Path) -> None:
    in_the_way = tmp_path / "file"
    in_the_way.write_text("not a folder")
    with pytest.raises(StorageError, match="file"):
        remember(in_the_way / "trials.db", TRIAL)


def test_a_file_that_is_no_registry_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "trials.db"
    path.write_bytes(b"something else, longer than a header of a hundred bytes. " * 4)
    with pytest.raises(StorageError):
        read_trials(path)


def test_a_registry_of_another_version_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "trials.db"
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 9")
    connection.close()
    with pytest.raises(SchemaError, match="version 9"):
        remember(path, TRIAL)
    with pytest.raises(SchemaError, match="version 9"):
        read_trials(path)


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({"HOURHAND_DATA_DIR": "/d", "XDG_DATA_HOME": "/x", "HOME": "/h"}, "/d/trials.db"),
        ({"XDG_DATA_HOME": "/x", "HOME": "/h"}, "/x/hourhand/trials.db"),
        ({"HOME": "/h"}, "/h/.local/share/hourhand/trials.db"),
        ({"HOME": "/h", "HOURHAND_DATA_DIR": ""}, "/h/.local/share/hourhand/trials.db"),
    ],
)
def test_the_registry_stands_with_the_users_data(
    environment: dict[str, str], expected: str
) -> None:
    assert trials_path(environment) == Path(expected)


def test_without_a_file_there_is_no_trial(tmp_path: Path) -> None:
    assert read_trials(tmp_path / "trials.db") == []
    assert list(tmp_path.iterdir()) == []
