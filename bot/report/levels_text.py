"""Daily level snapshots as a table; the document is that of `--json`."""

from __future__ import annotations

from typing import Any

from bot.domain.plurals import counted
from bot.report.tables import Column, Page, clean, minute_text, table_text

Document = dict[str, Any]
_HASH_SHOWN = 12


def levels_text(document: Document, page: Page) -> str:
    """One row per token and day; a content that the day before had is marked as the same."""
    if not document["snapshots"]:
        return "No snapshot yet: the first is taken in the first slot of 00:00 UTC.\n"
    columns = [
        Column(head="slot UTC"),
        Column(head="source", spare=1),
        Column(head="token"),
        Column(head="levels", side="right"),
        Column(head="content"),
        Column(head="seen UTC", spare=2),
    ]
    cells = [
        (
            minute_text(row["slot"]), row["source"], clean(row["symbol"]), row["levels"],
            row["content_sha256"][:_HASH_SHOWN] + (" same" if row["same_as_before"] else ""),
            minute_text(row["seen_at"]),
        )
        for row in document["snapshots"]
    ]  # fmt: skip
    return (
        f"{table_text(columns, cells, page)}{len(cells)} of "
        f"{counted(document['total'], 'snapshot')}; "
        f"{counted(document['contents'], 'different content')}\n"
    )
