"""What the operator may ask of the daemon: each a row of the record, in one short transaction.

None of them waits for the daemon or stops it: the next slot that is frozen sees what was asked.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from pathlib import Path

from bot.adapters.sql import ledger_read
from bot.adapters.sql.command_store import (
    add_command,
    commands,
    conflict_source,
    put_back_source,
)
from bot.app.bootstrap import build_clock, database_at, load_all_strategies
from bot.app.holds import FILE, OPERATOR, acknowledged, holds
from bot.app.put_back import open_put_backs
from bot.app.queries import account_of
from bot.app.reading import Document, Reader, writing
from bot.app.settings import Settings, load_settings
from bot.app.waiting import waiting
from bot.domain.errors import HourhandError, StorageError, UnavailableError, UsageError
from bot.domain.instants import format_instant
from bot.domain.values import Command
from bot.engine import layout as at
from bot.engine.reasons import NAMES

NOTE_CHARS = 200
_TRIES = 6  # of five seconds each: a daemon that starts reads its history in one go
_Row = tuple[int, ...]


def pause(home: Path, strategy: str | None, note: str) -> Document:
    """No entries from the next slot on; exits go on. Of one strategy, or of all and those to come.

    Raises UsageError for an unknown strategy, StorageError where the database stays locked.
    """
    said = _note(note)

    def make(reader: Reader, now: int) -> Document:
        scope = _scope(reader, strategy)
        before = holds(commands(reader.connection), scope).get(OPERATOR)
        if before is not None:
            return _told(reader, [], [f"paused already, since {format_instant(before.at)}"])
        return _told(reader, [_add(reader, now, "PAUSE", strategy=scope, note=said)], [])

    return _give(home, make)


def resume(home: Path, strategy: str | None, note: str) -> Document:
    """Lift the operator's pause; what holds a strategy back for another reason is told."""
    said = _note(note)

    def make(reader: Reader, now: int) -> Document:
        scope = _scope(reader, strategy)
        there = commands(reader.connection)
        names = [scope] if scope else ["", *_known(reader)]
        paused = any(OPERATOR in holds(there, name) for name in names)
        made = [_add(reader, now, "RESUME", strategy=scope, note=said)] if paused else []
        notes = [] if paused else ["no pause of the operator's was there to lift"]
        return _told(reader, made, notes + _other_holds(there, filter(None, names)))

    return _give(home, make)


def close(home: Path, token: str, strategy: str | None, note: str, *, write_off: bool) -> Document:
    """A market exit at the next eligible open, for every strategy that holds or orders a token.

    With `write_off` a token of which no bar came for two days is sold for one tick in the first
    hour that stays without a bar. Raises UsageError where nothing is open in it.
    """
    said = _note(note)

    def make(reader: Reader, now: int) -> Document:
        token_id = reader.find_token(token)
        rows = _rows_of(reader, token_id, strategy)
        open_ = {name: row for name, row in rows.items() if row[at.T_QTY] or row[at.T_REST]}
        if not open_:
            who = strategy or "no strategy"
            verb = "does not hold" if strategy else "holds"
            raise UsageError(f"{who} {verb} {_named(reader, token_id)}, nor has an entry working")
        if write_off:
            _refuse_quoted(reader, token_id, open_)
        kind = "WRITE_OFF" if write_off else "CLOSE"
        made, notes = [], []
        for name, row in open_.items():
            why = _on_its_way(reader, name, token_id, row, kind)
            if why:
                notes.append(f"{name}: {why}")
            else:
                cells = {"strategy": name, "token_id": token_id, "note": said}
                made.append(_add(reader, now, kind, **cells))
            if row[at.T_UNPRICED] == 1 and not write_off:
                notes.append(
                    f"{name}: no bar has come for two days: the exit acts when one does; "
                    f"--write-off sells for one tick without one"
                )
        return _told(reader, made, notes)

    return _give(home, make)


