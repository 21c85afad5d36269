"""The table of commands: what was asked of the slots from outside, by people or by the bot."""

from __future__ import annotations

from sqlalchemy import Column, Integer, Text

from bot.adapters.sql.checks import check, instant, one_of, table, text, token

KINDS = ("PAUSE", "RESUME", "CLOSE", "WRITE_OFF", "ACK")

# Append-only, in the order in which they were given. No strategy means every strategy.
command = table(
    "command",
    Column("id", Integer, primary_key=True),
    instant("at"),
    one_of("kind", KINDS),
    text("source"),
    text("strategy", nullable=True),
    token(nullable=True),
    Column("note", Text, nullable=False),
    check("close", "kind NOT IN ('CLOSE', 'WRITE_OFF') OR token_id IS NOT NULL"),
    check("pause", "kind NOT IN ('PAUSE', 'RESUME') OR token_id IS NULL"),
)
