"""Alerts, screens, digests, level snapshots and comparisons, as a user asks for them."""

from __future__ import annotations

import base64
import csv
import hashlib
import json
import re
import shutil
import sqlite3
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from bot.app.audit import audit_home
from bot.app.screen import SLOT_NUMBERS, TEXTS
from bot.app.settings import load_settings
from bot.domain.instants import HOUR
from bot.market.column_names import HEADINGS
from tests.support.command import ask, run
from tests.support.ledger_home import (
    ALERTS,
    EASY,
    START,
    made_up_market,
    run_until,
    simulated,
    write_home,
    write_strategy,
)

MONDAY = "2025-02-03"
FIRST, LAST = START + 14 * HOUR, START + 26 * HOUR


@pytest.fixture(scope="module")
def homes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A home with alerts, the same without any, and one that gets them while positions are open."""
    found = {}
    market = made_up_market(54, 4)
    for name, first, then in (
        ("watched", ALERTS, ALERTS), ("unwatched", "", ""), ("later", "", ALERTS)
    ):  # fmt: skip
        home = tmp_path_factory.mktemp(name)
        with simulated(market) as url:
            settings = write_home(home, url)
            write_strategy(home, "easy", EASY + first)
            run_until(settings, FIRST)
            write_strategy(home, "easy", EASY + then)
            run_until(settings, LAST)
        found[name] = home
    return found


@pytest.fixture(scope="module")
def home(homes: dict[str, Path]) -> Path:
    return homes["watched"]


def rows(home: Path, query: str, *cells: object) -> list[Any]:
    with closing(sqlite3.connect(home / "hourhand.db")) as connection:
        return connection.execute(query, cells).fetchall()


def alerts_of(home: Path, after: int = 0) -> list[dict[str, Any]]:
    query = "SELECT body FROM outbox WHERE topic LIKE 'alert.%' AND slot > ? ORDER BY id"
    return [json.loads(body) for (body,) in rows(home, query, after)]


def hash_of(home: Path) -> str:
    document = ask("status", "--home", home)
    return str(document["strategies"][0]["ledger_sha256"])


# alerts


def test_alerts_of_every_kind_are_told_and_the_audit_finds_the_same(home: Path) -> None:
    topics = {topic for (topic,) in rows(home, "SELECT DISTINCT topic FROM outbox")}
    assert {"alert.rules", "alert.column", "alert.signal", "alert.level"} <= topics
    assert audit_home(load_settings(home)).findings == []


def test_alerts_change_neither_the_ledger_nor_the_configuration(homes: dict[str, Path]) -> None:
    assert len({hash_of(home) for home in homes.values()}) == 1
    configs = {cell for home in homes.values() for (cell,) in rows(
        home, "SELECT DISTINCT config_sha256 FROM cycle")}  # fmt: skip
    assert len(configs) == 1


def test_a_file_that_gets_alerts_while_a_position_is_open_stays_in_use(
    homes: dict[str, Path],
) -> None:
    later = homes["later"]
    assert rows(later, "SELECT count(*) FROM command") == [(0,)]
    (begun,) = rows(later, "SELECT slot FROM outbox WHERE topic = 'alert.rules'")
    assert begun == (FIRST + HOUR,)
    assert alerts_of(later, FIRST + HOUR)
    assert audit_home(load_settings(later)).findings == []


def test_each_message_says_what_happened_in_words_and_numbers(home: Path) -> None:
    told = alerts_of(home)
    moved = next(facts for facts in told if facts.get("alert") == "moved")
    assert moved["text"].startswith("easy: moved: DEMO1 close ")
    assert float(moved["value"]) >= float(moved["limit"]) or moved["event"] == "below"
    level = next(facts for facts in told if facts.get("event") == "approach")
    assert re.fullmatch(r"easy: levels: DEMO\d: approach of \w+ [\d.]+", level["text"])


def test_alerts_lists_counts_and_precision(home: Path) -> None:
    document = ask("alerts", "--home", home)
    by_name = {row["alert"]: row for row in document["alerts"]}
    assert set(by_name) == {"moved", "turned", "levels"}
    for name, row in by_name.items():
        told = [facts for facts in alerts_of(home) if facts.get("alert") == name]
        assert row["told"] == len(told), name
    found = by_name["levels"]["levels"]
    ended = sum(found[name] for name in ("held", "broken", "turned", "timed_out"))
    assert found["approaches"] == ended + found["open"] > 0
    assert found["precision"]["n"] == ended
    assert 0 < found["precision"]["low"] < found["precision"]["rate"] <= found["precision"]["high"]
    assert "too few for a verdict" in run("alerts", "--home", home).out


def test_check_names_alerts_and_every_fault_of_one_with_its_line(tmp_path: Path) -> None:
    home = tmp_path / "home"
    write_home(home, "http://127.0.0.1:1")
    write_strategy(home, "easy", EASY + ALERTS)
    assert "Alert moved: close rises to 10800" in run("check", "--home", home).out
    wrong = ALERTS.replace('"close"', '"sharpe_90d"').replace('"turned"', '"moved"')
    write_strategy(home, "easy", EASY + wrong)
    outcome = run("check", "--home", home)
    assert outcome.code == 64
    assert "alert[0].column: sharpe_90d is a window that this strategy does not" in outcome.error
    assert "alert[1].name: 'moved' is there already" in outcome.error
    assert re.search(r"easy\.toml:\d+: alert\[1\]\.name", outcome.error)


# screens


def test_a_screen_ranks_the_better_first_and_filters(home: Path) -> None:
    document = ask("screen", "--home", home, "--by", "sortino")
    values = [row["by"] for row in document["tokens"]]
    assert values == sorted(values, reverse=True)
    assert len(values) == 3
    near = ask("screen", "--home", home, "--by", "level_away", "--near", "1%")
    distances = [row["by"] for row in near["tokens"]]
    assert distances == sorted(distances)
    assert all(distance <= 0.01 for distance in distances)
    best = document["tokens"][0]["columns"]
    where = f"symbol = '{best['symbol']}' and sharpe >= {best['sharpe']} and not close < 0"
    found = ask("screen", "--home", home, "--where", where)
    assert [row["columns"]["symbol"] for row in found["tokens"]] == [best["symbol"]]
    assert len(ask("screen", "--home", home, "--top", 1)["tokens"]) == 1


def test_the_composite_is_the_mean_percentile_of_the_strategys_weights(home: Path) -> None:
    document = ask("screen", "--home", home, "--by", "composite")
    tokens = {row["token_id"]: row["columns"] for row in document["tokens"]}

    def share(name: str, token: int, *, reversed_: bool = False) -> float:
        below = sum(cells[name] < tokens[token][name] for cells in tokens.values())
        part = below / (len(tokens) - 1)
        return 1 - part if reversed_ else part

    for row in document["tokens"]:
        i = row["token_id"]
        parts = (share("cagr", i), share("sharpe", i), share("max_drawdown", i, reversed_=True))
        assert row["by"] == pytest.approx(sum(parts) / 3)


def test_every_heading_of_a_screen_can_be_typed_for_its_column(home: Path) -> None:
    ranked = ask("screen", "--home", home, "--by", "max_drawdown")
    heads = run("screen", "--home", home).out.splitlines()[0].split()
    assert {"max_dd", "vol", "to_support", "to_resist"} <= set(heads)
    for head in set(heads) - {"#", "token", "id"}:
        assert run("screen", "--home", home, "--by", head).code == 0, head
        assert run("screen", "--home", home, "--where", f"{head} > 0").code == 0, head
    assert ask("screen", "--home", home, "--by", "Max DD") == ranked
    symbol = ranked["tokens"][0]["columns"]["symbol"]
    found = ask("screen", "--home", home, "--where", f"token = '{symbol}' and max_dd <= 100%")
    assert found["matching"] == 1


def test_the_help_names_every_column_that_a_screen_always_has() -> None:
    told = run("screen", "--help").out
    for name in (*SLOT_NUMBERS, *TEXTS, *HEADINGS.values(), "sharpe", "grade"):
        assert re.search(rf"\b{name}\b", told), name


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--where", "sharp > 1"), "no column 'sharp' (did you mean sharpe?); there are: adv"),
        (("--where", "sharpe > 1 and"), "character 15: expected a column"),
        (("--where", "max > 1"), "no column 'max' (did you mean max_drawdown?)"),
        (("--by", "luck"), "--by: no column 'luck'"),
        (("--by", "suport away"), "--by: no column 'suport away' (did you mean support_away?)"),
        (("--by", "token"), "--by: no column 'token'"),
        (("--near", "soon"), "--near soon: expected a number"),
        (("--strategy", "none"), "no strategy 'none'"),
    ],
)
def test_a_screen_that_asks_for_what_is_not_there_is_refused(
    home: Path, options: tuple[str, ...], words: str
) -> None:
    outcome = run("screen", "--home", home, *options)
    assert outcome.code == 2
    assert words in outcome.error


# digests


@pytest.fixture(scope="module")
def replayed(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home made by replaying the exported record."""
    folder = tmp_path_factory.mktemp("replayed")
    assert run("export", folder / "record", "--home", home).code == 0
    made = run("replay", home / "strategies/easy.toml", "--record", folder / "record",
               "--format", "sqlite", "--out", folder / "home", "--no-trial")  # fmt: skip
    assert made.code == 0, made.error
    return folder / "home"


