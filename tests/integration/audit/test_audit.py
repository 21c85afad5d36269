"""The audit of ledgers that real daemon runs left: nothing found, everything recomputed."""

# ruff: noqa: S608  the statements are made of this file's own text
from __future__ import annotations

import hashlib
import json
import sqlite3
import urllib.request
from pathlib import Path

import pytest

from bot.adapters.sql.engine import open_database
from bot.adapters.sql.record_store import import_record
from bot.app.audit import AuditResult, audit_home
from bot.app.audit_finding import SHOWN_PER_CODE, Code
from bot.app.settings import load_settings
from bot.domain.errors import UsageError
from bot.domain.instants import HOUR
from bot.domain.values import Record
from tests.support.audit_page import no_evidence
from tests.support.command import run
from tests.support.ledger_home import (
    EASY,
    START,
    STRICT,
    made_up_market,
    run_until,
    simulated,
    write_home,
    write_strategy,
)
from tests.support.tampering import both, journal_lines, opened, packed, rehashed_bodies, sql


def _count(home: Path, table: str) -> int:
    connection = sqlite3.connect(home / "hourhand.db")
    try:
        return int(connection.execute(f'SELECT count(*) FROM "{table}"').fetchone()[0])
    finally:
        connection.close()


def _audited(home: Path) -> AuditResult:
    return audit_home(load_settings(home))


def _found(result: AuditResult, code: Code) -> list[str]:
    return [finding.text() for finding in result.findings if finding.code is code]


def test_a_sound_ledger_is_recomputed_whole_and_nothing_is_found(ledger_home: Path) -> None:
    result = _audited(ledger_home)
    assert result.findings == []
    assert result.ledger_sha256 == result.replayed_sha256
    tables = {
        "responses": "raw_response", "slots": "cycle", "slot_inputs": "slot_input",
        "decisions": "decision", "orders": "order", "fills": "fill",
        "order_events": "order_event", "instruments": "instrument", "universes": "universe",
    }  # fmt: skip
    for name, table in tables.items():
        assert result.recomputed[name] == _count(ledger_home, table) > 0, name
    kinds = ("token_seen", "bar", "signal", "metric", "level_list", "grade")
    rows = sum(_count(ledger_home, kind) for kind in kinds)
    assert result.recomputed["observations"] == rows


def test_an_audit_changes_no_byte(home: Path) -> None:
    before = hashlib.sha256((home / "hourhand.db").read_bytes()).hexdigest()
    _audited(home)
    assert hashlib.sha256((home / "hourhand.db").read_bytes()).hexdigest() == before


def test_the_command_prints_one_document_and_goes_well(ledger_home: Path) -> None:
    outcome = run("audit", "--home", ledger_home, "--json")
    document = json.loads(outcome.out)
    assert (outcome.code, document["ok"], document["findings"]) == (0, True, [])
    assert document["ledger_sha256"] == document["replayed_sha256"]
    assert document["strategies"]["easy"]["ledger_sha256"] == document["ledger_sha256"]
    assert document["recomputed"]["responses"] == _count(ledger_home, "raw_response")


def test_the_command_says_in_words_what_it_recomputed(ledger_home: Path) -> None:
    outcome = run("audit", "--home", ledger_home)
    assert outcome.code == 0
    assert "recomputed: the same" in outcome.out
    assert outcome.out.rstrip().endswith("ok: no finding")


def test_the_command_fails_with_70_and_names_what_it_found(home: Path) -> None:
    with opened(home / "hourhand.db") as connection:
        sql("DELETE FROM bar WHERE id = 5")(connection)
    assert run("audit", "--home", home).code == 70
    outcome = run("audit", "--home", home, "--json")
    document = json.loads(outcome.out)
    assert (outcome.code, document["ok"]) == (70, False)
    missing, gap = document["findings"]
    assert (missing["code"], missing["invariant"]) == ("OBSERVATION_MISSING", 35)
    assert (gap["code"], gap["where"]) == ("OBSERVATION", "numbers of bar")


def test_a_changed_byte_in_a_raw_body_is_named_with_its_response(home: Path) -> None:
    with opened(home / "hourhand.db") as connection:
        (raw_id,) = connection.execute(
            "SELECT min(id) FROM raw_response WHERE endpoint = 'hourly-ohlcv'"
        ).fetchone()
        body = packed("raw_body", "body", lambda b: b.replace(b'"CLOSE":', b'"CLOSE":1', 1))
        body(connection)
    (found,) = _found(_audited(home), Code.RAW_BODY)
    assert f"raw response {raw_id} (hourly-ohlcv)" in found


def test_a_body_forged_with_its_hash_differs_from_the_rows_read_from_it(home: Path) -> None:
    with opened(home / "hourhand.db") as connection:
        both(
            packed("raw_body", "body", lambda b: b.replace(b'"CLOSE":', b'"CLOSE":9', 1)),
            rehashed_bodies(),
        )(connection)
    result = _audited(home)
    assert _found(result, Code.RAW_BODY) == []
    (found,) = _found(result, Code.OBSERVATION)
    assert "expected close=9" in found


