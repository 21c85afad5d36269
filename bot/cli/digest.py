"""`digest`: a week in one page."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from bot.cli.common import HomeOption, JsonOption, instant_option, print_json, say
from bot.cli.reading import StrategyOption, opened, page
from bot.domain.errors import StorageError, UsageError

FORMATS = ("text", "markdown", "html")
WeekOption = Annotated[
    str | None, typer.Option("--week", help="A day of the week. [default: the last one over]")
]
FormatOption = Annotated[str, typer.Option("--format", help="text, markdown or html.")]
OutOption = Annotated[Path | None, typer.Option("--out", help="Write it to this file.")]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(digest)


def digest(
    week: WeekOption = None,
    format_: FormatOption = "text",
    out: OutOption = None,
    strategy: StrategyOption = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Tell a week: entries, exits, net result, refusals, and what changed in the numbers.

    Monday 00:00 to Monday 00:00 UTC, from the ledger and the snapshots as of its end only: the
    same week gives the same bytes whenever it is printed.
    """
    from bot.adapters.whole_file import whole_file
    from bot.app.digest import digest as ask

    if format_ not in FORMATS:
        raise UsageError(f"--format {format_}: expected {', '.join(FORMATS)}")
    at = instant_option(week, "--week")
    with opened(home) as reader:
        document = ask(reader, reader.strategies(strategy), at)
    if as_json:
        print_json(document)
        return
    text = _written(document, format_, to_file=out is not None)
    if out is None:
        sys.stdout.write(text)
        return
    try:
        with whole_file(out) as draft:
            draft.write_text(text, encoding="utf-8")
    except OSError as error:
        raise StorageError(f"{out}: cannot be written: {error.strerror}") from None
    say(f"{out}: the week from {document['from'][:10]}")


def _written(document: dict[str, object], form: str, *, to_file: bool) -> str:
    from bot.report.digest_text import digest_html, digest_markdown, digest_text
    from bot.report.tables import PIPE

    if form == "html":
        return digest_html(document)
    if form == "markdown":
        return digest_markdown(document)
    return digest_text(document, PIPE if to_file else page())
