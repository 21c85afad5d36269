"""The command `hourhand`: its commands, and how errors reach the user."""

from __future__ import annotations

import os
import sys

import typer

from bot.cli import audit, db, demo, record, replay, run, setup, simulate, status, trials, why
from bot.domain.errors import AuthError, HourhandError

app = typer.Typer(
    name="hourhand",
    help="A headless paper-trading bot: hourly signals in, explained and exactly recorded paper "
    "orders out. It has no live-trading path.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
for module in (demo, setup, run, status, why, replay, trials, record, simulate, audit, db):
    module.register(app)

INTERRUPTED = 130
KEY_HINT = (
    "  the key is read from HOURHAND_API_KEY, then .env, then secrets/api_key of the home folder: "
    "the last one there is the one that counts\n"
)


def main() -> None:
    """Run a command; a user's mistake is one message on standard error and an exit code."""
    try:
        app()
    except HourhandError as error:
        sys.stderr.write(f"hourhand: {error}\n")
        if isinstance(error, AuthError):
            sys.stderr.write(KEY_HINT)
        raise SystemExit(error.exit_code) from None
    except KeyboardInterrupt:
        raise SystemExit(INTERRUPTED) from None
    except BrokenPipeError:
        # The reader has left, as `head` does; nothing is wrong and nobody is there to be told.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(0) from None


if __name__ == "__main__":
    main()
