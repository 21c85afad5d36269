"""The table of what alerts remember: which limits are armed, which levels are watched."""

from __future__ import annotations

from bot.adapters.sql.checks import json_text, slot, table, text

# One row for each strategy that ever had alerts, moved with its account by every slot.
alert_state = table(
    "alert_state",
    text("strategy", primary_key=True),
    slot(),
    json_text("body"),
)
