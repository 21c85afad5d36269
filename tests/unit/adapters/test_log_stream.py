"""Log lines: nothing that happens to the file or the reader is an error of the program."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.adapters.log_stream import FollowedFile, PatientStream


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    reader, writer = os.pipe()
    yield reader, writer
    for descriptor in (reader, writer):
        try:
            os.close(descriptor)
        except OSError:
            continue


def test_lines_go_out_as_they_are_written(pipe: tuple[int, int]) -> None:
    stream = PatientStream(pipe[1])
    assert stream.write("one\n") == 4
    assert os.read(pipe[0], 100) == b"one\n"


def test_what_cannot_be_written_as_text_is_escaped(pipe: tuple[int, int]) -> None:
    PatientStream(pipe[1]).write("a\udcffb\n")
    assert os.read(pipe[0], 100) == b"a\\udcffb\n"


def test_a_reader_that_has_left_costs_lines_and_nothing_else(pipe: tuple[int, int]) -> None:
    stream = PatientStream(pipe[1])
    os.close(pipe[0])
    stream.write("lost\n")
    stream.flush()
    reader, writer = os.pipe()
    os.dup2(writer, pipe[1])
    os.close(writer)
    stream.write("seen\n")
    assert os.read(reader, 100) == b'{"event": "log.lost", "lines": 1}\nseen\n'
    os.close(reader)


def test_a_full_device_costs_lines_and_nothing_else() -> None:
    full = os.open("/dev/full", os.O_WRONLY)
    stream = PatientStream(full)
    for _ in range(3):
        stream.write("lost\n")
    os.close(full)


def test_a_line_that_was_cut_is_not_joined_by_the_next(pipe: tuple[int, int]) -> None:
    reader, writer = pipe
    for end in pipe:
        os.set_blocking(end, False)
    stream = PatientStream(writer)
    stream.write("x" * 200_000 + "\n")  # more than a pipe holds
    taken = os.read(reader, 1_000_000)
    assert taken == b"x" * len(taken)
    stream.write("whole\n")
    assert os.read(reader, 100) == b'\n{"event": "log.lost", "lines": 1}\nwhole\n'


def test_a_file_that_is_moved_or_deleted_is_made_anew(tmp_path: Path) -> None:
    path = tmp_path / "daemon.log"
    stream = FollowedFile(path)
    stream.write("one\n")
    path.rename(tmp_path / "daemon.log.1")
    stream.write("two\n")
    path.unlink()
    stream.write("three\n")
    assert (tmp_path / "daemon.log.1").read_text() == "one\n"
    assert path.read_text() == "three\n"
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_folder_that_is_gone_loses_no_line_that_the_open_file_can_take(tmp_path: Path) -> None:
    folder = tmp_path / "logs"
    folder.mkdir()
    stream = FollowedFile(folder / "daemon.log")
    (folder / "daemon.log").rename(tmp_path / "moved.log")
    folder.rmdir()
    stream.write("still there\n")
    assert (tmp_path / "moved.log").read_text() == "still there\n"
