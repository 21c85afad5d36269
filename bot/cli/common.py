"""What every command shares: options, JSON output, progress and exit codes."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

HomeOption = Annotated[
    Path | None,
    typer.Option(
        "--home",
        help="Folder of settings, strategies and database. [default: HOURHAND_HOME, else here]",
        show_default=False,
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]


def home_of(given: Path | None) -> Path:
    """The home folder of a command."""
    from bot.app.settings import find_home

    return find_home(given, os.environ)


def print_json(document: Any) -> None:
    """One JSON document and a newline; plain ASCII, since token names come from outside."""
    sys.stdout.write(json.dumps(document, indent=2) + "\n")


def say(text: str) -> None:
    """A line for people, with control characters taken out."""
    clean = "".join(c for c in text if c in "\n\t" or c.isprintable())
    sys.stdout.write(clean + "\n")


def instant_option(text: str | None, option: str) -> int | None:
    """An instant given on the command line."""
    from bot.domain.errors import DataError, UsageError
    from bot.domain.instants import parse_instant

    if text is None:
        return None
    try:
        return parse_instant(text)
    except DataError as error:
        raise UsageError(f"{option}: {error}") from None
