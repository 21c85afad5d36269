"""Where a replay's history comes from: candles, a record folder, or a home's own database."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from bot.domain.bar_table import History
from bot.domain.errors import UsageError


def read_source(
    candles: Path | None,
    record: Path | None,
    database: str | None,
    home: Path | None,
    environment: Mapping[str, str],
) -> tuple[History, list[str]]:
    """The history and what a person should know about it; without a choice, the home's database.

    Raises UsageError for two choices at once.
    """
    if sum(one is not None for one in (candles, record, database)) > 1:
        raise UsageError("give one of --candles, --record and --db")
    if candles is not None:
        from bot.adapters.files.candles import read_candle_history

        history, report = read_candle_history(candles)
        return history, report.lines()
    if record is not None:
        from bot.adapters.files.record_folder import read_history

        return read_history(record)
    return _read_database(database, home, environment), []


def _read_database(given: str | None, home: Path | None, environment: Mapping[str, str]) -> History:
    from bot.adapters.sql.bar_tables import read_history
    from bot.adapters.sql.engine import open_readonly
    from bot.adapters.sql.file_checks import blaming_damage
    from bot.app.bootstrap import database_at
    from bot.app.settings import find_home, load_settings

    if given is not None:
        path = Path(given.removeprefix("sqlite:///"))
    else:
        folder = find_home(home, environment)
        path = database_at(folder, load_settings(folder))
    database = open_readonly(path)
    try:
        with blaming_damage(path), database.transaction() as connection:
            return read_history(connection)
    finally:
        database.close()
