"""The tables and columns of an exported ledger, in the order in which they are written."""

from __future__ import annotations

from bot.adapters.files.layout import Column, Kind
from bot.engine.reasons import BOUND_NAMES


def _columns(**kinds: Kind) -> tuple[Column, ...]:
    return tuple(Column(name, kind) for name, kind in kinds.items())


BOUNDS = {name: f"bound_{name.lower()}" for name in BOUND_NAMES}
INPUTS = "slot_inputs"
COLUMN = "column_"  # begins the names of a strategy's own columns in INPUTS

_OF_TOKEN = (Column("token_id", "id"), Column("symbol", "text"))
_OF_SLOT = _columns(strategy="text", slot="time")
_OF_ROW = (*_OF_SLOT, *_columns(ordinal="id"), *_OF_TOKEN)

TABLES: dict[str, tuple[Column, ...]] = {
    "trades": (
        *_columns(strategy="text"), *_OF_TOKEN,
        *_columns(
            decided="time", opened="time", closed="time", closed_slot="time", hours="id",
            quantity="amount", entry="amount", exit="amount", paid="money", proceeds="money",
            fees="money", pnl="money", risk="money", r="number", reason="text", position_id="text",
        ),
    ),
    "positions": (
        *_columns(strategy="text"), *_OF_TOKEN,
        *_columns(
            status="text", decided="time", opened="time", closed="time", closed_slot="time",
            quantity="amount", bought="amount", stop="amount", target="amount", cost="money",
            entry_fee="money", realised="money", paid="money", proceeds="money", fees="money",
            risk="money", reason="text", position_id="text",
        ),
    ),
    "fills": (
        *_OF_ROW,
        *_columns(
            open_time="time", side="text", quantity="amount", price="amount", reference="amount",
            notional="money", fee="money", reason="text", order_id="text", fill_id="text",
        ),
    ),
    "orders": (
        *_OF_ROW,
        *_columns(
            action="text", quantity="amount", price="amount", stop="amount", target="amount",
            cap="amount", eligible_from="time", reason="text", k_ppm="id", risk_cash="money",
            reserve="money", decision_id="text", order_id="text", request_hash="text",
        ),
    ),
    "order_events": (
        *_OF_ROW,
        *_columns(
            open_time="time", kind="text", quantity="amount", reason="text", order_id="text",
            event_id="text",
        ),
    ),
    "decisions": (
        *_OF_ROW,
        *_columns(
            kind="text", edge_time="time", outcome="text", reason="text", failed="text",
            close="amount", entry="amount", stop="amount", target="amount", cap="amount",
            support="amount", support_strength="amount", resistance="amount",
            resistance_strength="amount", strong_resistance="amount", stop_from="text",
            target_from="text", k_ppm="id", sigma="number", atr="number", adv="number",
            net_rr="number", score="number", rank="id", equity="money", risk_cash="money",
            quantity="amount", binding="text",
        ),
        *(Column(name, "money") for name in BOUNDS.values()),
        *_columns(decision_id="text"),
    ),
    "gates": (
        *_OF_ROW,
        *_columns(
            gate="id", column="text", value="number", min="number", max="number",
            leave_min="number", leave_max="number", passed="flag", member="flag",
            decision_id="text",
        ),
    ),
    "equity": (
        *_OF_SLOT,
        *_columns(
            cash="money", value="money", equity="money", realised="money", unrealised="money",
            peak="money", open_positions="id", halts="text", missed="flag",
        ),
    ),
    "cash_entries": (
        *_OF_SLOT,
        *_columns(transaction_id="text", leg="id", account="text", amount="money"),
    ),
    "notices": (*_OF_SLOT, *_OF_TOKEN, *_columns(kind="text", detail="text")),
    "cycles": (
        *_OF_SLOT,
        *_columns(
            as_of="time", missed="flag", config_sha256="text", rules_version="id",
            input_sha256="text", lines_sha256="text",
        ),
    ),
    INPUTS: (
        *_OF_SLOT, *_OF_TOKEN,
        *_columns(
            source="text", in_universe="flag", paused="flag", acknowledged="flag", asked="text",
            open_time="time", open="amount", high="amount", low="amount", close="amount",
            quantmetrics="text", grade="text", levels="text", sigma="number", atr="number",
            adv="number", tick="amount", lot="amount", signals="text", book_built="time",
            book_levels="id",
        ),
    ),
    "daily_levels": (
        *_OF_SLOT, *_OF_TOKEN,
        *_columns(close="amount", price="amount", strength="number", book_built="time"),
    ),
    "universes": (*_columns(strategy="text", day="time"), *_OF_TOKEN),
    "instruments": (
        *_OF_TOKEN,
        *_columns(
            tick="amount", lot="amount", min_notional="amount", derived_at="time", notes="text"
        ),
    ),
    "configurations": _columns(
        strategy="text", config_sha256="text", rules_version="id", body="text"
    ),
    "commands": (
        *_columns(command_id="id", at="time", kind="text", source="text", strategy="text"),
        *_OF_TOKEN, *_columns(note="text"),
    ),
    "messages": _columns(
        message_id="id", dedup="text", topic="text", strategy="text", slot="time",
        event_time="time", late="flag", body="text", written_at="time",
    ),
    "deliveries": _columns(
        message_id="id", receiver="text", state="text", attempts="id", next_attempt="time",
        sent_at="time", last_error="text",
    ),
    "conflicts": (
        *_columns(conflict_id="id"), *_OF_SLOT,
        *_columns(kind="text", expected="text", found="text"),
    ),
    "journal": (
        *_columns(seq="id", kind="text"), *_OF_SLOT,
        *_columns(body="text", prev_hash="text", hash="text"),
    ),
}  # fmt: skip
