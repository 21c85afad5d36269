"""`pause`, `resume`, `close`, `ack`: what the operator asks of the daemon, while it runs or not."""

from __future__ import annotations

from typing import Annotated

import typer

from bot.cli.common import HomeOption, JsonOption, home_of
from bot.cli.reading import show

OnlyOption = Annotated[
    str | None, typer.Option("--strategy", help="Only this strategy. [default: every one]")
]
NoteOption = Annotated[str, typer.Option("--note", help="Why; kept with the command.")]
TokenArgument = Annotated[str, typer.Argument(help="A token's id, or an unambiguous symbol.")]
WriteOffOption = Annotated[
    bool,
    typer.Option(
        "--write-off",
        help="Where no bar comes any more (delisted): sell for one tick in the next hour without.",
    ),
]
WhatArgument = Annotated[
    str, typer.Argument(help="`halt`, `conflict`, `put-back`, or the token whose price jumped.")
]
NumberArgument = Annotated[
    int | None, typer.Argument(help="The conflict's number. [default: every open one]")
]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(pause)
    app.command()(resume)
    app.command()(close)
    app.command()(ack)


def pause(
    strategy: OnlyOption = None,
    note: NoteOption = "",
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Stop entries from the next slot on; exits, stops and targets go on."""
    from bot.app.operator_commands import pause as give
    from bot.report.command_text import command_text

    show(give(home_of(home), strategy, note), command_text, as_json=as_json)


def resume(
    strategy: OnlyOption = None,
    note: NoteOption = "",
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Allow entries again."""
    from bot.app.operator_commands import resume as give
    from bot.report.command_text import command_text

    show(give(home_of(home), strategy, note), command_text, as_json=as_json)


def close(
    token: TokenArgument,
    write_off: WriteOffOption = False,
    strategy: OnlyOption = None,
    note: NoteOption = "",
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Sell a token at the next eligible open, and take its working entry off the book."""
    from bot.app.operator_commands import close as give
    from bot.report.command_text import command_text

    document = give(home_of(home), token, strategy, note, write_off=write_off)
    show(document, command_text, as_json=as_json)


def ack(
    what: WhatArgument,
    number: NumberArgument = None,
    strategy: OnlyOption = None,
    note: NoteOption = "",
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Acknowledge a halt, a conflict, a put-back ledger or a price jump; lift what it stopped."""
    from bot.app import operator_commands as operator
    from bot.domain.errors import UsageError
    from bot.report.command_text import command_text

    if number is not None and what != "conflict":
        raise UsageError("a number goes with `ack conflict` only")
    if what == "conflict" and strategy is not None:
        raise UsageError("--strategy does not go with `ack conflict`: name the conflict's number")
    if what == "put-back" and strategy is not None:
        raise UsageError("--strategy does not go with `ack put-back`: a ledger is put back whole")
    folder = home_of(home)
    if what == "put-back":
        document = operator.ack_put_back(folder, note)
    elif what == "conflict":
        document = operator.ack_conflict(folder, number, note)
    elif what == "halt":
        document = operator.ack_halt(folder, strategy, note)
    else:
        document = operator.ack_token(folder, what, strategy, note)
    show(document, command_text, as_json=as_json)
