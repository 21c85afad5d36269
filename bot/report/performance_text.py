"""The summary of a run for people: money, returns, trades and benchmarks on 80 columns."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

from bot.domain.plurals import counted
from bot.report.tables import Column, Page, indented, money_shown, table_text

Document = dict[str, Any]
_SURE = 0.05  # a p above this is no evidence
_P_SHOWN = 0.001
FIRST = " (first by id)"


class Line(NamedTuple):
    """A figure's key, what people call it, how its number is written, and whether it may go."""

    key: str
    label: str
    shown: Callable[[float], str]
    spare: int = 0


def performance_text(document: Document, page: Page) -> str:
    """The whole summary; what is missing is named below its block, with the reason."""
    return "\n".join(
        (_money(document), _returns(document, page), _trades(document, page),
         _benchmarks(document, page))
    )  # fmt: skip


def _percent(value: float) -> str:
    return f"{value * 100:.2f}%"


def _signed(value: float) -> str:
    """A return: percent with its sign, fewer digits from 10,000 % on."""
    if abs(value) >= 1e6:
        return f"{value * 100:+.1e}%"
    if abs(value) >= 100.0:
        return f"{value * 100:+,.0f}%"
    return f"{round(value * 100, 2) + 0.0:+.2f}%"  # adding 0.0 takes the sign off a zero


def _ratio(value: float) -> str:
    return f"{round(value, 2) + 0.0:.2f}"


def _multiple(value: float) -> str:
    return f"{value:+.3f} R"


def _days(value: float) -> str:
    return f"{value:,.0f} days"


RETURNS = (
    Line("total_return", "total return", _signed),
    Line("cagr", "growth a year (CAGR)", _signed),
    Line("volatility", "volatility a year", _percent),
    Line("sharpe", "Sharpe ratio", _ratio),
    Line("sortino", "Sortino ratio", _ratio),
    Line("calmar", "Calmar ratio", _ratio),
    Line("max_drawdown", "deepest fall, by days", _percent),
    Line("max_drawdown_hourly", "deepest fall, by hours", _percent),
    Line("longest_drawdown_days", "longest time below the peak", _days),
    Line("under_water", "share of days below it", _percent),
    Line("drawdown_at_end", "below it at the end", _percent),
    Line("value_at_risk", "worst day in 20 (VaR 5%)", _signed),
    Line("expected_shortfall", "mean of such days (ES 5%)", _signed),
    Line("skewness", "skewness of days", _ratio),
    Line("kurtosis", "kurtosis of days (normal: 3)", _ratio),
    Line("psr", "chance true Sharpe > 0 (PSR)", _percent),
    Line("min_track_record_days", "days to be 95% sure of that", _days),
    Line("exposure", "mean share in the market", _percent),
    Line("turnover", "turnover a year", lambda value: f"{value:.1f}x"),
)
TRADES = (
    Line("win_rate", "won", _percent),
    Line("profit_factor", "profit factor", _ratio),
    Line("expectancy_r", "net result, mean", _multiple),
    Line("mae_r", "worst move against, mean", lambda value: f"{value:.3f} R"),
    Line("mfe_r", "best move for, mean", lambda value: f"{value:.3f} R"),
    Line("best_five_share", "best 5 trades' share of pnl", _percent),
    Line("median_hours", "hours held, median", lambda value: f"{value:g}"),
)
COMPARED = (
    Line("total_return", "return", _signed),
    Line("cagr", "a year", _signed, spare=1),
    Line("sharpe", "Sharpe", _ratio),
    Line("max_drawdown", "fall", _percent),
    Line("excess_return", "excess", _signed),
    Line("beta", "beta", _ratio, spare=3),
    Line("information_ratio", "IR", _ratio, spare=2),
)


def _money(document: Document) -> str:
    """Gross never without net, and whose the net is; cents are cut off, as everywhere."""
    money = {name: money_shown(text) for name, text in document["money"].items()}
    first, last = document["from"][:16].replace("T", " "), document["to"][:16].replace("T", " ")
    lines = [
        f"{first} to {last} UTC, {counted(document['slots'], 'hourly slot')}, "
        f"{counted(document['days']['n'], 'day')}",
        f"  {money['start']} -> {money['final']}, net {money['net']} after fees "
        f"{money['fees']} and slippage {money['slippage']}",
        f"  (gross {money['gross']}); open positions have {money['net_of_open_positions']} "
        f"of the net",
    ]
    return "\n".join(lines) + "\n"


def _returns(document: Document, page: Page) -> str:
    figures = document["returns"]
    text = _block(("returns", "95%"), RETURNS, figures, _bounds, page)
    drawn = document["intervals"]
    if "why" in drawn:
        note = f"No 95% bounds: {drawn['why']} (n {drawn['n']})."
    else:
        note = (
            f"95%: so many of {drawn['draws']} histories drawn from the {drawn['n']} daily returns "
            f"lie within (stationary bootstrap, mean block {drawn['mean_block_days']:.1f} days, "
            f"seed {drawn['seed']})."
        )
    return text + _missing(RETURNS, figures, page) + indented(note, page)


