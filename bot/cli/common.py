"""What every command shares: options, JSON output, progress and exit codes."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from bot.app.settings import Settings

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


def start_log(settings: Settings) -> None:
    """The log of a command that has one, without the secrets of its home."""
    from bot.adapters.logging import configure_logging

    configure_logging(
        settings.log_format,
        settings.log_level,
        settings.log_path,
        (settings.api_key, settings.webhook_secret),
    )


def print_json(document: Any) -> None:
    """One JSON document and a newline; plain ASCII, since token names come from outside."""
    sys.stdout.write(json.dumps(document, indent=2) + "\n")


def say(text: str) -> None:
    """A line for people, with control characters taken out."""
    sys.stdout.write(printable(text) + "\n")


def aside(text: str) -> None:
    """A line that must not stand among a document's."""
    sys.stderr.write(printable(text) + "\n")


def printable(text: str) -> str:
    """A text that may quote names from outside, without what a terminal would obey."""
    return "".join(c for c in text if c in "\n\t" or c.isprintable())


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
