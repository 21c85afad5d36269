"""What reading commands share: their options, the opened home, and where their text goes."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.cli.common import home_of, print_json

if TYPE_CHECKING:
    from bot.app.reading import Reader
    from bot.report.tables import Page

StrategyOption = Annotated[
    str | None, typer.Option("--strategy", help="Only this strategy. [default: all]")
]
LimitOption = Annotated[int | None, typer.Option("--limit", min=1, help="Only the newest N.")]


@contextmanager
def opened(home: Path | None) -> Iterator[Reader]:
    """The database of a home, read-only."""
    from bot.app.reading import reading

    with reading(home_of(home)) as reader:
        yield reader


def page() -> Page:
    """The terminal's width and styles; neither in a pipe."""
    from bot.report.tables import PIPE, Page

    if not sys.stdout.isatty():
        return PIPE
    coloured = not os.environ.get("NO_COLOR")
    return Page(shutil.get_terminal_size().columns, styled=True, coloured=coloured)


def show(
    document: dict[str, Any], text: Callable[[dict[str, Any], Page], str], *, as_json: bool
) -> None:
    """A document for programs, or as text for people."""
    if as_json:
        print_json(document)
    else:
        sys.stdout.write(text(document, page()))
