"""`replay`: strategies over recorded history or candles."""

from __future__ import annotations

import gc
import os
from pathlib import Path
from typing import Annotated, Any

import typer

from bot.cli.common import HomeOption, JsonOption, aside, instant_option, print_json, say
from bot.cli.progress import progress_bar

FilesArgument = Annotated[list[Path], typer.Argument(help="Strategy files or folders of them.")]
RecordOption = Annotated[
    Path | None, typer.Option("--record", help="A record folder (CSV or Parquet).")
]
CandlesOption = Annotated[
    Path | None,
    typer.Option("--candles", help="A folder of hourly candles: CSV, CSV.gz, Parquet, Feather."),
]
DatabaseOption = Annotated[
    str | None, typer.Option("--db", help="A database file, or sqlite:///FILE, of a daemon.")
]
OutOption = Annotated[
    Path | None,
    typer.Option("--out", help="Write the run's tables here, as `export --ledger` would."),
]
FormatOption = Annotated[
    str, typer.Option("--format", help="Tables as csv, csv.gz or parquet; or sqlite: a home.")
]
FromOption = Annotated[str | None, typer.Option("--from", help="First slot (UTC).")]
ToOption = Annotated[str | None, typer.Option("--to", help="Last slot (UTC).")]
CashOption = Annotated[str | None, typer.Option("--cash", help="Starting cash, quote currency.")]
SetOption = Annotated[
    list[str] | None, typer.Option("--set", help="Override a parameter: key=value; repeatable.")
]
ProveOption = Annotated[
    bool,
    typer.Option(
        "--prove-no-lookahead",
        help="Also show that data taken out after random slots changes nothing before them.",
    ),
]
CutsOption = Annotated[int, typer.Option("--cuts", min=1, help="Random slots of that proof.")]
SeedOption = Annotated[int, typer.Option("--seed", help="Which random slots.")]
ReportOption = Annotated[
    Path | None, typer.Option("--report", help="Write the run's HTML report to this file.")
]
NoTrialOption = Annotated[
    bool, typer.Option("--no-trial", help="Do not count this run among the trials.")
]
GatesOption = Annotated[
    bool,
    typer.Option("--gates", help="Also what each gate kept out, and what that would have earned."),
]
LOOKAHEAD_FOUND = 70  # as an audit with findings


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(replay)