def ack_token(home: Path, token: str, strategy: str | None, note: str) -> Document:
    """Lift a token's price-jump guard; UsageError where it has none."""
    said = _note(note)

    def make(reader: Reader, now: int) -> Document:
        token_id = reader.find_token(token)
        rows = _rows_of(reader, token_id, strategy)
        jumped = [name for name, row in rows.items() if row[at.T_JUMPED]]
        if not jumped:
            raise UsageError(f"no price jump of {_named(reader, token_id)} is to be acknowledged")
        cells = {"token_id": token_id, "note": said}
        return _told(reader, [_add(reader, now, "ACK", strategy=n, **cells) for n in jumped], [])

    return _give(home, make)


def ack_halt(home: Path, strategy: str | None, note: str) -> Document:
    """Lift a drawdown halt: what may be lost counts from the next slot's equity on."""
    said = _note(note)

    def make(reader: Reader, now: int) -> Document:
        halted = [
            name for name in reader.strategies(strategy)
            if account_of(reader, name).numbers[at.A_HALT_DRAWDOWN]
        ]  # fmt: skip
        if not halted:
            raise UsageError(
                "no drawdown halt is to be acknowledged (a halt for the day's loss ends at 00:00)"
            )
        made = [_add(reader, now, "ACK", strategy=name, note=said) for name in halted]
        return _told(reader, made, [])

    return _give(home, make)


def ack_conflict(home: Path, number: int | None, note: str) -> Document:
    """Say that a conflict (all open ones without a number) was looked at; entries go on."""
    said = _note(note)

    def make(reader: Reader, now: int) -> Document:
        open_ = open_conflicts(reader)
        chosen = [row for row in open_ if number is None or row["id"] == number]
        if not chosen:
            there = ", ".join(str(row["id"]) for row in open_) or "none"
            raise UsageError(f"no such conflict is open; open: {there}")
        made = [
            _add(reader, now, "RESUME", source=conflict_source(row["id"]),
                 strategy=row["strategy"], note=said)
            for row in chosen
        ]  # fmt: skip
        names = dict.fromkeys(row["strategy"] for row in chosen)
        held = _other_holds(commands(reader.connection), names, also_operator=True)
        return _told(reader, made, held)

    return _give(home, make)


def ack_put_back(home: Path, note: str) -> Document:
    """Say that what a put-back ledger lost was looked at; nothing is decided otherwise by it.

    Raises UsageError where nothing was lost, or no start has recorded it yet.
    """
    said = _note(note)

    def make(reader: Reader, now: int) -> Document:
        open_ = open_put_backs(reader.path, reader.connection)
        told = [one for one in open_ if one.since is not None]
        if open_ and not told:
            raise UsageError(f"{open_[0].found}. No start has recorded that yet: start the daemon")
        if not told:
            raise UsageError("no loss of the ledger is to be acknowledged")
        made = [
            _add(reader, now, "RESUME", source=put_back_source(one.hash), note=said) for one in told
        ]
        return _told(reader, made, [])

    return _give(home, make)


def open_conflicts(reader: Reader) -> list[Document]:
    """Conflicts that nobody has acknowledged, oldest first."""
    seen = acknowledged(commands(reader.connection))
    return [row for row in ledger_read.conflicts(reader.connection) if row["id"] not in seen]


def _give(home: Path, make: Callable[[Reader, int], Document]) -> Document:
    settings = load_settings(home)
    database_at(home, settings)
    now, note = _now(settings)  # before the lock is held: it may be a question over a wire
    for left in reversed(range(_TRIES)):
        try:
            with writing(settings) as reader:
                told = make(reader, reader.now() if now is None else now)
                return told | {"notes": [*told["notes"], *note]}
        except StorageError:
            if not left:
                raise
    raise AssertionError("the last try returns or raises")


def _now(settings: Settings) -> tuple[int | None, list[str]]:
    """The instant by the daemon's clock; None, and a word about it, where a simulator's is gone.

    A command has to come after what is recorded, and needs no other instant than that.
    """
    clock = build_clock(settings, threading.Event())
    try:
        return clock.now(), []
    except UnavailableError:
        gone = (
            f"the simulator at {settings.clock_url} does not answer: the command follows the end "
            f"of the record, and waits for a daemon to see it"
        )
        return None, [gone]
    finally:
        clock.close()