def test_many_findings_of_one_kind_are_counted_instead_of_listed(home: Path) -> None:
    with opened(home / "hourhand.db") as connection:
        sql("UPDATE equity SET peak = peak + 1")(connection)
    result = _audited(home)
    slots = _count(home, "cycle")
    assert len(_found(result, Code.EQUITY)) == SHOWN_PER_CODE
    assert result.more[Code.EQUITY] == slots - SHOWN_PER_CODE


@pytest.fixture(scope="module")
def sound_sha256(ledger_home: Path) -> str:
    return _audited(ledger_home).ledger_sha256


A_FILL = "(SELECT max(id) FROM fill)"
A_REFUSAL = "(SELECT max(id) FROM decision WHERE outcome = 'REFUSED')"
CHANGES = {
    "a fee": f"UPDATE fill SET fee = fee + 1 WHERE id = {A_FILL}",
    "a price": f"UPDATE fill SET price_ticks = price_ticks + 1 WHERE id = {A_FILL}",
    "a price before costs": f"UPDATE fill SET ref_points = ref_points + 1 WHERE id = {A_FILL}",
    "a quantity": f"UPDATE fill SET quantity_lots = quantity_lots + 1 WHERE id = {A_FILL}",
    "a notional": f"UPDATE fill SET notional = notional + 1 WHERE id = {A_FILL}",
    "a fill gone": f"DELETE FROM fill WHERE id = {A_FILL}",
    "an order's cap gone": "UPDATE \"order\" SET cap_ticks = NULL WHERE action = 'ENTRY'",
    "an order's terms": "UPDATE \"order\" SET body = replace(body, 'k_ppm\": ', 'k_ppm\": 1')",
    "a detail": "UPDATE decision SET details = replace(details, 'sharpe', 'sharpen') "
                f"WHERE id = {A_REFUSAL}",
    "details that are no JSON": f"UPDATE decision SET details = '{{' WHERE id = {A_REFUSAL}",
    "a reason": f"UPDATE decision SET reason = 'COOLDOWN' WHERE id = {A_REFUSAL}",
    "a cancel's quantity": "UPDATE order_event SET quantity_lots = quantity_lots + 1",
    "a mark": "UPDATE equity SET peak = peak + 1 WHERE slot = (SELECT max(slot) FROM cycle)",
    "a notice added": "INSERT INTO notice (strategy, slot, token_id, kind, detail) "
                      "SELECT strategy, max(slot), 9001, 'LATE_ROW', '' FROM cycle",
}  # fmt: skip


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_changed_row_changes_the_hash_of_the_ledger(
    home: Path, sound_sha256: str, change: str
) -> None:
    with opened(home / "hourhand.db") as connection:
        sql(change)(connection)
    changed = _audited(home)
    assert changed.replayed_sha256 == sound_sha256
    assert changed.ledger_sha256 != sound_sha256
    assert not changed.ok


def test_a_journal_forged_with_its_chain_changes_the_hash_of_the_ledger(home: Path) -> None:
    def free_of_charge(line: dict[str, object]) -> bool:
        is_fill = line["record"] == "fill"
        line.update({"fee": "0"} if is_fill else {})
        return is_fill

    with opened(home / "hourhand.db") as connection:
        journal_lines(free_of_charge)(connection)
    result = _audited(home)
    assert result.ledger_sha256 != result.replayed_sha256
    assert _found(result, Code.LINES)


def test_operational_state_is_not_audited_and_the_page_says_so(home: Path) -> None:
    with opened(home / "hourhand.db") as connection:
        sql(
            "UPDATE poll_state SET last_success = last_success + 1",
            "UPDATE credit SET spent = spent + 1",
            "UPDATE lease SET epoch = epoch + 1, holder = 'pid 1'",
        )(connection)
    result = _audited(home)
    assert result.findings == []
    assert result.ledger_sha256 == result.replayed_sha256
    unseen = no_evidence()
    assert {"poll_state", "credit", "lease"} <= unseen.keys()
    assert {"epoch", "holder"} <= unseen["lease"]


def test_an_anchor_from_outside_is_held_against_the_journal(ledger_home: Path) -> None:
    connection = sqlite3.connect(ledger_home / "hourhand.db")
    seq, digest = connection.execute("SELECT seq, hash FROM journal WHERE seq = 12").fetchone()
    connection.close()
    assert run("audit", "--home", ledger_home, "--anchor", f"{seq}:{digest}").code == 0
    for anchor in (f"{seq}:{'0' * 64}", f"9999:{digest}"):
        outcome = run("audit", "--home", ledger_home, "--anchor", anchor)
        assert outcome.code == 70
        assert "JOURNAL_HEAD (invariant 25): anchor at journal" in outcome.out
    outcome = run("audit", "--home", ledger_home, "--anchor", "twelve")
    assert (outcome.code, "expected the number of an entry" in outcome.error) == (2, True)


