"""The document of `why` for people: inputs, gates, levels, bracket, size, and what came of it."""

from __future__ import annotations

import textwrap
from typing import Any

from bot.domain.instants import HOUR, parse_instant
from bot.report.command_text import ASKED_WORDS, held_lines
from bot.report.reason_words import REASON_WORDS
from bot.report.tables import (
    Column,
    Page,
    clean,
    minute_text,
    money_shown,
    percent_shown,
    table_text,
)

Document = dict[str, Any]
_LARGE = 1e6
_WIDTH = 76


def why_text(document: Document, page: Page) -> str:
    """One token in one slot, strategy by strategy."""
    head = f"{clean(document['symbol'])}  {clean(document['name'])}  (id {document['token_id']})\n"
    return head + "".join(
        "\n" + _strategy(one, page) + _too_late(document["at"], one)
        for one in document["strategies"]
    )


def _too_late(asked: str | None, row: Document) -> str:
    """A word where the instant that was asked for lies beyond the slot that answers."""
    if asked is None or parse_instant(asked) < parse_instant(row["slot"]) + HOUR:
        return ""
    return f"  {minute_text(asked)} UTC was asked for: there is no slot nearer before it\n"


def _strategy(row: Document, page: Page) -> str:
    missed = ", missed" if row["missed"] else ""
    text = (
        f"{clean(row['strategy'])}  slot {minute_text(row['slot'])} UTC{missed}, "
        f"frozen at {row['as_of']}\n"
    )
    text += _inputs(row["inputs"], row["source"]) + _notices(row["notices"]) + _asked(row)
    if not row["decisions"]:
        text += "  no decision about this token in this slot\n"
        text += _beside("before", row["before"]) + _beside("after", row["after"])
    for decision in row["decisions"]:
        text += _decision(decision, page)
    if row["book"]:
        text += _indented("levels as the engine saw them", _book(row["book"], page))
    if row["also"]:
        text += "  in this slot\n" + _happened(row["also"])
    return text


def _inputs(seen: Document | None, source: str) -> str:
    if seen is None:
        return "  nothing was known of this token\n"
    lines = [f"in the universe: {'yes' if seen['in_universe'] else 'no'}; columns: {source}"]
    bar = seen.get("bar")
    if bar is None:
        lines.append("no bar known")
    else:
        lines.append(f"newest bar {minute_text(bar['open_time'])}, close {bar['close']}")
    newest = seen.get("newest_signal")
    if newest is not None:
        lines.append(
            f"newest signal {newest['signal']} of {minute_text(newest['valid_time'])}, "
            f"{newest['age_hours']} h old; new in this slot: {len(seen['new_signals'])}"
        )
    else:
        lines.append("no signal seen in the last days")
    numbers = {key: seen[key] for key in ("sigma", "atr", "adv") if key in seen} | seen["columns"]
    lines += _wrapped([f"{clean(key)} {_number(value)}" for key, value in numbers.items()])
    ages = [f"{key} {seen[key]}" for key in ("quantmetrics", "grade", "levels") if key in seen]
    if ages:
        lines.append(f"ages: {', '.join(ages)}")
    return "".join(f"  {line}\n" for line in lines)


def _notices(rows: list[Document]) -> str:
    """What the input itself said, with the period that it is about."""
    lines = [
        f"notice {row['kind']}{' of ' + str(minute_text(row['about'])) if row['about'] else ''}: "
        f"{REASON_WORDS.get(row['kind'], 'no words for it')}"
        for row in rows
    ]
    return "".join(f"  {part}\n" for line in lines for part in textwrap.wrap(line, _WIDTH))


def _asked(row: Document) -> str:
    """What was asked from outside: what held entries back, and what this slot was told to do."""
    lines = held_lines(row["held"], [])
    if row["acknowledged"]:
        lines.append("  the operator lifted a drawdown halt in this slot")
    for kind in (row["inputs"] or {}).get("asked", ()):
        lines.append(f"  the operator asked in this slot: {ASKED_WORDS[kind]}")
    return "".join(f"{line}\n" for line in lines)


def _wrapped(parts: list[str], width: int = _WIDTH) -> list[str]:
    """Parts joined by commas into lines of a width."""
    lines: list[str] = []
    for part in parts:
        if lines and len(lines[-1]) + 2 + len(part) <= width:
            lines[-1] += f", {part}"
        else:
            lines.append(part)
    return lines


def _beside(word: str, found: Document | None) -> str:
    if found is None:
        return f"  none {word} it\n"
    what = "entered" if found["outcome"] == "ENTER" else f"refused, {found['reason']}"
    return f"  nearest {word}: {minute_text(found['slot'])} {what}\n"


def _decision(decision: Document, page: Page) -> str:
    edge = minute_text(decision["edge_time"])
    kind = f"edge of {edge}" if decision["kind"] == "edge" else f"re-entry after {edge}"
    verdict = "ENTER" if decision["outcome"] == "ENTER" else f"REFUSED: {decision['reason']}"
    text = f"  {verdict}  ({kind})\n"
    words = REASON_WORDS.get(decision["reason"], "")
    if words:
        text += f"    {words}\n"
    others = [code for code in decision["failed"] if code != decision["reason"]]
    if others:
        text += "".join(f"    {line}\n" for line in _wrapped(["also failed: " + others[0],
                                                              *others[1:]], 74))  # fmt: skip
    if decision.get("gates"):
        text += _indented("gates", _gates(decision["gates"], page))
    if "bracket" in decision:
        text += _indented("bracket", _bracket(decision))
    if "bounds" in decision:
        text += _indented("size", _size(decision, page))
    if "led_to" in decision:
        text += "  led to\n" + _happened(decision["led_to"]) + _end(decision["led_to"])
    return text


