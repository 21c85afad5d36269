"""`python -m bot.adapters.compiled` fills the cache with machine code and says how it went."""

from __future__ import annotations

import os
import sys

from bot.adapters.compiled.loop import this_folder
from bot.adapters.compiled.warming import ALREADY_THERE, BUSY, FILLED, NICENESS, warm


def main() -> int:
    """Exit code 0 where the code is there or on its way, 1 where it could not be kept."""
    if hasattr(os, "nice"):
        os.nice(NICENESS)
    outcome = warm(this_folder())
    print(outcome)
    return 0 if outcome in (FILLED, ALREADY_THERE, BUSY) else 1


if __name__ == "__main__":
    sys.exit(main())
