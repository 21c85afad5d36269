"""The table of the daemon's health: how each part of its surroundings does, and since when."""

from __future__ import annotations

from sqlalchemy import Column, PrimaryKeyConstraint, Text

from bot.adapters.sql.checks import instant, one_of, table

HEALTHY, DEGRADED, FAILING = "healthy", "degraded", "failing"
PARTS = ("slots", "provider", "clock")

# One row for each part, changed in place: it is told to people, and no decision reads it.
health = table(
    "health",
    one_of("part", PARTS),
    one_of("state", (HEALTHY, DEGRADED, FAILING)),
    Column("reason", Text, nullable=False),
    instant("since"),
    PrimaryKeyConstraint("part"),
)
