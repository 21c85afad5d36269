"""The status document for people: one block per strategy, then polls, credits and backfill."""

from __future__ import annotations

import textwrap
from typing import Any, Literal

from bot.domain.plurals import counted
from bot.report.command_text import conflict_lines, held_lines, managed_lines
from bot.report.outbox_text import sink_line
from bot.report.reason_words import REASON_WORDS
from bot.report.tables import (
    Column,
    Page,
    age_text,
    clean,
    coloured,
    minute_text,
    money_shown,
    percent_shown,
    r_shown,
    table_text,
    without_year,
)

Document = dict[str, Any]
WIDTH = 80
_MEANING: dict[str, Literal["good", "warning", "bad"]] = {
    "healthy": "good", "degraded": "warning", "failing": "bad",
}  # fmt: skip


def status_text(document: Document, page: Page) -> str:
    """The whole status; every line fits 80 columns where its names do."""
    lines = [f"home    {clean(document['home'])}", f"daemon  {_daemon(document)}"]
    lines += [*_health(document["health"], page), *_clock(document)]
    if "strategy_files" in document:
        lines.append(f"files   wrong: {clean(document['strategy_files'])}")
    managed = {one["name"]: one for one in document["managed"]}
    for strategy in document["strategies"]:
        lines += ["", *_strategy(strategy, managed.get(strategy["name"]))]
        lines += _positions(strategy["positions"], page)
    for conflict in document["conflicts"]:
        lines += ["", *conflict_lines(conflict)]
    for name in document["not_started"]:
        lines += ["", f"{clean(name)}  has not done a slot yet"]
    text = "\n".join(lines) + "\n"
    if document["polls"]:
        text += "\n" + _polls(document["polls"], page)
    spent = document["credits"]
    text += (
        f"\ncredits   {spent['spent']} of {spent['limit']} spent in {spent['month']}, "
        f"{spent['left']} left\n"
    )
    if document["backfill"] is not None:
        text += f"backfill  {_backfill(document['backfill'])}\n"
    text += "".join(f"messages  {sink_line(row)}\n" for row in document["receivers"])
    return text


def _clock(document: Document) -> list[str]:
    wake = document["next_slot"]
    after = f"; the next slot is polled at {wake[11:19]}" if wake else ""
    return [f"now     {minute_text(document['now'])} UTC{after}"]


def _health(health: Document, page: Page) -> list[str]:
    since = f" since {minute_text(health['since'])}" if health["since"] else ""
    state = coloured(health["state"], _MEANING[health["state"]], page)
    lines = [f"health  {state}{since}"]
    for reason in health["reasons"]:
        text = f"{reason['state']}: {reason['part']}: {clean(reason['reason'])}"
        lines += textwrap.wrap(text, WIDTH, initial_indent="  ", subsequent_indent="    ")
    return lines


def _daemon(document: Document) -> str:
    daemon = document["daemon"]
    if document["replayed"] and not daemon["running"]:
        return "none has run here: all slots come from a replay"
    lease = daemon.get("lease")
    last = f"last sign of life {minute_text(lease['heartbeat'])}" if lease else "never ran here"
    if not daemon["running"]:
        return f"not running; {last}"
    if daemon["pid"] is None:
        return f"running; {last}"
    since = f", since {minute_text(daemon['since'])}" if daemon["since"] else ""
    return f"running: process {daemon['pid']}{since}; {last}"


def _strategy(row: Document, managed: Document | None) -> list[str]:
    behind = f", {row['behind']} behind" if row["behind"] else ""
    lines = [
        f"{clean(row['name'])}  slot {minute_text(row['slot'])} UTC{behind}; "
        f"{row['slots']} done, {row['missed']} missed",
        f"  equity {money_shown(row['equity'])} = cash {money_shown(row['cash'])} "
        f"+ positions {money_shown(row['value'])}",
        f"  realised {money_shown(row['realised'])}, "
        f"unrealised {money_shown(row['unrealised'])}; "
        f"peak {money_shown(row['peak'])}, drawdown {percent_shown(row['drawdown'])}",
        f"  open positions {row['open_positions']}, working entries {row['working_entries']}",
    ]
    if row["limits"]:
        lines.append(f"  to a halt: {', '.join(map(_limit, row['limits']))}")
    if row["halts"]:
        lines.append(f"  no entries now: {', '.join(row['halts'])}")
    lines += held_lines(row["held"], row["waiting"])
    if managed is not None:
        lines += managed_lines(managed)
    for series, symbols in row["stale"].items():
        lines.append(f"  stale {series}: {clean(', '.join(symbols))}")
    lines += [
        f"  notices in 24 slots: {count} x {kind} ({REASON_WORDS.get(kind, 'no words for it')})"
        for kind, count in row["notices"].items()
    ]
    lines.append(f"  config {row['config_sha256'][:16]} ({row['config']})")
    lines.append(f"  ledger {row['ledger_sha256'][:16]}")
    return lines


def _limit(one: Document) -> str:
    words = {"HALT_DAILY_LOSS": "daily loss", "HALT_DRAWDOWN": "drawdown"}[one["halt"]]
    return f"{words} {percent_shown(one['down'])} of {percent_shown(one['limit'])}"


def _positions(rows: list[Document], page: Page) -> list[str]:
    """What is open, with the way that the price would have to go to stop and target."""
    if not rows:
        return []
    heads = ("mark", "stop", "away", "target", "away", "pnl", "R")
    columns = [
        Column(head="open"),
        Column(head="hours", side="right", spare=1),
        *(Column(head=head, side="right") for head in heads),
    ]
    cells = [
        (
            row["symbol"], row["hours"], row["mark"], row["stop"], _signed(row["to_stop"]),
            row["target"], _signed(row["to_target"]), money_shown(row["unrealised"]),
            r_shown(row["r"]),
        )
        for row in rows
    ]  # fmt: skip
    inner = Page(None if page.width is None else page.width - 2, page.styled, page.coloured)
    return [f"  {line}" for line in table_text(columns, cells, inner).splitlines()]


def _signed(share: float | None) -> str | None:
    return None if share is None else f"{share * 100:+.2f}%"


def _polls(rows: list[Document], page: Page) -> str:
    columns = [
        Column(head="endpoint"),
        Column(head="last success", brief=without_year),
        Column(head="ago", side="right"),
        Column(head="a day", side="right", spare=1),
        Column(head="p50 ms", side="right"),
        Column(head="p95", side="right"),
        Column(head="p99", side="right"),
        Column(head="errors"),
    ]
    cells = [
        (
            row["endpoint"],
            minute_text(row["last_success"]) or "never",
            age_text(row["age_s"]),
            row["requests"],
            row["p50_ms"],
            row["p95_ms"],
            row["p99_ms"],
            _errors(row),
        )
        for row in rows
    ]
    return table_text(columns, cells, page)


def _errors(row: Document) -> str:
    """The share of requests that failed, and by what."""
    causes = ", ".join(f"{n} x {cause}" for cause, n in row["errors"].items())
    return f"{row['error_rate'] * 100:.3g}%: {causes}" if causes else "none"


def _backfill(backfill: Document) -> str:
    if "fault" in backfill:
        return clean(backfill["fault"])
    if not backfill["requests"]:
        back = backfill["from"][:10]
        return f"complete: asked for bars of {counted(backfill['tokens'], 'token')} back to {back}"
    return (
        f"{counted(backfill['requests'], 'request')} to send for {len(backfill['incomplete'])} of "
        f"{counted(backfill['tokens'], 'token')}; by about {minute_text(backfill['ready'])} UTC"
    )
