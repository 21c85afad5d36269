"""`doctor`: whether an installation can work, and what to do where it cannot."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.common import HomeOption, JsonOption, home_of, print_json, say
from bot.domain.plurals import counted

if TYPE_CHECKING:
    from bot.app.doctor_check import Check

FAILED = 1
WIDTH = 80
_INDENT = 23  # level, name and the blanks after them

# A path stays whole, for copying, even where it is longer than the line.
_PAGE = textwrap.TextWrapper(WIDTH - _INDENT, break_long_words=False, break_on_hyphens=False)
_ADVICE = textwrap.TextWrapper(
    WIDTH - _INDENT, initial_indent="-> ", subsequent_indent="   ", break_long_words=False,
    break_on_hyphens=False,
)  # fmt: skip

OfflineOption = Annotated[
    bool, typer.Option("--offline", help="Ask the provider nothing (else one request).")
]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(doctor)


def doctor(
    home: HomeOption = None, offline: OfflineOption = False, as_json: JsonOption = False
) -> None:
    """Check machine, settings, key, provider, clock and database, and say what to do.

    Exit code 0: it works, warnings allowed; 1: something has to be put right first.
    """
    from bot.app.doctor import as_document, examine

    checks = []
    for check in examine(home_of(home), ask_provider=not offline):
        checks.append(check)
        if not as_json:
            _show(check)
    document = as_document(checks)
    if as_json:
        print_json(document)
    else:
        say(f"{document['failed']} failed, {counted(document['warnings'], 'warning')}")
    if not document["ok"]:
        raise typer.Exit(FAILED)


def _show(check: Check) -> None:
    head = f"{check.level:<5} {check.name:<16} "
    lines = _PAGE.wrap(check.found) or [""]
    if check.advice:
        lines += _ADVICE.wrap(check.advice)
    say(head + lines[0])
    for line in lines[1:]:
        say(" " * _INDENT + line)
