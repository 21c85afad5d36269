"""The start of the program: a Ctrl-C at any time, loading included, ends it without a word."""

from __future__ import annotations

INTERRUPTED = 130


def main() -> None:
    """Load the commands and run the one that was asked for."""
    try:
        from bot.cli.main import main as run

        run()
    except KeyboardInterrupt:
        raise SystemExit(INTERRUPTED) from None


if __name__ == "__main__":
    main()
