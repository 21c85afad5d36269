"""`init`, `check`, `schema`: a new home, and whether its files are right."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.cli.common import HomeOption, JsonOption, home_of, print_json, say
from bot.cli.reading import show

if TYPE_CHECKING:
    from bot.report.tables import Page

FolderArgument = Annotated[
    Path | None, typer.Argument(help="The new home; made where it is absent. [default: --home]")
]
FilesArgument = Annotated[
    list[Path] | None,
    typer.Argument(help="Strategy files or folders. [default: those of the home]"),
]

CommandArgument = Annotated[
    list[str] | None,
    typer.Argument(help="The command whose --json document is meant. [default: strategy files]"),
]
SchemasOption = Annotated[
    Path | None,
    typer.Option("--out", help="Write the schemas of all documents into this folder."),
]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(init)
    app.command()(check)
    app.command()(schema)


def init(
    folder: FolderArgument = None, home: HomeOption = None, as_json: JsonOption = False
) -> None:
    """Write commented settings and the shipped strategies; overwrites nothing."""
    from bot.app.setup import init_home, next_steps

    target = (folder if folder is not None else home or home_of(None)).resolve()
    written = init_home(target)
    if as_json:
        print_json({"home": str(target), "written": [str(path) for path in written]})
        return
    say(f"{target}")
    for path in written:
        say(f"  {path}")
    say("next:")
    for line in next_steps(target):
        say(f"  {line}")


def check(
    files: FilesArgument = None, home: HomeOption = None, as_json: JsonOption = False
) -> None:
    """Validate settings and strategies, and say what they mean and would have done last."""
    from bot.app.checking import check as ask
    from bot.domain.errors import ConfigError

    try:
        document = ask(home_of(home), files or [])
    except ConfigError as problem:
        if not as_json:
            raise
        print_json({"ok": False, "faults": problem.faults})
        raise typer.Exit(problem.exit_code) from None
    show(document, _check_text, as_json=as_json)


def _check_text(document: dict[str, Any], page: Page) -> str:
    from bot.report.check_text import check_text

    return check_text(document, page)


def schema(
    command: CommandArgument = None,
    out: SchemasOption = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Print the JSON schema of a strategy file, or of what a command prints with --json.

    For editors: `hourhand schema`. For programs: `hourhand schema status`, `hourhand schema db
    info`, or all of them by --out. What stays from release to release: docs/exports.md.
    """
    from bot.app.documents.schema import document_schema, write_schemas
    from bot.app.strategy_schema import strategy_schema

    del home, as_json  # every command takes them; a schema is one JSON document for all homes
    if out is not None:
        print_json({"written": [str(path) for path in write_schemas(out)]})
    elif command:
        print_json(document_schema(" ".join(command)))
    else:
        print_json(strategy_schema())