def test_the_document_lists_every_invariant_and_how_many_findings_it_has(home: Path) -> None:
    with opened(home / "hourhand.db") as connection:
        sql("UPDATE equity SET peak = peak + 1")(connection)
    document = json.loads(run("audit", "--home", home, "--json").out)
    assert [one["number"] for one in document["invariants"]] == list(range(1, 36))
    broken = {one["number"]: one["findings"] for one in document["invariants"] if one["findings"]}
    assert broken == {8: _count(home, "cycle"), 27: _count(home, "cycle")}
    assert {finding["invariant"] for finding in document["findings"]} == {8, 27}


def test_one_damaged_row_hides_no_other(home: Path) -> None:
    with opened(home / "hourhand.db") as connection:
        sql(
            "UPDATE decision SET details = '{broken' WHERE ordinal = 0 AND slot % 7200000 = 0",
            "UPDATE \"order\" SET body = '[]' WHERE action = 'TARGET'",
            f"UPDATE fill SET fee = fee + 1 WHERE id = {A_FILL}",
        )(connection)
    found = _audited(home)
    assert _found(found, Code.UNREADABLE)
    assert len(_found(found, Code.FEE)) == 1


def test_slots_recorded_by_other_rules_are_not_compared_and_no_finding(home: Path) -> None:
    with opened(home / "hourhand.db") as connection:
        sql(
            "UPDATE config_version SET rules_version = 99",
            "UPDATE cycle SET rules_version = 99",
        )(connection)
    result = _audited(home)
    slots = _count(home, "cycle")
    assert result.findings == []
    assert (result.replayed_sha256, result.as_dict()["replayed_sha256"]) == ("", None)
    assert result.strategies["easy"].not_compared == slots
    assert any(f"{slots} slots not compared" in note for note in result.notes)


def test_a_home_without_a_database_is_told_so(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no database here yet"):
        audit_home(load_settings(tmp_path))


def test_a_ledger_without_a_slot_is_sound(tmp_path: Path) -> None:
    open_database(tmp_path / "hourhand.db", create=True).close()
    result = audit_home(load_settings(tmp_path))
    assert result.findings == []
    assert result.ledger_sha256 == result.replayed_sha256 == hashlib.sha256(b"").hexdigest()


def _past(market: Record) -> Record:
    """The part of a market that lay before the first slot, as a user would bring it along."""
    return Record(
        tokens=market.tokens,
        bars=[bar for bar in market.bars if bar.open_time < START - 12 * HOUR],
        signals=[row for row in market.signals if row.valid_time < START - 12 * HOUR],
    )


def _let_pass(url: str, hours: int) -> None:
    """Move the simulator's clock while no daemon runs."""
    with urllib.request.urlopen(f"{url}/_clock") as answer:  # noqa: S310  loopback
        now = json.loads(answer.read())["now"]
    body = json.dumps({"to": now + hours * HOUR}).encode()
    request = urllib.request.Request(f"{url}/_clock/advance", data=body)  # noqa: S310  loopback
    urllib.request.urlopen(request).close()  # noqa: S310  loopback


def test_imports_downtime_new_limits_and_a_new_strategy_leave_a_sound_ledger(
    tmp_path: Path,
) -> None:
    market = made_up_market(72, 4)
    with simulated(market) as url:
        settings = write_home(tmp_path, url)
        database = open_database(settings.database_path, create=True)
        with database.transaction() as connection:
            import_record(connection, _past(market))
        database.close()
        write_strategy(tmp_path, "easy", EASY)
        write_strategy(tmp_path, "strict", STRICT)
        run_until(settings, START + 18 * HOUR)
        write_strategy(tmp_path, "easy", EASY.replace("max_hold = 9", "max_hold = 4"))
        write_strategy(tmp_path, "another", EASY.replace("20_000_000", "5_000"))
        run_until(settings, START + 24 * HOUR)
        _let_pass(url, 5)
        run_until(settings, START + 34 * HOUR)
    result = _audited(tmp_path)
    assert [finding.text() for finding in result.findings] == []
    assert sorted(result.strategies) == ["another", "easy", "strict"]
    hashes = [one.ledger_sha256 for _, one in sorted(result.strategies.items())]
    assert result.ledger_sha256 == hashlib.sha256("".join(hashes).encode()).hexdigest()
    assert result.replayed_sha256 == result.ledger_sha256
    assert _count(tmp_path, "config_version") == 4
    connection = sqlite3.connect(settings.database_path)
    missed = connection.execute("SELECT count(*) FROM cycle WHERE missed = 1").fetchone()[0]
    imported = connection.execute("SELECT count(*) FROM bar WHERE raw_id IS NULL").fetchone()[0]
    connection.close()
    assert missed > 0
    assert imported > 0
