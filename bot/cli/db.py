"""`db upgrade`, `db backup`, `db restore`, `db info`: the database as a file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bot.cli.common import HomeOption, JsonOption, aside, home_of, print_json, say

_DAMAGED = 1
_DAMAGE_HINT = (
    "orders and decisions are whole: no slot reads an answer again, but `hourhand audit` does and\n"
    "will name it; a backup made before it was damaged has it whole"
)

BackupArgument = Annotated[
    Path | None,
    typer.Argument(
        help="The copy, or a folder for it. [default: beside the database, the time in its name]"
    ),
]
KeepOption = Annotated[
    int | None,
    typer.Option("--keep", min=1, help="Delete older backups in that folder but the newest N."),
]
RestoreArgument = Annotated[Path, typer.Argument(help="The backup to put in place.")]


def register(app: typer.Typer) -> None:
    """Add the group."""
    group = typer.Typer(
        no_args_is_help=True, help="Upgrade, back up, restore and look at the database."
    )
    group.command()(upgrade)
    group.command()(backup)
    group.command()(restore)
    group.command()(info)
    app.add_typer(group, name="db")


def upgrade(home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Bring the database to this version's schema; a backup is made first."""
    from bot.app.database import upgrade_database

    document = upgrade_database(home_of(home))
    if as_json:
        print_json(document)
        return
    say(f"{document['database']}: schema {document['revision']}")
    if document["backup"]:
        say(f"the database as it was: {document['backup']}")


def backup(
    file: BackupArgument = None,
    keep: KeepOption = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Copy the database, also while the daemon runs, and check the copy.

    Exit code 1: the copy was made, but an answer of the provider in it is damaged.
    """
    from bot.app.database import backup as make

    document = make(home_of(home), file, keep)
    if as_json:
        print_json(document)
    else:
        say(f"{document['backup']}: {document['bytes']} bytes, integrity {document['integrity']}")
        for old in document["deleted"]:
            say(f"deleted {old}")
    if keep is not None and document["damaged"]:
        aside("no older backup was deleted: one of them may have it whole")
    _tell_damage(document["damaged"])


def restore(file: RestoreArgument, home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Check a backup and put it in place of the database, which is kept; no daemon may run.

    Exit code 1: it was put in place, but an answer of the provider in it is damaged.
    """
    from bot.app.database import restore as put

    document = put(home_of(home), file)
    if as_json:
        print_json(document)
    else:
        say(f"{document['database']}: restored, last slot {document['last_slot'] or 'none'}")
        if document["kept"]:
            say(f"the database before it: {document['kept']}")
        for note in document["notes"]:
            say(f"note: {note}")
    _tell_damage(document["damaged"])


def _tell_damage(damaged: list[str]) -> None:
    """What is damaged without harm to the ledger, and an exit code that a script notices."""
    for fault in damaged:
        aside(f"damaged: {fault}")
    if damaged:
        aside(_DAMAGE_HINT)
        raise typer.Exit(_DAMAGED)


def info(home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Say how large the database is, which schema it has and what it holds."""
    from bot.app.database import info as ask

    document = ask(home_of(home))
    if as_json:
        print_json(document)
        return
    for key, value in document.items():
        if key != "rows":
            say(f"{key:<11} {value if value is not None else '-'}")
    for name, count in document["rows"].items():
        say(f"{count:>11} {name}")