def _trades(document: Document, page: Page) -> str:
    figures = document["trades"]
    text = _block(("trades", "95% or spread"), TRADES, figures, further, page)
    mean = figures["expectancy_r"]
    notes = f"{figures['closed']} closed and {figures['open']} still open, which count in no row."
    if mean["value"] is not None:
        notes += " R is the money at risk at the fill, costs included."
    p = mean.get("p")
    if p is not None and p >= _SURE:
        notes += f" The mean result is not distinguishable from zero ({_p(p)})."
    return text + _missing(TRADES, figures, page) + indented(notes, page)


def held_once(benchmarks: Document) -> list[tuple[str, Document]]:
    """Each benchmark that there is, once, with what its name needs besides: BTC is often first."""
    found: list[tuple[str, Document]] = []
    for kind, one in benchmarks.items():
        if "name" in one and all(one["token_ids"] != other["token_ids"] for _, other in found):
            found.append((FIRST if kind == "first_token" else "", one))
    return found


def _benchmarks(document: Document, page: Page) -> str:
    """The account first, then each benchmark once; their n stands in the note.

    Cash never varies, so that nobody misses its Sharpe ratio.
    """
    held = document["benchmarks"]
    found = {kind: one for kind, one in held.items() if "name" in one}
    rows = [["this strategy", *_cells(document["returns"])]]
    rows += [[one["name"] + label, *_cells(one)] for label, one in held_once(held)]
    columns = [Column(head="benchmarks")]
    columns += [Column(head=line.label, side="right", spare=line.spare) for line in COMPARED]
    notes = [
        f"Same cash, start, end, fee and slippage; bought once, held, not sold; equal weight of "
        f"what was on the market at the start. n = {counted(document['days']['n'], 'day')}. "
        f"Excess, beta and IR (information ratio) are the strategy's against that row."
    ]
    notes += [f"{one['name']} bought {one['bought'][:10]}, its first bar."
              for one in found.values() if _late(one, document)]  # fmt: skip
    notes += [f"Not shown: {kind.replace('_', ' ')}, {one['why']}."
              for kind, one in held.items() if "name" not in one]  # fmt: skip
    text = table_text(columns, rows, page)
    missing = "".join(
        _missing(COMPARED, one, page, f"{one['name']} ")
        for kind, one in found.items() if kind != "cash"
    )  # fmt: skip
    return text + missing + indented(" ".join(notes), page)


def _late(one: Document, document: Document) -> bool:
    """Whether a single token came to the market after the run's first day."""
    return len(one["token_ids"]) == 1 and one["bought"][:10] > document["from"][:10]


def _cells(figures: Document) -> list[str]:
    return [
        line.shown(figures[line.key]["value"])
        if line.key in figures and figures[line.key]["value"] is not None
        else "-"
        for line in COMPARED
    ]


def _block(
    heads: tuple[str, str],
    lines: Sequence[Line],
    figures: Document,
    further: Callable[[Line, Document], str],
    page: Page,
) -> str:
    columns = [Column(head=heads[0]), Column(head="value", side="right"), Column(head=heads[1]),
               Column(head="n")]  # fmt: skip
    rows = [
        [f"  {line.label}", line.shown(one["value"]), further(line, one), observed(one)]
        for line in lines
        if (one := figures[line.key])["value"] is not None
    ]
    return table_text(columns, rows, page)


def _bounds(line: Line, one: Document) -> str:
    return f"{line.shown(one['low'])} to {line.shown(one['high'])}" if "low" in one else ""


def observed(one: Document) -> str:
    """How many days, trades or fills a figure rests on."""
    return counted(one["n"], one["of"].removesuffix("s"))


def further(line: Line, one: Document) -> str:
    """Bounds of a rate, or the test of a mean."""
    if one.get("t") is not None:
        return f"sd {one['sd']:.2f}, t {one['t']:.2f}, {_p(one['p'])}"
    return _bounds(line, one)


def _p(p: float) -> str:
    return f"p {p:.3f}" if p >= _P_SHOWN else f"p < {_P_SHOWN}"


def _missing(lines: Iterable[Line], figures: Document, page: Page, of: str = "") -> str:
    """One sentence for each reason, naming all figures that it keeps away."""
    reasons: dict[str, list[str]] = {}
    for line in lines:
        one = figures[line.key]
        if one["value"] is None:
            reasons.setdefault(f"{one['why']} (n {observed(one)})", []).append(line.label)
    return "".join(
        indented(f"Not shown: {of}{', '.join(labels)}: {why}.", page)
        for why, labels in reasons.items()
    )
