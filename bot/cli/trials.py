"""`trials`: every configuration that was replayed, and on which data."""

from __future__ import annotations

import os

import typer

from bot.cli.common import JsonOption
from bot.cli.reading import show


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(trials)


def trials(as_json: JsonOption = False) -> None:
    """List every configuration that `replay` has tried, by data set.

    How many were tried on a data set decides how much its best result is worth.
    """
    from bot.adapters.trials_file import trials_path
    from bot.app.trials import trials_document
    from bot.report.trials_text import trials_text

    show(trials_document(trials_path(os.environ)), trials_text, as_json=as_json)
