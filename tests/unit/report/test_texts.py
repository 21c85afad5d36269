"""What the documents say to people, in the cases that a short run does not reach."""

from __future__ import annotations

from typing import Any

import pytest

from bot.report.check_text import check_text
from bot.report.ledger_tables import orders_text, positions_text, trades_text
from bot.report.status_text import status_text
from bot.report.tables import PIPE, Page
from bot.report.why_text import why_text

STRATEGY: dict[str, Any] = {
    "name": "plain", "slot": "2025-05-10T13:00:00Z", "behind": 3, "slots": 10, "missed": 2,
    "equity": "9000", "cash": "9000", "value": "0", "realised": "-1000", "unrealised": "0",
    "peak": "10000", "drawdown": 0.1, "open_positions": 0, "working_entries": 0,
    "halts": ["HALT_DRAWDOWN"],
    "limits": [{"halt": "HALT_DRAWDOWN", "down": 0.1, "limit": 0.08}],
    "positions": [{"symbol": "SAFE\x1b[31m", "hours": 5, "mark": "101.25", "stop": "98",
                   "to_stop": -0.0321, "target": "110", "to_target": 0.08642,
                   "unrealised": "12.3456", "r": 0.413}],
    "held": [{"since": "2025-05-10T12:01:00Z", "words": "paused by the operator (a look)"}],
    "waiting": [{"kind": "CLOSE", "symbol": "BTC", "at": "2025-05-10T13:20:00Z", "note": ""}],
    "stale": {"bars": ["SAFE\x1b[31m", "DOGE"]},
    "notices": {"LATE_ROW": 2, "UNPRICED": 1},
    "config_sha256": "a" * 64, "config": "its file has changed since", "ledger_sha256": "b" * 64,
}  # fmt: skip
STATUS: dict[str, Any] = {
    "home": "/home/me", "now": "2025-05-10T13:20:07Z", "next_slot": "2025-05-10T14:01:05Z",
    "replayed": False,
    "daemon": {"running": True, "pid": None, "since": ""},
    "health": {"state": "healthy", "since": None, "reasons": []}, "receivers": [],
    "strategies": [STRATEGY], "not_started": [],
    "managed": [{"name": "plain", "words": "its file is gone: it is managed until nothing is open",
                 "open_positions": 2, "working_entries": 1, "config_sha256": "a" * 64}],
    "conflicts": [{"id": 3, "strategy": "plain", "slot": "2025-05-10T11:00:00Z",
                   "expected": f"lines_sha256={'a' * 64}", "found": f"lines_sha256={'b' * 64}"}],
    "polls": [
        {"endpoint": "tm-grade", "last_success": None, "age_s": None, "answers": 4,
         "requests": 6, "p50_ms": 10, "p95_ms": 20, "p99_ms": 20, "error_rate": 0.8333,
         "errors": {"429": 2, "500": 1, "deadline": 2}}
    ],
    "credits": {"month": "2025-05", "spent": 5, "limit": 10, "left": 5},
    "backfill": {"tokens": 9, "incomplete": [1, 2], "requests": 400, "from": "2025-01-01",
                 "ready": "2025-05-10T16:00:00Z"},
}  # fmt: skip


def test_status_names_halts_delays_stale_series_and_errors() -> None:
    text = status_text(STATUS, Page(width=80))
    for said in (
        "3 behind", "2 missed", "drawdown 10.00%", "no entries now: HALT_DRAWDOWN",
        "stale bars: SAFE[31m, DOGE", "its file has changed since", "83.3%: 2 x 429, 1 x 500",
        "never",
        "400 requests to send for 2 of 9 tokens; by about 2025-05-10 16:00 UTC",
        "daemon  running; never ran here",
        "notices in 24 slots: 2 x LATE_ROW (a signal came after a newer one)",
        "notices in 24 slots: 1 x UNPRICED (a held token has had no bar for two days)",
        "no entries since 2025-05-10 12:01: paused by the operator (a look)",
        "not seen by a slot yet: CLOSE BTC, given 2025-05-10T13:20:00Z",
        "its file is gone: it is managed until nothing is open; 2 open positions",
        "now     2025-05-10 13:20 UTC; the next slot is polled at 14:01:05",
        "to a halt: drawdown 10.00% of 8.00%", "-3.21%", "+8.64%", "12.34", "0.41",
        "conflict 3  plain, slot 2025-05-10 11:00: decided twice", "hourhand ack conflict 3",
    ):  # fmt: skip
        assert said in text
    assert max(map(len, text.splitlines())) <= 80


def test_health_has_a_colour_where_the_page_has_any_and_none_elsewhere() -> None:
    shown = status_text(STATUS, Page(width=80, styled=True, coloured=True))
    assert "health  \x1b[32mhealthy\x1b[0m" in shown
    assert "\x1b[3" not in status_text(STATUS, Page(width=80, styled=True))
    assert "\x1b" not in status_text(STATUS, PIPE)


