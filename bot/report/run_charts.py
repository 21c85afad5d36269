"""The charts of a run: what each draws from which tables, for the page and as pictures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from bot.report.chart_specs import (
    Spec,
    band_spec,
    equity_spec,
    funnel_spec,
    multiples_spec,
    share_spec,
    style,
)
from bot.report.palette import PICTURE, Palette
from bot.report.reason_words import REASON_WORDS
from bot.report.tables import clean, minute_text

Document = dict[str, Any]
FUNNEL = "funnel"  # a table on the page, and a picture
_TITLES = {
    "equity": "Equity against doing nothing",
    "alone": "The account between the same run under other assumptions",
    "below": "Below the peak",
    "invested": "Share in the market",
    "multiples": "Results of trades in R",
    FUNNEL: "From signal to trade",
}
_PICTURE_WIDTH = 860
_PADDING = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """A chart's name, its specification and the names of the tables that it draws."""

    name: str
    spec: Spec
    tables: tuple[str, ...]


def run_charts(document: Document, palette: Palette) -> list[Chart]:
    """The charts of a `run_report` document, as far as it has what they draw."""
    rows = document["equity"]["rows"]
    names = list(dict.fromkeys(row[1] for row in rows))
    equity = equity_spec(names, [row[2] for row in rows], palette)
    charts = [
        Chart(name="equity", spec=equity, tables=("equity",)),
        Chart(name="alone", spec=band_spec(palette), tables=("account", "band")),
        Chart(name="below", spec=share_spec("below", "loss", palette), tables=("shares",)),
        Chart(name="invested", spec=share_spec("invested", "c1", palette), tables=("shares",)),
    ]
    if document["trades"]:
        charts.append(
            Chart(name="multiples", spec=multiples_spec(palette), tables=("multiples",))
        )  # fmt: skip
    return charts


def chart_tables(document: Document) -> dict[str, Document]:
    """The tables that the charts of a run draw."""
    return {
        **{name: document[name] for name in ("equity", "band", "shares")},
        "account": _account(document),
        "multiples": _multiples(document),
    }


def funnel_steps(document: Document) -> list[tuple[str, int, str]]:
    """From what was seen to what was filled: a stage, how many were left, and what it means."""
    funnel = document["funnel"]
    return [
        ("seen", funnel["token_hours"], "hours of tokens in the universe"),
        ("edge", funnel["candidates"], "turns to Bullish: candidates"),
        ("evaluated", funnel["evaluated"], "in time, and dated"),
        *((f"after {step['gate']}", step["left"], REASON_WORDS.get(step["gate"], ""))
          for step in funnel["steps"]),
        ("bracket", funnel["bracket_fits"], "levels give a stop and a target worth it"),
        ("sized", funnel["sized"], "an order was made"),
        ("filled", funnel["filled"], "bought"),
    ]  # fmt: skip


def chart_pictures(document: Document) -> dict[str, Spec]:
    """Name -> a specification with its own data, for a file without a page around it."""
    tables = chart_tables(document)
    steps = funnel_steps(document)[1:]  # what was seen would dwarf the candidates
    rows = [[name, count] for name, count, _ in steps]
    tables[FUNNEL] = {"columns": ["stage", "count"], "rows": rows}
    charts = run_charts(document, PICTURE)
    charts.append(
        Chart(
            name=FUNNEL, spec=funnel_spec([name for name, _, _ in steps], PICTURE), tables=(FUNNEL,)
        )
    )
    return {chart.name: _picture(document, chart, tables) for chart in charts}


def records(table: Document) -> list[Document]:
    """The rows of a table, each with its names."""
    return [dict(zip(table["columns"], row, strict=True)) for row in table["rows"]]


def _picture(document: Document, chart: Chart, tables: Document) -> Spec:
    found = document["performance"]
    said = (
        f"{clean(document['strategy'])}, {minute_text(found['from'])} to "
        f"{minute_text(found['to'])} UTC, source={document['source']}"
    )
    return {
        **chart.spec,
        "width": _PICTURE_WIDTH,
        "padding": _PADDING,
        "background": PICTURE["page"],
        "config": style(PICTURE) | {"background": PICTURE["page"]},
        "title": {"text": _TITLES[chart.name], "subtitle": said, "fontSize": 16, "offset": 14},
        "datasets": {name: _cleaned(records(tables[name])) for name in chart.tables},
    }


def _cleaned(rows: Sequence[Document]) -> list[Document]:
    return [
        {key: clean(value) if isinstance(value, str) else value for key, value in row.items()}
        for row in rows
    ]


def _account(document: Document) -> Document:
    rows = document["equity"]["rows"]
    return {"columns": ["t", "value"], "rows": [[t, value] for t, name, value in rows
                                                if name == rows[0][1]]}  # fmt: skip


def _multiples(document: Document) -> Document:
    rows = [[row["r"]] for row in document["trades"] if row["r"] is not None]
    return {"columns": ["r"], "rows": rows}
