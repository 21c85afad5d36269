"""`restatements`: where the provider changed what it had said."""

from __future__ import annotations

from typing import Annotated

import typer

from bot.cli.common import HomeOption, JsonOption
from bot.cli.reading import LimitOption, StrategyOption, opened, show

GainOption = Annotated[
    bool,
    typer.Option(
        "--gain", help="Also replay with history as it stands today: what a naive backtest shows."
    ),
]
_SHOWN = 20


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(restatements)


def restatements(
    gain: GainOption = False,
    limit: LimitOption = _SHOWN,
    strategy: StrategyOption = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show where the provider changed bars and signals after it had told them.

    The daemon asks for the last hours again once a day (`look_back_hours`) and keeps every
    version with the instant at which it became known.
    """
    from bot.app.restatements import naive_gains
    from bot.app.restatements import restatements as ask
    from bot.report.restatements_text import restatements_text

    with opened(home) as reader:
        document = ask(reader, limit)
        if gain:
            document["gains"] = naive_gains(reader, reader.strategies(strategy))
    show(document, restatements_text, as_json=as_json)