def replay(
    files: FilesArgument,
    candles: CandlesOption = None,
    record: RecordOption = None,
    db: DatabaseOption = None,
    from_: FromOption = None,
    to: ToOption = None,
    cash: CashOption = None,
    set_: SetOption = None,
    out: OutOption = None,
    format_: FormatOption = "csv",
    prove_no_lookahead: ProveOption = False,
    cuts: CutsOption = 20,
    seed: SeedOption = 1,
    no_trial: NoTrialOption = False,
    gates: GatesOption = False,
    report: ReportOption = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Step strategies through recorded history with the daemon's own engine.

    Reads candles, a record folder, a database, or the home's own. Several strategies share what
    is read; each one's tables then go into a folder of its name below OUT, each one's report into
    a file with its name.
    """
    from bot.app.machine import choose_machine
    from bot.app.replay import history_slots
    from bot.app.replay_output import check_format
    from bot.app.replay_performance import performance_of
    from bot.app.replay_source import read_source
    from bot.app.strategy_files import load_strategies
    from bot.app.trials import open_trials
    from bot.cli.report import ReplayReports

    gc.disable()  # records by the ten thousand, none of them in a cycle, and the process ends
    check_format(format_, out)
    changes = list(set_ or []) + ([f"cash={cash}"] if cash is not None else [])
    loaded = load_strategies(files, changes)
    folders = _folders(out, loaded, format_)
    reports = ReplayReports(report, loaded)
    span = instant_option(from_, "--from"), instant_option(to, "--to")
    history, notes = read_source(candles, record, db, home, os.environ)
    notes = _noted(notes, history, loaded, span[1])
    machine = choose_machine(history.token_bars(), os.environ, aside)
    documents: list[dict[str, Any]] = []
    trials = open_trials(history, os.environ, aside)
    for one, folder in zip(loaded, folders, strict=True):
        slots = between(history_slots(history, one.strategy.settle), *span)
        result = _run(one, history, slots, machine, (folder, format_), reports.observer(one))
        document = result.summary()
        found = performance_of(result, history)
        document["performance"] = found.document()
        reports.add(result, history, found, notes)
        document["notes"] = notes
        if folder is not None:
            document["out"] = str(folder)
        trials.add(result, keep=not no_trial)
        if gates:
            document["gates"] = _gates(result, history, machine)
        if prove_no_lookahead:
            document["lookahead"] = _proof(one, history, slots, machine, (cuts, seed))
        documents.append(document)
    for document, standing in zip(documents, trials.standings(), strict=True):
        document["trials"] = standing.document()
    reports.write(documents)
    _show(documents, as_json)
    if not all(document.get("lookahead", {"ok": True})["ok"] for document in documents):
        raise typer.Exit(LOOKAHEAD_FOUND)


def _noted(notes: list[str], history: Any, loaded: list[Any], until: int | None) -> list[str]:
    """What a person should know of the history, said aside."""
    from bot.app.column_check import missing_columns
    from bot.app.history_notes import early_ends

    found = notes + early_ends(history, until)
    for one in loaded:
        found += missing_columns(one.strategy, history.rest)
    for note in found:
        aside(note)
    return found


def _folders(out: Path | None, loaded: list[Any], form: str) -> list[Path | None]:
    """Where each strategy's output goes: folders of their names where there are several."""
    from bot.app.replay_output import LEDGER

    if out is None:
        return [None] * len(loaded)
    folders = [out] if len(loaded) == 1 else [out / one.strategy.name for one in loaded]
    if form == LEDGER:
        from bot.app.replay_ledger import check_home

        for folder in folders:
            check_home(folder)
    return list(folders)


def _run(
    loaded: Any,
    history: Any,
    slots: list[Any],
    machine: Any,
    output: tuple[Path | None, str],
    observer: Any | None,
) -> Any:
    """One strategy's replay, its output written."""
    from bot.app.replay import replay as step_through
    from bot.app.replay_output import LEDGER, write_output
    from bot.app.sweep import both

    folder, form = output
    if folder is not None and form == LEDGER:
        from bot.app.replay_ledger import replay_ledger

        with (
            replay_ledger(folder, loaded, history, slots) as ledger,
            progress_bar(loaded.strategy.name) as progress,
        ):
            watched = both(ledger, observer)
            return step_through(loaded, history, slots, machine, progress, watched)
    with progress_bar(loaded.strategy.name) as progress:
        result = step_through(loaded, history, slots, machine, progress, observer)
    if folder is not None:
        write_output(folder, result, history.rest.tokens, form)
    return result


def _gates(result: Any, history: Any, machine: Any) -> dict[str, Any]:
    from bot.app.gate_ledger import follow_all, gate_document

    decisions = (decision for slot in result.busy for decision in slot.decisions)
    followed = follow_all(result.loaded, history, result.slots, decisions, machine)
    return gate_document(result.loaded, result.slots, followed)


def _proof(
    loaded: Any, history: Any, slots: list[Any], machine: Any, cuts: tuple[int, int]
) -> dict[str, Any]:
    from bot.app.lookahead import Cuts, prove

    count, seed = cuts
    with progress_bar(f"{loaded.strategy.name}, cut") as progress:
        found = prove(
            loaded, history, slots, machine, Cuts(count=count, seed=seed, progress=progress)
        )
    return found.document()


def between(slots: list[Any], first: int | None, last: int | None) -> list[Any]:
    """The slots from `first` to `last`; UsageError where there is none."""
    from bot.app.replay import slots_within
    from bot.domain.errors import UsageError

    chosen = slots_within(slots, first, last)
    if not chosen:
        raise UsageError("no slot of the record lies between --from and --to")
    return chosen


def _show(documents: list[dict[str, Any]], as_json: bool) -> None:
    if as_json:
        print_json(documents[0] if len(documents) == 1 else documents)
        return
    from bot.cli.reading import page
    from bot.report.gates_text import strategy_text
    from bot.report.lookahead_text import lookahead_lines
    from bot.report.replay_text import replay_lines
    from bot.report.trials_text import standing_lines

    for document in documents:
        for line in replay_lines(document, page()):
            say(line)
        for line in standing_lines(document["trials"]):
            say(line)
        if "gates" in document:
            say("\n" + strategy_text(document["gates"], page()))
        for line in lookahead_lines(document["lookahead"]) if "lookahead" in document else ():
            say(line)
