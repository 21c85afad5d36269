"""The report's page from top to bottom, as readable without its charts as with them."""

from __future__ import annotations

from typing import Any

from bot.domain.plurals import counted
from bot.report.html_basis import basis_section, robustness_section
from bot.report.markup import Child, Markup, escaped, html_table, joined, name_of, tag
from bot.report.performance_text import (
    COMPARED,
    RETURNS,
    TRADES,
    Line,
    further,
    held_once,
    observed,
)
from bot.report.reason_words import REASON_WORDS
from bot.report.run_charts import funnel_steps
from bot.report.tables import clean, minute_text, money_shown

Document = dict[str, Any]
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_STRONG_MONTH = 0.05
_SHA_SHOWN = 12
_NAMES_SHOWN = 5


def body_sections(document: Document) -> Markup:
    """Everything between the page's head and its data."""
    return joined((
        _head(document), _equity(document), _months(document), _figures(document),
        _prices(document), _trades(document), _funnel(document), robustness_section(document),
        basis_section(document),
    ))  # fmt: skip


def chart(name: str, label: str) -> Markup:
    """The place of a chart, with what it shows for those who do not see it."""
    return tag("div", id=name, class_="chart", role="img", aria_label=label)


def section(title: str, *children: Child) -> Markup:
    """A part of the page under its heading."""
    return tag("section", tag("h2", title), *children)


def note(*children: Child) -> Markup:
    """Small print."""
    return tag("p", *children, class_="note")


def _signed(text: str, value: float | None) -> Markup:
    kind = None if not value else "gain" if value > 0 else "loss"
    return tag("span", text, class_=kind)


def _percent(value: float | None) -> str:
    return "-" if value is None else f"{100 * value + 0.0:+.2f}%"


def _head(document: Document) -> Markup:
    found = document["performance"]
    slots, money = document["slots"], found["money"]
    made_up = (
        "Signals, levels or ratios are computed here from candles (source=local): this says "
        "nothing about the provider's."
        if document["source"] == "local" else ""
    )  # fmt: skip
    total = found["returns"]["total_return"]["value"]
    mean = found["trades"]["expectancy_r"]
    tiles = [
        ("equity", money_shown(money["final"]), f"from {money_shown(money['start'])}"),
        ("net return", _signed(_percent(total), total), f"{slots['processed']} hourly slots"),
        _tile(found["returns"], "max_drawdown_hourly", RETURNS, "deepest fall"),
        _tile(found["returns"], "sharpe", RETURNS, "Sharpe ratio a year"),
        _tile(found["trades"], "expectancy_r", TRADES, "mean result of a trade", mean.get("p")),
        ("closed trades", str(found["trades"]["closed"]), f"{found['trades']['open']} still open"),
    ]
    return tag(
        "header",
        tag("h1", document["strategy"]),
        tag("p", document["description"]) if document["description"] else "",
        tag("p", f"{minute_text(found['from'])} to {minute_text(found['to'])} UTC. ",
            document["origin"], class_="soft"),
        tag("p", made_up, class_="loud") if made_up else "",
        _missed(slots),
        _ended(document),
        tag("div", joined(
            tag("div", tag("span", name), tag("b", value), tag("span", more), class_="tile")
            for name, value, more in tiles
        ), class_="tiles"),
        note("Paper trading: no order was ever sent. Ledger ",
             tag("code", document["ledger_sha256"][:_SHA_SHOWN]), ", configuration ",
             tag("code", document["config_sha256"][:_SHA_SHOWN]), " (whole hashes at the end)."),
        tag("noscript", note("Charts and cards need JavaScript; every number below does not.")),
    )  # fmt: skip


def _missed(slots: Document) -> Markup:
    if slots["processed"] == slots["expected"] and not slots["missed"]:
        return Markup("")
    return tag(
        "p",
        f"{counted(slots['expected'], 'slot')} expected, {slots['processed']} processed, of which "
        f"{slots['missed']} came too late to open anything.",
        class_="loud",
    )


def _tile(
    figures: Document, key: str, lines: tuple[Line, ...], name: str, p: float | None = None
) -> tuple[str, Child, str]:
    """A figure with its n, and its interval or p where there is one."""
    line = next(line for line in lines if line.key == key)
    one = figures[key]
    if one["value"] is None:
        return name, "-", one["why"]
    more = f"n = {observed(one)}"
    if "low" in one:
        more += f", 95% {line.shown(one['low'])} to {line.shown(one['high'])}"
    if p is not None:
        more += f", p {p:.3f}"
    return name, line.shown(one["value"]), more


