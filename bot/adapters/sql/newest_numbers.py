"""The newest metrics and grade of each token, as they stand in the record now."""

from __future__ import annotations

import json

from sqlalchemy import Connection, Select, Table, func, select

from bot.adapters.sql.schema_record import content, grade, metric


def newest_metrics(connection: Connection) -> dict[int, dict[str, float]]:
    """Token id -> the numbers of its row of the greatest valid time, the one seen last of these."""
    last = _last_of(metric).subquery()
    query = (
        select(metric.c.token_id, content.c.body)
        .join(last, metric.c.id == last.c.id)
        .join(content, content.c.sha256 == metric.c.content_sha256)
    )
    return {row.token_id: json.loads(row.body) for row in connection.execute(query)}


def newest_grades(connection: Connection) -> dict[int, float]:
    """Token id -> its newest grade; tokens whose newest row has none are absent."""
    last = _last_of(grade).subquery()
    query = select(grade.c.token_id, grade.c.tm_grade).join(last, grade.c.id == last.c.id)
    return {
        row.token_id: float(row.tm_grade)
        for row in connection.execute(query)
        if row.tm_grade is not None
    }


def _last_of(table: Table) -> Select[tuple[int]]:
    """The id of each token's row of the greatest valid time, the greatest among equals."""
    columns = table.c
    newest = select(columns.token_id, func.max(columns.valid_time).label("valid_time"))
    times = newest.group_by(columns.token_id).subquery()
    same = (columns.token_id == times.c.token_id) & (columns.valid_time == times.c.valid_time)
    return (
        select(func.max(columns.id).label("id"))
        .select_from(table.join(times, same))
        .group_by(columns.token_id)
    )
