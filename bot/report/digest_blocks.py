"""A digest as headings, lines and tables, before it becomes text, Markdown or HTML."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from bot.report.reason_words import REASON_WORDS
from bot.report.tables import clean, minute_text, money_shown

Document = dict[str, Any]
_ROWS_MAX = 40  # of a table for people; all of them are in the JSON


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """A table: heads, which columns are numbers, and rows of plain text."""

    heads: tuple[str, ...]
    numbers: frozenset[int]
    rows: tuple[tuple[str, ...], ...]
    more: int = 0  # rows that are left out


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A heading of a level, lines under it, and a table or none."""

    level: int
    heading: str
    lines: tuple[str, ...] = ()
    grid: Grid | None = None


def digest_blocks(document: Document) -> list[Block]:
    """The whole digest; texts from outside are free of control characters, not yet escaped."""
    head = Block(
        level=1,
        heading=f"Week {_day(document['from'])} to {_day(document['to'])} (UTC, the end excluded)",
        lines=("Paper trading: no order left this machine.",),
    )
    return [head, *(block for part in document["strategies"] for block in _strategy(part))]


def _strategy(part: Document) -> list[Block]:
    return [
        Block(level=2, heading=part["strategy"], lines=_summary(part)),
        _entries(part),
        _exits(part),
        _trades(part),
        _refusals(part),
        _moved(part),
        _stale(part),
        _members(part),
        _levels(part),
        Block(level=3, heading="Evidence", lines=_evidence(part)),
    ]


def _summary(part: Document) -> tuple[str, ...]:
    equity = part["equity"]
    done = f"{part['slots_done']} of {part['slots_expected']} slots done"
    if not part["whole"]:
        done += f", so far up to {minute_text(part['last_slot'])}: the week is not over"
    missed = ", ".join(str(minute_text(slot)) for slot in part["slots_missed"][:10])
    return (
        f"Equity {money_shown(equity['start'])} to {money_shown(equity['end'])}, "
        f"{money_shown(equity['change'])} ({equity['share']:+.2%}); "
        f"lowest {money_shown(equity['lowest'])}, held {money_shown(equity['held'])}.",
        f"Trades that ended: {len(part['trades'])}, net {money_shown(part['net'])} after "
        f"{money_shown(part['fees'])} of fees; won {_rate(part['won'])}"
        + ("." if part["mean_r"] is None else f", mean {part['mean_r']:g} R (n {part['r_n']})."),
        f"{done}; missed: {missed or 'none'}"
        + (" ..." if len(part["slots_missed"]) > 10 else "")
        + ".",
    )


def _rate(found: Document) -> str:
    if found["rate"] is None:
        return "- (n 0)"
    text = f"{found['rate']:.1%} (n {found['n']}, 95 % {found['low']:.1%} to {found['high']:.1%})"
    return text if found["verdict_allowed"] else f"{text}, too few for a verdict"


def _entries(part: Document) -> Block:
    rows = [
        (str(minute_text(row["slot"])), clean(row["symbol"]), row["quantity"],
         str(money_shown(row["notional"])))
        for row in part["entries"]
    ]  # fmt: skip
    return _block("Entries", ("slot", "token", "quantity", "notional"), rows, {2, 3})


def _exits(part: Document) -> Block:
    rows = [(reason, str(count), _words(reason)) for reason, count in part["exits"].items()]
    return _block("Exits by reason", ("reason", "sales", "meaning"), rows, {1})


def _trades(part: Document) -> Block:
    rows = [
        (
            str(minute_text(row["closed"])), clean(row["symbol"]), row["reason"],
            str(row["hours"]), str(money_shown(row["pnl"])),
            "-" if row["r"] is None else f"{row['r']:.2f}",
        )
        for row in part["trades"]
    ]  # fmt: skip
    return _block(
        "Trades that ended", ("slot", "token", "reason", "hours", "net", "R"), rows, {3, 4, 5}
    )


def _refusals(part: Document) -> Block:
    rows = [(reason, str(count), _words(reason)) for reason, count in part["refusals"].items()]
    return _block("Refusals by reason", ("reason", "times", "meaning"), rows, {1})


def _moved(part: Document) -> Block:
    rows = [
        (clean(row["symbol"]), clean(row["column"]), f"{row['from']:.4g}", f"{row['to']:.4g}",
         f"{row['change']:+.4g}")
        for row in sorted(part["moved"], key=lambda row: (-abs(row["change"]), row["token_id"]))
    ]  # fmt: skip
    heads = ("token", "number", "before", "after", "change")
    block = _block("What changed in Sharpe, drawdown and volatility", heads, rows, {2, 3, 4})
    same = part["unmoved"]
    if not rows:
        told = f"Nothing: all {same} numbers are as before." if same else "No such number was read."
    else:
        told = f"{len(rows)} of {len(rows) + same} numbers changed."
    return replace(block, lines=(told,))


def _stale(part: Document) -> Block:
    rows = [
        (str(minute_text(row["from"])), clean(row["symbol"]), row["series"], str(row["slots"]))
        for row in part["stale"]
    ]
    block = _block("Staleness", ("from", "token", "series", "slots"), rows, {3})
    notices = ", ".join(f"{kind} {count}" for kind, count in part["notices"].items())
    lines = (*block.lines, *((f"Notices: {notices}.",) if notices else ()))
    return Block(level=3, heading=block.heading, lines=lines, grid=block.grid)


def _members(part: Document) -> Block:
    rows = [
        (str(minute_text(row["slot"])), clean(row["symbol"]), clean(row["of"]), row["change"])
        for row in part["membership"]
    ]
    return _block("Membership", ("slot", "token", "gate or universe", "change"), rows, set())


def _levels(part: Document) -> Block:
    found = part["levels"]
    counts = ", ".join(
        f"{name.replace('_', ' ')} {found[name]}"
        for name in ("approaches", "touches", "held", "broken", "turned", "timed_out", "open")
    )
    return Block(
        level=3,
        heading="Levels",
        lines=(
            f"Nearest levels, against bars after the slot that knew them: {counts}.",
            f"Touched after an approach: {_rate(found['precision'])}.",
            f"Held after a touch: {_rate(found['hold_rate'])}.",
        ),
    )


def _evidence(part: Document) -> tuple[str, ...]:
    configs = ", ".join(part["config_sha256"])
    return (
        f"Source of the columns: {part['source']}.",
        f"Ledger at the end of the week: {part['ledger_sha256']}",
        f"Configuration: {configs}",
    )


def _words(reason: str) -> str:
    return REASON_WORDS.get(reason, "")


def _block(
    heading: str, heads: tuple[str, ...], rows: Sequence[tuple[str, ...]], numbers: set[int]
) -> Block:
    if not rows:
        return Block(level=3, heading=heading, lines=("None.",))
    shown = tuple(rows[:_ROWS_MAX])
    grid = Grid(
        heads=heads, numbers=frozenset(numbers), rows=shown, more=len(rows) - len(shown)
    )  # fmt: skip
    return Block(level=3, heading=heading, grid=grid)


def _day(instant: str) -> str:
    return instant[:10]