def test_empty_ledgers_are_said_to_be_empty() -> None:
    empty = {"orders": [], "working": 0, "total": 7}
    assert orders_text(empty, PIPE) == "No working orders; --all shows the 7 finished ones.\n"
    assert positions_text({"positions": []}, PIPE) == "No open positions.\n"
    assert trades_text({"trades": []}, PIPE) == "No closed trades.\n"


def test_a_cancelled_order_shows_why_it_was_cancelled() -> None:
    order = {
        "slot": "2025-05-10T13:00:00Z", "strategy": "plain", "symbol": "BTC", "action": "ENTRY",
        "state": "cancelled", "quantity": "1", "filled": "0", "price": "5", "reason": "ENTRY",
        "eligible_from": "2025-05-10T13:00:00Z", "id": "x",
        "events": [{"kind": "CANCEL", "reason": "ENTRY_DRIFT"}],
    }  # fmt: skip
    assert "ENTRY_DRIFT" in orders_text({"orders": [order], "working": 0, "total": 1}, PIPE)


TRADE = {
    "id": "9ceb8781", "closed": "2025-02-17T04:00:00Z", "strategy": "demo", "quantity": "2132.99",
    "entry": "0.00217065", "exit": "0.00212093", "hours": 117, "fees": "1450.11",
    "pnl": "-103045.96", "r": -10.62, "reason": "STOP_RESIDUAL",
}  # fmt: skip


@pytest.mark.parametrize("symbol", ["BTC", "ANAMETHATFILLSALINEOFATERMINALALONE" * 3])
def test_a_trade_at_80_columns_shows_its_result_and_its_whole_reason(symbol: str) -> None:
    totals = {"n": 1, "won": 0, "pnl": "-103045.96", "fees": "1450.11"}
    text = trades_text({"trades": [{**TRADE, "symbol": symbol}], **totals}, Page(width=80))
    lines = text.splitlines()
    assert max(map(len, lines)) <= 80
    assert lines[1].split()[-3:] == ["-103045.96", "-10.62", "STOP_RESIDUAL"]
    assert " fees of 1450.11" in lines[-1]


def test_a_name_with_a_hyphen_is_not_broken_at_a_line_end() -> None:
    meaning = f"Trades {'every recorded token outside of ' * 2}security-tokens."
    document = {
        "key": "there", "home": "/home/me",
        "strategies": [{"name": "plain", "file": "plain.toml", "meaning": [meaning]}],
    }  # fmt: skip
    for width in range(60, 90):
        lines = check_text(document, Page(width=width)).splitlines()
        assert any("security-tokens" in line for line in lines), width


def test_why_tells_a_fallback_a_missing_value_and_an_entry_without_a_position() -> None:
    decision = {
        "kind": "edge", "edge_time": "2025-05-10T12:00:00Z", "outcome": "ENTER", "reason": "ENTRY",
        "failed": [], "close": "10", "entry": "10.01", "cap": "10.1", "stop": "9", "target": "12",
        "stop_from": "atr_fallback", "target_from": "target_fallback",
        "gates": [{"column": "sharpe", "min": 1.0, "leave_min": 0.8, "passed": False,
                   "member": True}],
        "bracket": {"k": "0.0005", "taker": "0.001", "maker": "0.0005", "e": "10.02001",
                    "s": "8.98", "stop_fill": "8.99", "t": "11.994", "stop_distance": 0.1,
                    "reward": "1.97", "risk": "1.04", "net_rr": 1.9, "min_rr": "1"},
        "led_to": {"orders": [], "fills": [],
                   "events": [{"kind": "CANCEL", "quantity": "1", "reason": "ENTRY_TTL"}],
                   "position": None},
    }  # fmt: skip
    strategy = {
        "strategy": "plain", "slot": "2025-05-10T13:00:00Z", "as_of": "2025-05-10T13:10:00Z",
        "missed": True, "source": "recorded", "inputs": None, "decisions": [decision], "book": [],
        "also": {}, "acknowledged": True,
        "held": [{"since": "2025-05-10T12:01:00Z", "words": "conflict 3: decided twice"}],
        "notices": [{"kind": "LATE_ROW", "about": "2025-05-10T11:00:00Z"},
                    {"kind": "PRICE_JUMP", "about": None}],
    }  # fmt: skip
    token = {
        "token_id": 1,
        "symbol": "BTC",
        "name": "Bitcoin",
        "at": None,
        "strategies": [strategy],
    }
    text = why_text(token, Page(width=80))
    for said in (
        "UTC, missed", "nothing was known of this token", "by atr_fallback", "by target_fallback",
        "notice LATE_ROW of 2025-05-10 11:00: a signal came after a newer one",
        "notice PRICE_JUMP: the close moved by more than a market does",
        "no entries since 2025-05-10 12:01: conflict 3", "the operator lifted a drawdown halt",
        "missing", ">= 0.8", "cancel 1 (ENTRY_TTL)", "no position came of it so far",
    ):  # fmt: skip
        assert said in text