@pytest.mark.parametrize("form", ["text", "markdown", "html"])
def test_a_replay_of_the_record_gives_the_same_digest_byte_for_byte(
    home: Path, replayed: Path, form: str
) -> None:
    options = ("--week", MONDAY, "--format", form)
    one = run("digest", "--home", home, *options)
    assert one.code == 0, one.error
    assert one.out == run("digest", "--home", replayed, *options).out


def test_a_digest_tells_what_the_ledger_holds(home: Path) -> None:
    (part,) = ask("digest", "--home", home)["strategies"]
    trades = ask("trades", "--home", home)
    assert len(part["trades"]) == trades["n"]
    assert part["net"] == trades["pnl"]
    sold = rows(home, "SELECT reason, count(*) FROM fill WHERE side = 'SELL' GROUP BY reason")
    assert part["exits"] == dict(sold)
    refused = rows(home, "SELECT reason, count(*) FROM decision WHERE outcome = 'REFUSED' "
                   "GROUP BY reason")  # fmt: skip
    assert part["refusals"] == dict(refused)
    assert part["ledger_sha256"] == hash_of(home)
    assert {row["column"] for row in part["moved"]} >= {"sharpe", "sigma"}
    assert part["slots_done"] == 27
    assert not part["whole"]


def test_what_comes_after_a_week_leaves_its_digest_as_it_was(home: Path, tmp_path: Path) -> None:
    """Slots of the next week, and a token renamed meanwhile."""
    longer = Path(shutil.copytree(home, tmp_path / "home"))
    before = run("digest", "--home", longer, "--week", MONDAY, "--format", "html").out
    with closing(sqlite3.connect(longer / "hourhand.db")) as connection, connection:
        connection.execute(
            "INSERT INTO token_seen (token_id, symbol, name, sector, category, volume_unit, "
            "available_at) SELECT token_id, 'OTHER', name, sector, category, volume_unit, "
            "max(available_at) + 999999999 FROM token_seen GROUP BY token_id"
        )
    assert "OTHER" in run("screen", "--home", longer).out
    assert run("digest", "--home", longer, "--week", MONDAY, "--format", "html").out == before