def _ended(document: Document) -> Markup:
    """What the head must say of tokens whose prices stand still at the end of the run."""
    ended = document["ended"]
    if not ended:
        return Markup("")
    found = [f"{_some(one['symbols'])} at {minute_text(one['from'])}" for one in ended]
    if len(found) > _NAMES_SHOWN:
        found[_NAMES_SHOWN:] = ["others at other times (see Data)"]
    return tag(
        "p",
        f"Bars end before the run does: {'; '.join(found)} UTC. Their prices stand still from "
        f"there on, for {counted(max(one['days'] for one in ended), 'day')} at most, here and in "
        "the benchmarks, and figures by the year (return, Sharpe ratio, volatility) count those "
        "days.",
        class_="loud",
    )


def _some(symbols: list[str]) -> str:
    more = len(symbols) - _NAMES_SHOWN
    shown = ", ".join(clean(symbol) for symbol in symbols[:_NAMES_SHOWN])
    return f"{shown} and {more} more" if more > 0 else shown


def _equity(document: Document) -> Markup:
    return section(
        "Equity against doing nothing",
        chart("equity", "Equity of the account and its benchmarks over time"),
        tag("h3", "The account alone"),
        chart("alone", "Equity of the account between its pessimistic and optimistic runs"),
        note(_band_words(document)),
        tag("h3", "Below the peak"),
        chart("below", "How far the account was below its highest value"),
        note("Each point is the deepest hour of its day.") if document["drawn_by"] == "day" else "",
        tag("h3", "Share in the market"),
        chart("invested", "Share of equity that was invested"),
        _benchmarks(document),
    )


def _band_words(document: Document) -> str:
    names = [row["name"] for row in document["robustness"].get("results", ())]
    varied = [name for name in names if name not in ("as configured", "first half", "second half")]
    if not varied:
        return f"No band: {document['robustness'].get('why', 'no variation was run')}."
    return (
        f"The band spans the lowest and the highest of the same strategy under: "
        f"{', '.join(varied)}. The line is the run as configured."
    )


def _benchmarks(document: Document) -> Markup:
    found = document["performance"]
    rows: list[list[Child]] = [["this strategy", *_compared(found["returns"])]]
    held = held_once(found["benchmarks"])
    rows += [[joined((name_of(one["name"]), label)), *_compared(one)] for label, one in held]
    absent = [
        f"{kind.replace('_', ' ')}: {one['why']}"
        for kind, one in found["benchmarks"].items() if "name" not in one
    ]  # fmt: skip
    return joined((
        html_table(["held instead", *(line.label for line in COMPARED)], rows),
        note(f"Bought once with the same cash and costs, held, not sold. n = "
             f"{counted(found['days']['n'], 'day')}. "
             f"Excess, beta and IR: the strategy's against that row.",
             " First by id: the token with the lowest id, alphabetically the first file of a "
             "folder of candles." if any(label for label, _ in held) else ""),
        note(f"Not shown: {'; '.join(absent)}.") if absent else "",
    ))  # fmt: skip


def _compared(figures: Document) -> list[Child]:
    return [
        line.shown(figures[line.key]["value"])
        if line.key in figures and figures[line.key]["value"] is not None
        else "-"
        for line in COMPARED
    ]


def _months(document: Document) -> Markup:
    head = "".join(tag("th", name, class_="n") for name in ("", "year", *_MONTHS))
    rows = "".join(
        tag("tr", tag("td", row["year"]),
            joined(_month(value) for value in (row["total"], *row["months"])))
        for row in document["months"]
    )  # fmt: skip
    table = tag("table", tag("thead", tag("tr", Markup(head))), tag("tbody", Markup(rows)))
    return section("Month by month", tag("div", table, class_="wide months", tabindex=0))


def _month(value: float | None) -> Markup:
    if value is None:
        return tag("td", "", class_="n")
    strong = "2" if abs(value) >= _STRONG_MONTH else "1"
    kind = "" if value == 0 else f" {'up' if value > 0 else 'down'}{strong}"
    shown = f"{100 * value:+.2f}%" if value else "0.00%"
    return tag("td", shown, class_=f"n{kind}")


def _figures(document: Document) -> Markup:
    found = document["performance"]
    drawn = found["intervals"]
    words = (
        f"No 95% bounds: {drawn['why']} (n {drawn['n']})."
        if "why" in drawn
        else f"95%: {drawn['draws']} histories drawn from the {drawn['n']} daily returns "
        f"({drawn['method']}, mean block {drawn['mean_block_days']:.1f} days, seed "
        f"{drawn['seed']})."
    )
    histogram = chart("multiples", "Distribution of the trades' results in R")
    return section(
        "Figures",
        tag("div",
            tag("div", tag("h3", "Returns"), _figure_table(RETURNS, found["returns"])),
            tag("div", tag("h3", "Trades"), _figure_table(TRADES, found["trades"]),
                histogram if document["trades"] else "",
                note("R is the money at risk at the fill, costs included; the dashed line is the "
                     "mean. Open positions count in no figure of trades.")),
            class_="columns"),
        note(words),
    )  # fmt: skip


