"""Tables of the ledger: what was decided, ordered and filled, and the hash chain over it."""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
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
    money,
    one_of,
    sha256,
    slot,
    table,
    text,
    token,
    whole,
)


def _of_cycle() -> ForeignKeyConstraint:
    """No row of the ledger without the cycle that wrote it."""
    return ForeignKeyConstraint(
        ["strategy", "slot"], ["cycle.strategy", "cycle.slot"], ondelete="RESTRICT"
    )


def _order_id() -> Column[Any]:
    return Column("order_id", Text, ForeignKey("order.id", ondelete="RESTRICT"), nullable=False)


config_version = table(
    "config_version",
    sha256("config_sha256"),
    whole("rules_version", 1),
    text("strategy"),
    Column("body", Text, nullable=False),
    PrimaryKeyConstraint("config_sha256", "rules_version"),
)

cycle = table(
    "cycle",
    text("strategy"),
    slot(),
    instant("as_of"),
    flag("missed"),
    sha256("config_sha256"),
    whole("rules_version", 1),
    sha256("input_sha256"),
    sha256("lines_sha256"),
    PrimaryKeyConstraint("strategy", "slot"),
    ForeignKeyConstraint(
        ["config_sha256", "rules_version"],
        ["config_version.config_sha256", "config_version.rules_version"],
        ondelete="RESTRICT",
    ),
)

decision = table(
    "decision",
    text("id", primary_key=True),
    text("strategy"),
    slot(),
    whole("ordinal"),
    token(),
    text("kind"),
    instant("edge_time", nullable=True),
    text("outcome"),
    Column("reason", Text, nullable=False),
    json_text("details"),
    _of_cycle(),
    UniqueConstraint("strategy", "slot", "ordinal"),
    Index("ix_decision_token_id", "token_id", "slot"),
)

order = table(
    "order",
    Column("id", Text, primary_key=True, nullable=False),
    check("id", "length(id) = 32 AND id NOT GLOB '*[^0-9a-f]*'"),
    text("strategy"),
    slot(),
    whole("ordinal"),
    token(),
    text("action"),
    whole("leg"),
    whole("quantity_lots"),
    # An exit of an entry that has not filled yet sells what will have filled when it acts.
    check("sized", "quantity_lots > 0 OR action = 'EXIT'"),
    instant("eligible_from"),
    whole("stop_ticks", 1, nullable=True),
    whole("target_ticks", 1, nullable=True),
    whole("cap_ticks", 1, nullable=True),
    Column("decision_id", Text, ForeignKey("decision.id", ondelete="RESTRICT")),
    sha256("request_hash"),
    json_text("body"),
    _of_cycle(),
    UniqueConstraint("strategy", "token_id", "slot", "action", "leg"),
)

fill = table(
    "fill",
    text("id", primary_key=True),
    _order_id(),
    text("strategy"),
    slot(),
    whole("ordinal"),
    token(),
    instant("open_time"),
    one_of("side", ("BUY", "SELL")),
    whole("quantity_lots", 1),
    whole("price_ticks", 1),
    money("notional"),
    money("fee"),
    check("fee_not_negative", "fee >= 0 AND notional > 0"),
    text("reason"),
    whole("ref_points", 1),
    _of_cycle(),
    UniqueConstraint("strategy", "slot", "ordinal"),
    Index("ix_fill_order_id", "order_id"),
)

order_event = table(
    "order_event",
    text("id", primary_key=True),
    _order_id(),
    text("strategy"),
    slot(),
    whole("ordinal"),
    token(),
    instant("open_time", nullable=True),
    one_of("kind", ("CANCEL", "RESIZE", "TRIGGER")),
    whole("quantity_lots"),
    text("reason"),
    _of_cycle(),
    UniqueConstraint("strategy", "slot", "ordinal"),
    Index("ix_order_event_order_id", "order_id"),
)

position = table(
    "position",
    text("id", primary_key=True),
    text("strategy"),
    token(),
    one_of("status", ("OPEN", "CLOSED")),
    slot("opened_slot"),
    slot("closed_slot", nullable=True),
    whole("quantity_lots"),
    money("cost"),
    money("entry_fee"),
    money("realised"),
    json_text("body"),
    check(
        "open_or_closed",
        "(status = 'OPEN' AND quantity_lots > 0 AND closed_slot IS NULL)"
        " OR (status = 'CLOSED' AND quantity_lots = 0 AND cost = 0 AND closed_slot IS NOT NULL)",
    ),
    Index("one_open", "strategy", "token_id", unique=True, sqlite_where=sql("status = 'OPEN'")),
)  # fmt: skip

cash_entry = table(
    "cash_entry",
    Column("id", Integer, primary_key=True),
    text("transaction_id"),
    whole("leg"),
    text("strategy"),
    slot(),
    one_of("account", ("CASH", "TRADE", "FEE", "OPENING")),
    money("amount"),
    _of_cycle(),
    UniqueConstraint("transaction_id", "leg"),
    Index("ix_cash_entry_strategy", "strategy", "account"),
)

equity = table(
    "equity",
    text("strategy"),
    slot(),
    money("cash"),
    money("value"),
    money("equity"),
    money("realised"),
    money("unrealised"),
    money("peak"),
    check("identity", "equity = cash + value AND cash >= 0 AND value >= 0"),
    PrimaryKeyConstraint("strategy", "slot"),
    _of_cycle(),
)

account = table(
    "account",
    text("strategy", primary_key=True),
    slot(),
    sha256("state_sha256"),
    Column("state", LargeBinary, nullable=False),  # compressed by zlib
)

journal = table(
    "journal",
    Column("seq", Integer, primary_key=True),
    one_of("kind", ("CYCLE",)),
    text("strategy"),
    slot(),
    Column("body", Text, nullable=False),
    sha256("prev_hash"),
    sha256("hash"),
    _of_cycle(),
    UniqueConstraint("strategy", "slot"),
)

lease = table(
    "lease",
    Column("id", Integer, primary_key=True),
    check("one_row", "id = 1"),
    whole("epoch", 1),
    text("holder"),
    instant("started_at"),
    instant("heartbeat"),
)

conflict = table(
    "conflict",
    Column("id", Integer, primary_key=True),
    text("strategy"),
    slot(),
    text("kind"),
    text("expected"),
    text("found"),
)

notice = table(
    "notice",
    Column("id", Integer, primary_key=True),
    text("strategy"),
    slot(),
    token(nullable=True),
    text("kind"),
    Column("detail", Text, nullable=False),
    _of_cycle(),
    Index("ix_notice_slot", "strategy", "slot"),
)
