"""Tables of the record: raw responses, observations, and what each slot saw."""

from __future__ import annotations

from sqlalchemy import (
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    Text,
    UniqueConstraint,
)

from bot.adapters.sql.checks import (
    check,
    decimal,
    flag,
    instant,
    json_text,
    one_of,
    sha256,
    slot,
    table,
    text,
    token,
    whole,
)

meta = table(
    "meta",
    Column("key", Text, primary_key=True, nullable=False),
    text("value"),
)

raw_response = table(
    "raw_response",
    Column("id", Integer, primary_key=True),
    text("endpoint"),
    json_text("params"),
    Column("status", Integer, nullable=False),
    check("status", "status BETWEEN 100 AND 599"),
    sha256("sha256"),
    instant("fetched_at"),
    whole("latency_ms"),
    Column("request_id", Text),
    Index("ix_raw_response_sha256", "sha256"),
)

# Many answers say the same as one before: each body stands here once, until retention lets it go.
raw_body = table(
    "raw_body",
    Column("id", Integer, primary_key=True),
    sha256("sha256"),  # of the plain body
    Column("body", LargeBinary, nullable=False),  # compressed by zlib
    check("body", "length(body) > 0"),
    UniqueConstraint("sha256"),
)

# Snapshots come back unchanged from most polls: their text stands here once.
content = table(
    "content",
    sha256("sha256", primary_key=True),
    json_text("body"),
)


def _raw_id() -> Column[int]:
    """The response a row was read from; null for imported rows."""
    return Column("raw_id", ForeignKey("raw_response.id", ondelete="RESTRICT"), index=True)


def _content_sha256() -> Column[str]:
    key = ForeignKey("content.sha256", ondelete="RESTRICT")
    return Column("content_sha256", Text, key, nullable=False)


token_seen = table(
    "token_seen",
    Column("id", Integer, primary_key=True),
    token(),
    Column("symbol", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("sector", Text, nullable=False),
    Column("category", Text, nullable=False),
    decimal("tick", nullable=True),
    decimal("lot", nullable=True),
    decimal("min_notional", nullable=True),
    one_of("volume_unit", ("", "base", "quote", "unknown")),
    decimal("market_cap", nullable=True),
    instant("available_at", nullable=True),
    _raw_id(),
    Index("ix_token_seen_token_id", "token_id", "id"),
)

bar = table(
    "bar",
    Column("id", Integer, primary_key=True),
    token(),
    text("interval"),
    instant("open_time"),
    decimal("open"),
    decimal("high"),
    decimal("low"),
    decimal("close"),
    decimal("volume", nullable=True),
    instant("available_at", nullable=True),
    _raw_id(),
    Index("ix_bar_series", "token_id", "interval", "open_time"),
)

signal = table(
    "signal",
    Column("id", Integer, primary_key=True),
    token(),
    one_of("source", ("hourly", "daily")),
    instant("valid_time"),
    Column("signal", Text, nullable=False),
    instant("available_at", nullable=True),
    _raw_id(),
    Index("ix_signal_series", "token_id", "source", "valid_time"),
)

metric = table(
    "metric",
    Column("id", Integer, primary_key=True),
    token(),
    instant("valid_time"),
    _content_sha256(),
    instant("available_at", nullable=True),
    _raw_id(),
    Index("ix_metric_series", "token_id", "valid_time"),
)

level_list = table(
    "level_list",
    Column("id", Integer, primary_key=True),
    token(),
    instant("seen_at"),
    _content_sha256(),
    _raw_id(),
    Index("ix_level_list_series", "token_id", "seen_at"),
)

grade = table(
    "grade",
    Column("id", Integer, primary_key=True),
    token(),
    instant("valid_time"),
    Column("tm_grade", Text),  # shortest text of the float; null: the provider gave none
    check("tm_grade", "tm_grade GLOB '[0-9-]*' AND tm_grade NOT GLOB '*[^0-9.e+-]*'"),
    instant("available_at", nullable=True),
    _raw_id(),
    Index("ix_grade_series", "token_id", "valid_time"),
)

slot_seen = table(
    "slot",
    slot(primary_key=True, autoincrement=False),
    instant("as_of"),
    flag("missed"),
)

instrument = table(
    "instrument",
    token(primary_key=True, autoincrement=False),
    decimal("tick"),
    decimal("lot"),
    decimal("min_notional"),
    slot("derived_at"),
    Column("notes", Text, nullable=False),
)

universe = table(
    "universe",
    text("strategy"),
    instant("day"),
    json_text("token_ids"),
    PrimaryKeyConstraint("strategy", "day"),
)

slot_input = table(
    "slot_input",
    text("strategy"),
    slot(),
    sha256("sha256"),
    Column("body", LargeBinary, nullable=False),  # compressed by zlib
    PrimaryKeyConstraint("strategy", "slot"),
)

# The two that may change: they steer polling only and no decision reads them.
poll_state = table(
    "poll_state",
    Column("endpoint", Text, primary_key=True, nullable=False),
    instant("last_success"),
)

credit = table(
    "credit",
    Column("month", Text, primary_key=True, nullable=False),
    check("month", "month GLOB '20[0-9][0-9]-[01][0-9]'"),
    whole("spent"),
)