def _figure_table(lines: tuple[Line, ...], figures: Document) -> Markup:
    rows: list[list[Child]] = []
    reasons: dict[str, list[str]] = {}
    for line in lines:
        one = figures[line.key]
        if one["value"] is None:
            why = f"{one['why']} (n {observed(one)})"
            reasons.setdefault(why, []).append(line.label)
            continue
        rows.append([line.label, line.shown(one["value"]), observed(one),
                     further(line, one)])  # fmt: skip
    # The n stands beside its number, also where the screen is too narrow for what follows.
    shown = html_table(("", "value", "n", "95% or spread"), rows, right=(1, 2))
    missing = (note(f"Not shown: {', '.join(names)}: {why}.") for why, names in reasons.items())
    return joined((shown, *missing))


def _prices(document: Document) -> Markup:
    if not document["prices"]:
        return Markup("")
    options = joined(
        tag("option", one["symbol"], value=n) for n, one in enumerate(document["prices"])
    )
    return section(
        "Trades on the price",
        tag("label", "Token ", tag("select", options, id="token"), class_="screen"),
        chart("prices", "Price of a token with its trades"),
        note("A triangle is an entry, green for a gain and red for a loss; the lines beside it are "
             "its stop and its target, to be seen from near: draw over the lower strip to zoom, "
             "click it to see all. A click on a triangle opens the trade's card, with the levels "
             "as they were seen then."),
    )  # fmt: skip


def _trades(document: Document) -> Markup:
    trades = document["trades"]
    if not trades:
        return section("Trades", note("No trade was closed."))
    rows: list[list[Child]] = [
        [
            tag("button", row["id"], type="button", class_="link", data_trade=row["id"]),
            name_of(row["symbol"]),
            _signed(str(money_shown(row["pnl"])), float(row["pnl"])),
            "-" if row["r"] is None else _signed(f"{row['r']:+.2f}", row["r"]),
            row["reason"],
            minute_text(row["opened"]),
            row["hours"],
            row["entry"],
            row["exit"],
            money_shown(row["fees"]),
        ]
        for row in trades[: document["listed_max"]]
    ]
    heads = ("trade", "token", "pnl", "R", "reason", "opened UTC", "hours", "entry", "exit", "fees")
    cards = len(document["cards"])
    words = f"{len(trades)} closed, newest first; a click opens the card."
    if cards < len(trades):
        words += (
            f" This page carries {len(rows)} rows and the newest {cards} cards: "
            "`hourhand card TRADE` draws any."
        )
    table = html_table(heads, rows, right=(2, 3, 6, 7, 8, 9))
    return section("Trades", note(words), tag("div", table, class_="long", tabindex=0))


def _funnel(document: Document) -> Markup:
    """From what was seen to what was filled; each bar is of the edges."""
    edges = document["funnel"]["candidates"]
    rows: list[list[Child]] = [
        [
            name,
            f"{count:,}",
            tag("progress", value=count, max=max(edges, 1)) if name != "seen" else "",
            words,
        ]
        for name, count, words in funnel_steps(document)
    ]
    table = html_table(("stage", "count", "of the edges", ""), rows, right=(1,))
    return section(
        "From signal to trade",
        tag("div", table, class_="funnel"),
        note("A candidate stands at the best that any of its hours reached; gates in the order in "
             "which they are asked."),
        tag("div",
            _reasons("Refused, by first reason", "each hour of a candidate counts",
                     document["refusals"]),
            _reasons("Entries cancelled", "and other orders", document["cancelled"]),
            _reasons("Sold, by reason", "fills", document["exits"]),
            _reasons("Said by the input", "moved nothing", document["notices"]),
            class_="columns"),
    )  # fmt: skip


def _reasons(title: str, of: str, counts: dict[str, int]) -> Markup:
    rows: list[list[Child]] = [
        [tag("code", name), f"{count:,}", REASON_WORDS.get(name, "")]
        for name, count in counts.items()
    ]
    heads = ("reason", "count", "in words")
    shown = html_table(heads, rows, right=(1,)) if rows else note("none")
    return tag("div", tag("h3", title, escaped(f" ({of})")), shown)
