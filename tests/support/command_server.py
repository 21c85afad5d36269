"""Runs `hourhand` commands in forks of one process and keeps their words: for tests that call every
command in every bad situation.

A fork is a process of its own, with its own descriptors, from the program's first line on. The
process has imported what commands load, or nothing of ours where loading itself is tried.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import signal
import subprocess
import sys
import traceback
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

ROOT = Path(__file__).parents[2]
_TIMEOUT_S = 60
LOADED = (
    "bot.cli.main", "bot.app.audit", "bot.app.daemon", "bot.app.digest", "bot.app.explain",
    "bot.app.record_io", "bot.app.replay_source", "bot.app.signal_board", "bot.app.status",
    "bot.app.run_report",
)  # fmt: skip
_BUGS = ("Traceback", "Exception ignored", "BrokenPipe", '"crashed"', "wake.crashed")
_CRASHED = 99  # what no command of ours ends with


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended and what it said."""

    code: int
    out: str
    err: str

    def quiet(self) -> bool:
        """Whether nothing was said that only a bug says."""
        return not any(word in self.out + self.err for word in _BUGS)


@dataclass(slots=True)
class CommandServer:
    """The process that forks, one command at a time."""

    process: subprocess.Popen[str]
    folder: Path

    def run(self, *argv: object, **wishes: Any) -> Ended:
        """Run a command. Wishes: `environment`; `stdout` as file, closed, gone or full;
        `interrupt_at`, the call of a function of ours at which SIGINT comes."""
        out, err = self.folder / "out", self.folder / "err"
        request = {"argv": [*map(str, argv)], "out": str(out), "err": str(err), **wishes}
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        code = int(self.process.stdout.readline())
        return Ended(code, out.read_text(errors="replace"), err.read_text(errors="replace"))


def command_server(folder: Path) -> AbstractContextManager[CommandServer]:
    """A server while the `with` block lasts; commands find their modules loaded."""
    return _server(folder, LOADED)


def unloaded_command_server(folder: Path) -> AbstractContextManager[CommandServer]:
    """The same, whose commands load their modules themselves, as the program does."""
    return _server(folder, ())


@contextmanager
def _server(folder: Path, modules: tuple[str, ...]) -> Iterator[CommandServer]:
    own = {k: v for k, v in os.environ.items() if not k.startswith("HOURHAND_")} | {
        name: os.environ[name]
        for name in ("HOURHAND_DATA_DIR", "HOURHAND_CACHE_DIR")
        if name in os.environ
    }
    with subprocess.Popen(
        [sys.executable, "-m", "tests.support.command_server", *modules], cwd=ROOT, env=own,
        text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    ) as process:  # fmt: skip
        try:
            yield CommandServer(process, folder)
        finally:
            assert process.stdin is not None
            process.stdin.close()
            process.wait(30)


def _serve(modules: Sequence[str]) -> None:
    for module in modules:
        importlib.import_module(module)
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            _become(json.loads(line))
        _, status = os.waitpid(child, 0)
        sys.stdout.write(f"{os.waitstatus_to_exitcode(status)}\n")
        sys.stdout.flush()


def _become(request: dict[str, Any]) -> NoReturn:
    """The fork: ends here, with the command's exit code."""
    code = _CRASHED
    try:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        signal.alarm(_TIMEOUT_S)
        os.environ.update(request.get("environment", {}))
        _wire(request)
        # The start itself, a few lines, comes before anything that could be interrupted in order.
        import bot.cli.__main__  # noqa: F401

        if "interrupt_at" in request:
            sys.setprofile(_Interrupt(request["interrupt_at"]))
        code = _main(request["argv"])
    except BaseException:
        traceback.print_exc()
    finally:
        sys.setprofile(None)
        # As the interpreter does at its end.
        for stream in (sys.stdout, sys.stderr):
            try:
                stream.flush()
            except Exception as error:
                os.write(2, f"Exception ignored: {error!r}\n".encode())
        os._exit(code)


def _wire(request: dict[str, Any]) -> None:
    """Give the fork its own streams."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
    os.close(os.open(request["out"], flags, 0o600))
    os.dup2(os.open(request["err"], flags, 0o600), 2)
    kind = request.get("stdout", "file")
    if kind == "closed":
        reader, writer = os.pipe()
        os.close(reader)
        os.dup2(writer, 1)
    elif kind == "full":
        os.dup2(os.open("/dev/full", os.O_WRONLY), 1)
    else:
        os.dup2(os.open(request["out"], flags, 0o600), 1)
    sys.stdin = open(os.devnull, encoding="utf-8")  # noqa: SIM115
    sys.stderr = open(2, "w", encoding="utf-8", buffering=1, closefd=False)  # noqa: SIM115
    sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    if kind == "gone":
        sys.stdout = None  # type: ignore[assignment]  # as Python has it where `>&-` closed it


class _Interrupt:
    """SIGINT to this process at the n-th call of a function of ours."""

    def __init__(self, at: int) -> None:
        self._left = at

    def __call__(self, frame: FrameType, event: str, _argument: object) -> None:
        if event == "call" and "/bot/" in frame.f_code.co_filename:
            self._left -= 1
            if self._left == 0:
                os.kill(os.getpid(), signal.SIGINT)


def _main(argv: list[str]) -> int:
    from bot.cli.__main__ import main

    sys.argv = ["hourhand", *argv]
    try:
        main()
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    return 0


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        _serve(sys.argv[1:])
