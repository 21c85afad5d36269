"""A run's report as one HTML file: no other file, no network, no script but its own."""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path
from typing import Any

from bot.report.card_spec import card_chart
from bot.report.chart_specs import price_spec, style
from bot.report.html_sections import body_sections
from bot.report.level_labels import label_room, level_labels
from bot.report.markup import Markup, tag
from bot.report.palette import DARK, LIGHT, PAGE, variables
from bot.report.run_charts import chart_tables, run_charts
from bot.report.tables import clean

Document = dict[str, Any]
_ASSETS = Path(__file__).parent / "assets"


def html_page(document: Document, library: str) -> str:
    """The page of a `run_report` document; `library` is the charting library's script."""
    script = library + "\n" + _asset("report.js")
    sheet = _sheet()
    head = "".join((
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=_policy(script, sheet)),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="referrer", content="no-referrer"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("title", f"{document['strategy']}: hourhand report"),
        f"<style>{sheet}</style>",
    ))  # fmt: skip
    data = f'<script type="application/json" id="data">{_data(document)}</script>'
    return (
        f'<!doctype html>\n<html lang="en"><head>{head}</head>\n<body>\n'
        f"{body_sections(document)}\n{_card_dialog()}\n{data}\n<script>{script}</script>\n"
        f"</body></html>\n"
    )


def _asset(name: str) -> str:
    return (_ASSETS / name).read_text(encoding="utf-8")


def _sheet() -> str:
    """Light everywhere, dark where the reader's system is, and light on paper."""
    return (
        f":root{{{variables(LIGHT)}}}\n"
        f"@media screen and (prefers-color-scheme: dark){{:root{{{variables(DARK)}}}}}\n"
        + _asset("report.css")
    )


def _policy(script: str, sheet: str) -> str:
    """Nothing may load, and nothing may run or be styled but these two texts."""
    return (
        f"default-src 'none'; script-src '{_digest(script)}'; style-src '{_digest(sheet)}'; "
        f"base-uri 'none'; form-action 'none'"
    )


def _digest(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _card_dialog() -> Markup:
    head = tag(
        "header", tag("h2", "", id="card-title"), tag("button", "close", id="close", type="button")
    )
    return Markup(
        tag("dialog", head, tag("div", id="card-body"), id="card", aria_labelledby="card-title")
        + tag("div", id="tip", role="status", hidden="")
    )


def _data(document: Document) -> str:
    """The page's data as JSON that cannot end its element, whatever a token is called."""
    found = {
        "style": style(PAGE),
        "tables": chart_tables(document),
        "charts": [
            {"id": one.name, "spec": one.spec, "tables": list(one.tables)}
            for one in run_charts(document, PAGE)
        ],
        "prices": _prices(document),
        "card": card_chart(PAGE),
        "cards": [_labelled(card) for card in document["cards"]],
    }
    text = json.dumps(_cleaned(found), separators=(",", ":"), allow_nan=False)
    for sign, code in (("<", "\\u003c"), (">", "\\u003e"), ("&", "\\u0026")):
        text = text.replace(sign, code)
    return text


def _labelled(card: Document) -> Document:
    labels = level_labels(card)
    return {**card, "labels": labels, "label_room": label_room(labels)}


def _cleaned(value: Any) -> Any:
    """The same with every text free of control characters and direction marks."""
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, dict):
        return {clean(key): _cleaned(inner) for key, inner in value.items()}
    return [_cleaned(inner) for inner in value] if isinstance(value, list | tuple) else value


def _prices(document: Document) -> list[Document]:
    """Each token's prices and trades with the chart that fits them."""
    return [
        {**one, "spec": price_spec(PAGE, [row[1] for row in one["prices"]["rows"]])}
        for one in document["prices"]
    ]
