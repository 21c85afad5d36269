"""Text from outside in a CSV file: a spreadsheet must show it, not compute it."""

from __future__ import annotations

# What spreadsheets take for the beginning of a formula, in the wide forms of East Asia too.
FORMULA_SIGNS = "=+-@\t\r\n\uff1d\uff0b\uff0d\uff20"
_MARK = "'"


def guarded(text: str) -> str:
    """The text behind an apostrophe where it would be a formula; numbers are not for this.

    >>> guarded("=1+1"), guarded("BTC"), guarded("'=x"), guarded("'s")
    ("'=1+1", 'BTC', "''=x", "'s")
    """
    return _MARK + text if text and _needs_mark(text) else text


def unguarded(text: str) -> str:
    """The text that `guarded` was given.

    >>> unguarded("'=1+1"), unguarded("''=x"), unguarded("'s")
    ('=1+1', "'=x", "'s")
    """
    return text[1:] if text[:1] == _MARK and _needs_mark(text[1:]) else text


def _needs_mark(text: str) -> bool:
    """Whether it begins as a formula does, or as something that was guarded already."""
    return text.lstrip(_MARK)[:1] in FORMULA_SIGNS and text.lstrip(_MARK) != ""
