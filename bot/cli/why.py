"""`why`: one token in one slot, explained from the record."""

from __future__ import annotations

from typing import Annotated

import typer

from bot.cli.common import HomeOption, JsonOption, instant_option
from bot.cli.reading import StrategyOption, opened, show

TokenArgument = Annotated[str, typer.Argument(help="A token's id, or an unambiguous symbol.")]
AtOption = Annotated[
    str | None, typer.Option("--at", help="The slot at or before this instant. [default: the last]")
]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(why)


def why(
    token: TokenArgument,
    at: AtOption = None,
    strategy: StrategyOption = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Explain a decision: gates, levels, bracket, size, and what it led to."""
    from bot.app.explain import why as ask
    from bot.report.why_text import why_text

    instant = instant_option(at, "--at")
    with opened(home) as reader:
        document = ask(reader, reader.find_token(token), reader.strategies(strategy), instant)
    show(document, why_text, as_json=as_json)
