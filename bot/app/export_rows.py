"""The rows of a ledger as cells with names, one generator for each exported table."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol

from bot.adapters.sql.ledger_stream import (
    Row,
    delivery_rows,
    equity_rows,
    first_inputs_of_days,
    input_rows,
    table_rows,
)
from bot.app.export_columns import BOUNDS, COLUMN
from bot.app.queries import mean_price, r_multiple
from bot.app.reading import Reader
from bot.domain.decimals import money_text, price_of_points
from bot.domain.instants import HOUR, parse_instant
from bot.domain.records import Scale

Cells = dict[str, Any]

_EQUITY = ("cash", "value", "equity", "realised", "unrealised", "peak")
_MONEY = ("paid", "proceeds", "fees", "risk")
_GATE_CELLS = ("column", "value", "min", "max", "leave_min", "leave_max", "passed", "member")


class Source(Protocol):
    """Where the rows of a run come from: a ledger, or a replay that has none."""

    def table(self, name: str) -> Iterator[Row]:
        """The rows of a table of the ledger, in its order."""
        ...

    def equity(self) -> Iterator[Row]:
        """The account after each slot, with `halts` and `missed`."""
        ...

    def symbol(self, token_id: int) -> str:
        """The token's symbol, its id where none is known."""
        ...

    def scale(self, token_id: int) -> Scale:
        """Tick and lot of a token with an order."""
        ...


@dataclass(frozen=True, slots=True)
class Export:
    """The rows of a ledger, and of which strategy; None is all."""

    reader: Reader
    strategy: str | None

    def table(self, name: str) -> Iterator[Row]:
        """The rows of a table."""
        return table_rows(self.reader.connection, name, self.strategy)

    def equity(self) -> Iterator[Row]:
        """The account after each slot."""
        return equity_rows(self.reader.connection, self.strategy)

    def symbol(self, token_id: int) -> str:
        """The newest symbol that is known."""
        return self.reader.symbol(token_id)

    def scale(self, token_id: int) -> Scale:
        """Tick and lot."""
        return self.reader.scale(token_id)


def _token(source: Source, token_id: int | None) -> Cells:
    """The cells that name a token; empty for none."""
    return {} if token_id is None else {"token_id": token_id, "symbol": source.symbol(token_id)}


def _place(source: Source, row: Row) -> Cells:
    """The cells that most tables begin with."""
    place = {"strategy": row["strategy"], "slot": row["slot"], **_token(source, row["token_id"])}
    return {**place, "ordinal": row["ordinal"]} if "ordinal" in row else place


def _trades(source: Source) -> Iterator[Cells]:
    for row in source.table("position"):
        if row["status"] == "CLOSED":
            scale, body = source.scale(row["token_id"]), json.loads(row["body"])
            yield {
                **_position(source, row, body, scale),
                "quantity": scale.quantity(body["bought_lots"]),
                "hours": (body["closed_bar"] - body["opened_bar"]) // HOUR,
                "entry": mean_price(body["paid"], body["bought_lots"], scale),
                "exit": mean_price(body["proceeds"], body["bought_lots"], scale),
                "pnl": money_text(row["realised"]),
                "r": r_multiple(row["realised"], body["risk"]),
            }


def _positions(source: Source) -> Iterator[Cells]:
    for row in source.table("position"):
        scale, body = source.scale(row["token_id"]), json.loads(row["body"])
        yield {
            **_position(source, row, body, scale),
            "quantity": scale.quantity(row["quantity_lots"]),
            "bought": scale.quantity(body["bought_lots"]),
            "status": row["status"],
            **_prices(scale, stop=body.get("stop_ticks"), target=body.get("target_ticks")),
            **{name: money_text(row[name]) for name in ("cost", "entry_fee", "realised")},
        }


def _position(source: Source, row: Row, body: Cells, scale: Scale) -> Cells:
    """What an open and a closed position have in common."""
    return {
        "strategy": row["strategy"], **_token(source, row["token_id"]),
        "decided": row["opened_slot"], "opened": body["opened_bar"],
        "closed": body.get("closed_bar"), "closed_slot": row["closed_slot"],
        **{name: money_text(body[name]) for name in _MONEY},
        "reason": body.get("reason"), "position_id": row["id"],
    }  # fmt: skip


