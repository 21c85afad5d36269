"""Tables of the outbox: what was to be told, to whom, and how far that came."""

from __future__ import annotations

from sqlalchemy import (
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Text,
    UniqueConstraint,
)
from sqlalchemy import (
    text as sql,
)

from bot.adapters.sql.checks import (
    check,
    flag,
    instant,
    json_text,
    one_of,
    slot,
    table,
    text,
    whole,
)

# One row per event, written with it. Strategy and slot are null where it belongs to none.
outbox = table(
    "outbox",
    Column("id", Integer, primary_key=True),
    Column("dedup", Text, nullable=False),
    check("dedup", "length(dedup) = 32 AND dedup NOT GLOB '*[^0-9a-f]*'"),
    text("topic"),
    text("strategy", nullable=True),
    slot(nullable=True),
    instant("event_time"),
    flag("late"),
    json_text("body"),
    instant("written_at"),
    ForeignKeyConstraint(
        ["strategy", "slot"], ["cycle.strategy", "cycle.slot"], ondelete="RESTRICT"
    ),
    UniqueConstraint("dedup"),
)

# From which slot on a strategy's events have messages: none for slots that a replay wrote.
outbox_start = table(
    "outbox_start",
    text("strategy", primary_key=True),
    slot(),
)

# A receiver: messages up to `since_id`, and of slots up to `quiet_until`, are not meant for it.
outbox_sink = table(
    "outbox_sink",
    text("sink", primary_key=True),
    flag("active"),
    whole("since_id"),
    slot("quiet_until", nullable=True),
)

# One row per receiver and message from the first try on.
outbox_delivery = table(
    "outbox_delivery",
    Column("sink", Text, ForeignKey("outbox_sink.sink", ondelete="RESTRICT"), nullable=False),
    Column("outbox_id", Integer, ForeignKey("outbox.id", ondelete="RESTRICT"), nullable=False),
    one_of("state", ("WAITING", "SENT", "POISON")),
    whole("attempts"),
    instant("next_attempt"),
    instant("sent_at", nullable=True),
    Column("last_error", Text),
    check("sent", "(state = 'SENT') = (sent_at IS NOT NULL)"),
    PrimaryKeyConstraint("sink", "outbox_id"),
    Index("ix_outbox_delivery_open", "sink", "state", "outbox_id",
          sqlite_where=sql("state <> 'SENT'")),
)  # fmt: skip
