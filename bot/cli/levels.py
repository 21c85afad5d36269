"""`levels`: what was known of the levels, day by day, to look at and to hand over."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bot.cli.common import HomeOption, JsonOption
from bot.cli.reading import opened, show

DaysOption = Annotated[int, typer.Option("--days", min=1, help="Show the last N days.")]
OutOption = Annotated[
    Path | None, typer.Option("--out", help="Write all days as two CSV tables into this folder.")
]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(levels)


def levels(
    days: DaysOption = 1,
    out: OutOption = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show the daily snapshots of the levels: one per token and 00:00 slot, by content hash.

    Equal contents stand once. A text that no longer has its hash ends with exit code 70.
    """
    from bot.app.level_snapshots import levels_document, snapshots, write_snapshots
    from bot.report.levels_text import levels_text

    with opened(home) as reader:
        found = snapshots(reader, reader.strategies(None))
        document = levels_document(reader, found, days)
        if out is not None:
            write_snapshots(reader, found, out)
            document["out"] = str(out)
    show(document, levels_text, as_json=as_json)
