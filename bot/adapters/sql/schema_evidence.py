"""Tables of evidence: what would show that rows are missing or were written by two at once."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, ForeignKeyConstraint, Integer, PrimaryKeyConstraint

from bot.adapters.sql.checks import one_of, sha256, slot, table, text, whole

OBSERVED = ("token_seen", "bar", "signal", "metric", "level_list", "grade")

# One link for each raw response, over all its cells but the body, which has its own hash.
raw_link = table(
    "raw_link",
    Column(
        "raw_id",
        Integer,
        ForeignKey("raw_response.id", ondelete="RESTRICT"),
        primary_key=True,
        autoincrement=False,
        nullable=False,
    ),
    sha256("hash"),
)

# Where the chains end: without it the newest rows could go and leave a shorter sound chain.
head = table(
    "head",
    one_of("chain", ("journal", "record", "command", "outbox")),
    whole("number"),
    sha256("hash"),
    PrimaryKeyConstraint("chain"),
)

# Imported rows have no raw response: what came with one import, table by table.
import_seal = table(
    "import_seal",
    Column("id", Integer, primary_key=True),
    one_of("observed", OBSERVED),
    whole("first_id", 1),
    whole("last_id", 1),
    whole("rows", 1),
    sha256("sha256"),
)

# Which holder of the lease wrote a slot.
tenure = table(
    "tenure",
    text("strategy"),
    slot(),
    whole("epoch", 1),
    PrimaryKeyConstraint("strategy", "slot"),
    ForeignKeyConstraint(
        ["strategy", "slot"], ["cycle.strategy", "cycle.slot"], ondelete="RESTRICT"
    ),
)
