"""What was asked of a strategy from outside, as `status`, `check` and `why` show it."""

from __future__ import annotations

from bot.adapters.sql.command_store import commands
from bot.app.holds import holds
from bot.app.lineup import Lineup
from bot.app.operator_commands import command_document, held_words, open_conflicts
from bot.app.reading import Document, Reader
from bot.app.waiting import waiting
from bot.domain.instants import format_instant


def held_document(reader: Reader, name: str, until: int | None = None) -> list[Document]:
    """Who holds a strategy's entries back, since when and why; as it stood at `until`, or now."""
    there = commands(reader.connection)
    return [
        {"source": source, "since": format_instant(one.at), "note": one.note,
         "words": held_words(source, one)}
        for source, one in holds(there, name, until).items()
    ]  # fmt: skip


def waiting_document(reader: Reader, name: str) -> list[Document]:
    """The commands that no slot of a strategy has seen yet."""
    return [command_document(reader, one) for one in waiting(reader.connection, name)]


def conflicts_document(reader: Reader) -> list[Document]:
    """Slots that were decided twice with two results, as long as nobody has acknowledged them."""
    return [{**row, "slot": format_instant(row["slot"])} for row in open_conflicts(reader)]


def managed_document(lineup: Lineup) -> list[Document]:
    """Strategies that are only managed to their end, with what is open."""
    return [
        {
            "name": post.name,
            "file": "removed" if post.removed else "changed",
            "words": post.words,
            "open_positions": post.positions,
            "working_entries": post.entries,
            "config_sha256": post.runs.config_sha256,
        }
        for post in lineup.posts
        if post.managed_only
    ]
