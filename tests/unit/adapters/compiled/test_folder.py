"""Where machine code is kept, and what makes it another's or nobody's."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from bot.adapters.compiled.folder import CodeFolder, cache_base, code_folder, key
from bot.adapters.compiled.machine import MachineCode

CODE = MachineCode(symbol="f", code=b"\x00\x01\xff" * 100_000)
OTHER = MachineCode(symbol="f", code=b"\x02" * 300_000)


def folder_in(path: Path, name: str = "0" * 32) -> CodeFolder:
    return CodeFolder(path / name)


def test_what_is_saved_is_loaded(tmp_path: Path) -> None:
    folder = folder_in(tmp_path)
    assert not folder.is_cached("loop")
    assert folder.save("loop", CODE) == ""
    assert folder.is_cached("loop")
    assert folder.load("loop") == CODE
    assert [path.name for path in folder.path.iterdir()] == ["loop.code"]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\n",
        b"{}\ncode",
        b"[]\ncode",
        CODE.to_bytes()[:-1],
        CODE.to_bytes()[:40],
        CODE.to_bytes() + b"\x00",
    ],
)
def test_a_damaged_file_counts_as_absent(tmp_path: Path, body: bytes) -> None:
    folder = folder_in(tmp_path)
    folder.save("loop", CODE)
    (folder.path / "loop.code").write_bytes(body)
    assert folder.load("loop") is None
    assert folder.save("loop", CODE) == ""
    assert folder.load("loop") == CODE


def test_a_file_that_others_may_write_is_not_run(tmp_path: Path) -> None:
    folder = folder_in(tmp_path)
    folder.save("loop", CODE)
    (folder.path / "loop.code").chmod(0o666)
    assert folder.load("loop") is None


def test_a_place_that_cannot_be_written_is_said_and_nothing_is_kept(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    folder = folder_in(tmp_path / "file")
    assert folder.save("loop", CODE).endswith("Not a directory")
    assert not folder.is_cached("loop")


def test_only_the_newest_three_keys_stay_and_nothing_else_is_touched(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    for n in range(6):
        folder = folder_in(tmp_path, f"{n:032x}")
        folder.save("loop", CODE)
        os.utime(folder.path, (1000 + n, 1000 + n))
    folder_in(tmp_path, f"{9:032x}").save("loop", CODE)
    left = sorted(path.name for path in tmp_path.iterdir())
    assert left == [f"{n:032x}" for n in (4, 5, 9)] + ["mine"]


def test_a_key_that_is_loaded_counts_as_new(tmp_path: Path) -> None:
    for n in range(3):
        folder_in(tmp_path, f"{n:032x}").save("loop", CODE)
        os.utime(tmp_path / f"{n:032x}", (1000 + n, 1000 + n))
    folder_in(tmp_path, f"{0:032x}").load("loop")
    folder_in(tmp_path, f"{9:032x}").save("loop", CODE)
    assert sorted(path.name for path in tmp_path.iterdir()) == [f"{n:032x}" for n in (0, 2, 9)]


def test_a_reader_beside_two_writers_never_sees_half_a_file(tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from bot.adapters.compiled.folder import CodeFolder;"
        "from bot.adapters.compiled.machine import MachineCode; f = CodeFolder(Path(sys.argv[1]));"
        "c = MachineCode(symbol='f', code=bytes([int(sys.argv[2])]) * 300_000);"
        "[f.save('loop', c) for _ in range(300)]"
    )
    folder = folder_in(tmp_path)
    folder.save("loop", OTHER)
    writers = [
        subprocess.Popen([sys.executable, "-c", program, str(folder.path), str(n)]) for n in (2, 3)
    ]
    seen = set()
    while any(writer.poll() is None for writer in writers):
        found = folder.load("loop")
        assert found is not None
        seen.add(found.code[:1])
    assert [writer.returncode for writer in writers] == [0, 0]
    assert seen <= {b"\x02", b"\x03"}
    assert [path.name for path in folder.path.iterdir()] == ["loop.code"]


def test_any_changed_byte_name_order_or_version_is_another_key() -> None:
    sources = [("a.py", b"one"), ("b.py", b"two")]
    makers = ["numba 1", "python 3"]
    keys = [
        key(sources, makers),
        key([("a.py", b"one "), ("b.py", b"two")], makers),
        key([("a.py", b"onetwo"), ("b.py", b"")], makers),
        key([("c.py", b"one"), ("b.py", b"two")], makers),
        key(sources, ["numba 2", "python 3"]),
        key(sources, ["numba 1"]),
    ]
    assert len(set(keys)) == len(keys)
    assert key(sources, makers) == keys[0]


def test_a_switch_of_the_compiler_is_another_key() -> None:
    plain = code_folder({"HOME": "/h"})
    assert plain != code_folder({"HOME": "/h", "NUMBA_BOUNDSCHECK": "1"})
    assert plain == code_folder({"HOME": "/h", "COLUMNS": "80"})


@pytest.mark.parametrize(
    ("environment", "base"),
    [
        ({"HOURHAND_CACHE_DIR": "/c", "XDG_CACHE_HOME": "/x", "HOME": "/h"}, "/c/compiled"),
        ({"XDG_CACHE_HOME": "/x", "HOME": "/h"}, "/x/hourhand/compiled"),
        ({"HOME": "/h"}, "/h/.cache/hourhand/compiled"),
        ({"HOME": "/h", "HOURHAND_CACHE_DIR": ""}, "/h/.cache/hourhand/compiled"),
    ],
)
def test_the_place_is_named_by_the_environment(environment: dict[str, str], base: str) -> None:
    assert cache_base(environment) == Path(base)
