"""Bringing a database to the schema of this version: all of it or nothing, after a backup."""

from __future__ import annotations

import time
import uuid
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy.exc import DatabaseError

from bot.adapters.sql.backup import backup_database, name_of
from bot.adapters.sql.drafts import drafting, publish
from bot.adapters.sql.engine import (
    Database,
    open_for_migration,
    revision_of,
)
from bot.adapters.sql.evidence import LIVE, set_mode
from bot.adapters.sql.schema_record import meta
from bot.domain.errors import SchemaError, StorageError
from bot.resources import resource_dir


def create_database(path: Path) -> None:
    """A new database with this version's schema and an identity of its own.

    It is built beside its place and appears there whole, so that a killed start leaves no half
    database. Raises StorageError where the file is there already or cannot be made, and where the
    log of a file that was deleted lies in its place: it would be taken for the new one's.
    """
    log = path.with_name(path.name + "-wal")
    if log.exists() and log.stat().st_size:
        raise StorageError(
            f"{log}: is the log of a database that is gone: put {path.name} back beside it, or "
            f"move it away to begin anew"
        )
    with drafting(path) as draft:
        upgrade(draft)
        publish(draft, path)


def upgrade(path: Path, scripts: Path | None = None) -> Path | None:
    """Migrate to the newest revision in `scripts` (by default this version's).

    Returns the backup made before, or None where there was nothing to save or to do. The caller
    holds the instance lock. Raises SchemaError for a newer or foreign database and StorageError
    where a step fails, which leaves the old schema whole.
    """
    config = alembic_config(scripts or resource_dir("migrations"))
    database = open_for_migration(path)
    try:
        found = revision_of(database)
        known = _revisions(config)
        if found == known[-1]:
            return None
        if found is not None and found not in known:
            raise SchemaError(
                f"{path}: schema {found} is newer than {known[-1]}, the last that this version "
                f"knows, and is never taken back: install the newer version again, or restore the "
                f"backup made before its upgrade ({path.name}.*.schema-*.backup)"
            )
        if found is None:
            _run(config, database)
            _identify(database)
            return None
        backup = _backup(path, found)
        _run(config, database)
        return backup
    finally:
        database.close()


def alembic_config(scripts: Path) -> Config:
    """Alembic's configuration without a file; the engine is passed in its attributes."""
    config = Config()
    config.set_main_option("script_location", str(scripts).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


def _run(config: Config, database: Database) -> None:
    config.attributes["connection"] = database.engine
    try:
        command.upgrade(config, "head")
    except DatabaseError as error:
        raise StorageError(f"{database.path}: the migration failed: {error.orig}") from error


def _identify(database: Database) -> None:
    """Give a new database its own name, so that ledgers cannot be taken for one another."""
    identity = {"ledger_id": uuid.uuid4().hex, "created_at": str(time.time_ns() // 10**6)}
    with database.transaction() as connection:
        rows = [{"key": key, "value": value} for key, value in identity.items()]
        connection.execute(meta.insert(), rows)
        set_mode(connection, LIVE)


def _revisions(config: Config) -> tuple[str, ...]:
    found = [script.revision for script in ScriptDirectory.from_config(config).walk_revisions()]
    return tuple(reversed(found))


def _backup(path: Path, revision: str) -> Path:
    """A whole and checked copy beside the database, as it was before the upgrade."""
    target = name_of(path, path.parent, f"schema-{revision}")
    backup_database(path, target)
    return target
