"""A replay's summary as lines for a terminal of 80 columns."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping
from typing import Any

from bot.domain.plurals import counted
from bot.report.performance_text import performance_text
from bot.report.tables import Page

WIDTH = 80


def replay_lines(document: Mapping[str, Any], page: Page) -> Iterator[str]:
    """What ran over what, what came of it, why entries were refused, how robust it is."""
    yield f"{document['strategy']}  {document['from']} to {document['to']}"
    yield (
        f"  {counted(document['slots'], 'slot')}, {counted(document['token_bars'], 'token-bar')}, "
        f"{counted(document['trades'], 'trade')}, {counted(document['fills'], 'fill')}"
    )
    yield f"  source={document['source']}, {document['engine']}, {document['seconds']} s"
    if document["slot_by_slot"]:
        tokens = ", ".join(map(str, document["slot_by_slot"]))
        yield from textwrap.wrap(
            f"seen slot by slot, which takes longer: tokens {tokens} (late, corrected, doubled or "
            f"finer bars, or more digits than fit)",
            WIDTH, initial_indent="  ", subsequent_indent="    ",
        )  # fmt: skip
    funnel = document["funnel"]
    yield (
        f"  {counted(funnel['candidates'], 'candidate')} -> {funnel['gates_passed']} past the "
        f"gates -> {funnel['bracket_fits']} with a bracket -> {funnel['filled']} filled"
    )
    yield from _wrapped("exits", document["exits"])
    yield from _wrapped("refused", document["refusals"])
    if document["notices"]:
        yield from _wrapped("notices", document["notices"])
    yield from _robustness(document["robustness"])
    yield ""
    yield performance_text(document["performance"], page)
    yield f"  ledger {document['ledger_sha256']}"
    if "out" in document:
        yield f"  written to {document['out']}"
    if "report" in document:
        yield f"  report {document['report']}"


def _wrapped(title: str, counts: Mapping[str, int]) -> list[str]:
    text = ", ".join(f"{name} {count}" for name, count in counts.items()) or "none"
    return textwrap.wrap(
        f"{title}: {text}", WIDTH, initial_indent="  ", subsequent_indent="    ",
        break_on_hyphens=False,
    )  # fmt: skip


def _robustness(table: Mapping[str, Any]) -> Iterator[str]:
    yield "  what changes            return   trades"
    for row in table["results"]:
        yield f"    {row['name']:<22}{100 * row['total_return']:>7.2f} %{row['trades']:>7}"
    yield f"    bars that reached stop and target: {table['ambiguous_bars']}"
    for line in textwrap.wrap(table["verdict"], WIDTH - 4):
        yield f"    {line}"