def test_names_from_outside_stay_text_in_every_form(home: Path, tmp_path: Path) -> None:
    hostile = Path(shutil.copytree(home, tmp_path / "home"))
    with closing(sqlite3.connect(hostile / "hourhand.db")) as connection, connection:
        connection.execute("DROP TRIGGER token_seen_no_update")
        connection.execute(
            "UPDATE token_seen SET symbol = ?", ("<script>x</script>\x1b[31m|[a](b)\n# h",)
        )
    page = run("digest", "--home", hostile, "--format", "html").out
    assert "<script>" not in page
    assert "&lt;script&gt;" in page
    text = run("digest", "--home", hostile, "--format", "markdown").out
    assert r"\<script\>x\</script\>\[31m\|\[a\](b)\# h" in text
    for command in ("digest", "screen", "levels"):
        assert "\x1b" not in run(command, "--home", hostile).out


def test_the_page_loads_nothing_and_allows_its_style_by_hash(home: Path, tmp_path: Path) -> None:
    target = tmp_path / "week.html"
    assert run("digest", "--home", home, "--format", "html", "--out", target).code == 0
    page = target.read_text(encoding="utf-8")
    style = page.split("<style>")[1].split("</style>")[0]
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert f"style-src &#x27;sha256-{digest}&#x27;" in page
    assert "default-src &#x27;none&#x27;" in page
    assert not re.search(r"<(script|img|link|iframe)|https?://|style=", page)


def test_a_week_without_a_slot_and_a_form_that_is_none_are_refused(home: Path) -> None:
    assert (
        "no slot lies in the week from 2024-01-01"
        in run("digest", "--home", home, "--week", "2024-01-03").error
    )
    assert run("digest", "--home", home, "--format", "pdf").code == 2


# level snapshots


