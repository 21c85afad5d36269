"""`diff`: two strategy files over the same data, and what moved each trade."""

from __future__ import annotations

import gc
import os
from pathlib import Path
from typing import Annotated, Any

import typer

from bot.cli.common import HomeOption, JsonOption, aside, instant_option
from bot.cli.progress import progress_bar
from bot.cli.reading import show
from bot.cli.replay import (
    CandlesOption,
    DatabaseOption,
    FromOption,
    NoTrialOption,
    RecordOption,
    ToOption,
    between,
)

OldArgument = Annotated[Path, typer.Argument(help="The strategy file as it is.")]
NewArgument = Annotated[Path, typer.Argument(help="The strategy file as it might be.")]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(diff)


def diff(
    old: OldArgument,
    new: NewArgument,
    candles: CandlesOption = None,
    record: RecordOption = None,
    db: DatabaseOption = None,
    from_: FromOption = None,
    to: ToOption = None,
    no_trial: NoTrialOption = False,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Replay two strategy files on the same data; list the trades added, removed and changed.

    Each says which rule moved it: the first reason in which the two runs differ, another stop,
    target, size or exit, and the changed keys that this rule reads.
    """
    from bot.app.diff import diff as compare
    from bot.app.history_notes import early_ends
    from bot.app.machine import choose_machine
    from bot.app.replay_source import read_source
    from bot.app.strategy_files import load_strategy
    from bot.app.trials import open_trials
    from bot.report.diff_text import diff_text

    gc.disable()  # as in a replay: records by the ten thousand, none of them in a cycle
    loaded = load_strategy(old), load_strategy(new)
    span = instant_option(from_, "--from"), instant_option(to, "--to")
    history, notes = read_source(candles, record, db, home, os.environ)
    for note in [*notes, *early_ends(history, span[1])]:
        aside(note)
    machine = choose_machine(history.token_bars(), os.environ, aside)
    trials = open_trials(history, os.environ, aside)
    results = [_run(one, history, span, machine) for one in loaded]
    for result in results:
        trials.add(result, keep=not no_trial)
    symbols = {token.token_id: token.symbol for token in history.rest.tokens}
    show(compare(results[0], results[1], symbols), diff_text, as_json=as_json)


def _run(loaded: Any, history: Any, span: tuple[int | None, int | None], machine: Any) -> Any:
    from bot.app.column_check import missing_columns
    from bot.app.replay import history_slots, replay

    for note in missing_columns(loaded.strategy, history.rest):
        aside(note)
    slots = between(history_slots(history, loaded.strategy.settle), *span)
    with progress_bar(loaded.path.name) as progress:
        return replay(loaded, history, slots, machine, progress)
