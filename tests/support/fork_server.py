"""Runs `hourhand` commands in forks of one process that has imported everything.

A sweep starts hundreds of commands, and importing them takes longer than running them. This is
the program of that process: it reads requests as lines of JSON and answers each with one line. A
fork is a process of its own from the first line of `main` on, and may be killed at any point.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import importlib
import json
import os
import signal
import subprocess
import sys
import time
import traceback
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from tests.support.fault_points import Points, strike_of, watch_commits, watch_statements

_PR_SET_PTRACER = 0x59616D61
_ANYBODY = ctypes.c_ulong(-1)
# What the commands import when they run: else every fork does so anew.
WARM = (
    "alembic.command", "apscheduler.schedulers.background", "bot.adapters.log_stream",
    "bot.adapters.logging", "bot.adapters.notify.webhook", "bot.adapters.sql.backup",
    "bot.adapters.sql.migrate", "bot.adapters.sql.restore", "bot.adapters.tokenmetrics.client",
    "bot.app.audit", "bot.app.audit_chain", "bot.app.audit_checks", "bot.app.audit_file",
    "bot.app.audit_outbox", "bot.app.audit_pruned", "bot.app.audit_steps", "bot.app.bootstrap",
    "bot.app.courier", "bot.app.cycle", "bot.app.daemon", "bot.app.database", "bot.app.desk",
    "bot.app.recorder", "bot.app.retention", "bot.app.status", "bot.cli.main",
    "bot.report.status_text", "encodings.idna", "encodings.utf_8_sig", "numpy.random",
    "typer._adapters",
)  # fmt: skip
_CRASHED = 99  # a traceback: no command of ours ends so


@dataclass(frozen=True, slots=True)
class Running:
    """A fork that was let go: the pipe that says how many points it passed, and who traces it."""

    counter: int
    tracer: subprocess.Popen[str] | None
    began: float


def serve() -> None:
    """Answer requests until the input ends."""
    _warm()
    running: dict[int, Running] = {}
    for line in sys.stdin:
        request = json.loads(line)
        if "wait" in request:
            answer = _wait(request["wait"], running.pop(request["wait"]))
        else:
            answer = _start(request, running)
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


def _warm() -> None:
    for name in WARM:
        importlib.import_module(name)
    # Else each fork's collector walks through, and so copies, all that was imported.
    gc.collect()
    gc.freeze()


def _start(request: dict[str, Any], running: dict[int, Running]) -> dict[str, Any]:
    """Fork for `argv`, `environment`, `output`, and perhaps `points` and `calls`."""
    began = time.monotonic()
    counter, counted = os.pipe()
    gate, opener = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(counter)
        os.close(opener)
        _run(request, gate, counted)
    os.close(counted)
    os.close(gate)
    tracer, trouble = _trace(child, request)
    os.close(opener)  # the end of the pipe is the sign to go
    running[child] = Running(counter, tracer, began)
    return {"pid": child, "untraceable": trouble}


def _wait(child: int, run: Running) -> dict[str, Any]:
    _, status = os.waitpid(child, 0)
    if run.tracer is not None:
        run.tracer.communicate()
    with os.fdopen(run.counter) as pipe:
        points = pipe.read()
    return {
        "exit": os.WEXITSTATUS(status) if os.WIFEXITED(status) else None,
        "signal": os.WTERMSIG(status) if os.WIFSIGNALED(status) else None,
        "points": int(points or 0),
        "seconds": time.monotonic() - run.began,
    }


def _trace(child: int, request: dict[str, Any]) -> tuple[subprocess.Popen[str] | None, str]:
    """Attach strace with its injection; what it said where it could not."""
    calls = request["calls"]
    if calls is None:
        return None, ""
    command = ["strace", "-f", "-y", "-o", calls["trace"], "-e", f"trace={calls['names']}"]
    if calls["inject"]:
        command += ["-e", f"inject={calls['inject']}"]
    try:
        tracer = subprocess.Popen(
            [*command, "-p", str(child)], stderr=subprocess.PIPE, stdin=subprocess.DEVNULL,
            text=True,
        )  # fmt: skip
    except OSError as error:
        return None, str(error)
    assert tracer.stderr is not None
    said = tracer.stderr.readline()
    return tracer, "" if "attached" in said else said.strip()


def _run(request: dict[str, Any], gate: int, counted: int) -> NoReturn:
    """The fork: ends here, with the command's exit code."""
    code = _CRASHED
    try:
        _become(request)
        # Yama lets only parents attach unless the process says otherwise.
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(_PR_SET_PTRACER, _ANYBODY, 0, 0, 0)
        points = _points(request["points"])
        os.read(gate, 1)
        code = _main(request["argv"])
        with contextlib.suppress(OSError):  # the write that is to fail may be this one
            os.write(counted, str(points.passed if points else 0).encode())
    except BaseException:
        traceback.print_exc()
    finally:
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(OSError, ValueError):
                stream.flush()
        os._exit(code)


def _become(request: dict[str, Any]) -> None:
    """Take the environment, the signals and the output of a command started from a shell."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    for name in [name for name in os.environ if name.startswith("HOURHAND_")]:
        del os.environ[name]
    os.environ.update(request["environment"])
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
    for number, name in ((1, "out"), (2, "log")):
        output = os.open(Path(f"{request['output']}.{name}"), flags, 0o600)
        os.dup2(output, number)
        os.close(output)
    sys.stdin = open(os.devnull)  # noqa: SIM115
    sys.stdout = open(1, "w", buffering=1, closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", buffering=1, closefd=False)  # noqa: SIM115


def _points(wanted: dict[str, Any] | None) -> Points | None:
    if wanted is None:
        return None
    listing = os.open(wanted["list"] or os.devnull, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def note(text: str) -> None:
        os.write(listing, (" ".join(text.split())[:200] + "\n").encode())

    points = Points(wanted["at"], strike_of(wanted["effect"]), wanted["thread"], note)
    if wanted["kind"] == "commit":
        watch_commits(points)
    else:
        watch_statements(points)
    return points


def _main(argv: list[str]) -> int:
    from bot.cli.main import main

    sys.argv = ["hourhand", *argv]
    try:
        main()
    except SystemExit as exit_:
        return exit_.code if isinstance(exit_.code, int) else int(exit_.code is not None)
    return 0


if __name__ == "__main__":
    serve()
