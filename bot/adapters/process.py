"""What this process leaves behind: files for their owner only, and no image of its memory."""

from __future__ import annotations

import os
import resource
from contextlib import suppress

PRIVATE = 0o077


def keep_private() -> None:
    """New files are readable by their owner only, and a crash writes no core with the key in it."""
    os.umask(PRIVATE)
    with suppress(OSError, ValueError):  # a sandbox may forbid to ask; it then sees to it itself
        _, most = resource.getrlimit(resource.RLIMIT_CORE)
        resource.setrlimit(resource.RLIMIT_CORE, (0, most))
