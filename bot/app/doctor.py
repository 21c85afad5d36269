"""`doctor`: every check of an installation, none of which may keep another from being made."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bot.app.doctor_check import FAIL, WARN, Check, fail, guarded, ok, warn
from bot.app.secret_faults import SECRETS_FOLDER
from bot.app.settings import Settings, load_settings
from bot.domain.errors import ConfigError, HourhandError, UsageError

_FAULTS_SHOWN = 10


def examine(home: Path, *, ask_provider: bool) -> Iterator[Check]:
    """The checks of a home as they are made. `ask_provider` sends one request with the key."""
    from bot.app.doctor_machine import check_cache, check_environment, check_folders

    yield from guarded("environment", check_environment)
    settings, checks = _settings_of(home)
    yield from checks
    database = settings.database_path if settings else home / "hourhand.db"
    yield from guarded("folders", lambda: check_folders(home, database))
    yield from guarded("cache folder", check_cache)
    if settings is None:
        yield warn("database", "not looked at: the settings are wrong", "correct them first")
        return
    known = settings
    yield from guarded("strategies", lambda: _check_strategies(known))
    yield _check_key(known)
    if ask_provider:
        from bot.app.doctor_provider import check_provider

        yield from guarded("provider", lambda: check_provider(known))
    from bot.app.doctor_database import check_database

    yield from guarded("database", lambda: check_database(known))


def as_document(checks: list[Check]) -> dict[str, Any]:
    """The checks for `--json`."""
    levels = [check.level for check in checks]
    return {
        "ok": FAIL not in levels,
        "failed": levels.count(FAIL),
        "warnings": levels.count(WARN),
        "checks": [check.as_dict() for check in checks],
    }


def _settings_of(home: Path) -> tuple[Settings | None, list[Check]]:
    try:
        settings = load_settings(home)
    except ConfigError as error:
        told = [fail("settings", fault, "correct it") for fault in error.faults]
        return None, told[:_FAULTS_SHOWN]
    except HourhandError as error:
        return None, [fail("settings", str(error), "name another folder by --home")]
    except OSError as error:
        told = [fail("settings", f"cannot be read: {error}", "correct owner and mode")]
        return None, told
    return settings, [ok("settings", f"{home}")]


def _check_strategies(settings: Settings) -> Iterator[Check]:
    from bot.app.strategy_files import load_strategies

    folder = settings.strategies_path
    if not folder.is_dir():
        yield warn("strategies", f"{folder}: no such folder", "run `hourhand init` here")
        return
    try:
        names = [one.strategy.name for one in load_strategies([folder])]
    except UsageError as error:
        yield warn("strategies", str(error), "write one, or run `hourhand init` in a new folder")
        return
    except ConfigError as error:
        for fault in error.faults[:_FAULTS_SHOWN]:
            yield fail("strategies", fault, "correct it: `hourhand check` lists all")
        return
    yield ok("strategies", ", ".join(names))


def _check_key(settings: Settings) -> Check:
    """A file that others can read is a fault of the settings, and named there."""
    if settings.api_key is not None:
        return ok("key", "there")
    place = settings.home / SECRETS_FOLDER / "api_key"
    return fail("key", "missing", f"put it into {place} (mode 600), or try `hourhand demo`")
