"""Doctor: whatever is wrong with a home is named with what to do, and nothing makes it break."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from bot.adapters.sql.lock import acquire
from bot.adapters.sql.schema import REVISIONS
from bot.app.doctor_machine import NETWORK, check_cache, file_system
from bot.domain.instants import HOUR, MINUTE
from bot.simulator import MarketSource, Server, SimulatorOptions, create_app
from tests.support.command import run
from tests.support.crash_lab import SetClock
from tests.support.ledger_home import (
    EASY,
    START,
    made_up_market,
    run_until,
    write_home,
    write_strategy,
)
from tests.support.moody_lab import DOWN, REFUSING, WELL, Provider
from tests.support.released_database import unpack

FIXTURES = Path(__file__).parents[1] / "fixtures" / "databases"


@contextmanager
def served() -> Iterator[tuple[str, Provider]]:
    clock = SetClock(START)
    app = create_app(MarketSource(made_up_market(6, 2)), clock, SimulatorOptions())
    provider = Provider(app, clock)
    with Server(provider) as server:
        yield server.url, provider


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Provider]]:
    """A home whose daemon has done three slots, and its provider."""
    home = tmp_path_factory.mktemp("doctor") / "home"
    with served() as (url, provider):
        settings = write_home(home, url)
        write_strategy(home, "easy", EASY)
        run_until(settings, START + 2 * HOUR)
        yield home, provider


@pytest.fixture
def home(made: tuple[Path, Provider], tmp_path: Path) -> Path:
    """A copy of it, for a test to spoil."""
    shutil.copytree(made[0], tmp_path / "home")
    tmp_path.chmod(0o700)
    return tmp_path / "home"


@pytest.fixture
def provider(made: tuple[Path, Provider]) -> Iterator[Provider]:
    """The provider, well again after the test."""
    yield made[1]
    made[1].mood, made[1].shift = WELL, 0


def examine(home: Path, *options: str) -> tuple[int, dict[str, list[dict[str, Any]]]]:
    """The exit code and the checks by name, from both forms of the output."""
    outcome = run("doctor", "--home", home, *options, "--json")
    document = json.loads(outcome.out)
    text = run("doctor", "--home", home, *options)
    for line in text.out.splitlines():
        assert len(line) <= 80 or max(map(len, line.split())) > 50, line
    assert text.code == outcome.code
    assert document["ok"] is (outcome.code == 0)
    checks: dict[str, list[dict[str, Any]]] = {}
    for check in document["checks"]:
        checks.setdefault(check["name"], []).append(check)
        assert (check["advice"] is None) == (check["level"] == "ok"), check
        assert "itself broke" not in check["found"], check
    return outcome.code, checks


def the(checks: dict[str, list[dict[str, Any]]], name: str, level: str) -> str:
    """What was found under a name, at a level."""
    found = [check["found"] for check in checks[name] if check["level"] == level]
    assert found, checks[name]
    return str(found[0])


def test_a_sound_home_is_found_sound_in_every_respect(home: Path) -> None:
    code, checks = examine(home)
    levels = {check["level"] for found in checks.values() for check in found}
    assert (code, "fail" in levels) == (0, False)
    assert set(checks) >= {
        "python", "libraries", "sqlite", "settings", "home folder", "database file", "free space",
        "file system", "cache folder", "strategies", "key", "provider", "clock", "database",
        "integrity", "schema", "journal", "pragmas", "schema text", "daemon", "credits",
    }  # fmt: skip
    assert "takes the key" in the(checks, "provider", "ok")
    assert "within 1 s" in the(checks, "clock", "ok")
    assert "3 entries" in the(checks, "journal", "ok")
    assert "left in 2025-02" in the(checks, "credits", "ok")  # the simulator's month
    assert "not running" in the(checks, "daemon", "ok")


def test_doctor_writes_nothing(home: Path) -> None:
    before = (home / "hourhand.db").read_bytes()
    examine(home)
    assert (home / "hourhand.db").read_bytes() == before


def test_an_empty_folder_lacks_a_key_and_strategies_and_breaks_nothing(tmp_path: Path) -> None:
    code, checks = examine(tmp_path)
    assert code == 1
    assert the(checks, "key", "fail") == "missing"
    assert "no such folder" in the(checks, "strategies", "warn")
    assert "not made yet" in the(checks, "database", "ok")
    assert list(tmp_path.iterdir()) == []


def test_offline_asks_nobody(home: Path, provider: Provider) -> None:
    before = provider.asked.total()
    code, checks = examine(home, "--offline")
    assert (code, provider.asked.total()) == (0, before)
    assert not {"provider", "clock"} & set(checks)


def test_a_refused_key_fails(home: Path, provider: Provider) -> None:
    provider.mood = REFUSING
    code, checks = examine(home)
    assert code == 1
    assert "the key is refused" in the(checks, "provider", "fail")


@pytest.mark.parametrize("cut", ["down", "away"])
def test_a_provider_that_is_not_there_is_a_warning(
    home: Path, provider: Provider, cut: str
) -> None:
    provider.mood = DOWN
    if cut == "away":
        file = home / "config" / "hourhand.toml"
        lines = [line for line in file.read_text().splitlines() if "url" not in line]
        file.write_text("\n".join([*lines, 'base_url = "http://127.0.0.1:9"', ""]))
    code, checks = examine(home)
    assert code == 0
    the(checks, "provider", "warn")


@pytest.mark.parametrize(("shift", "word"), [(5 * MINUTE, "behind"), (-5 * MINUTE, "ahead")])
def test_a_wrong_clock_fails(home: Path, provider: Provider, shift: int, word: str) -> None:
    provider.shift = shift
    code, checks = examine(home)
    assert code == 1
    assert the(checks, "clock", "fail").startswith((f"299 s {word}", f"300 s {word}"))
    provider.shift = shift // 3
    assert examine(home)[0] == 0


def test_a_key_that_others_can_read_fails(home: Path) -> None:
    (home / "secrets" / "api_key").chmod(0o644)
    code, checks = examine(home)
    assert code == 1
    assert "others can read it (mode 644): chmod 600" in the(checks, "settings", "fail")


def test_a_key_that_is_none_fails(home: Path) -> None:
    (home / "secrets" / "api_key").write_text("short")
    code, checks = examine(home)
    assert code == 1
    assert "at least 8" in the(checks, "provider", "fail")


def test_every_fault_of_the_settings_is_told(home: Path) -> None:
    with (home / "config" / "hourhand.toml").open("a") as file:
        file.write('requests_per_minuet = 3\nlog_level = "loud"\n')
    code, checks = examine(home)
    assert code == 1
    assert len(checks["settings"]) == 2
    assert "did you mean requests_per_minute" in checks["settings"][0]["found"]


def test_a_wrong_strategy_file_fails_and_none_is_a_warning(home: Path) -> None:
    (home / "strategies" / "easy.toml").write_text('name = "easy"\nmax_hold = -1\n')
    code, checks = examine(home)
    assert code == 1
    assert "max_hold" in the(checks, "strategies", "fail")
    (home / "strategies" / "easy.toml").unlink()
    code, checks = examine(home)
    assert code == 0
    assert "no strategy file" in the(checks, "strategies", "warn")


def cut_off(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-20_000])


def write_text(path: Path) -> None:
    path.write_text("no database " * 1000)


def empty(path: Path) -> None:
    path.write_bytes(b"")


def scramble(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[8192:12288] = b"\xa5" * 4096
    path.write_bytes(data)


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    place = data.index(b'"record":"')
    data[place + 3] ^= 1
    path.write_bytes(data)


@pytest.mark.parametrize("spoil", [cut_off, write_text, empty, scramble, flip])
def test_a_damaged_database_fails_and_the_way_out_is_named(
    home: Path, spoil: Callable[[Path], None]
) -> None:
    spoil(home / "hourhand.db")
    code, checks = examine(home)
    assert code == 1
    failed = [one for found in checks.values() for one in found if one["level"] == "fail"]
    assert {one["name"] for one in failed} <= {"database", "integrity", "schema text", "pragmas"}
    assert any("restore" in one["advice"] or "name another" in one["advice"] for one in failed)


def test_a_log_without_its_database_fails(home: Path) -> None:
    (home / "hourhand.db").rename(home / "hourhand.db-wal")
    code, checks = examine(home)
    assert code == 1
    assert "its log hourhand.db-wal is still there" in the(checks, "database", "fail")


def test_another_schema_is_named_with_what_to_do(home: Path) -> None:
    path = home / "hourhand.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
        connection.commit()
    _, checks = examine(home)
    assert "newer than" in the(checks, "schema", "fail")
    path.unlink()
    unpack(FIXTURES / "0001.db.xz", path)
    _, checks = examine(home)
    assert the(checks, "schema", "fail") == f"0001 is older than {REVISIONS[-1]}"
    assert checks["schema"][0]["advice"] == "run `hourhand db upgrade`"


@pytest.mark.parametrize("change", ["DELETE FROM {}", "INSERT INTO {} VALUES ('9999')"])
def test_a_schema_that_nothing_or_two_things_name_is_damage(home: Path, change: str) -> None:
    with closing(sqlite3.connect(home / "hourhand.db")) as connection:
        connection.execute(change.format("alembic_version"))
        connection.commit()
    code, checks = examine(home)
    assert code == 1
    assert "alembic_version, which says what schema it has" in the(checks, "database", "fail")
    assert "restore" in checks["database"][0]["advice"]


def test_a_database_that_is_no_file_fails(home: Path) -> None:
    (home / "hourhand.db").unlink()
    (home / "hourhand.db").mkdir()
    code, checks = examine(home)
    assert code == 1
    assert "is no file" in the(checks, "database", "fail")


def test_a_log_that_grows_is_a_warning(home: Path) -> None:
    with closing(sqlite3.connect(home / "hourhand.db", isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM meta").fetchall()
        with closing(sqlite3.connect(home / "hourhand.db")) as writer:
            writer.execute("UPDATE lease SET heartbeat = heartbeat + 1")
            writer.commit()
        os.truncate(home / "hourhand.db-wal", 70_000_000)
        code, checks = examine(home)
    assert code == 0
    assert "hourhand.db-wal has 70 MB and grows" in the(checks, "log", "warn")


def test_a_lost_trigger_fails(home: Path) -> None:
    with closing(sqlite3.connect(home / "hourhand.db")) as connection:
        connection.execute("DROP TRIGGER fill_no_delete")
    code, checks = examine(home)
    assert code == 1
    assert "fill_no_delete" in the(checks, "schema text", "fail")


def test_open_doors_are_warnings(home: Path) -> None:
    (home / "hourhand.db").chmod(0o644)
    home.chmod(0o777)
    code, checks = examine(home)
    assert code == 0
    assert "others can read it (mode 644)" in the(checks, "database file", "warn")
    assert "others can write to it (mode 777)" in the(checks, "home folder", "warn")


def test_a_daemon_that_runs_is_seen_and_is_late_by_its_own_clock_only(home: Path) -> None:
    config = home / "config" / "hourhand.toml"
    with acquire(home / "hourhand.db"):
        _, checks = examine(home)
        assert "runs; last sign of life" in the(checks, "daemon", "ok")
        lines = config.read_text().splitlines()
        config.write_text("\n".join(line for line in lines if "clock_url" not in line))
        _, checks = examine(home)
    assert "runs, but its last slot is" in the(checks, "daemon", "warn")


def test_used_up_credits_fail(home: Path) -> None:
    text = (home / "config" / "hourhand.toml").read_text()
    (home / "config" / "hourhand.toml").write_text(text.replace("1000000", "1"))
    code, checks = examine(home)
    assert code == 1
    assert "0 of 1 left" in the(checks, "credits", "fail")


def test_a_cache_that_cannot_be_written_is_a_warning(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOURHAND_CACHE_DIR", str(home / "hourhand.db" / "cache"))
    code, checks = examine(home)
    assert code == 0
    assert "cannot be written" in the(checks, "cache folder", "warn")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_a_cache_in_a_folder_of_somebody_else_is_a_warning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    monkeypatch.setenv("HOURHAND_CACHE_DIR", str(closed / "cache"))
    list(check_cache())  # what it imports may lie where others may not look
    pipe = os.pipe()
    if os.fork() == 0:
        os.setuid(65534)
        with suppress(BaseException):
            (found,) = check_cache()
            os.write(pipe[1], f"{found.level} {found.found}".encode())
        os._exit(0)
    os.close(pipe[1])
    with os.fdopen(pipe[0]) as said:
        assert said.read() == f"warn {closed}/cache/compiled: cannot be written"
    os.wait()


MOUNTS = """\
22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
30 22 0:25 / /srv/share rw shared:2 - nfs4 server:/x rw
31 30 0:26 / /srv/share/local\\040disk rw - xfs /dev/sdb rw
broken line
"""


@pytest.mark.parametrize(
    ("path", "kind"),
    [("/srv/share/a.db", "nfs4"), ("/srv/shared", "ext4"), ("/srv/share/local disk/x", "xfs"),
     ("/", "ext4")],
)  # fmt: skip
def test_the_file_system_is_that_of_the_nearest_mount(tmp_path: Path, path: str, kind: str) -> None:
    mounts = tmp_path / "mountinfo"
    mounts.write_text(MOUNTS)
    assert file_system(Path(path), mounts) == kind
    assert file_system(Path(path), tmp_path / "nothing") is None


def test_network_storage_is_warned_of() -> None:
    assert {"nfs4", "cifs", "fuse.sshfs", "9p"} <= NETWORK
    assert not {"ext4", "xfs", "tmpfs", "overlay", "btrfs", "zfs"} & NETWORK
