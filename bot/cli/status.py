"""`status`, `orders`, `positions`, `trades`: the ledger and the polls as they stand."""

from __future__ import annotations

from typing import Annotated

import typer

from bot.cli.common import HomeOption, JsonOption
from bot.cli.reading import LimitOption, StrategyOption, opened, show

AllOption = Annotated[bool, typer.Option("--all", help="Finished orders too.")]
TokenOption = Annotated[
    str | None, typer.Option("--token", help="Only this token: an id or an unambiguous symbol.")
]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(status)
    app.command()(orders)
    app.command()(positions)
    app.command()(trades)


def status(
    strategy: StrategyOption = None, home: HomeOption = None, as_json: JsonOption = False
) -> None:
    """Say how each account stands, what has been done, and what is late or missing.

    Exit code 0: healthy; 1: degraded; 2: failing; each reason is told.
    """
    from bot.app.health_view import EXIT_CODES
    from bot.app.status import status as ask
    from bot.report.status_text import status_text

    with opened(home) as reader:
        document = ask(reader, reader.strategies(strategy))
    show(document, status_text, as_json=as_json)
    code = EXIT_CODES[document["health"]["state"]]
    if code:
        raise typer.Exit(code)


def orders(
    all_: AllOption = False,
    limit: LimitOption = None,
    token: TokenOption = None,
    strategy: StrategyOption = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """List the working orders; with --all or --limit the finished ones too, newest first."""
    from bot.app.queries import OrderChoice
    from bot.app.queries import orders as ask
    from bot.report.ledger_tables import orders_text

    with opened(home) as reader:
        choice = OrderChoice(
            finished=all_ or limit is not None,
            limit=limit,
            token_id=None if token is None else reader.find_token(token),
        )
        document = ask(reader, reader.strategies(strategy), choice)
    show(document, orders_text, as_json=as_json)


def positions(
    strategy: StrategyOption = None, home: HomeOption = None, as_json: JsonOption = False
) -> None:
    """List the open positions at the last slot's closes."""
    from bot.app.queries import positions as ask
    from bot.report.ledger_tables import positions_text

    with opened(home) as reader:
        document = ask(reader, reader.strategies(strategy))
    show(document, positions_text, as_json=as_json)


def trades(
    limit: LimitOption = None,
    strategy: StrategyOption = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """List the closed trades, newest first."""
    from bot.app.queries import trades as ask
    from bot.report.ledger_tables import trades_text

    with opened(home) as reader:
        document = ask(reader, reader.strategies(strategy), limit)
    show(document, trades_text, as_json=as_json)