def _indented(title: str, body: str) -> str:
    return f"  {title}\n" + "".join(f"    {line}\n" for line in body.splitlines())


def _inner(page: Page) -> Page:
    return Page(None if page.width is None else page.width - 4, page.styled)


def _gates(gates: list[Document], page: Page) -> str:
    columns = [
        Column(head="gate"),
        Column(head="value", side="right"),
        Column(head="enter"),
        Column(head="stay", spare=1),
        Column(head="member", spare=2),
        Column(head="verdict"),
    ]
    cells = [
        (
            gate["column"],
            _number(gate.get("value")),
            _limits(gate, "min", "max"),
            _limits(gate, "leave_min", "leave_max"),
            "yes" if gate["member"] else "no",
            "passed" if gate["passed"] else "failed",
        )
        for gate in gates
    ]
    return table_text(columns, cells, _inner(page))


def _limits(gate: Document, low: str, high: str) -> str:
    parts = [f">= {_number(gate[low])}"] if low in gate else []
    parts += [f"<= {_number(gate[high])}"] if high in gate else []
    return " and ".join(parts) or "any"


def _number(value: float | None, absent: str = "missing") -> str:
    """Six digits, without an exponent where the number is large."""
    if value is None:
        return absent
    return f"{value:.0f}" if abs(value) >= _LARGE else f"{value:g}"


def _book(levels: list[Document], page: Page) -> str:
    columns = [
        Column(head="level", side="right"),
        Column(head="away", side="right"),
        Column(head="side"),
        Column(head="strength", side="right"),
        Column(head="chosen for"),
    ]
    cells = [
        (
            level["price"],
            percent_shown(level["away"]),
            level["side"],
            None if level["strength"] is None else f"{level['strength']:g}",
            level["chosen"],
        )
        for level in levels
    ]
    return table_text(columns, cells, _inner(page))


def _bracket(decision: Document) -> str:
    sums = decision["bracket"]
    lines = [
        f"close {decision['close']}; entry {decision['entry']} (k {sums['k']}), "
        f"at most {decision['cap']}",
        f"e = {decision['entry']} x (1 + {sums['taker']}) = {sums['e']}",
    ]
    if "s" in sums:
        under = _from(decision, "stop", "support")
        lines.append(
            f"stop {decision['stop']}{under}, "
            f"{percent_shown(sums['stop_distance'])} below the close"
        )
        lines.append(
            f"s = {sums['stop_fill']} (the stop less k, on the tick) x (1 - {sums['taker']}) "
            f"= {sums['s']}"
        )
    if "t" in sums:
        lines.append(f"target {decision['target']}{_from(decision, 'target', 'resistance')}")
        lines.append(f"t = {decision['target']} x (1 - {sums['maker']}) = {sums['t']}")
    if "reward" in sums:
        ratio = _number(sums["net_rr"], "none")
        lines.append(
            f"net R:R = (t - e) / (e - s) = {sums['reward']} / {sums['risk']} = {ratio} "
            f"(least {sums['min_rr']})"
        )
    return "\n".join(lines)


def _from(decision: Document, leg: str, level: str) -> str:
    source = decision.get(f"{leg}_from")
    if source is not None:
        return f" by {source}"
    return f" from {level} {decision[level]}" if level in decision else ""


def _size(decision: Document, page: Page) -> str:
    columns = [
        Column(head="bound"),
        Column(head="notional", side="right"),
        Column(head=""),
    ]
    cells = [
        (name, money_shown(money), "binds" if name == decision["binding"] else "")
        for name, money in sorted(decision["bounds"].items(), key=lambda item: float(item[1]))
    ]
    left_out = ", ".join(map(clean, decision.get("unweighed", ())))
    note = f"left out of the weights, without a volatility: {left_out}" if left_out else ""
    return (
        f"equity {money_shown(decision['equity'])}, at risk at most "
        f"{money_shown(decision['risk_cash'])}, quantity {decision['quantity']}\n"
        + "".join(f"{line}\n" for line in textwrap.wrap(note, 74))
        + table_text(columns, cells, _inner(page))
    )


def _happened(found: Document) -> str:
    lines = [
        f"order {order['action']} {order['quantity']} at {order['price'] or 'market'}, "
        f"from {minute_text(order['eligible_from'])}"
        + (f" ({order['reason']})" if order["action"] == "EXIT" else "")
        for order in found["orders"]
    ]
    lines += [
        f"{fill['side'].lower()} {fill['quantity']} at {fill['price']}, fee "
        f"{money_shown(fill['fee'])}, bar {minute_text(fill['open_time'])} ({fill['reason']})"
        for fill in found["fills"]
    ]
    lines += [
        f"{event['kind'].lower()} {event['quantity']} ({event['reason']})"
        for event in found["events"]
    ]
    return "".join(f"    {line}\n" for line in lines)


def _end(found: Document) -> str:
    position = found["position"]
    if position is None:
        return "    no position came of it so far\n"
    if position["status"] == "open":
        return "    the position is open\n"
    r = "" if position["r"] is None else f", {position['r']:.2f} R"
    return (
        f"    closed after {position['hours']} h by {position['reason']}: "
        f"pnl {money_shown(position['pnl'])}{r}\n"
    )
