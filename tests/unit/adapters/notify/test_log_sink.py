"""Messages in the log: whatever a message tells, it becomes one line that holds all of it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

# Every name that a line of the log has of its own, and those that its library takes for itself.
FACTS = {
    "event": "touched", "level": "64000.5", "logger": "x", "timestamp": "2025", "id": "mine",
    "topic": "t", "strategy": "s", "slot": "q", "self": "me", "exc_info": True, "stack_info": True,
    "_record": 1, "data": {"event": "deep"}, "text": "core-v1: BTC touched 64000.5",
}  # fmt: skip
PROGRAM = f"""
import sys
from pathlib import Path
from bot.adapters.logging import configure_logging
from bot.adapters.notify.log_sink import LogSink
from bot.adapters.notify.message import Outgoing

configure_logging(sys.argv[1], "info", Path(sys.argv[2]), [])
LogSink().deliver(Outgoing(
    id="a1", topic="alert.level", strategy="core-v1", slot=1746882000000,
    event_time=1746878400000, late=False, attempt=1, facts={FACTS!r},
))
"""


def log_of(form: str, file: Path) -> str:
    subprocess.run([sys.executable, "-c", PROGRAM, form, str(file)], check=True)
    return file.read_text(encoding="utf-8")


def test_facts_of_any_name_leave_the_line_its_own_names(tmp_path: Path) -> None:
    (line,) = map(json.loads, log_of("json", tmp_path / "log").splitlines())
    assert line["data"] == FACTS
    assert (line["event"], line["level"], line["id"]) == ("notify", "info", "a1")
    assert (line["topic"], line["slot"]) == ("alert.level", "2025-05-10T13:00:00Z")


def test_a_log_for_people_has_them_too(tmp_path: Path) -> None:
    (line,) = log_of("console", tmp_path / "log").splitlines()
    assert "notify" in line
    assert "core-v1: BTC touched 64000.5" in line