def _fills(source: Source) -> Iterator[Cells]:
    for row in source.table("fill"):
        scale = source.scale(row["token_id"])
        price = scale.price(row["price_ticks"])
        yield {
            **_place(source, row), "open_time": row["open_time"], "side": row["side"],
            "quantity": scale.quantity(row["quantity_lots"]), "price": price,
            "reference": price_of_points(row["ref_points"], price),
            "notional": money_text(row["notional"]), "fee": money_text(row["fee"]),
            "reason": row["reason"], "order_id": row["order_id"], "fill_id": row["id"],
        }  # fmt: skip


def _orders(source: Source) -> Iterator[Cells]:
    for row in source.table("order"):
        scale, body = source.scale(row["token_id"]), json.loads(row["body"])
        price = _prices(
            scale, price=body.pop("price_ticks", None), stop=row["stop_ticks"],
            target=row["target_ticks"], cap=row["cap_ticks"],
        )  # fmt: skip
        yield {
            **_place(source, row), "action": row["action"],
            "quantity": scale.quantity(row["quantity_lots"]), **price, **body,
            "eligible_from": row["eligible_from"], "decision_id": row["decision_id"],
            "order_id": row["id"], "request_hash": row["request_hash"],
        }  # fmt: skip


def _order_events(source: Source) -> Iterator[Cells]:
    for row in source.table("order_event"):
        scale = source.scale(row["token_id"])
        yield {
            **_place(source, row), "open_time": row["open_time"], "kind": row["kind"],
            "quantity": scale.quantity(row["quantity_lots"]), "reason": row["reason"],
            "order_id": row["order_id"], "event_id": row["id"],
        }  # fmt: skip


def _decisions(source: Source) -> Iterator[Cells]:
    for row in source.table("decision"):
        details: Cells = json.loads(row["details"])
        details.pop("gates", None)
        bounds = {BOUNDS[name]: amount for name, amount in details.pop("bounds", {}).items()}
        yield {
            **details, **bounds, **_place(source, row), "kind": row["kind"],
            "edge_time": row["edge_time"], "outcome": row["outcome"], "reason": row["reason"],
            "failed": " ".join(details["failed"]), "decision_id": row["id"],
        }  # fmt: skip


def _gates(source: Source) -> Iterator[Cells]:
    for row in source.table("decision"):
        for number, gate in enumerate(json.loads(row["details"]).get("gates", ()), 1):
            yield {**_place(source, row), **gate, "gate": number, "decision_id": row["id"]}


def _equity(source: Source) -> Iterator[Cells]:
    fills = source.table("fill")
    fill = next(fills, None)
    held: dict[tuple[str, int], int] = {}  # strategy and token -> lots after the slot
    for row in source.equity():
        place = (row["strategy"], row["slot"])
        while fill is not None and (fill["strategy"], fill["slot"]) <= place:
            key = (fill["strategy"], fill["token_id"])
            lots = fill["quantity_lots"]
            held[key] = held.get(key, 0) + (lots if fill["side"] == "BUY" else -lots)
            fill = next(fills, None)
        yield {
            "strategy": row["strategy"], "slot": row["slot"],
            **{name: money_text(row[name]) for name in _EQUITY},
            "open_positions": sum(lots > 0 and of == place[0] for (of, _), lots in held.items()),
            "halts": " ".join(row["halts"]), "missed": row["missed"],
        }  # fmt: skip


def _cash_entries(source: Source) -> Iterator[Cells]:
    for row in source.table("cash_entry"):
        yield {**_without(row, "id"), "amount": money_text(row["amount"])}


def _notices(source: Source) -> Iterator[Cells]:
    for row in source.table("notice"):
        yield {**_place(source, row), "kind": row["kind"], "detail": row["detail"]}


def _cycles(source: Source) -> Iterator[Cells]:
    for row in source.table("cycle"):
        yield {**row, "missed": bool(row["missed"])}


