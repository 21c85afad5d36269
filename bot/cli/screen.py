"""`screen`: which tokens stand best now."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Annotated

import typer

from bot.cli.common import HomeOption, JsonOption
from bot.cli.reading import StrategyOption, opened, show
from bot.domain.errors import UsageError

TopOption = Annotated[int, typer.Option("--top", min=1, help="The best N.")]
ByOption = Annotated[
    str, typer.Option("--by", help="A column, or composite: the strategy's weighted percentiles.")
]
WhereOption = Annotated[
    str,
    typer.Option("--where", help='Such as "sharpe > 1 and max_dd < 50%"; and, or, not.'),
]
NearOption = Annotated[
    str | None, typer.Option("--near", help="Only so close to a level: a fraction of the price.")
]
StrengthOption = Annotated[
    str, typer.Option("--strength", help="Least strength of the levels that count.")
]
AscendingOption = Annotated[
    bool | None,
    typer.Option("--ascending/--descending", help="The order. [default: the better first]"),
]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(screen)


def screen(
    top: TopOption = 10,
    by: ByOption = "sortino",
    where: WhereOption = "",
    near: NearOption = None,
    strength: StrengthOption = "0",
    ascending: AscendingOption = None,
    strategy: StrategyOption = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Rank the tokens by the newest numbers that the record knows of them.

    Columns for --by and --where; a heading of the table will do too:

    sharpe, sortino, max_drawdown (max_dd), volatility (vol), cagr, grade, and
    what else the provider's metrics hold; close, sigma, atr, adv, trend, held,
    in_universe, and what the strategy's gates read, as of its last slot;
    support, resistance, support_strength, resistance_strength, and fractions
    of the price to them: support_away (to_support), resistance_away
    (to_resist), level_away (to_level).

    For --where also symbol (token), name and sector. A wrong name lists all.
    """
    from bot.app.screen import Screening
    from bot.app.screen import screen as ask
    from bot.report.screen_text import screen_text

    asked = Screening(
        by=by,
        where=where,
        top=top,
        near=None if near is None else _number(near, "--near"),
        strength=_number(strength, "--strength"),
        ascending=ascending,
    )
    with opened(home) as reader:
        document = ask(reader, reader.strategies(strategy), asked)
    show(document, screen_text, as_json=as_json)


def _number(text: str, option: str) -> Decimal:
    """A number of the command line that is not negative; "1 %" is 0.01."""
    plain = text.strip()
    try:
        value = Decimal(plain.removesuffix("%").strip()) / (100 if plain.endswith("%") else 1)
    except InvalidOperation:
        raise UsageError(f"{option} {text}: expected a number such as 0.01 or 1%") from None
    if not value.is_finite() or value < 0:
        raise UsageError(f"{option} {text}: expected a number of 0 or more")
    return value
