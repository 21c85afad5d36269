"""`alerts`: what is watched, what it told, and how often an approach became a touch."""

from __future__ import annotations

import typer

from bot.cli.common import HomeOption, JsonOption
from bot.cli.reading import StrategyOption, opened, show


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(alerts)


def alerts(
    strategy: StrategyOption = None, home: HomeOption = None, as_json: JsonOption = False
) -> None:
    """List the alerts of the strategy files: what they told, and their precision."""
    from bot.app.alerts_view import alerts_document
    from bot.report.alerts_text import alerts_text

    with opened(home) as reader:
        document = alerts_document(reader, reader.strategies(strategy))
    show(document, alerts_text, as_json=as_json)
