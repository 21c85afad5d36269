"""`export` and `import`: record and ledger as folders of CSV or Parquet files."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from bot.cli.common import HomeOption, JsonOption, home_of, print_json, say
from bot.cli.reading import StrategyOption

TargetArgument = Annotated[Path, typer.Argument(help="The folder to write; made if absent.")]
SourceArgument = Annotated[Path, typer.Argument(help="A record folder (CSV or Parquet).")]
LedgerOption = Annotated[
    bool, typer.Option("--ledger", help="The tables of the ledger, not the record.")
]
TableOption = Annotated[
    list[str] | None,
    typer.Option("--table", help="Only this table of the ledger; may be repeated."),
]
FormatOption = Annotated[str, typer.Option("--format", help="csv, csv.gz or parquet.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command(name="export")(export)
    app.command(name="import")(import_)


def export(
    folder: TargetArgument,
    ledger: LedgerOption = False,
    table: TableOption = None,
    strategy: StrategyOption = None,
    format_: FormatOption = "csv",
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write the record, slots included, so that it replays to the same hash.

    With --ledger, write what was decided and booked instead: trades, fills, orders, decisions
    with every number, equity and the rest, for spreadsheets and notebooks (docs/exports.md).
    """
    from bot.domain.errors import UsageError

    if ledger:
        from bot.app.ledger_export import LedgerChoice, export_ledger

        choice = LedgerChoice(tables=table or (), strategy=strategy)
        document = export_ledger(home_of(home), folder, format_, choice)
    elif table or strategy:
        raise UsageError("--table and --strategy choose from the ledger: add --ledger")
    else:
        from bot.app.record_io import export_to

        document = export_to(home_of(home), folder, format_)
    if as_json:
        print_json(document)
        return
    if ledger:
        for name, count in document["rows"].items():
            say(f"{count:>10}  {name}.{document['format']}")
        say(f"rows, written to {document['folder']}")
        return
    say(f"{document['folder']} ({document['format']}): {_rows(document['rows'])}")


def import_(folder: SourceArgument, home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Read a record folder into a home whose ledger is still empty."""
    from bot.app.record_io import import_from

    document = import_from(home_of(home), folder)
    if as_json:
        print_json(document)
        return
    for note in document["notes"]:
        say(note)
    say(f"{document['database']}: read {_rows(document['rows'])}")
    say(f"new: {_rows(document['new'])}")


def _rows(counts: dict[str, Any]) -> str:
    return ", ".join(f"{count} {name}" for name, count in counts.items())