def _note(text: str) -> str:
    """A note as it is kept; UsageError for one that is too long or not of one line."""
    if len(text) > NOTE_CHARS or not text.isprintable():
        raise UsageError(f"--note: one line of at most {NOTE_CHARS} characters")
    return text


def _add(reader: Reader, now: int, kind: str, **cells: object) -> Command:
    return add_command(reader.connection, Command(at=now, kind=kind, **cells))  # type: ignore[arg-type]


def _known(reader: Reader) -> list[str]:
    """Strategies with an account or a file; files that are wrong must not be in the way."""
    try:
        files = [one.strategy.name for one in load_all_strategies(reader.settings)]
    except HourhandError:
        files = []
    return list(dict.fromkeys([*ledger_read.strategies(reader.connection), *files]))


def _scope(reader: Reader, strategy: str | None) -> str:
    if strategy is None:
        return ""
    known = _known(reader)
    if strategy not in known:
        raise UsageError(f"no strategy {strategy!r}; there: {', '.join(known) or 'none'}")
    return strategy


def _rows_of(reader: Reader, token_id: int, strategy: str | None) -> dict[str, _Row]:
    """The token's row in the account of each strategy that remembers anything of it."""
    found = {
        name: account_of(reader, name).tokens.get(token_id) for name in reader.strategies(strategy)
    }
    return {name: row for name, row in found.items() if row is not None}


def _named(reader: Reader, token_id: int) -> str:
    return f"{reader.symbol(token_id)} (id {token_id})"


def _refuse_quoted(reader: Reader, token_id: int, rows: dict[str, _Row]) -> None:
    quoted = [name for name, row in rows.items() if row[at.T_UNPRICED] == 0]
    if quoted:
        raise UsageError(
            f"--write-off is for a position without a price for two days; "
            f"{_named(reader, token_id)} has one in {', '.join(quoted)}: close it without that"
        )


def _on_its_way(reader: Reader, name: str, token_id: int, row: _Row, kind: str) -> str:
    """Why another command would change nothing; empty where it does."""
    for one in waiting(reader.connection, name):
        if (one.kind, one.token_id) == (kind, token_id):
            return f"asked for already, at {format_instant(one.at)}; no slot has seen it yet"
    if kind == "WRITE_OFF" and row[at.T_UNPRICED] > 1:
        return "written off already: it is sold in the first hour that stays without a bar"
    if kind == "CLOSE" and row[at.T_EXIT_REASON]:
        since = format_instant(row[at.T_EXIT_SLOT])
        return f"an exit waits already: {NAMES[row[at.T_EXIT_REASON]]}, ordered in slot {since}"
    return ""


def _other_holds(
    there: Iterable[Command], names: Iterable[str], *, also_operator: bool = False
) -> list[str]:
    """What else keeps strategies from entering, in words."""
    there = list(there)
    lines = []
    for name in names:
        for source, one in holds(there, name).items():
            if source == OPERATOR and not also_operator:
                continue
            lines.append(f"{name}: entries stay held back: {held_words(source, one)}")
    return lines


def held_words(source: str, one: Command) -> str:
    """Who holds entries back, and what to do about it."""
    if source == OPERATOR:
        return "paused by the operator" + (f" ({one.note})" if one.note else "")
    if source == FILE:
        return one.note
    return f"{source}: {one.note}: `hourhand ack {source}`"


def _told(reader: Reader, made: list[Command], notes: list[str]) -> Document:
    return {"recorded": [command_document(reader, one) for one in made], "notes": notes}


def command_document(reader: Reader, one: Command) -> Document:
    """A command as programs see it; no strategy means every one."""
    return {
        "at": format_instant(one.at),
        "kind": one.kind,
        "source": one.source,
        "strategy": one.strategy or None,
        "token_id": one.token_id,
        "symbol": None if one.token_id is None else reader.symbol(one.token_id),
        "note": one.note,
    }
