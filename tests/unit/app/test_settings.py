"""Settings: which place wins, what is refused, and that no message shows a secret."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from pydantic import ValidationError

from bot.app.settings import KEYS, Settings, find_home, load_settings
from bot.domain.errors import ConfigError, UsageError
from bot.domain.instants import HOUR
from bot.resources import resource_dir

CANARY = "tm-canary-0123456789"


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.upper().startswith("HOURHAND_"):
            monkeypatch.delenv(name)


def write(home: Path, name: str, text: str) -> Path:
    path = home / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")
    path.chmod(0o600)
    return path


def faults_of(home: Path, overrides: dict[str, object] | None = None) -> list[str]:
    with pytest.raises(ConfigError) as problem:
        load_settings(home, overrides)
    assert CANARY not in str(problem.value)
    assert CANARY not in repr(problem.value)
    assert problem.value.__cause__ is None
    return problem.value.faults


def test_an_empty_home_has_the_defaults(tmp_path: Path) -> None:
    settings = load_settings(tmp_path)
    assert settings.base_url == "https://api.tokenmetrics.com"
    assert settings.api_key is None
    assert settings.database_path == tmp_path / "hourhand.db"
    assert settings.strategies_path == tmp_path / "strategies"
    assert settings.log_path is None
    assert settings.daily_every_ms == 6 * HOUR


def test_each_place_wins_over_the_ones_before_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, "config/hourhand.toml", "batch_size = 1\n")
    assert load_settings(tmp_path).batch_size == 1
    monkeypatch.setenv("HOURHAND_BATCH_SIZE", "2")
    assert load_settings(tmp_path).batch_size == 2
    write(tmp_path, ".env", "HOURHAND_BATCH_SIZE=3\n")
    assert load_settings(tmp_path).batch_size == 3
    write(tmp_path, "secrets/batch_size", "4\n")
    assert load_settings(tmp_path).batch_size == 4
    assert load_settings(tmp_path, {"batch_size": 5}).batch_size == 5


@pytest.mark.parametrize("place", ["secrets/api_key", ".env", "environment"])
def test_the_key_is_read_from_three_places_and_shown_by_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    if place == "environment":
        monkeypatch.setenv("HOURHAND_API_KEY", CANARY)
    else:
        write(tmp_path, place, f"HOURHAND_API_KEY={CANARY}" if place == ".env" else f"{CANARY}\n")
    settings = load_settings(tmp_path)
    assert settings.api_key is not None
    assert settings.api_key.get_secret_value() == CANARY
    assert (
        CANARY
        not in f"{settings} {settings!r} {settings.model_dump()} {settings.model_dump_json()}"
    )


@pytest.mark.parametrize("place", ["secrets/api_key", ".env"])
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660])
def test_a_key_that_others_can_read_is_refused(tmp_path: Path, place: str, mode: int) -> None:
    text = f"HOURHAND_API_KEY={CANARY}" if place == ".env" else CANARY
    write(tmp_path, place, text).chmod(mode)
    assert faults_of(tmp_path) == [f"{place}: others can read it (mode {mode:03o}): chmod 600"]


def test_an_env_file_without_a_key_may_be_read_by_others(tmp_path: Path) -> None:
    write(tmp_path, ".env", "HOURHAND_LOG_LEVEL=debug\nPATH_OF_ANOTHER_PROGRAM=x\n").chmod(0o644)
    assert load_settings(tmp_path).log_level == "debug"


def test_a_key_in_the_settings_file_or_on_the_command_line_is_refused(tmp_path: Path) -> None:
    write(tmp_path, "config/hourhand.toml", f'api_key = "{CANARY}"\n')
    assert faults_of(tmp_path, {"api_key": CANARY}) == [
        "config/hourhand.toml: api_key: a key belongs into secrets/api_key or .env",
        "command line: api_key: other users of the machine could read it there",
    ]


@pytest.mark.parametrize("key", [f"{CANARY}\n{CANARY}", f"{CANARY}\u00e9", CANARY * 40])
def test_a_key_that_no_header_can_carry_is_refused_unseen(tmp_path: Path, key: str) -> None:
    write(tmp_path, "secrets/api_key", key)
    (fault,) = faults_of(tmp_path)
    assert fault.startswith("secrets: api_key: ")


def test_an_empty_key_counts_as_none(tmp_path: Path) -> None:
    write(tmp_path, ".env", "HOURHAND_API_KEY=\n")
    write(tmp_path, "secrets/api_key", "\n")
    assert load_settings(tmp_path).api_key is None


def test_a_mistyped_name_is_refused_with_the_nearest_in_every_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, "config/hourhand.toml", "batch_sise = 1\n")
    monkeypatch.setenv("HOURHAND_API_KEE", CANARY)
    write(tmp_path, ".env", f"HOURHAND_APIKEY={CANARY}\n")
    write(tmp_path, "secrets/api-key", CANARY)
    assert faults_of(tmp_path, {"log_levle": "x"}) == [
        "config/hourhand.toml: batch_sise: no such setting (did you mean batch_size?)",
        "environment: HOURHAND_API_KEE: no such setting (did you mean HOURHAND_API_KEY?)",
        ".env: HOURHAND_APIKEY: no such setting (did you mean HOURHAND_API_KEY?)",
        "secrets: api-key: no such setting (did you mean api_key?)",
        "command line: log_levle: no such setting (did you mean log_level?)",
    ]


def test_even_the_libraries_own_error_shows_no_value(tmp_path: Path) -> None:
    with pytest.raises(ValidationError) as problem:
        Settings(home=tmp_path, deadline_s=CANARY)  # type: ignore[arg-type]
    assert CANARY not in f"{problem.value} {problem.value!r}"


def test_wrong_values_are_told_together_with_the_place_that_won(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, "config/hourhand.toml", 'batch_size = 0\nlog_level = "loud"\n')
    monkeypatch.setenv("HOURHAND_DAILY_EVERY", CANARY)
    monkeypatch.setenv("HOURHAND_DEADLINE_S", CANARY)
    write(tmp_path, ".env", "HOURHAND_LOG_LEVEL=shout\n")
    told = {fault.rsplit(": ", 1)[0] for fault in faults_of(tmp_path)}
    assert told == {
        "config/hourhand.toml: batch_size",
        "environment: daily_every",
        "environment: deadline_s",
        ".env: log_level",
    }


@pytest.mark.parametrize(
    "url",
    ["http://example.com", "ftp://example.com", "example.com", "https://", f"https://u:{CANARY}@a.b",
     f"https://a.b/?key={CANARY}", "http://127.0.0.1.example.com"],
)  # fmt: skip
def test_an_address_that_would_leak_the_key_is_refused(tmp_path: Path, url: str) -> None:
    (fault,) = faults_of(tmp_path, {"base_url": url})
    assert fault.startswith("command line: base_url: must be an")


@pytest.mark.parametrize("url", ["https://a.b/c", "http://127.0.0.1:8000", "http://localhost:1/"])
def test_https_and_this_machine_are_allowed(tmp_path: Path, url: str) -> None:
    assert load_settings(tmp_path, {"base_url": url}).base_url == url.rstrip("/")


@pytest.mark.parametrize("text", ["batch_size = ", "batch_size = 1\nbatch_size = 2\n"])
def test_a_settings_file_that_is_no_toml_is_refused(tmp_path: Path, text: str) -> None:
    write(tmp_path, "config/hourhand.toml", text)
    (fault,) = faults_of(tmp_path)
    assert fault.startswith("config/hourhand.toml: is not TOML: ")


def test_a_relative_place_is_inside_home_and_an_absolute_one_is_itself(tmp_path: Path) -> None:
    settings = load_settings(
        tmp_path, {"database": "/elsewhere/a.db", "strategies": "s", "log_file": "log/x"}
    )
    assert settings.database_path == Path("/elsewhere/a.db")
    assert settings.strategies_path == tmp_path / "s"
    assert settings.log_path == tmp_path / "log/x"


def test_home_is_the_given_folder_else_the_variable_else_the_current_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given, named = tmp_path / "given", tmp_path / "named"
    given.mkdir()
    named.mkdir()
    monkeypatch.chdir(tmp_path)
    assert find_home(given, {"HOURHAND_HOME": str(named)}) == given
    assert find_home(None, {"HOURHAND_HOME": str(named)}) == named
    assert find_home(None, {}) == tmp_path


def test_the_home_variable_is_no_setting_but_allowed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOURHAND_HOME", "/nowhere")
    assert load_settings(tmp_path).home == tmp_path


def test_a_missing_home_is_wrong_usage(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no such folder"):
        load_settings(tmp_path / "nothing")


def test_settings_do_not_change(tmp_path: Path) -> None:
    settings = load_settings(tmp_path)
    with pytest.raises(ValidationError):
        settings.batch_size = 7  # type: ignore[misc]


def test_the_shipped_settings_file_names_every_setting_with_its_default(tmp_path: Path) -> None:
    text = (resource_dir("config") / "hourhand.toml").read_text(encoding="utf-8")
    write(tmp_path, "config/hourhand.toml", text)
    assert load_settings(tmp_path) == load_settings_without_file(tmp_path)
    lines = re.findall(r"^# (\w+ = .*)$", text, re.M)
    assert {line.split(" = ")[0] for line in lines} == KEYS - {"api_key", "webhook_secret"}
    absent = ("log_file", "clock_url", "webhook_url")
    kept = [line for line in lines if not line.startswith(absent)]
    write(tmp_path, "config/hourhand.toml", "\n".join(kept))
    assert load_settings(tmp_path) == load_settings_without_file(tmp_path)


def load_settings_without_file(home: Path) -> Settings:
    return Settings(home=home)


def test_the_shipped_env_example_is_a_lawful_env_file_without_a_key(tmp_path: Path) -> None:
    text = (resource_dir("config") / "env.example").read_text(encoding="utf-8")
    write(tmp_path, ".env", text.replace("# HOURHAND", "HOURHAND"))
    assert load_settings(tmp_path).api_key is None
