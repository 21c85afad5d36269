"""`gates` and `signals`: what refusals and signals were worth, from a ledger or a replay."""

from __future__ import annotations

import gc
from pathlib import Path
from typing import Annotated, Any

import typer

from bot.cli.common import HomeOption, JsonOption, aside, instant_option
from bot.cli.reading import StrategyOption, show
from bot.cli.replay import (
    CandlesOption,
    DatabaseOption,
    FromOption,
    RecordOption,
    SetOption,
    ToOption,
)

FilesArgument = Annotated[
    list[Path] | None,
    typer.Argument(help="Strategy files to replay. [default: what the ledger holds]"),
]

HorizonOption = Annotated[
    int, typer.Option("--horizon", help="Hours after which groups are shown: 1, 4, 12, 24, 72.")
]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(gates)
    app.command()(signals)


def gates(
    files: FilesArgument = None,
    candles: CandlesOption = None,
    record: RecordOption = None,
    db: DatabaseOption = None,
    from_: FromOption = None,
    to: ToOption = None,
    set_: SetOption = None,
    strategy: StrategyOption = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Tell what each gate kept out, and what that would have earned.

    Every refused candidate is followed in shadow to the end of the bracket that it would have
    had. Without a file: the decisions of the home's ledger, or of --db's.
    """
    from bot.app.gate_ledger import gates_document
    from bot.report.gates_text import gates_text

    runs = _runs(files, set_, (candles, record, db, home), (from_, to), strategy)
    show(gates_document(runs), gates_text, as_json=as_json)


def signals(
    files: FilesArgument = None,
    candles: CandlesOption = None,
    record: RecordOption = None,
    db: DatabaseOption = None,
    from_: FromOption = None,
    to: ToOption = None,
    set_: SetOption = None,
    horizon: HorizonOption = 24,
    strategy: StrategyOption = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Tell what prices did after signals and at levels, beside what they did anyway.

    Hit rates and forward returns by horizon, token, sector and regime, entered or not, with their
    base rates. Without a file: the signals of the home's ledger, or of --db's.
    """
    from bot.app.signal_board import HORIZONS, signals_document
    from bot.domain.errors import UsageError
    from bot.report.signals_text import signals_text

    if horizon not in HORIZONS:
        raise UsageError(f"--horizon {horizon}: expected one of {', '.join(map(str, HORIZONS))}")
    runs = _runs(files, set_, (candles, record, db, home), (from_, to), strategy)
    show(
        signals_document(runs), lambda found, page: signals_text(found, page, horizon),
        as_json=as_json,
    )  # fmt: skip


def _runs(
    files: list[Path] | None,
    changes: list[str] | None,
    places: tuple[Path | None, Path | None, str | None, Path | None],
    span: tuple[str | None, str | None],
    strategy: str | None,
) -> Any:
    from bot.app.judged_run import Source, judged_runs

    gc.disable()  # records by the ten thousand, none of them in a cycle, and the process ends
    candles, record, db, home = places
    source = Source(
        candles=candles, record=record, database=db, home=home,
        first=instant_option(span[0], "--from"), last=instant_option(span[1], "--to"),
    )  # fmt: skip
    return judged_runs(files or [], changes or [], source, strategy, aside)
