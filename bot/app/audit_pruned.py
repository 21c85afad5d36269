"""Audit of bodies that were let go: each by a note that names it, and by nothing else."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator

from sqlalchemy import Connection

from bot.adapters.sql.raw_retention import observed_sha256, pruned_sha256, prunings
from bot.app.audit_file import rows
from bot.app.audit_finding import Code, Finding, unequal, unmet
from bot.domain.instants import format_instant
from bot.domain.plurals import counted


class Prunings:
    """The spans of responses whose bodies were let go."""

    def __init__(self, connection: Connection) -> None:
        query = "SELECT first_id, last_id, fetched_until FROM pruning ORDER BY first_id"
        self._spans = rows(connection, query)
        self._firsts = [first for first, _, _ in self._spans]

    def covers(self, raw_id: int, fetched_at: int) -> bool:
        """Whether a note says that this response's body was let go."""
        at = bisect_right(self._firsts, raw_id) - 1
        if at < 0:
            return False
        _, last, until = self._spans[at]
        return bool(raw_id <= last and fetched_at <= until)


def check_prunings(connection: Connection) -> Iterator[Finding]:
    """Every note's responses are there with their hashes, and without their bodies (35).

    A body stays as long as a response that was not let go refers to it.
    """
    query = (
        "SELECT id, first_id, last_id, fetched_until, responses, sha256, observed_sha256 "
        "FROM pruning ORDER BY id"
    )
    reached = 0
    noted = Prunings(connection)
    for identity, first, last, until, number, digest, observed in rows(connection, query):
        where = f"pruning {identity}: raw responses {first} to {last}"
        if first <= reached:
            yield unmet(Code.RAW_CHAIN, where, "responses after those let go before", first)
        reached = max(reached, last)
        query = (
            "SELECT r.id, r.sha256, b.id FROM raw_response r "
            "LEFT JOIN raw_body b ON b.sha256 = r.sha256 "
            "WHERE r.id BETWEEN ? AND ? AND fetched_at <= ? ORDER BY r.id"
        )
        found = rows(connection, query, first, last, until)
        made = (len(found), pruned_sha256((raw_id, sha256) for raw_id, sha256, _ in found))
        yield from unequal(Code.RAW_CHAIN, f"number and hash of {where}", (number, digest), made)
        ends = (found[0][0], found[-1][0]) if found else None
        yield from unequal(Code.RAW_CHAIN, f"first and last of {where}", (first, last), ends)
        seen = observed_sha256(connection, first, last, until)
        yield from unequal(Code.OBSERVATION, f"rows read from those of {where}", observed, seen)
        bodies = [(raw_id, sha256) for raw_id, sha256, body in found if body is not None]
        kept = [raw_id for raw_id, sha256 in bodies if not _is_needed(connection, noted, sha256)]
        if kept:
            yield unmet(Code.RAW_CHAIN, where, "no body", f"those of {kept[:5]}")
    query = "SELECT sha256 FROM raw_body EXCEPT SELECT sha256 FROM raw_response"
    for (digest,) in rows(connection, query):
        yield unmet(Code.RAW_CHAIN, f"body {digest[:12]}", "a response that it belongs to", "none")


def _is_needed(connection: Connection, noted: Prunings, digest: str) -> bool:
    query = "SELECT id, fetched_at FROM raw_response WHERE sha256 = ?"
    return not all(noted.covers(raw_id, at) for raw_id, at in rows(connection, query, digest))


def pruning_notes(connection: Connection) -> list[str]:
    """What could not be read again, and up to which instant."""
    done = prunings(connection)
    if not done:
        return []
    count = sum(one.responses for one in done)
    first, last = format_instant(done[0].pruned_at), format_instant(done[-1].pruned_at)
    when = f"on {first}" if first == last else f"from {first} to {last}"
    until = format_instant(max(one.fetched_until for one in done))
    return [
        f"{counted(count, 'response')} pruned by retention {when}: what was seen up to {until} "
        f"is taken from the observations instead of the raw bodies"
    ]
