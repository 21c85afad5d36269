"""One planted fault for each rule of the audit, which must name it."""

# ruff: noqa: S608  the statements are made of this file's own text
from __future__ import annotations

import json
import re
import sqlite3
from pathlib import Path

import pytest

from bot.app.audit import audit_home
from bot.app.audit_codes import INVARIANTS, number_of
from bot.app.audit_finding import Code
from bot.app.settings import load_settings
from bot.domain.instants import HOUR
from tests.support.command import run as run_command
from tests.support.ledger_home import KEY
from tests.support.tampering import (
    Damage,
    both,
    details,
    journal_lines,
    loosened,
    opened,
    packed,
    rehashed,
    rehashed_bodies,
    run,
    sql,
)

MIDDLE = "(SELECT slot FROM cycle WHERE strategy = 'easy' ORDER BY slot LIMIT 1 OFFSET 15)"
LAST = "(SELECT max(slot) FROM cycle)"
A_BUY = "(SELECT id FROM fill WHERE side = 'BUY' ORDER BY slot LIMIT 1)"
A_SALE = "(SELECT id FROM fill WHERE side = 'SELL' ORDER BY slot LIMIT 1)"
AN_ENTRY = "(SELECT id FROM \"order\" WHERE action = 'ENTRY' ORDER BY slot LIMIT 1)"
A_REFUSAL = "(SELECT id FROM decision WHERE outcome = 'REFUSED' ORDER BY slot LIMIT 1)"
AN_ENTERING = "(SELECT id FROM decision WHERE outcome = 'ENTER' ORDER BY slot LIMIT 1)"
BOUGHT_BAR = (
    f"(SELECT b.id FROM bar b JOIN fill f ON f.id = {A_BUY} AND b.token_id = f.token_id "
    f"AND b.open_time = f.open_time)"
)
# The bar after an entry whose position outlives it.
HELD_BAR = (
    "(SELECT b.id FROM fill f JOIN fill x ON x.token_id = f.token_id AND x.side = 'SELL' "
    "AND f.side = 'BUY' AND x.open_time = (SELECT min(open_time) FROM fill y WHERE "
    "y.side = 'SELL' AND y.token_id = f.token_id AND y.slot >= f.slot) "
    f"AND x.open_time >= f.open_time + {2 * HOUR} JOIN bar b ON b.token_id = f.token_id "
    f"AND b.open_time = f.open_time + {HOUR} LIMIT 1)"
)


def _higher_peak(line: dict[str, object]) -> bool:
    """Raises the day base of a mark, which no table but the journal holds."""
    if line["record"] != "equity" or line["day_base"] == "1":
        return False
    line["day_base"] = "1"
    return True


def newest_answer_gone(connection: sqlite3.Connection) -> None:
    """Deletes the newest response, its link and every row that was read from it."""
    (raw_id,) = connection.execute("SELECT max(id) FROM raw_response").fetchone()
    for table in ("token_seen", "bar", "signal", "metric", "level_list", "grade", "raw_link"):
        connection.execute(f"DELETE FROM {table} WHERE raw_id = ?", (raw_id,))
    connection.execute("DELETE FROM raw_response WHERE id = ?", (raw_id,))