def _slot_inputs(source: Export) -> Iterator[Cells]:
    for strategy, slot, seen in input_rows(source.reader.connection, source.strategy):
        place = {
            "strategy": strategy, "slot": slot, "source": seen["source"],
            "paused": "paused" in seen, "acknowledged": "acknowledged" in seen,
        }  # fmt: skip
        for token_id, told in _tokens(seen):
            yield {**place, **_token(source, token_id), **_input(told)}


def _input(told: Cells) -> Cells:
    bar, book = told.pop("bar", {}), told.pop("book")
    columns = {COLUMN + name: value for name, value in told.pop("columns").items()}
    return {
        **told, **bar, **columns, "open_time": _instant(bar.get("open_time")),
        "book_built": _instant(told.get("book_built")), "book_levels": len(book),
        "asked": " ".join(told.get("asked", ())),
        "signals": " ".join(f"{at}={signal}" for at, signal in told["signals"]),
    }  # fmt: skip


def _daily_levels(source: Export) -> Iterator[Cells]:
    for strategy, slot, seen in first_inputs_of_days(source.reader.connection, source.strategy):
        for token_id, told in _tokens(seen):
            for price, strength in told["book"]:
                yield {
                    "strategy": strategy, "slot": slot, **_token(source, token_id),
                    "close": told.get("bar", {}).get("close"), "price": price,
                    "strength": strength, "book_built": _instant(told.get("book_built")),
                }  # fmt: skip


def _tokens(seen: Cells) -> list[tuple[int, Cells]]:
    return sorted((int(token_id), told) for token_id, told in seen["tokens"].items())


def _universes(source: Export) -> Iterator[Cells]:
    for row in source.table("universe"):
        for token_id in json.loads(row["token_ids"]):
            yield {"strategy": row["strategy"], "day": row["day"], **_token(source, token_id)}


def _instruments(source: Source) -> Iterator[Cells]:
    for row in source.table("instrument"):
        yield {**row, **_token(source, row["token_id"])}


def _configurations(source: Source) -> Iterator[Cells]:
    yield from map(dict, source.table("config_version"))


def _commands(source: Export) -> Iterator[Cells]:
    for row in source.table("command"):
        yield {**_without(row, "id"), "command_id": row["id"], **_token(source, row["token_id"])}


def _messages(source: Export) -> Iterator[Cells]:
    for row in source.table("outbox"):
        yield {**_without(row, "id"), "message_id": row["id"], "late": bool(row["late"])}


def _deliveries(source: Export) -> Iterator[Cells]:
    for row in delivery_rows(source.reader.connection, source.strategy):
        rest = _without(row, "sink", "outbox_id")
        yield {**rest, "message_id": row["outbox_id"], "receiver": row["sink"]}


def _conflicts(source: Export) -> Iterator[Cells]:
    for row in source.table("conflict"):
        yield {**_without(row, "id"), "conflict_id": row["id"]}


def _journal(source: Export) -> Iterator[Cells]:
    yield from map(dict, source.table("journal"))


def _without(row: Row, *names: str) -> Cells:
    return {name: cell for name, cell in row.items() if name not in names}


def _prices(scale: Scale, **ticks: int | None) -> Cells:
    return {name: scale.price(found) for name, found in ticks.items() if found is not None}


def _instant(text: str | None) -> int | None:
    return None if text is None else parse_instant(text)


# What a replay holds too.
RUN_ROWS: dict[str, Callable[[Source], Iterator[Cells]]] = {
    "trades": _trades,
    "positions": _positions,
    "fills": _fills,
    "orders": _orders,
    "order_events": _order_events,
    "decisions": _decisions,
    "gates": _gates,
    "equity": _equity,
    "cash_entries": _cash_entries,
    "notices": _notices,
    "cycles": _cycles,
    "instruments": _instruments,
    "configurations": _configurations,
}
ROWS: dict[str, Callable[[Export], Iterator[Cells]]] = {
    **RUN_ROWS,
    "slot_inputs": _slot_inputs,
    "daily_levels": _daily_levels,
    "universes": _universes,
    "commands": _commands,
    "messages": _messages,
    "deliveries": _deliveries,
    "conflicts": _conflicts,
    "journal": _journal,
}
