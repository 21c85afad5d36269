"""`replay`: strategies over recorded history or candles."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.cli.common import HomeOption, JsonOption, home_of, instant_option, print_json, say

if TYPE_CHECKING:
    from bot.domain.values import Record

FilesArgument = Annotated[list[Path], typer.Argument(help="Strategy files or folders of them.")]
RecordOption = Annotated[
    Path | None, typer.Option("--record", help="A record folder (CSV or Parquet).")
]
CandlesOption = Annotated[
    Path | None, typer.Option("--candles", help="A folder of hourly candles.")
]
OutOption = Annotated[Path | None, typer.Option("--out", help="Write CSV files into this folder.")]
FromOption = Annotated[str | None, typer.Option("--from", help="First slot (UTC).")]
ToOption = Annotated[str | None, typer.Option("--to", help="Last slot (UTC).")]
SetOption = Annotated[
    list[str] | None, typer.Option("--set", help="Override a parameter: key=value; repeatable.")
]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(replay)


def replay(
    files: FilesArgument,
    record: RecordOption = None,
    candles: CandlesOption = None,
    out: OutOption = None,
    from_: FromOption = None,
    to: ToOption = None,
    set_: SetOption = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Step strategies through recorded history with the daemon's own engine.

    Reads a record folder, a candle folder, or the home's own database. With several strategies
    each one's CSV files go into a folder of its name below OUT.
    """
    from bot.app.replay import replay as step_through
    from bot.app.replay import write_output
    from bot.app.strategy_files import load_strategies

    loaded = load_strategies(files, set_ or [])
    data, notes = _read(record, candles, home)
    first, last = instant_option(from_, "--from"), instant_option(to, "--to")
    documents: list[dict[str, Any]] = []
    for one in loaded:
        result = step_through(one, data, _slots(data, one.strategy.settle, first, last))
        document = result.summary()
        if out is not None:
            folder = out if len(loaded) == 1 else out / one.strategy.name
            write_output(folder, result.records)
            document["out"] = str(folder)
        documents.append(document)
    if as_json:
        print_json(documents[0] if len(documents) == 1 else documents)
        return
    for note in notes:
        say(note)
    for document in documents:
        _show(document)


def _read(record: Path | None, candles: Path | None, home: Path | None) -> tuple[Record, list[str]]:
    from bot.domain.errors import UsageError

    if record is not None and candles is not None:
        raise UsageError("give --record or --candles, not both")
    if record is not None:
        from bot.adapters.files.record_folder import read_record_with_notes

        return read_record_with_notes(record)
    if candles is not None:
        from bot.adapters.files.candles import read_candles

        data, report = read_candles(candles)
        return data, report.lines()
    return _read_database(home), []


def _read_database(home: Path | None) -> Record:
    from bot.adapters.sql.engine import open_readonly
    from bot.adapters.sql.record_store import export_record
    from bot.app.bootstrap import database_at
    from bot.app.settings import load_settings

    folder = home_of(home)
    database = open_readonly(database_at(folder, load_settings(folder)))
    try:
        with database.transaction() as connection:
            return export_record(connection)
    finally:
        database.close()


def _slots(data: Record, settle: int, first: int | None, last: int | None) -> list[Any]:
    from bot.app.replay import record_slots
    from bot.domain.errors import UsageError

    chosen = [
        slot
        for slot in record_slots(data, settle)
        if (first is None or slot.slot >= first) and (last is None or slot.slot <= last)
    ]
    if not chosen:
        raise UsageError("no slot of the record lies between --from and --to")
    return chosen


def _show(document: dict[str, Any]) -> None:
    say(f"{document['strategy']}  {document['from']} to {document['to']}")
    equity = document["equity"]
    say(f"  equity {equity['start']} -> {equity['end']}")
    say(
        f"  {document['slots']} slots, {document['token_bars']} token-bars, "
        f"{document['trades']} trades, {document['fills']} fills ({document['source']} columns)"
    )
    funnel = document["funnel"]
    say(
        f"  {funnel['candidates']} candidates -> {funnel['gates_passed']} past the gates -> "
        f"{funnel['bracket_fits']} with a bracket -> {funnel['filled']} filled"
    )
    say("  exits: " + (", ".join(f"{k} {v}" for k, v in document["exits"].items()) or "none"))
    for reason, count in document["refusals"].items():
        say(f"  {count:>6}  {reason}")
    say(f"  ledger {document['ledger_sha256']}  in {document['seconds']} s")
    if "out" in document:
        say(f"  written to {document['out']}")
