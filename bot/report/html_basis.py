"""What the numbers of a report rest on: other assumptions, costs, data, parameters, hashes."""

from __future__ import annotations

import json
from typing import Any

from bot.domain.plurals import counted
from bot.report.markup import Child, Markup, html_table, joined, name_of, tag
from bot.report.tables import minute_text, money_shown
from bot.report.trials_text import standing_lines

Document = dict[str, Any]


def robustness_section(document: Document) -> Markup:
    """The same strategy with one thing changed."""
    found = document["robustness"]
    trials = document["trials"]
    counted = (
        f"Trials on this data: {trials['why']}."
        if "n" not in trials
        else " ".join(line.strip() for line in standing_lines(trials))
    )
    if "results" not in found:
        body: Child = tag("p", f"Not computed: {found['why']}.", class_="loud")
    else:
        rows: list[list[Child]] = [
            [row["name"], f"{100 * row['total_return'] + 0.0:+.2f}%", row["trades"]]
            for row in found["results"]
        ]
        body = joined((
            html_table(("what changes", "return", "trades"), rows),
            tag("p", found["verdict"], class_="loud") if found["verdict"] else "",
            _note(f"Bars that reached stop and target, where the rule and not the market decided: "
                  f"{found['ambiguous_bars']}."),
        ))  # fmt: skip
    return tag("section", tag("h2", "How sure is it"), body, _note(counted))


def basis_section(document: Document) -> Markup:
    """Costs, assumptions, data and hashes: what every report has to show."""
    return tag(
        "section",
        tag("h2", "What it rests on"),
        tag("div", _costs(document), _assumptions(document), class_="columns"),
        _data(document),
        _parameters(document["parameters"]),
        _hashes(document),
    )


def _costs(document: Document) -> Markup:
    found = document["performance"]
    money = {name: money_shown(text) for name, text in found["money"].items()}
    words = (
        ("gross", "gross, without fee and slippage"), ("fees", "fees"), ("slippage", "slippage"),
        ("net", "net"), ("net_of_closed_trades", "of it closed trades"),
        ("net_of_open_positions", "of it open positions, at their marks"),
    )  # fmt: skip
    rows: list[list[Child]] = [[label, money[name]] for name, label in words]
    rates = found["costs"]
    return tag(
        "div",
        tag("h3", "Costs"),
        html_table(("", "quote currency"), rows),
        _note(f"Half spread and slippage k = {rates['k']}, taker fee {rates['taker']}, maker fee "
              f"{rates['maker']}; fractions of the notional."),
    )  # fmt: skip


def _assumptions(document: Document) -> Markup:
    p, path = document["parameters"], document["path"]
    inside = (
        f"{path['finer']} of {path['fills']} fills lie in hours whose way is known from "
        f"{path['bars']} bars"
        if path["bars"] != "1h"
        else f"all {path['fills']} fills are from hourly bars: the way inside an hour is not known"
    )
    lines = (
        f"Fill rules, version {document['rules_version']}: market orders at the open of the next "
        f"bar, latency {p['latency']}; stop first where one bar reaches stop and target; gaps fill "
        f"at the open; targets fill only when traded through.",
        f"Path: {inside}.",
        f"At most {p['part']} of a bar's volume is filled; a missing bar is waited for "
        f"{counted(p['bar_wait'], 'slot')}.",
        "Spot, long only; no funding, borrowing, taxes or withdrawal costs.",
        "Tokens delisted before the data begin, and what was tried and thrown away, are not in it.",
    )
    return tag("div", tag("h3", "Assumptions"),
               tag("ul", joined(tag("li", line) for line in lines)))  # fmt: skip


def _data(document: Document) -> Markup:
    rows: list[list[Child]] = [
        [name_of(row["symbol"]), row["token_id"], f"{row['bars']:,}", minute_text(row["first"]),
         minute_text(row["last"]), f"{row['absent']:,}"]
        for row in document["series"]
    ]  # fmt: skip
    heads = ("token", "id", "hourly bars", "first", "last", "hours absent between")
    parameters = document["parameters"]
    read = ", ".join(
        f"{name} {parameters[name]}" for name in ("signals", "levels", "sigma", "atr", "adv")
    )
    notes = joined(tag("li", text) for text in document["notes"])
    return joined((
        tag("h3", "Data"),
        _note(f"source={document['source']}; {read}."),
        tag("div", html_table(heads, rows, right=(1, 2, 5)), class_="long", tabindex=0),
        tag("details", tag("summary", f"{counted(len(document['notes']), 'note')} on the data"),
            tag("ul", notes, class_="note")) if document["notes"] else "",
    ))  # fmt: skip


def _parameters(parameters: Document) -> Markup:
    rows: list[list[Child]] = [
        [tag("code", name), value if isinstance(value, str) else json.dumps(value)]
        for name, value in parameters.items()
    ]
    summary = tag("summary", f"All {len(rows)} parameters, as they took effect")
    return tag("details", summary, html_table(("parameter", "value"), rows, right=()))


def _hashes(document: Document) -> Markup:
    rows: list[list[Child]] = [
        ["ledger", tag("code", document["ledger_sha256"], class_="hash")],
        ["configuration", tag("code", document["config_sha256"], class_="hash")],
        ["seed of intervals", document["seed"]],
    ]
    return joined((
        tag("h3", "Hashes"),
        html_table(("", "SHA-256"), rows, right=()),
        _note("Equal ledgers have equal hashes: `hourhand audit` recomputes it from the record, a "
              "replay of the same record and configuration gives it again."),
    ))  # fmt: skip


def _note(text: str) -> Markup:
    return tag("p", text, class_="note")
