"""Runs the revisions in one transaction over the engine that the caller passes."""

from alembic import context

from bot.adapters.sql.schema import metadata


def run() -> None:
    """All revisions and their version row together: a failing one leaves nothing behind."""
    engine = context.config.attributes["connection"]
    with engine.connect() as connection:
        context.configure(connection=connection, target_metadata=metadata, transactional_ddl=True)
        with context.begin_transaction():
            context.run_migrations()
            broken = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
            if broken:
                raise RuntimeError(f"rows without their parent after the migration: {broken[:5]}")


run()
