"""Where machine code is kept: one folder per state of everything that it was made from.

numba's own cache looks at the file of the outermost function alone, so a changed helper in another
module would run by old rules.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import platform
import re
import shutil
import sys
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import llvmlite.binding as llvm

from bot.adapters.compiled.machine import MachineCode

CACHE_VARIABLE = "HOURHAND_CACHE_DIR"
KEPT = 3  # keys: this version's, and those of two others that are in use beside it
PACKAGE = Path(__file__).resolve().parents[2]
STATISTIC = "stats/sharpe_standard_error.py"  # the only one that compiled code calls
SOURCES = ("engine", STATISTIC, "market/bulk", "market/kernels", "adapters/compiled")
_KEY = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True, slots=True)
class CodeFolder:
    """The folder of one key. Nothing here fails: no cache is slow, not wrong."""

    path: Path

    def is_cached(self, name: str) -> bool:
        """Whether complete machine code is there."""
        return self.load(name) is not None

    def load(self, name: str) -> MachineCode | None:
        """The machine code of that name; None where it is absent, damaged or someone else's."""
        path = self._file(name)
        try:
            with path.open("rb") as file:
                if not _is_ours(os.fstat(file.fileno())):
                    return None
                body = file.read()
        except OSError:
            return None
        with contextlib.suppress(OSError):
            os.utime(self.path)  # in use, so not among the oldest
        return MachineCode.from_bytes(body)

    def save(self, name: str, compiled: MachineCode) -> str:
        """Keep machine code, whole or not at all; returns what is in the way, "" for nothing."""
        try:
            self.path.mkdir(parents=True, exist_ok=True, mode=0o700)
            descriptor, draft = tempfile.mkstemp(dir=self.path, prefix=".draft-")
            try:
                with os.fdopen(descriptor, "wb") as file:
                    file.write(compiled.to_bytes())
                os.replace(draft, self._file(name))
            except OSError:
                Path(draft).unlink(missing_ok=True)
                raise
        except OSError as error:
            return f"{self.path}: {error.strerror}"
        self._remove_old()
        return ""

    def _file(self, name: str) -> Path:
        return self.path / f"{name}.code"

    def _remove_old(self) -> None:
        with contextlib.suppress(OSError):
            others = [p for p in self.path.parent.iterdir() if _KEY.fullmatch(p.name)]
            others.sort(key=lambda p: (p == self.path, p.stat().st_mtime), reverse=True)
            for old in others[KEPT:]:
                shutil.rmtree(old, ignore_errors=True)


def code_folder(environment: Mapping[str, str]) -> CodeFolder:
    """The folder for what is installed now, under HOURHAND_CACHE_DIR or the user's cache."""
    return CodeFolder(cache_base(environment) / key(_sources(), _makers(environment)))


def cache_base(environment: Mapping[str, str]) -> Path:
    """The folder of all keys, existing or not."""
    named = environment.get(CACHE_VARIABLE)
    if named:
        return Path(named).expanduser() / "compiled"
    if sys.platform == "win32" and environment.get("LOCALAPPDATA"):
        return Path(environment["LOCALAPPDATA"], "hourhand", "compiled")
    base = environment.get("XDG_CACHE_HOME") or environment.get("HOME") or "~"
    if not environment.get("XDG_CACHE_HOME"):
        base = os.path.join(base, ".cache")
    with contextlib.suppress(RuntimeError):  # no home is known: then nothing can be written
        return Path(base).expanduser() / "hourhand" / "compiled"
    return Path(base) / "hourhand" / "compiled"


def key(sources: Iterable[tuple[str, bytes]], makers: Iterable[str]) -> str:
    """A name for the state of sources (path and text) and of what compiles them."""
    digest = hashlib.sha256()
    for name, text in sources:
        digest.update(f"{name}\0{len(text)}\0".encode())
        digest.update(text)
    for maker in makers:
        digest.update(f"{maker}\0".encode())
    return digest.hexdigest()[:32]


def _sources() -> list[tuple[str, bytes]]:
    roots = [PACKAGE / name for name in SOURCES]
    paths = sorted(p for root in roots for p in ((root,) if root.is_file() else root.rglob("*.py")))
    return [(path.relative_to(PACKAGE).as_posix(), path.read_bytes()) for path in paths]


def _makers(environment: Mapping[str, str]) -> list[str]:
    """Compiler, libraries, processor and whatever switches numba is given by the environment."""
    names = ("numba", "llvmlite", "numpy")
    switches = sorted(f"{k}={v}" for k, v in environment.items() if k.startswith("NUMBA_"))
    return [
        *(f"{name} {version(name)}" for name in names),
        f"{platform.python_implementation()} {platform.python_version()}",
        llvm.get_process_triple(),
        llvm.get_host_cpu_name(),
        llvm.get_host_cpu_features().flatten(),
        *switches,
    ]


def _is_ours(found: os.stat_result) -> bool:
    """Machine code that another user could have written is not run."""
    return not hasattr(os, "getuid") or (
        found.st_uid in (os.getuid(), 0) and found.st_mode & 0o022 == 0
    )
