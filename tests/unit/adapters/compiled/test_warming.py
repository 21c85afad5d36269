"""Filling the cache from a process beside the run."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

from bot.adapters.compiled.folder import CACHE_VARIABLE, CodeFolder, code_folder
from bot.adapters.compiled.loop import NAME
from bot.adapters.compiled.machine import MachineCode
from bot.adapters.compiled.warming import ALREADY_THERE, BUSY, FILLED, start_warming, warm

CODE = MachineCode(symbol="f", code=b"code")
HOLDER = """
import sys
from pathlib import Path
from bot.adapters.compiled.folder import CodeFolder
from bot.adapters.compiled.warming import warm

def hang(folder):
    print("at it", flush=True)
    sys.stdin.read()
    return ""

warm(CodeFolder(Path(sys.argv[1])), "f", hang)
"""


def fill(folder: CodeFolder) -> str:
    return folder.save("f", CODE)


def test_the_second_of_two_warmers_leaves_it_to_the_first_and_a_dead_one_holds_nothing(
    tmp_path: Path,
) -> None:
    folder = CodeFolder(tmp_path / ("0" * 32))
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(folder.path)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    ) as holder:  # fmt: skip
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"at it\n"
        assert warm(folder, "f", fill) == BUSY
        assert not folder.is_cached("f")
        holder.send_signal(signal.SIGKILL)
        holder.wait()
        assert warm(folder, "f", fill) == FILLED
    assert warm(folder, "f", fill) == ALREADY_THERE


def test_a_folder_that_cannot_be_made_is_said_before_anything_is_compiled(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert warm(CodeFolder(tmp_path / "file" / "key")).endswith("Not a directory")


def environment(cache: Path) -> dict[str, str]:
    return os.environ | {CACHE_VARIABLE: str(cache)}


def test_the_command_says_that_there_is_no_place(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = subprocess.run(
        [sys.executable, "-m", "bot.adapters.compiled"],
        env=environment(tmp_path / "file"), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (1, "")
    assert done.stdout.strip().endswith("Not a directory")


def test_the_process_beside_the_run_finds_the_package_and_the_cache_of_its_starter(
    tmp_path: Path,
) -> None:
    """What is there need not run for this: a whole file is all that the warmer asks for."""
    mine = environment(tmp_path)
    code_folder(mine).save(NAME, CODE)
    process = start_warming(mine)
    assert os.getsid(process) == process  # a signal to our terminal passes it by
    assert os.waitpid(process, 0) == (process, 0)
