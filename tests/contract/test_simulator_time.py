"""The shared clock over HTTP, and what can be seen when."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from decimal import Decimal

import httpx
import pytest

from bot.domain.errors import StorageError
from bot.domain.instants import DAY, HOUR, MINUTE, SECOND, parse_instant
from bot.domain.values import Bar, Grade, Level, LevelList, Metrics, Record, Signal, Token
from bot.simulator import (
    MarketSource,
    RunningClock,
    Server,
    SimulatorOptions,
    SteppedClock,
    create_app,
)

START = parse_instant("2025-09-01")
TOKEN = 11
HEADERS = {"x-api-key": "tm-test"}


def bar(hour: int, close: str = "100", available_at: int | None = None) -> Bar:
    return Bar(
        token_id=TOKEN, open_time=START + hour * HOUR, open=Decimal(100), high=Decimal(110),
        low=Decimal(90), close=Decimal(close), volume=Decimal(60), available_at=available_at,
    )  # fmt: skip


class Provider:
    """A simulator of some rows, asked like the provider and moved by its clock."""

    def __init__(self, client: httpx.Client) -> None:
        self.client = client

    def at(self, moment: int) -> Provider:
        answer = self.client.post("/_clock/advance", json={"to": moment})
        assert answer.json() == {"now": moment}
        return self

    def values(self, endpoint: str, key: str, token_id: int = TOKEN) -> list[object]:
        answer = self.client.get(f"/v2/{endpoint}", params={"token_id": token_id})
        return [row[key] for row in answer.json()["data"]]


@pytest.fixture
def serve() -> Iterator[object]:
    running: list[tuple[Server, httpx.Client]] = []

    def start(record: Record, options: SimulatorOptions | None = None) -> Provider:
        record.tokens = record.tokens or [Token(token_id=TOKEN, symbol="AAA")]
        app = create_app(MarketSource(record), SteppedClock(START), options or SimulatorOptions())
        server = Server(app).__enter__()
        client = httpx.Client(base_url=server.url, headers=HEADERS, trust_env=False)
        running.append((server, client))
        return Provider(client)

    yield start
    for server, client in running:
        client.close()
        server.__exit__(None, None, None)


def test_the_stepped_clock_moves_only_when_asked_and_never_back(serve: object) -> None:
    client = serve(Record()).client
    assert client.get("/_clock").json() == {"now": START}
    later = {"to": START + HOUR}
    assert client.post("/_clock/advance", json=later).json() == {"now": START + HOUR}
    assert client.post("/_clock/advance", json=later).json() == {"now": START + HOUR}
    assert client.post("/_clock/advance", json={"to": START}).json() == {"now": START + HOUR}
    assert client.get("/_clock").json() == {"now": START + HOUR}


@pytest.mark.parametrize("body", [b"", b"[]", b'{"to":"soon"}', b'{"to":true}', b'{"to":1}'])
def test_a_clock_request_that_makes_no_sense_is_refused(serve: object, body: bytes) -> None:
    client = serve(Record()).client
    assert client.post("/_clock/advance", content=body).status_code == 400
    assert client.get("/_clock").json() == {"now": START}


def test_the_date_header_is_the_simulated_now(serve: object) -> None:
    provider = serve(Record()).at(START + HOUR)
    assert provider.client.get("/v2/tokens").headers["date"] == "Mon, 01 Sep 2025 01:00:00 GMT"


def test_a_bar_appears_twenty_seconds_after_its_close(serve: object) -> None:
    provider = serve(Record(bars=[bar(0), bar(1)]))
    assert provider.at(START + HOUR + 20 * SECOND - 1).values("hourly-ohlcv", "CLOSE") == []
    assert provider.at(START + HOUR + 20 * SECOND).values("hourly-ohlcv", "CLOSE") == [100]


def test_an_hourly_signal_appears_a_minute_after_its_hour(serve: object) -> None:
    provider = serve(Record(signals=[Signal(token_id=TOKEN, valid_time=START, signal="1")]))
    assert provider.at(START + HOUR + MINUTE - 1).values("hourly-trading-signals", "SIGNAL") == []
    assert provider.at(START + HOUR + MINUTE).values("hourly-trading-signals", "SIGNAL") == ["1"]


def test_a_late_signal_carries_the_close_of_its_own_hour(serve: object) -> None:
    late = Signal(token_id=TOKEN, valid_time=START, signal="1", available_at=START + 5 * HOUR)
    bars = [bar(hour, str(100 + hour)) for hour in range(5)]
    provider = serve(Record(bars=bars, signals=[late])).at(START + 6 * HOUR)
    assert provider.values("hourly-trading-signals", "CLOSE") == [100]


def test_daily_rows_appear_six_hours_after_their_day(serve: object) -> None:
    provider = serve(
        Record(
            metrics=[Metrics(token_id=TOKEN, valid_time=START, values=(("sharpe", 1.5),))],
            grades=[Grade(token_id=TOKEN, valid_time=START, tm_grade=50.0)],
            signals=[Signal(token_id=TOKEN, valid_time=START, signal="1", source="daily")],
        )
    )
    seen = (("quantmetrics", "SHARPE"), ("tm-grade", "TM_GRADE"), ("trading-signals", "DATE"))
    provider.at(START + DAY + 6 * HOUR - 1)
    assert [provider.values(*key) for key in seen] == [[], [], []]
    provider.at(START + DAY + 6 * HOUR)
    assert [len(provider.values(*key)) for key in seen] == [1, 1, 1]


def test_a_level_list_appears_when_it_was_first_seen(serve: object) -> None:
    lists = [
        LevelList(token_id=TOKEN, seen_at=START + HOUR, levels=(Level(price=Decimal(90)),)),
        LevelList(token_id=TOKEN, seen_at=START + 2 * HOUR, levels=()),
    ]
    provider = serve(Record(levels=lists))
    key = ("resistance-support", "HISTORICAL_RESISTANCE_SUPPORT_LEVELS")
    assert provider.at(START + HOUR - 1).values(*key) == []
    found = provider.at(START + HOUR).values(*key)
    assert [[level["level"] for level in one] for one in found] == [[90]]
    assert provider.at(START + 2 * HOUR).values(*key) == [[]]


def test_a_row_with_a_seen_time_appears_then_but_no_bar_before_its_close(serve: object) -> None:
    early, late = bar(0, available_at=START), bar(1, available_at=START + 5 * HOUR)
    provider = serve(Record(bars=[early, late]))
    assert provider.at(START + HOUR - 1).values("hourly-ohlcv", "CLOSE") == []
    assert len(provider.at(START + HOUR).values("hourly-ohlcv", "CLOSE")) == 1
    assert len(provider.at(START + 5 * HOUR).values("hourly-ohlcv", "CLOSE")) == 2


def test_of_a_corrected_row_only_the_newest_version_is_shown(serve: object) -> None:
    first, second = bar(0, "101", START + HOUR), bar(0, "102", START + 3 * HOUR)
    provider = serve(Record(bars=[second, first]))
    assert provider.at(START + 2 * HOUR).values("hourly-ohlcv", "CLOSE") == [101]
    assert provider.at(START + 3 * HOUR).values("hourly-ohlcv", "CLOSE") == [102]


def test_the_running_hour_is_shown_only_when_a_setting_says_so(serve: object) -> None:
    record = Record(bars=[bar(0, "104")])
    now = START + 15 * MINUTE
    assert serve(record).at(now).values("hourly-ohlcv", "CLOSE") == []
    eager = serve(record, SimulatorOptions(unfinished_bar=True)).at(now)
    (row,) = eager.client.get("/v2/hourly-ohlcv").json()["data"]
    assert (row["OPEN"], row["HIGH"], row["LOW"], row["CLOSE"], row["VOLUME"]) == (
        100, 101, 100, 101, 15,
    )  # fmt: skip
    eager.at(START + HOUR + 20 * SECOND)
    assert eager.values("hourly-ohlcv", "CLOSE") == [104]


def test_a_token_takes_its_new_name_when_it_is_known(serve: object) -> None:
    tokens = [
        Token(token_id=TOKEN, symbol="NEW", available_at=START + HOUR),
        Token(token_id=TOKEN, symbol="OLD", available_at=START + MINUTE),
    ]
    provider = serve(Record(tokens=tokens))
    assert provider.values("tokens", "TOKEN_SYMBOL") == ["OLD"]
    assert provider.at(START + HOUR).values("tokens", "TOKEN_SYMBOL") == ["NEW"]


def test_a_range_is_cut_to_its_newest_thirty_one_days(serve: object) -> None:
    provider = serve(Record(bars=[bar(24 * day) for day in range(60)]))
    provider.at(START + 59 * DAY + 2 * HOUR)
    assert len(provider.values("hourly-ohlcv", "CLOSE")) == 31
    wide = {"startDate": "2025-09-01", "endDate": "2025-10-11"}
    rows = provider.client.get("/v2/hourly-ohlcv", params=wide).json()["data"]
    assert [rows[0]["TIMESTAMP"][:10], rows[-1]["TIMESTAMP"][:10]] == ["2025-10-11", "2025-09-11"]


def test_the_free_plan_withholds_what_is_recent_and_what_is_old(serve: object) -> None:
    signals = [Signal(token_id=TOKEN, valid_time=START + d * DAY, signal="1") for d in range(90)]
    bars = [bar(24 * day) for day in range(90)]
    plan = SimulatorOptions(recent_days_withheld=30, history_days=40)
    provider = serve(Record(signals=signals, bars=bars), plan).at(START + 90 * DAY)
    times = provider.values("hourly-trading-signals", "TIMESTAMP")
    assert (times[0][:10], times[-1][:10]) == ("2025-10-30", "2025-10-21")
    assert provider.values("hourly-ohlcv", "TIMESTAMP")[0][:10] == "2025-11-29"


def test_a_running_clock_goes_on_and_an_asker_waits_for_it() -> None:
    clock = RunningClock(START, 36_000.0, time.monotonic)
    app = create_app(MarketSource(Record()), clock, SimulatorOptions())
    with Server(app) as server:
        first = httpx.get(f"{server.url}/_clock").json()["now"]
        wanted = first + HOUR
        reached = httpx.post(f"{server.url}/_clock/advance", json={"to": wanted}).json()["now"]
    assert START <= first < wanted <= reached < wanted + 200 * HOUR


def test_a_waiting_clock_holds_up_nobody_else() -> None:
    clock = RunningClock(START, 1.0, time.monotonic)
    app = create_app(MarketSource(Record()), clock, SimulatorOptions())
    answers: list[int] = []

    def wait(url: str) -> None:
        body = {"to": START + 2 * SECOND}
        answers.append(httpx.post(f"{url}/_clock/advance", json=body).json()["now"])

    with Server(app) as server:
        waiting = threading.Thread(target=wait, args=(server.url,))
        waiting.start()
        now = httpx.get(f"{server.url}/_clock").json()["now"]
        waiting.join(10)
    assert now < START + 2 * SECOND <= answers[0]


def test_a_port_in_use_is_named() -> None:
    app = create_app(MarketSource(Record()), SteppedClock(START), SimulatorOptions())
    with Server(app) as server, pytest.raises(StorageError, match=str(server.port)):
        Server(app, server.port)


def test_a_stopped_server_leaves_no_thread_and_frees_its_port() -> None:
    app = create_app(MarketSource(Record()), SteppedClock(START), SimulatorOptions())
    with Server(app) as first:
        port = first.port
    assert "simulator" not in {thread.name for thread in threading.enumerate()}
    with Server(app, port) as second:
        assert httpx.get(f"{second.url}/_clock").json() == {"now": START}
