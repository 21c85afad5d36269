"""Sets that come in part, empty or foreign answers, tokens that leave: what the slots do."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from bot.adapters.tokenmetrics.endpoints import Endpoint
from bot.domain.errors import ConfigError
from bot.domain.instants import HOUR, format_instant
from tests.support.boundary import EDGE, START, Provider, Question, Way, envelope, way
from tests.support.records import load

TURN = START + HOUR
SLOT = format_instant(START + 2 * HOUR)
NEXT = format_instant(START + 3 * HOUR)
DOWN = (503, b"")
Row = dict[str, Any]


class Unreliable:
    """A provider that says for some questions, from an instant on, something else."""

    def __init__(self, provider: Provider) -> None:
        self.provider = provider
        self.instead: Callable[[str, Mapping[str, str], int], tuple[int, bytes] | None] = (
            lambda _endpoint, _params, _now: None
        )

    def __call__(self, endpoint: str, params: Mapping[str, str]) -> tuple[int, bytes]:
        found = self.instead(endpoint, params, self.provider.clock())
        return self.provider(endpoint, params) if found is None else found


@contextmanager
def going(folder: Path, unreliable: Unreliable, strategy: Any = EDGE, **settings: object) -> Any:
    with way(folder, unreliable, strategy, **settings) as (made, server):
        unreliable.provider.clock = made.clock.now
        yield made, server


@pytest.fixture
def four() -> Unreliable:
    return Unreliable(Provider(range(1, 5), TURN))


def reasons(found: Way) -> list[tuple[str, int, str]]:
    return [row for row in found.decisions() if row[2] != "CANDIDATE_EXPIRED"]


@pytest.mark.parametrize(
    "endpoint", ["hourly-trading-signals", "hourly-ohlcv", "resistance-support", "quantmetrics"]
)
def test_half_a_set_opens_nothing_until_a_whole_one_came(
    tmp_path: Path, four: Unreliable, endpoint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    until = START + 2 * HOUR + 30 * 60_000

    def second_batch_fails(asked: str, params: Mapping[str, str], now: int) -> Any:
        late = START + HOUR < now < until
        second = params.get("token_id", "").startswith("3")
        return DOWN if late and asked == endpoint and second else None

    four.instead = second_batch_fails
    # The daily endpoints are asked each hour, so that theirs are torn in the slot of the turn.
    with going(tmp_path, four, batch_size=2, daily_every=HOUR) as (made, _):
        assert made.slots(4) == 4
        found = reasons(made)
        torn = made.polls.torn()
    assert {reason for slot, _, reason in found if slot == SLOT} <= {"SLOT_MISSED"}
    assert [(token, reason) for slot, token, reason in found if slot == NEXT] == [
        (token, "ENTRY") for token in range(1, 5)
    ]
    assert torn == ()
    assert "poll.torn" in capsys.readouterr().out


def test_a_set_stays_torn_over_a_restart(tmp_path: Path, four: Unreliable) -> None:
    def quota_ends(asked: str, params: Mapping[str, str], now: int) -> Any:
        spent = now > START + 2 * HOUR and (
            asked != "hourly-ohlcv" and params.get("token_id") != "1,2"
        )
        return (429, b"") if spent or now > START + 3 * HOUR else None

    four.instead = quota_ends
    with going(tmp_path, four, batch_size=2) as (made, _):
        made.slots(3)
        assert made.polls.torn() == (Endpoint.HOURLY_SIGNALS,)
        again = made.restarted()
        again.slots(2)
        torn, found = again.polls.torn(), again.decisions()
        again.close()
    assert torn == (Endpoint.HOURLY_SIGNALS,)
    assert {reason for _, _, reason in found} == {"SLOT_MISSED"}
    assert {token for _, token, _ in found} == {1, 2}


def test_an_outage_that_brought_nothing_is_no_torn_set(tmp_path: Path, four: Unreliable) -> None:
    four.instead = lambda _asked, _params, now: DOWN if now > START + 3 * HOUR else None
    with going(tmp_path, four, batch_size=2) as (made, _):
        assert made.slots(5) == 5
        assert made.polls.torn() == ()
        assert made.rows("SELECT count(*) FROM slot WHERE missed = 1") == [(0,)]


def test_a_token_list_that_came_in_part_opens_nothing(tmp_path: Path) -> None:
    many = Unreliable(Provider(range(1, 104), TURN))

    def list_breaks(asked: str, params: Mapping[str, str], now: int) -> Any:
        if asked != "tokens":
            return None
        page = int(params["page"])
        if page == 2 and now < START + 2 * HOUR + 30 * 60_000:
            return DOWN
        rows = [
            {"TOKEN_ID": n, "TOKEN_SYMBOL": f"T{n}"} for n in range(page * 100 - 99, page * 100 + 1)
        ]
        return envelope([row for row in rows if row["TOKEN_ID"] <= 103])

    many.instead = list_breaks
    with going(tmp_path, many, batch_size=100) as (made, _):
        made.slots(4)
        found = reasons(made)
    assert {reason for slot, _, reason in found if slot == SLOT} == {"SLOT_MISSED"}
    assert [reason for slot, _, reason in found if slot < SLOT] == []


def test_a_repeated_page_tears_the_set(tmp_path: Path) -> None:
    many = Unreliable(Provider(range(1, 101), TURN))
    rows = [{"TOKEN_ID": n, "TOKEN_SYMBOL": f"T{n}"} for n in range(1, 101)]
    many.instead = lambda asked, _params, _now: envelope([*rows]) if asked == "tokens" else None
    with going(tmp_path, many) as (made, _):
        made.slots(3)
        assert made.polls.torn() == (Endpoint.TOKENS,)
        assert {reason for _, _, reason in made.decisions()} <= {"SLOT_MISSED"}


@pytest.mark.parametrize("status", [200, 404])
def test_empty_answers_for_hours_stop_entries_by_age_and_are_told(
    tmp_path: Path, four: Unreliable, status: int, capsys: pytest.CaptureFixture[str]
) -> None:
    empty = (status, envelope([])[1].replace(b"false", b"true") if status == 200 else b"")

    def nothing(asked: str, _params: Mapping[str, str], now: int) -> Any:
        if now < START + 2 * HOUR or asked == "tokens":
            return None
        return (200, empty[1]) if status == 200 else envelope([])

    four.instead = nothing
    with going(tmp_path, four) as (made, _):
        assert made.slots(8) == 8
        assert made.decisions() == []
    told = capsys.readouterr().out
    assert told.count("poll.coverage_low") >= 10
    assert "tokens=4" in told


def test_another_customers_answers_are_told_and_open_nothing(
    tmp_path: Path, four: Unreliable, capsys: pytest.CaptureFixture[str]
) -> None:
    def foreign(_: str, rows: list[Row]) -> list[object]:
        return [row | {"TOKEN_ID": row["TOKEN_ID"] + 900} for row in rows]

    with going(tmp_path, four) as (made, _):
        made.slots(2)
        four.provider.change = foreign
        assert made.slots(6) == 6
        assert [row for row in made.decisions() if row[2] == "ENTRY"] == []
    told = capsys.readouterr().out
    assert "answer.rows_not_asked_for" in told
    assert "poll.coverage_low" in told


def test_a_renamed_field_is_told_once_and_its_rows_are_refused(
    tmp_path: Path, four: Unreliable, capsys: pytest.CaptureFixture[str]
) -> None:
    def renamed(endpoint: str, rows: list[Row]) -> list[object]:
        if endpoint != "hourly-ohlcv":
            return [*rows]
        return [
            {"CLOSE_PRICE" if key == "CLOSE" else key: value for key, value in row.items()}
            for row in rows
        ]

    four.provider.turn = START + 4 * HOUR
    with going(tmp_path, four) as (made, _):
        made.slots(2)
        four.provider.change = renamed
        made.slots(6)
        assert [row for row in made.decisions() if row[2] == "ENTRY"] == []
    told = [line for line in capsys.readouterr().out.splitlines() if "answer." in line]
    moved = [line for line in told if "format_moved" in line]
    assert len(moved) == 1
    assert "close_price" in moved[0]
    assert any("FIELD_MISSING" in line and "rows_refused" in line for line in told)


def test_a_failure_behind_a_good_status_is_no_empty_answer(
    tmp_path: Path, four: Unreliable
) -> None:
    failed = (200, b'{"success": false, "message": "try later", "length": 0, "data": []}')
    four.instead = lambda asked, _params, now: (
        failed if asked == "hourly-trading-signals" and now > START + HOUR else None
    )
    with going(tmp_path, four) as (made, _):
        assert made.slots(4) == 4
        assert made.decisions() == []
        assert "try later" in made.polls.trouble()


TOP = """
name = "top"
levels = "provider"
signals = "hourly"
sigma = "quantmetrics"
atr = "column:sharpe"
adv = "column:sharpe"
max_adv_frac = "off"
stop_min_strength = 0
target_min_strength = 0
strong = "off"
min_rr = 0.1
latency = "0s"
[universe]
top = 2
"""


def test_a_held_token_that_left_the_universe_still_meets_its_stop(tmp_path: Path) -> None:
    three = Unreliable(Provider(range(1, 4), TURN))
    falls = START + 26 * HOUR

    def change(endpoint: str, rows: list[Row]) -> list[object]:
        now = three.provider.clock()
        if endpoint == "tokens":
            values = {1: 30, 2: 20, 3: 10} if now < START + 10 * HOUR else {1: 1, 2: 20, 3: 10}
            return [row | {"MARKET_CAP": values[row["TOKEN_ID"]]} for row in rows]
        if endpoint == "hourly-ohlcv":
            low = {"LOW": 90, "CLOSE": 91}
            return [
                row | low if row["TOKEN_ID"] == 1 and row["TIMESTAMP"] == format_instant(falls)
                else row for row in rows
            ]  # fmt: skip
        return [*rows]

    three.provider.change = change
    with going(tmp_path, three, load(TOP)) as (made, server):
        made.slots(29)
        closed = made.rows("SELECT token_id, reason FROM fill WHERE side = 'SELL'")
        last: Question = [one for one in server.asked if one[0] == "hourly-ohlcv"][-1]
    assert closed == [(1, "STOP")]
    # Once it is sold nobody asks for it any more.
    assert last[1]["token_id"].split(",") == ["2", "3"]


NAMED = TOP.replace("top = 2", 'symbols = ["T1", "T2"]')


@pytest.mark.parametrize("name", ["t1", "T2"])
def test_a_name_that_two_tokens_bear_from_now_on_leaves_the_daemon_at_work(
    tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    three = Unreliable(Provider(range(1, 4), TURN))

    def copied(endpoint: str, rows: list[Row]) -> list[object]:
        if endpoint == "tokens" and three.provider.clock() > START + HOUR:
            return [*rows, {"TOKEN_ID": 99, "TOKEN_SYMBOL": name, "TOKEN_NAME": "another"}]
        return [*rows]

    three.provider.change = copied
    with going(tmp_path, three, load(NAMED)) as (made, server):
        assert made.slots(50) == 50  # over two midnights, at which universes are resolved anew
        last: Question = [one for one in server.asked if one[0] == "hourly-ohlcv"][-1]
    assert last[1]["token_id"].split(",") == ["1", "2"]
    assert capsys.readouterr().out.count("universe.unresolved") == 1


def test_a_name_that_two_tokens_bear_from_the_start_is_refused(tmp_path: Path) -> None:
    three = Unreliable(Provider(range(1, 4), TURN))
    three.provider.change = lambda _, rows: [row | {"TOKEN_SYMBOL": "T1"} for row in rows]
    with (
        going(tmp_path, three, load(NAMED)) as (made, _),
        pytest.raises(ConfigError, match="several tokens"),
    ):
        made.slots(1)


def test_a_delisted_token_that_is_held_is_flagged_and_the_others_go_on(tmp_path: Path) -> None:
    three = Unreliable(Provider(range(1, 4), TURN))

    def delisted(_: str, rows: list[Row]) -> list[object]:
        gone = three.provider.clock() > START + 4 * HOUR
        return [row for row in rows if not gone or row["TOKEN_ID"] != 1]

    three.provider.change = delisted
    with going(tmp_path, three) as (made, _):
        assert made.slots(54) == 54
        held = made.rows("SELECT token_id FROM position WHERE status = 'OPEN' ORDER BY token_id")
        notices = made.rows("SELECT kind, token_id FROM notice")
    assert held == [(1,), (2,), (3,)]
    assert notices == [("UNPRICED", 1)]
