"""What a slot tells: facts in decimal text, one message per event, the same ids every time."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal
from typing import Any

from bot.app.messages import Told, halts_of, slot_messages
from bot.domain.ids import message_id
from bot.domain.instants import HOUR, parse_instant
from bot.domain.records import Fill, Mark, Notice, Order, Scale, SlotRecords, Trade
from bot.engine import layout as at

SLOT = parse_instant("2025-05-10T13:00:00Z")
MONEY = 10**8
SCALE = Scale(tick=Decimal("0.01"), lot=Decimal("0.00001"))
TOLD = Told(strategy="core-v1", symbols={7: "BTC"}, halts=frozenset())
MARK = Mark(
    slot=SLOT, cash=9_000 * MONEY, value=1_500 * MONEY, equity=10_500 * MONEY, realised=0,
    unrealised=0, peak=11_000 * MONEY, day_base=10_800 * MONEY, open_positions=1,
)  # fmt: skip
ORDER = Order(
    id="a1", slot=SLOT, token_id=7, action="ENTRY", quantity=12_345, eligible_from=SLOT,
    scale=SCALE, reason="ENTRY", price=6_400_050, stop=6_000_000, target=7_000_000, cap=6_500_000,
)  # fmt: skip
FILL = Fill(
    id="a1-0", order_id="a1", slot=SLOT, open_time=SLOT - HOUR, token_id=7, side="BUY",
    quantity=12_345, price=6_400_060, reference="64000.5", reference_points=1,
    notional=790_087_407_000, fee=790_087_407, reason="ENTRY", scale=SCALE, cash=9_000 * MONEY,
)  # fmt: skip
SALE = replace(FILL, id="b2-0", order_id="b2", side="SELL", reason="TARGET", realised=65 * MONEY)
TRADE = Trade(
    entry_order_id="a1", token_id=7, decided=SLOT - 9 * HOUR, opened=SLOT - 8 * HOUR, closed=SLOT,
    closed_bar=SLOT - HOUR, quantity=12_345, paid=790_087_407_000, proceeds=800_000_000_000,
    fees=10**9, realised=-3_512_000_000, risk=2_000_000_000, reason="TARGET", scale=SCALE,
)  # fmt: skip


def told(records: SlotRecords, by: Told = TOLD) -> list[tuple[str, str, dict[str, Any]]]:
    return [(row.dedup, row.topic, json.loads(row.body)) for row in slot_messages(by, records)]


def slot(**rows: Any) -> SlotRecords:
    return SlotRecords(**{"slot": SLOT, "missed": False, "mark": MARK, **rows})


def test_a_quiet_slot_tells_nothing() -> None:
    assert slot_messages(TOLD, slot()) == ()


def test_an_ordered_entry_is_told_with_its_bracket_and_its_legs_are_not() -> None:
    legs = (ORDER, replace(ORDER, id="a2", action="STOP"), replace(ORDER, id="a3", action="TARGET"))
    ((dedup, topic, facts),) = told(slot(orders=legs))
    assert (dedup, topic) == (message_id("entry.ordered", "a1"), "entry.ordered")
    assert facts == {
        "text": "core-v1: ordered 0.12345 BTC (price 64000.5, stop 60000, target 70000, cap 65000)",
        "order_id": "a1", "token_id": 7, "symbol": "BTC", "quantity": "0.12345",
        "eligible_from": "2025-05-10T13:00:00Z", "price": "64000.5", "stop": "60000",
        "target": "70000", "cap": "65000",
    }  # fmt: skip


def test_a_buy_is_told_with_price_notional_and_fee() -> None:
    (row,) = slot_messages(TOLD, slot(fills=(FILL,)))
    assert (row.topic, row.event_time, row.slot) == ("entry.filled", SLOT - HOUR, SLOT)
    facts = json.loads(row.body)
    assert facts["text"] == "core-v1: bought 0.12345 BTC at 64000.6, fee 7.90087407"
    assert (facts["notional"], facts["fee"], facts["cash"]) == ("7900.87407", "7.90087407", "9000")


def test_a_sale_tells_its_reason_and_result_and_the_trade_that_ended_with_it() -> None:
    first = replace(SALE, id="b2-1", open_time=SLOT - 2 * HOUR, reason="STOP")
    (_, _, part), (_, topic, last) = told(slot(fills=(first, SALE), trades=(TRADE,)))
    assert (part["closed"], part["result"], part["reason"]) == (False, "65", "STOP")
    assert topic == "exit.filled"
    assert last["text"] == (
        "core-v1: sold 0.12345 BTC at 64000.6, fee 7.90087407, TARGET, result 65; "
        "the trade came to -35.12, -1.76 R"
    )
    assert (last["closed"], last["trade_result"], last["r"]) == (True, "-35.12", "-1.76")
    assert (last["paid"], last["proceeds"], last["fees"]) == ("7900.87407", "8000", "10")


def test_a_halt_is_told_when_it_begins_and_when_it_ends_and_not_between() -> None:
    halted = replace(MARK, halts=("HALT_DRAWDOWN",))
    under = replace(TOLD, halts=frozenset({"HALT_DRAWDOWN"}))
    ((began, topic, facts),) = told(slot(mark=halted))
    assert topic == "halt.on"
    assert began == message_id("halt.on", "core-v1|2025-05-10T13:00:00Z|HALT_DRAWDOWN")
    assert (facts["halt"], facts["equity"], facts["peak"]) == ("HALT_DRAWDOWN", "10500", "11000")
    assert told(slot(mark=halted), under) == []
    ((_, topic, _),) = told(slot(), under)
    assert topic == "halt.off"


def test_the_halts_of_an_account_are_those_that_its_mark_names() -> None:
    numbers = [0] * at.ACCOUNT_COLS
    assert halts_of(numbers) == frozenset()
    numbers[at.A_HALT_DAILY] = numbers[at.A_HALT_DRAWDOWN] = 1
    assert halts_of(numbers) == {"HALT_DAILY_LOSS", "HALT_DRAWDOWN"}


def test_jumps_and_unpriced_positions_are_told_and_other_notices_are_not() -> None:
    notices = tuple(
        Notice(slot=SLOT, token_id=8, kind=kind, valid_time=SLOT - 50 * HOUR)
        for kind in ("PRICE_JUMP", "UNPRICED", "LATE_ROW")
    )
    found = told(slot(notices=notices))
    assert [topic for _, topic, _ in found] == ["price.jump", "position.unpriced"]
    assert found[1][2]["symbol"] == "8"
    assert found[1][2]["newest_bar"] == "2025-05-08T11:00:00Z"
    assert len({dedup for dedup, _, _ in found}) == 2


def test_a_slot_that_was_caught_up_says_so() -> None:
    (late,) = slot_messages(TOLD, slot(missed=True, fills=(FILL,)))
    (timely,) = slot_messages(TOLD, slot(fills=(FILL,)))
    assert (late.late, timely.late) == (True, False)
    assert late.dedup == timely.dedup


def test_the_same_slot_gives_the_same_bytes() -> None:
    records = slot(orders=(ORDER,), fills=(FILL, SALE), trades=(TRADE,))
    assert slot_messages(TOLD, records) == slot_messages(replace(TOLD), records)


def test_a_symbol_from_outside_cannot_break_out_of_its_text() -> None:
    nasty = replace(TOLD, symbols={7: "EVIL\x1b[31m\n\u202e" + "X" * 100})
    ((_, _, facts),) = told(slot(fills=(FILL,)), nasty)
    assert facts["symbol"].startswith("EVIL[31mX")
    assert len(facts["symbol"]) <= 40
    assert facts["text"].isprintable()