# Each fault, and the finding that must be among those it leads to.
FAULTS: list[tuple[str, Code, Damage]] = [
    ("a flag that is neither 0 nor 1", Code.INTEGRITY, sql("UPDATE cycle SET missed = 2")),
    ("no write-ahead log", Code.INTEGRITY, run("PRAGMA journal_mode = DELETE")),
    ("constraints dropped", Code.SCHEMA, loosened("notice")),
    ("a foreign table", Code.SCHEMA, run("CREATE TABLE extra (n INTEGER)")),
    ("an index dropped", Code.SCHEMA, run("DROP INDEX one_open")),
    ("a fraction in a money column", Code.TYPE,
     both(loosened("equity"), sql(f"UPDATE equity SET peak = peak + 0.5 WHERE slot = {LAST}"))),
    ("no value in a money column", Code.TYPE,
     both(loosened("equity"), sql(f"UPDATE equity SET peak = NULL WHERE slot = {LAST}"))),
    ("an instant in seconds", Code.TIMESTAMP,
     sql("UPDATE raw_response SET fetched_at = fetched_at / 1000 WHERE id = 1")),
    ("a slot at half past", Code.TIMESTAMP,
     sql("UPDATE position SET closed_slot = closed_slot + 1800000 WHERE status = 'CLOSED'")),
    ("the key in a text", Code.SECRET,
     sql(f"UPDATE raw_response SET request_id = 'sent with {KEY}' WHERE id = 2")),
    ("a key's look-alike in a body", Code.SECRET,
     both(packed("raw_body", "body", lambda b: b.replace(b'"', b'"tm-8d1f0c22-aa41-4c', 1)),
          rehashed_bodies())),
    ("no identity", Code.META, sql("DELETE FROM meta WHERE key = 'ledger_id'")),
    ("a text changed", Code.HASH,
     sql("UPDATE content SET body = replace(body, ':0.', ':1.') WHERE body LIKE '%:0.%'")),
    ("slot inputs changed", Code.HASH,
     packed("slot_input", "body", lambda b: b.replace(b'"sigma":0', b'"sigma":1'))),
    ("details that are no JSON", Code.UNREADABLE,
     sql(f"UPDATE decision SET details = '{{broken}}' WHERE id = {A_REFUSAL}")),
    ("a raw body changed", Code.RAW_BODY,
     packed("raw_body", "body", lambda b: b.replace(b"0.3", b"0.4", 1))),
    ("a bar changed", Code.OBSERVATION,
     sql("UPDATE bar SET volume = '1' WHERE id = 5")),
    ("a bar known too early", Code.OBSERVATION,
     sql("UPDATE bar SET available_at = available_at - 3600000 WHERE id = 5")),
    ("a row under another response", Code.OBSERVATION,
     sql("UPDATE token_seen SET raw_id = (SELECT max(id) FROM raw_response) WHERE id = 1")),
    ("a bar deleted", Code.OBSERVATION_MISSING, sql("DELETE FROM bar WHERE id = 5")),
    ("a freeze moved", Code.SLOT, sql(f"UPDATE slot SET as_of = as_of + 1 WHERE slot = {MIDDLE}")),
    ("a freeze deleted", Code.SLOT, sql(f"DELETE FROM slot WHERE slot = {MIDDLE}")),
    ("inputs forged with their hash", Code.SLOT_INPUT,
     both(packed("slot_input", "body", lambda b: b.replace(b'"sigma":0', b'"sigma":1')),
          rehashed("slot_input", "body", "sha256"),
          sql("UPDATE cycle SET input_sha256 = (SELECT sha256 FROM slot_input i WHERE "
              "i.strategy = cycle.strategy AND i.slot = cycle.slot)"))),
    ("units derived earlier", Code.INSTRUMENT,
     sql(f"UPDATE instrument SET derived_at = derived_at - {HOUR}")),
    ("an account cut short", Code.UNREADABLE,
     sql("UPDATE account SET state = substr(state, 1, 40)")),
    ("a text that nothing refers to", Code.ORPHAN,
     sql("INSERT INTO content (sha256, body) VALUES "
         "('4f53cda18c2baa0c0354bb5f9a3ecbe5ed12ab4d8e11ba873c2f11161202b945', '[]')")),
    ("a response that said nothing new deleted", Code.RAW_CHAIN,
     sql("DELETE FROM raw_response WHERE id = (SELECT min(id) FROM raw_response r WHERE "
         "status = 200 AND endpoint = 'tm-grade' OR status = 404)")),
    ("a row counted out of turn", Code.JOURNAL_ROWS,
     sql(f"UPDATE decision SET ordinal = ordinal + 1 WHERE id = {A_REFUSAL}")),
    ("the newest response deleted with all that came of it", Code.RAW_CHAIN, newest_answer_gone),
    ("what was asked changed", Code.RAW_CHAIN,
     sql("UPDATE raw_response SET params = '{}' WHERE id = 3")),
    ("a response put in", Code.RAW_CHAIN,
     sql("INSERT INTO raw_response SELECT max(id) + 1, endpoint, params, 404, sha256, "
         "fetched_at, latency_ms, request_id FROM raw_response")),
    ("a body emptied without a note", Code.RAW_BODY,
     sql("DELETE FROM raw_body WHERE sha256 = (SELECT sha256 FROM raw_response WHERE id = 4)")),
    ("a note of bodies let go that are there", Code.RAW_CHAIN,
     sql("INSERT INTO pruning SELECT 1, fetched_at, 'AGE', 4, 4, 1, 1, fetched_at, sha256, sha256 "
         "FROM raw_response WHERE id = 4")),
    ("a tick changed", Code.INSTRUMENT, sql("UPDATE instrument SET min_notional = '6'")),
    ("a universe changed", Code.UNIVERSE, sql("UPDATE universe SET token_ids = '[9001]'")),
    ("a line forged with its chain", Code.LINES, journal_lines(_higher_peak)),
    ("an account forged with its hash", Code.ACCOUNT,
     both(packed("account", "state", lambda b: b.replace(b'"account":[', b'"account":[1', 1)),
          rehashed("account", "state", "state_sha256"))),
    ("a journal entry changed", Code.JOURNAL_CHAIN,
     sql("UPDATE journal SET body = replace(body, '\"no\"', '\"yes\"') WHERE seq = 9")),
    ("a journal entry deleted", Code.JOURNAL_CHAIN, sql("DELETE FROM journal WHERE seq = 9")),
    ("a refusal deleted", Code.JOURNAL_COUNT, sql(f"DELETE FROM decision WHERE id = {A_REFUSAL}")),
    ("a cancel deleted", Code.JOURNAL_COUNT,
     sql("DELETE FROM order_event WHERE id = (SELECT min(id) FROM order_event)")),
    ("a notice added", Code.JOURNAL_COUNT,
     sql(f"INSERT INTO notice (strategy, slot, kind, detail) "
         f"VALUES ('easy', {LAST}, 'LATE_ROW', '')")),
    ("the journal's noted end elsewhere", Code.JOURNAL_HEAD,
     sql("UPDATE head SET number = number + 1 WHERE chain = 'journal'")),
    ("a journal forged with its chain and its end, against the anchors", Code.JOURNAL_HEAD,
     both(journal_lines(_higher_peak),
          sql("UPDATE head SET hash = (SELECT hash FROM journal ORDER BY seq DESC LIMIT 1) "
              "WHERE chain = 'journal'"))),
    ("a refusal's edge moved", Code.JOURNAL_ROWS,
     sql(f"UPDATE decision SET edge_time = edge_time + 1 WHERE id = {A_REFUSAL}")),
    ("a slot deleted", Code.SLOT_GAP,
     sql(*(f"DELETE FROM {table} WHERE slot = {MIDDLE}"
           for table in ("journal", "equity", "slot_input", "cycle")))),
    ("the watermark ahead", Code.WATERMARK, sql("UPDATE account SET slot = slot + 3600000")),
    ("a cycle after the last sign of life", Code.FUTURE,
     sql(f"UPDATE lease SET heartbeat = {LAST} - 3600000")),
    ("a configuration changed", Code.CONFIG,
     sql("UPDATE config_version SET body = replace(body, '0.9', '0.8')")),
    ("a configuration deleted", Code.CONFIG,
     sql("DELETE FROM config_version WHERE strategy = 'easy'")),
    ("a slot that came to two results", Code.CONFLICT,
     sql(f"INSERT INTO conflict (strategy, slot, kind, expected, found) "
         f"VALUES ('easy', {LAST}, 'CYCLE', 'a', 'b')")),
    ("no lease", Code.LEASE, sql("DELETE FROM lease")),
    ("a lease that was never taken", Code.LEASE, sql("UPDATE lease SET epoch = 0")),
    ("a command put in", Code.COMMAND,
     sql(f"INSERT INTO command SELECT 1, {LAST}, 'RESUME', 'operator', NULL, NULL, '' FROM lease")),
    ("a slot by an earlier holder", Code.LEASE,
     sql(f"UPDATE tenure SET epoch = 2 WHERE slot = {MIDDLE}", "UPDATE lease SET epoch = 2")),
    ("a slot by a holder to come", Code.LEASE,
     sql(f"UPDATE tenure SET epoch = 9 WHERE slot = {LAST}")),
    ("a slot by nobody", Code.LEASE, sql(f"DELETE FROM tenure WHERE slot = {MIDDLE}")),
    ("a live ledger called a replay's", Code.META,
     sql("UPDATE meta SET value = 'replay' WHERE key = 'mode'")),
    ("an imported row put in", Code.IMPORT,
     sql("INSERT INTO grade (token_id, valid_time, tm_grade, available_at) "
         "SELECT token_id, open_time, '50', available_at FROM bar WHERE id = 5")),
    ("a message twice", Code.OUTBOX,
     both(loosened("outbox"),
          sql("INSERT INTO outbox SELECT id + 1000, dedup, topic, strategy, slot, event_time, "
              "late, body, written_at FROM outbox WHERE id = 1"))),
    ("an alert forgotten", Code.ALERTS,
     both(loosened("alert_state"), sql("DELETE FROM alert_state"))),
    ("a level that nobody watched", Code.ALERTS,
     sql("UPDATE alert_state SET body = replace(body, 'armed', 'over')")),
    ("a fill's order deleted", Code.ORPHAN, sql(f'DELETE FROM "order" WHERE id = {AN_ENTRY}')),
    ("an order's decision deleted", Code.ORPHAN,
     sql(f"DELETE FROM decision WHERE id = {AN_ENTERING}")),
    ("a slot's mark deleted", Code.ORPHAN, sql(f"DELETE FROM equity WHERE slot = {MIDDLE}")),
    ("an order renamed", Code.IDENTITY,
     sql(f"UPDATE \"order\" SET id = '{'0' * 32}' WHERE id = {AN_ENTRY}")),
    ("a fill renamed", Code.IDENTITY, sql(f"UPDATE fill SET id = 'x' WHERE id = {A_BUY}")),
    ("a decision renamed", Code.IDENTITY,
     sql(f"UPDATE decision SET id = 'x' WHERE id = {A_REFUSAL}")),
    ("an event renamed", Code.IDENTITY,
     sql("UPDATE order_event SET id = 'x' WHERE id = (SELECT min(id) FROM order_event)")),
    ("an order twice", Code.ORDER_TWICE,
     both(loosened("order"),
          sql(f'INSERT INTO "order" SELECT * FROM "order" WHERE id = {AN_ENTRY}'))),
    ("an order's terms changed", Code.REQUEST_HASH,
     sql(f'UPDATE "order" SET cap_ticks = cap_ticks + 1 WHERE id = {AN_ENTRY}')),
    ("a stop above the target", Code.BRACKET,
     sql(f'UPDATE "order" SET stop_ticks = target_ticks + 1 WHERE id = {AN_ENTRY}')),
    ("a target order elsewhere", Code.BRACKET,
     sql("UPDATE \"order\" SET body = replace(body, 'price_ticks\": ', 'price_ticks\": 1') "
         "WHERE action = 'TARGET'")),
    ("an order that acts later", Code.BRACKET,
     sql(f'UPDATE "order" SET eligible_from = eligible_from + 60000 WHERE id = {AN_ENTRY}')),
    ("an entry beyond the caps", Code.EXPOSURE,
     sql(f'UPDATE "order" SET quantity_lots = quantity_lots * 1000 WHERE id = {AN_ENTRY}')),
    ("a bar that came after the slot that saw it", Code.LOOK_AHEAD,
     sql(f"UPDATE bar SET available_at = available_at + {30 * HOUR} WHERE id = {BOUGHT_BAR}")),
    ("a signal that came after the slot that saw it", Code.LOOK_AHEAD,
     sql(f"UPDATE signal SET available_at = available_at + {30 * HOUR} WHERE id = "
         f"(SELECT max(id) FROM signal WHERE valid_time < {MIDDLE})")),
    ("levels that came after the slot that saw them", Code.LOOK_AHEAD,
     sql(f"UPDATE level_list SET seen_at = seen_at + {60 * HOUR}")),
    ("a fill before its order", Code.FILL_EARLY,
     sql(f"UPDATE fill SET open_time = open_time - {HOUR} WHERE id = {A_BUY}")),
    ("a fill in a bar that is not over", Code.FILL_EARLY,
     sql(f"UPDATE fill SET open_time = slot WHERE id = {A_BUY}")),
    ("a fill by a bar known later", Code.FILL_BAR,
     sql(f"UPDATE bar SET available_at = available_at + {9 * HOUR} WHERE id = {BOUGHT_BAR}")),
    ("a stop sold too dear", Code.FILL_PRICE,
     sql("UPDATE fill SET price_ticks = price_ticks + 1 WHERE reason = 'STOP'")),
    ("a target sold too dear", Code.FILL_PRICE,
     sql("UPDATE fill SET price_ticks = price_ticks + 1 WHERE reason = 'TARGET'")),
    ("an exit off the open", Code.FILL_PRICE,
     sql("UPDATE fill SET ref_points = ref_points + 1 WHERE reason = 'TIME_STOP'")),
    ("an entry outside its bar", Code.FILL_PRICE,
     sql(f"UPDATE fill SET ref_points = ref_points * 2 WHERE id = {A_BUY}")),
    ("a target that its bar did not reach", Code.FILL_PRICE,
     sql("UPDATE bar SET high = open, low = '0.000000000001', close = open WHERE "
         "(token_id, open_time) IN "
         "(SELECT token_id, open_time FROM fill WHERE reason = 'TARGET')")),
    ("a fee waived", Code.FEE, sql(f"UPDATE fill SET fee = fee - 1 WHERE id = {A_BUY}")),
    ("a stop passed over", Code.MISSED_EXIT,
     sql(f"UPDATE bar SET low = '0.000000000001' WHERE id = {HELD_BAR}")),
    ("a target passed over", Code.MISSED_EXIT,
     sql(f"UPDATE bar SET high = '9999999', volume = NULL WHERE id = {HELD_BAR}")),
    ("cash that no fill gave", Code.CASH,
     sql(f"UPDATE equity SET cash = cash + 1, equity = equity + 1 WHERE slot = {LAST}")),
    ("a leg changed", Code.CASH_LEGS,
     sql("UPDATE cash_entry SET amount = amount + 1 WHERE id = (SELECT max(id) FROM cash_entry)")),
    ("more spent than there is", Code.CASH_NEGATIVE,
     sql(f"UPDATE fill SET notional = {10**16} WHERE id = {A_BUY}")),
    ("a sale of a closed position deleted", Code.EXIT_QUANTITY,
     sql(f"DELETE FROM fill WHERE id = {A_SALE}")),
    ("more sold than was held", Code.POSITION,
     sql(f"UPDATE fill SET quantity_lots = quantity_lots + 1 WHERE id = {A_SALE}")),
    ("a position deleted", Code.POSITION,
     sql("DELETE FROM position WHERE id = (SELECT min(id) FROM position)")),
    ("a position opened elsewhen", Code.POSITION,
     sql(f"UPDATE position SET opened_slot = opened_slot - {HOUR}")),
    ("a second position opened", Code.TWO_POSITIONS,
     sql("DELETE FROM fill WHERE id = (SELECT f.id FROM fill f WHERE f.side = 'SELL' AND EXISTS "
         "(SELECT 1 FROM fill b WHERE b.side = 'BUY' AND b.token_id = f.token_id "
         "AND b.slot > f.slot) LIMIT 1)")),
    ("profit that no sale made", Code.REALISED,
     sql("UPDATE position SET realised = realised + 1 WHERE status = 'CLOSED'")),
    ("a mark that no close gives", Code.EQUITY,
     sql("UPDATE equity SET value = value + 1, equity = equity + 1 WHERE value > 0")),
    ("a peak that was not", Code.EQUITY,
     sql(f"UPDATE equity SET peak = peak + 1 WHERE slot = {LAST}")),
    ("a reason nobody knows", Code.REASON,
     sql(f"UPDATE decision SET reason = 'BECAUSE' WHERE id = {A_REFUSAL}")),
    ("a refusal called an entry", Code.REASON,
     sql(f"UPDATE decision SET outcome = 'ENTER' WHERE id = {A_REFUSAL}")),
    ("an entry against its gate", Code.GATE_EVIDENCE,
     details(AN_ENTERING, lambda d: d["gates"][0].update(value=-99.0))),
    ("a limit that the strategy does not set", Code.GATE_EVIDENCE,
     details(AN_ENTERING, lambda d: d["gates"][0].update(min=-9.0))),
    ("a stop that its support does not give", Code.BRACKET,
     details(AN_ENTERING, lambda d: d.update(stop="1"))),
    ("a bound that the account does not give", Code.SIZE,
     details(AN_ENTERING, lambda d: d["bounds"].update(GROSS="1000000"))),
    ("an entry by a gate that failed", Code.GATE_EVIDENCE,
     details(AN_ENTERING, lambda d: d["gates"][0].update(passed=False))),
    ("a size beyond its bound", Code.SIZE,
     sql(f'UPDATE "order" SET quantity_lots = quantity_lots + 1 WHERE id = {AN_ENTRY}')),
]  # fmt: skip


