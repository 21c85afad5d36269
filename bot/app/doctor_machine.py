"""Doctor: Python, libraries, SQLite, folders, free space, the kind of file system, the cache."""

from __future__ import annotations

import os
import platform
import shutil
import sqlite3
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path

from bot.app.doctor_check import Check, fail, ok, warn

PYTHON_LEAST = (3, 11)
FREE_WARN = 200 << 20
FREE_LEAST = 20 << 20
NETWORK = frozenset({
    "nfs", "nfs4", "cifs", "smb3", "smbfs", "ncpfs", "afs", "9p", "ceph", "lustre", "gpfs", "ocfs2",
    "gfs2", "glusterfs", "beegfs", "fuse.sshfs", "fuse.glusterfs", "fuse.s3fs", "fuse.rclone",
    "fuse.cephfs", "davfs", "fuse.davfs2", "virtiofs",
})  # fmt: skip
_MOUNTS = Path("/proc/self/mountinfo")
_ESCAPES = {"\\040": " ", "\\011": "\t", "\\012": "\n", "\\134": "\\"}


def check_environment() -> Iterator[Check]:
    """What the program runs on."""
    found = platform.python_version()
    if sys.version_info >= PYTHON_LEAST:
        yield ok("python", found)
    else:
        yield fail("python", found, f"install Python {'.'.join(map(str, PYTHON_LEAST))} or newer")
    yield from _check_libraries()
    yield from _check_sqlite()


def check_folders(home: Path, database: Path) -> Iterator[Check]:
    """Whether home and database can be written, by us alone, and how much room there is."""
    yield from _check_folder("home folder", home)
    if database.parent != home and database.parent.is_dir():
        yield from _check_folder("database folder", database.parent)
    if database.is_file():
        yield from _check_file("database file", database)
    place = database.parent if database.parent.is_dir() else home
    yield from _check_space(place)
    yield _check_file_system(place)


def check_cache() -> Iterator[Check]:
    """Whether machine code can be kept, without which long replays start slowly."""
    from bot.adapters.compiled.folder import cache_base

    folder = cache_base(os.environ)
    there = next(path for path in (folder, *folder.parents) if os.path.exists(path))
    if there.is_dir() and os.access(there, os.W_OK):
        yield ok("cache folder", str(folder))
    else:
        yield warn(
            "cache folder",
            f"{folder}: cannot be written",
            "set HOURHAND_CACHE_DIR to a folder of yours, or long replays compile every time",
        )


def file_system(path: Path, mounts: Path = _MOUNTS) -> str | None:
    """The kind of file system that a path lies on; None where the machine does not say."""
    try:
        text = mounts.read_text(encoding="utf-8", errors="surrogateescape")
    except OSError:
        return None
    real = os.path.realpath(path)
    best, kind = "", None
    for line in text.splitlines():
        before, _, after = line.partition(" - ")
        fields = before.split(" ")
        if len(fields) < 5 or not after:
            continue
        place = fields[4]
        for code, sign in _ESCAPES.items():
            place = place.replace(code, sign)
        inside = real == place or real.startswith(place.rstrip("/") + "/")
        if inside and len(place) >= len(best):  # of two at one place the later one counts
            best, kind = place, after.split(" ")[0]
    return kind


def _check_libraries() -> Iterator[Check]:
    found, missing = [], []
    for requirement in requires("hourhand") or []:
        if "extra ==" in requirement:
            continue
        name = requirement.split(";")[0].split(">")[0].split("<")[0].split("=")[0].strip()
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            missing.append(name)
    if missing:
        yield fail("libraries", f"missing: {', '.join(missing)}", "install hourhand anew")
    else:
        yield ok("libraries", ", ".join(found))


def _check_sqlite() -> Iterator[Check]:
    from bot.app.audit_file import version_notes

    notes = version_notes()
    if notes:
        yield warn(
            "sqlite",
            f"{sqlite3.sqlite_version}: two programs that write at once may damage the database",
            "use a Python with SQLite 3.51.3 or newer; until then let only hourhand write",
        )
    else:
        yield ok("sqlite", sqlite3.sqlite_version)


def _check_folder(name: str, folder: Path) -> Iterator[Check]:
    mode = folder.stat().st_mode & 0o777
    if not os.access(folder, os.W_OK | os.X_OK) or _is_read_only(folder):
        yield fail(
            name, f"{folder}: cannot be written", "correct its owner and mode, or mount it writable"
        )
    elif mode & 0o022:
        yield warn(
            name, f"{folder}: others can write to it (mode {mode:03o})", f"chmod 700 {folder}"
        )
    else:
        yield ok(name, f"{folder} (mode {mode:03o})")


def _check_file(name: str, file: Path) -> Iterator[Check]:
    found = file.stat()
    mode = found.st_mode & 0o777
    if not os.access(file, os.R_OK | os.W_OK):
        yield fail(name, f"{file}: cannot be read and written", "correct its owner and mode")
    elif found.st_uid != os.geteuid():
        yield warn(
            name,
            f"{file}: belongs to user {found.st_uid}, this is user {os.geteuid()}",
            "run every command as the user that the daemon runs as",
        )
    elif mode & 0o077:
        yield warn(name, f"{file}: others can read it (mode {mode:03o})", f"chmod 600 {file}")
    else:
        yield ok(name, f"{_megabytes(found.st_size)} (mode {mode:03o})")


def _is_read_only(folder: Path) -> bool:
    return bool(os.statvfs(folder).f_flag & os.ST_RDONLY)


def _check_space(folder: Path) -> Iterator[Check]:
    free = shutil.disk_usage(folder).free
    found = f"{_megabytes(free)} at {folder}"
    if free < FREE_LEAST:
        yield fail("free space", found, "free the disk: a slot that cannot be written is not done")
    elif free < FREE_WARN:
        yield warn("free space", found, "free the disk: the database grows by up to 1 MB a day")
    else:
        yield ok("free space", found)


def _megabytes(size: int) -> str:
    return f"{size / 1e6:,.1f} MB"


def _check_file_system(folder: Path) -> Check:
    kind = file_system(folder)
    if kind is None:
        return ok("file system", "not known on this machine")
    if kind in NETWORK:
        return warn(
            "file system",
            f"{kind}: network storage, where locks and the write-ahead log are not to be trusted",
            "keep the database on a local disk and copy backups to the network",
        )
    return ok("file system", kind)
