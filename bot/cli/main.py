"""The command `hourhand`: its commands, and how errors reach the user."""

from __future__ import annotations

import sys
from contextlib import suppress

import typer

from bot.adapters.process import keep_private
from bot.cli import (
    alerts,
    audit,
    board,
    db,
    demo,
    diff,
    digest,
    doctor,
    levels,
    operator,
    outbox,
    record,
    replay,
    report,
    restatements,
    run,
    screen,
    setup,
    simulate,
    status,
    trials,
    why,
)
from bot.cli.common import printable
from bot.cli.output import prepare_output
from bot.domain.errors import AuthError, HourhandError

app = typer.Typer(
    name="hourhand",
    help="A headless paper-trading bot: hourly signals in, explained and exactly recorded paper "
    "orders out. It has no live-trading path.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
for module in (
    demo,
    setup,
    run,
    status,
    why,
    report,
    operator,
    outbox,
    alerts,
    screen,
    levels,
    digest,
    replay,
    board,
    diff,
    trials,
    restatements,
    record,
    simulate,
    audit,
    db,
    doctor,
):
    module.register(app)

KEY_HINT = (
    "  the key is read from HOURHAND_API_KEY, then .env, then secrets/api_key of the home folder: "
    "the last one there is the one that counts\n"
)


def main() -> None:
    """Run a command; a user's mistake is one message on standard error and an exit code."""
    keep_private()
    prepare_output()
    try:
        _run()
    except HourhandError as error:
        sys.stderr.write(f"hourhand: {printable(str(error))}\n")
        if isinstance(error, AuthError):
            sys.stderr.write(KEY_HINT)
        raise SystemExit(error.exit_code) from None
    except Exception:
        if not _in_log():
            raise
        raise SystemExit(HourhandError.exit_code) from None


def _run() -> None:
    """The command, and what it printed brought to its reader before an exit code is given."""
    try:
        app()
    except SystemExit:
        sys.stdout.flush()
        raise
    except BaseException:
        with suppress(HourhandError):
            sys.stdout.flush()
        raise


def _in_log() -> bool:
    """Whether an error that is a bug became a line of the log: a daemon prints nothing else."""
    log = sys.modules.get("bot.adapters.logging")
    return log is not None and bool(log.log_crash())


if __name__ == "__main__":
    from bot.cli.__main__ import main as start

    start()
