"""`run` and `once`: the daemon, and one catch-up for cron."""

from __future__ import annotations

from typing import Annotated

import typer

from bot.cli.common import (
    HomeOption,
    JsonOption,
    home_of,
    instant_option,
    print_json,
    say,
    start_log,
)

UntilOption = Annotated[
    str | None,
    typer.Option("--until", help="Stop after this slot (UTC), e.g. 2025-05-10T13:00:00Z."),
]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(run)
    app.command()(once)


def run(home: HomeOption = None, until: UntilOption = None) -> None:
    """Run the daemon: poll, decide and record once an hour until stopped."""
    from bot.app.daemon import run_daemon
    from bot.app.starting import settings_to_start

    settings = settings_to_start(home_of(home))
    start_log(settings)
    run_daemon(settings, instant_option(until, "--until"))


def once(home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Do every slot that is due and exit; for cron and systemd timers."""
    from bot.app.daemon import run_once
    from bot.app.starting import settings_to_start

    settings = settings_to_start(home_of(home))
    start_log(settings)
    slots = run_once(settings)
    if as_json:
        print_json({"slots": slots})
    elif slots == 0:
        say(
            "nothing was due: `hourhand status` says which slot was the last; a first one needs a "
            "run within `settle` after the full hour"
        )