# For each invariant a fault that breaks it, and where the finding must say that it is.
NAMED: dict[int, tuple[str, str]] = {
    1: ("a flag that is neither 0 nor 1", "cycle row 1 and 22 more"),
    2: ("constraints dropped", "table notice"),
    3: ("cash that no fill gave", "cash of easy 2025-02-03T22:00:00Z"),
    4: ("a leg changed", "cash entries of [0-9a-f]{32}-[0-9]+-0"),
    5: ("more spent than there is", "after fill [0-9a-f]{32}-[0-9]+-0"),
    6: ("a position deleted", "position [0-9a-f]{32}"),
    7: ("profit that no sale made", "position [0-9a-f]{32}"),
    8: ("a mark that no close gives", "value, equity, unrealised, peak of easy 2025-02-03T02:.*"),
    9: ("a second position opened", "fill [0-9a-f]{32}-[0-9]+-0"),
    10: ("a fill's order deleted", "[0-9a-f]{32}-[0-9]+-0"),
    11: ("a fill before its order", "fill [0-9a-f]{32}-[0-9]+-0"),
    12: ("a bar that came after the slot that saw it", "bar of token 900[1-4] in easy 2025-.*"),
    13: ("a line forged with its chain", r"easy 2025-02-03T00:00:00Z line 2 \(the first of 1 .*"),
    14: ("an order renamed", "order 0{32}"),
    15: ("an order twice", "easy 2025-02-03T.* token 900[1-4] ENTRY 0"),
    16: ("a sale of a closed position deleted", "position [0-9a-f]{32}"),
    17: ("a stop sold too dear", "fill [0-9a-f]{32}-[0-9]+-0"),
    18: ("a stop passed over", "position of order [0-9a-f]{32} in the bar of 2025-02-03T.*"),
    19: ("a stop that its support does not give", "stop of decision [0-9a-f]{32}"),
    20: ("an entry against its gate", "value of gate sharpe of decision [0-9a-f]{32}"),
    21: ("a bound that the account does not give", "bound GROSS of decision [0-9a-f]{32}"),
    22: ("an entry beyond the caps", "order [0-9a-f]{32}"),
    23: ("a slot deleted", "easy 2025-02-03T16:00:00Z"),
    24: ("a cycle after the last sign of life", "easy 2025-02-03T22:00:00Z"),
    25: ("a journal entry changed", "journal 9 hash"),
    26: ("a refusal deleted", "decision rows of easy 2025-02-03T.*"),
    27: ("a refusal's edge moved", "edge_time of decision [0-9a-f]{32} of easy 2025-02-03T.*"),
    28: ("a message twice", "message [0-9a-f]{32}"),
    29: ("a slot by an earlier holder", "writer of journal 17, easy 2025-02-03T16:00:00Z"),
    30: ("a slot at half past", "position.closed_slot row [0-9]+"),
    31: ("a fraction in a money column", "equity.peak row 23"),
    32: ("the key in a text", "raw_response.request_id row 2"),
    33: ("a slot that came to two results", "conflict 1, second try at easy 2025-02-03T22:.*"),
    34: ("a live ledger called a replay's", "meta.mode"),
    35: ("a raw body changed", r"body of raw response [0-9]+ \([a-z-]+\)"),
}


