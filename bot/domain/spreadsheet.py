"""Text from outside in a CSV file: no formula, no order to a terminal, and it reads back whole."""

from __future__ import annotations

import re
import unicodedata

# What spreadsheets take for the beginning of a formula, in the wide forms of East Asia too.
FORMULA_SIGNS = "=+-@\t\r\n\uff1d\uff0b\uff0d\uff20"
_MARK = "'"
_CODE = "\\x{"
_CODES = re.compile(r"\\x\{([0-9a-f]{1,6})\}")
_STEERING = frozenset({"Cc", "Cf", "Zl", "Zp"})  # controls, direction marks, separators of lines
_HARMLESS = "\t\n"  # inside a cell


def guarded(text: str) -> str:
    """The text behind an apostrophe where it would be a formula, with codes for what steers.

    Control characters (not tab and line feed), direction marks and the like are written as their
    code; a backslash that would begin such a code is written as its own. Numbers are not for this.

    >>> guarded("=1+1"), guarded("BTC"), guarded("'=x"), guarded("'s"), guarded("\\x1b[31mA")
    ("'=1+1", 'BTC', "''=x", "'s", '\\\\x{1b}[31mA')
    """
    if _CODE in text or not text.replace("\n", "").replace("\t", "").isprintable():
        text = "".join(map(_coded, text.replace(_CODE, "\\x{5c}x{")))
    return _MARK + text if text and _needs_mark(text) else text


def unguarded(text: str) -> str:
    """The text that `guarded` was given.

    >>> unguarded("'=1+1"), unguarded("''=x"), unguarded("'s"), unguarded("\\\\x{1b}[31mA")
    ('=1+1', "'=x", "'s", '\\x1b[31mA')
    """
    found = text[1:] if text[:1] == _MARK and _needs_mark(text[1:]) else text
    return _CODES.sub(_decoded, found) if _CODE in found else found


def _needs_mark(text: str) -> bool:
    """Whether it begins as a formula does, or as something that was guarded already."""
    return text.lstrip(_MARK)[:1] in FORMULA_SIGNS and text.lstrip(_MARK) != ""


def _steers(char: str) -> bool:
    return unicodedata.category(char) in _STEERING and char not in _HARMLESS


def _coded(char: str) -> str:
    return f"{_CODE}{ord(char):x}}}" if _steers(char) else char


def _decoded(code: re.Match[str]) -> str:
    """The character of a code that `guarded` writes; any other text as it stands."""
    number = int(code.group(1), 16)
    char = chr(number) if number <= 0x10FFFF else ""
    return char if char == "\\" or (char and _steers(char)) else code.group()
