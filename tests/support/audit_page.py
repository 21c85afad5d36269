"""The tables of docs/audit.md as values."""

from __future__ import annotations

import re
from pathlib import Path

from bot.adapters.sql.schema import metadata

PAGE = (Path(__file__).parents[2] / "docs" / "audit.md").read_text(encoding="utf-8")


def rows(page: str, heading: str) -> list[list[str]]:
    """The cells of the first table under a heading, without its head."""
    lines = page.split(f"{heading}\n")[1].split("\n## ")[0].splitlines()
    table = [line for line in lines if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table[2:]]


def no_evidence() -> dict[str, set[str]]:
    """Table -> columns whose change is no finding."""
    return {
        re.findall(r"`(\w+)`", table)[0]: _columns(re.findall(r"`(\w+)`", table)[0], cells)
        for table, cells in rows(PAGE, "## Cells that carry no evidence")
    }


def _columns(table: str, cells: str) -> set[str]:
    if cells == "all":
        return {column.name for column in metadata.tables[table].columns}
    return set(re.findall(r"`(\w+)`", cells))
