"""A check that breaks is one finding, said on one line and in no library's words of its own."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Connection, create_engine

from bot.app.audit_finding import Code, Finding, guarded


def _of_no_table(connection: Connection) -> Iterator[Finding]:
    connection.exec_driver_sql("SELECT 1 FROM gone")
    yield from ()


def test_a_check_that_breaks_says_why_on_one_line_without_an_address() -> None:
    engine = create_engine("sqlite://")
    with engine.connect() as connection:
        (found,) = guarded("gone", _of_no_table, connection)
    engine.dispose()
    assert found.code == Code.UNREADABLE
    assert "no such table: gone" in found.found
    assert "\n" not in found.found
    assert "http" not in found.found