@pytest.mark.parametrize(("name", "code", "damage"), FAULTS, ids=[fault[0] for fault in FAULTS])
def test_a_planted_fault_is_named(home: Path, name: str, code: Code, damage: Damage) -> None:
    with opened(home / "hourhand.db") as connection:
        damage(connection)
    outcome = run_command("audit", "--home", home, "--json")
    document = json.loads(outcome.out)
    found = [finding for finding in document["findings"] if finding["code"] == code]
    assert (outcome.code, document["ok"]) == (70, False)
    assert found, document["findings"]
    assert all(finding["expected"] != finding["found"] for finding in found)
    for number, (fault, where) in NAMED.items():
        if fault == name:
            assert {finding["invariant"] for finding in found} == {number}
            assert any(re.fullmatch(where, finding["where"]) for finding in found), found


def test_every_invariant_has_its_fault() -> None:
    assert list(NAMED) == [invariant.number for invariant in INVARIANTS] == list(range(1, 36))
    codes = {name: code for name, code, _ in FAULTS}
    for number, (name, _) in NAMED.items():
        assert number_of(codes[name]) == number


def test_a_dropped_trigger_is_named(home: Path) -> None:
    connection = sqlite3.connect(home / "hourhand.db")
    connection.execute("DROP TRIGGER fill_no_update")
    connection.close()
    (found,) = audit_home(load_settings(home)).findings
    assert (found.code, found.where) == (Code.SCHEMA, "trigger fill_no_update")


def test_every_code_has_its_fault() -> None:
    assert {code for _, code, _ in FAULTS} == set(Code)
