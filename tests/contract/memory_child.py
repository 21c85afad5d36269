"""One process that asks hostile servers, each in a fork of its own, and prints what it took.

Reads lines of addresses; writes a JSON line for each: resident KiB before the question and at its
peak, seconds, and the error, empty where the answer was read.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from pathlib import Path

from pydantic import SecretStr

from bot.adapters.sql.engine import open_database
from bot.adapters.tokenmetrics.client import ClientSettings, TokenMetricsClient
from bot.adapters.tokenmetrics.ports import Ports
from bot.adapters.tokenmetrics.wire_settings import WireSettings
from bot.app.recorder import RecordingSink
from bot.domain.errors import HourhandError
from tests.contract.provider_fakes import KEY, MemoryCredits, StepClock


def resident_kib(field: str) -> int:
    """VmRSS or VmHWM of this process."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(field + ":"):
            return int(line.split()[1])
    raise LookupError(field)


def ask(url: str, folder: Path, deadline_s: float) -> dict[str, object]:
    """One question about levels, answered into a real record."""
    database = open_database(folder / "hourhand.db")
    sink = RecordingSink(database, WireSettings())
    ports = Ports(clock=StepClock(), sink=sink, credits=MemoryCredits())
    settings = ClientSettings(base_url=url, attempt_deadline_s=deadline_s)
    client = TokenMetricsClient(settings, SecretStr(KEY), ports, jitter=lambda: 0.0)
    before, began = resident_kib("VmRSS"), time.monotonic()
    error = ""
    try:
        client.levels([1])
    except HourhandError as raised:
        error = f"{type(raised).__name__}: {raised}"
    seconds = time.monotonic() - began
    peak = resident_kib("VmHWM")
    return {"before": before, "peak": peak, "seconds": round(seconds, 3), "error": error}


def main() -> None:
    """Answer until the input ends; the argument is the deadline of an attempt in seconds."""
    deadline_s = float(sys.argv[1])
    with tempfile.TemporaryDirectory() as folder:
        open_database(Path(folder) / "hourhand.db", create=True).close()
        for line in sys.stdin:
            child = os.fork()
            if child == 0:
                sys.stdout.write(json.dumps(ask(line.strip(), Path(folder), deadline_s)) + "\n")
                sys.stdout.flush()
                os._exit(0)
            os.waitpid(child, 0)


if __name__ == "__main__":
    main()
