"""The log of a process: one JSON object a line whoever writes it, and never a secret in one."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

SECRET = "canary/0f3c9a57+4b86"  # noqa: S105  (a canary)
NAMES = "EVIL\x1b[31m\u202e\nlevel=error event=forged"
PROGRAM = f"""
import logging, sys, threading, warnings
from pathlib import Path
from pydantic import SecretStr
import structlog
from bot.adapters.logging import configure_logging

form, file = sys.argv[1], sys.argv[2]
secret, names = {SECRET!r}, {NAMES!r}
configure_logging(form, "info", Path(file) if file else None, [SecretStr(secret), None])
log = structlog.get_logger()

def inner(local):
    raise ValueError(f"with {{secret}} and " + names)

log.info("slot", token=names, cause=f"said {{secret}}", api_key="short", strategies=[names, secret])
try:
    inner(secret)
except ValueError:
    log.exception("wake.crashed", token=names)
    logging.getLogger("apscheduler").exception("job %s", secret)
logging.getLogger("some.library").warning("said %s of %s", secret, names)
logging.getLogger("httpx").info("HTTP Request: GET https://a/?key=%s", secret)
logging.getLogger("httpcore").debug("headers %s", secret)
logging.getLogger("some.library").warning("no %d", secret)
warnings.warn(f"old {{secret}} {{names}}", UserWarning)
structlog.get_logger().debug("quiet", secret=secret)
"""


def log_of(form: str, file: Path | None) -> str:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, form, str(file or "")],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout == ""
    if file is None:
        return done.stderr
    assert done.stderr == ""
    return file.read_text(encoding="utf-8")


@pytest.mark.parametrize("file", ["log", None])
def test_every_line_is_one_json_object_whoever_wrote_it(tmp_path: Path, file: str | None) -> None:
    lines = log_of("json", tmp_path / file if file else None).splitlines()
    found = [json.loads(line) for line in lines]
    # Event names are constants; what was said stands in fields.
    assert [line["event"] for line in found] == [
        "slot", "wake.crashed", "library", "library", "library",
    ]  # fmt: skip
    assert [line.get("logger") for line in found[2:]] == [
        "apscheduler",
        "some.library",
        "py.warnings",
    ]
    assert all(line["timestamp"].endswith("Z") and line["level"] for line in found)
    assert found[0]["api_key"] == "[redacted]"
    assert found[1]["exception"][0]["exc_type"] == "ValueError"


@pytest.mark.parametrize("form", ["json", "console"])
def test_no_line_shows_a_secret_or_the_locals_of_a_traceback(tmp_path: Path, form: str) -> None:
    text = log_of(form, tmp_path / "log")
    assert SECRET not in text
    assert "[redacted]" in text
    assert "locals" not in text
    assert "ValueError" in text


@pytest.mark.parametrize("form", ["json", "console"])
def test_a_name_from_outside_neither_forges_a_line_nor_steers_a_terminal(
    tmp_path: Path, form: str
) -> None:
    text = log_of(form, tmp_path / "log")
    assert "\x1b" not in text
    assert "\u202e" not in text
    forged = [line for line in text.splitlines() if line.startswith("level=error")]
    assert len(forged) <= (2 if form == "console" else 0)  # tracebacks have lines of their own
    assert "forged" in text


def test_on_a_terminal_a_library_cannot_write_to_it_raw() -> None:
    own, other = pty.openpty()
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, "auto", ""], stdout=other, stderr=other, check=True,
        env=os.environ | {"TERM": "xterm"},
    )  # fmt: skip
    os.close(other)
    seen = b""
    try:
        while piece := os.read(own, 65536):
            seen += piece
    except OSError:
        pass  # the end, as Linux says it
    os.close(own)
    assert done.returncode == 0
    assert b"wake.crashed" in seen
    assert b"EVIL\x1b" not in seen
    assert SECRET.encode() not in seen


def test_a_bug_in_a_command_with_a_log_is_a_line_of_it_and_exit_1(tmp_path: Path) -> None:
    program = (
        "from pathlib import Path\n"
        "import bot.cli.main as cli\n"
        "from bot.adapters.logging import configure_logging\n"
        "@cli.app.command()\n"
        "def broken() -> None:\n"
        f"    configure_logging('json', 'info', Path({str(tmp_path / 'log')!r}), [])\n"
        "    raise RuntimeError('a bug')\n"
        "import sys; sys.argv = ['hourhand', 'broken']\n"
        "cli.main()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (1, "", "")
    line = json.loads((tmp_path / "log").read_text())
    assert (line["event"], line["exception"][0]["exc_value"]) == ("crashed", "a bug")
