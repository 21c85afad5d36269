"""The table that says which raw bodies were let go, and the one deletion that it allows."""

from __future__ import annotations

from sqlalchemy import Column, Integer

from bot.adapters.sql.checks import check, instant, one_of, sha256, table, whole

# The responses first_id to last_id, as far as fetched by `fetched_until`, no longer need their
# bodies; a body goes with the last response that does. `sha256` is over their ids and hashes,
# `observed_sha256` over the rows that were read from them, which stand for them from then on.
pruning = table(
    "pruning",
    Column("id", Integer, primary_key=True),
    instant("pruned_at"),
    one_of("reason", ("AGE", "SIZE")),
    whole("first_id", 1),
    whole("last_id", 1),
    check("span", "first_id <= last_id"),
    whole("responses", 1),
    whole("bytes"),
    instant("fetched_until"),
    sha256("sha256"),
    sha256("observed_sha256"),
)

# A body that some response still needs, or that none ever brought.
_OF_BODY = "SELECT 1 FROM raw_response r WHERE r.sha256 = OLD.sha256"
_LET_GO = (
    "EXISTS (SELECT 1 FROM pruning WHERE r.id BETWEEN first_id AND last_id "
    "AND r.fetched_at <= fetched_until)"
)
STILL_NEEDED = f"EXISTS ({_OF_BODY} AND NOT {_LET_GO}) OR NOT EXISTS ({_OF_BODY})"
