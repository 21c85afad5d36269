"""A TOML file as text and as a table, with bounds that its parser lacks."""

from __future__ import annotations

import os
import re
import stat
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

SIZE_MAX = 256 * 1024
PARTS_MAX = 32
# The parser's time grows with the square of a key's parts: 120 kB of `a.a.a` take minutes.
_PART = r"""(?:[A-Za-z0-9_-]++|"[^"\n]*+"|'[^'\n]*+')[ \t]*+"""
_LONG_KEY = re.compile(rf"(?<![A-Za-z0-9_-])(?:{_PART}\.[ \t]*+){{{PARTS_MAX}}}{_PART}")


class TomlFault(ValueError):
    """What is wrong with a file, in words that go after its name."""


def read_text(path: Path) -> str:
    """The text of a file of at most SIZE_MAX bytes; TomlFault where there is none."""
    try:
        # Not to wait for whoever might write into a pipe.
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        with os.fdopen(descriptor, "rb") as file:
            is_file = stat.S_ISREG(os.fstat(descriptor).st_mode)
            body = file.read(SIZE_MAX + 1) if is_file else b""
    except OSError as problem:
        raise TomlFault(f"cannot be read: {problem.strerror}") from None
    if not is_file:
        raise TomlFault("is no regular file")
    if len(body) > SIZE_MAX:
        raise TomlFault(f"is larger than {SIZE_MAX // 1024} kB")
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise TomlFault("is not UTF-8 text") from None


def parse(text: str, parse_float: Callable[[str], Any] = float) -> dict[str, Any]:
    """The table that a text says; TomlFault where it is none, or nested beyond all need."""
    if _LONG_KEY.search(text) is not None:
        raise TomlFault(f"is nested too deeply: a key has more than {PARTS_MAX} parts")
    try:
        return tomllib.loads(text, parse_float=parse_float)
    except RecursionError:
        raise TomlFault("is nested too deeply") from None
    except (ValueError, ArithmeticError) as problem:
        raise TomlFault(f"is not TOML: {problem}") from None