def test_level_snapshots_name_their_content_by_its_hash(home: Path, tmp_path: Path) -> None:
    document = ask("levels", "--home", home, "--days", 2, "--out", tmp_path / "out")
    assert document["total"] == len(document["snapshots"]) == 6
    with (tmp_path / "out/level_contents.csv").open(newline="") as file:
        contents = {row["content_sha256"]: row["body"] for row in csv.DictReader(file)}
    with (tmp_path / "out/level_snapshots.csv").open(newline="") as file:
        listed = list(csv.DictReader(file))
    assert len(contents) == document["contents"]
    assert {row["content_sha256"] for row in listed} == set(contents)
    for digest, body in contents.items():
        assert hashlib.sha256(body.encode()).hexdigest() == digest
    for row in listed:
        assert int(row["levels"]) == len(json.loads(contents[row["content_sha256"]]))
        assert row["seen_at"] <= row["slot"].replace("00:00Z", "10:00Z")


def test_a_level_list_that_was_changed_afterwards_is_named(home: Path, tmp_path: Path) -> None:
    damaged = Path(shutil.copytree(home, tmp_path / "home"))
    with closing(sqlite3.connect(damaged / "hourhand.db")) as connection, connection:
        connection.execute("DROP TRIGGER content_no_update")
        connection.execute("UPDATE content SET body = replace(body, '1', '2')")
    outcome = run("levels", "--home", damaged)
    assert outcome.code == 70
    assert "the stored text is not that of its hash" in outcome.error


# comparisons


def compared(home: Path, tmp_path: Path, changes: dict[str, str]) -> dict[str, Any]:
    old = home / "strategies/easy.toml"
    text = old.read_text()
    for before, after in changes.items():
        assert before in text
        text = text.replace(before, after)
    new = tmp_path / "new.toml"
    new.write_text(text)
    document: dict[str, Any] = ask("diff", old, new, "--home", home, "--no-trial")
    return document


def test_a_file_differs_in_nothing_from_itself_with_other_alerts(
    home: Path, tmp_path: Path
) -> None:
    document = compared(home, tmp_path, {"above = 10_800": "above = 10_900"})
    assert (document["keys"], document["trades"]) == ([], [])
    assert document["same"] == document["old"]["trades"] + document["old"]["open"] > 0


def test_a_gate_that_closes_is_named_with_its_key_and_what_follows_from_it(
    home: Path, tmp_path: Path
) -> None:
    document = compared(home, tmp_path, {"sharpe_min = -5": "sharpe_min = 3"})
    assert [row["key"] for row in document["keys"]] == ["sharpe_leave", "sharpe_min"]
    assert document["new"]["trades"] == 0
    assert {row["change"] for row in document["trades"]} == {"removed"}
    causes = {row["rule"]["rule"]: row["keys"] for row in document["trades"]}
    assert causes == {"SHARPE_LOW": ["sharpe_leave", "sharpe_min"], "no exit before it": []}
    first = document["trades"][0]["rule"]
    assert (first["old"], first["new"]) == ("ENTRY", "SHARPE_LOW")
    assert first["gates"][0]["value"] < 3


@pytest.mark.parametrize(
    ("changes", "rule", "key"),
    [
        ({"max_hold = 9": "max_hold = 2"}, "EXIT", "max_hold"),
        ({"cash = 20_000_000": "cash = 2_000"}, "SIZE", "cash"),
        ({'name = "easy"\n': 'name = "easy"\nstop_buf = 0.02\n'}, "STOP_LEVEL", "stop_buf"),
        ({'name = "easy"\n': 'name = "easy"\ntarget_buf = 0.0005\n'}, "TARGET_LEVEL",
         "target_buf"),
        ({'name = "easy"\n': 'name = "easy"\ntaker = 0.002\n'}, "COSTS", "taker"),
    ],
)  # fmt: skip
def test_a_changed_trade_names_what_moved_first(
    home: Path, tmp_path: Path, changes: dict[str, str], rule: str, key: str
) -> None:
    document = compared(home, tmp_path, changes)
    moved = [row for row in document["trades"] if row["change"] == "changed"]
    assert any(row["rule"]["rule"] == rule and key in row["keys"] for row in moved), [
        (row["rule"], row["keys"]) for row in moved
    ]


def test_sums_by_rule_are_those_of_the_trades(home: Path, tmp_path: Path) -> None:
    document = compared(home, tmp_path, {"max_hold = 9": "max_hold = 2"})
    total = sum((Decimal(row["net"]) for row in document["rules"]), Decimal(0))
    assert total == Decimal(document["new"]["net"]) - Decimal(document["old"]["net"])
    for change in ("added", "removed", "changed"):
        assert document[change] == sum(row[change] for row in document["rules"])
    old, new = home / "strategies/easy.toml", tmp_path / "new.toml"
    text = run("diff", old, new, "--home", home, "--no-trial").out
    assert "Changed keys:\n  max_hold: 9 -> 2\n" in text
