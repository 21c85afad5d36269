"""Keys, plans and faults on demand, as a client over HTTP meets them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from bot.domain.instants import HOUR, parse_instant
from bot.domain.values import Bar, Record, Token
from bot.simulator import (
    Fault,
    FaultKind,
    FaultPlan,
    MarketSource,
    RandomFault,
    ScriptedFault,
    Server,
    SimulatorOptions,
    SteppedClock,
    create_app,
)

FIXTURES = Path(__file__).parents[1] / "fixtures" / "wire"
START = parse_instant("2025-09-01")
PATH = "/v2/hourly-ohlcv?token_id=11"


def record() -> Record:
    bars = [
        Bar(
            token_id=11, open_time=START + hour * HOUR, open=Decimal(100), high=Decimal(110),
            low=Decimal(90), close=Decimal(100 + hour), volume=Decimal(60),
        )
        for hour in range(20)
    ]  # fmt: skip
    return Record(tokens=[Token(token_id=11, symbol="AAA")], bars=bars)


@pytest.fixture
def serve() -> Iterator[Any]:
    running: list[tuple[Server, httpx.Client]] = []

    def start(options: SimulatorOptions) -> httpx.Client:
        app = create_app(MarketSource(record()), SteppedClock(START + 24 * HOUR), options)
        server = Server(app).__enter__()
        client = httpx.Client(
            base_url=server.url, headers={"x-api-key": "tm-good"}, trust_env=False
        )
        running.append((server, client))
        return client

    yield start
    for server, client in running:
        client.close()
        server.__exit__(None, None, None)


def always(kind: FaultKind, **settings: Any) -> SimulatorOptions:
    fault = RandomFault(fault=Fault(kind=kind, **settings), rate_ppm=1_000_000)
    return SimulatorOptions(faults=FaultPlan(chances=(fault,)))


def test_any_key_will_do_where_none_is_named_but_one_there_must_be(serve: Any) -> None:
    client = serve(SimulatorOptions())
    assert client.get(PATH, headers={"x-api-key": "whatever"}).status_code == 200
    assert client.get(PATH, headers={"x-api-key": ""}).status_code == 401


def test_a_wrong_key_and_a_missing_plan_share_a_status_but_not_a_message(serve: Any) -> None:
    options = SimulatorOptions(
        keys=frozenset({"tm-good"}), withheld=frozenset({"resistance-support"})
    )
    client = serve(options)
    assert client.get(PATH).status_code == 200
    wrong = client.get(PATH, headers={"x-api-key": "tm-bad"})
    withheld = client.get("/v2/resistance-support?token_id=11")
    assert (wrong.status_code, withheld.status_code) == (401, 401)
    assert withheld.json() == json.loads((FIXTURES / "error_401_plan.json").read_text())
    assert wrong.json()["message"] != withheld.json()["message"]
    assert "tm-" not in wrong.text


def test_the_old_header_is_honoured_too(serve: Any) -> None:
    client = serve(SimulatorOptions(keys=frozenset({"tm-old"})))
    assert client.get(PATH, headers={"x-api-key": "", "api_key": "tm-old"}).status_code == 200


@pytest.mark.parametrize("header", ["", "2", "-1", "soon", "99999999999"])
def test_a_429_carries_the_wanted_retry_after(serve: Any, header: str) -> None:
    answer = serve(always(FaultKind.RATE_LIMIT, retry_after=header)).get(PATH)
    assert answer.status_code == 429
    assert answer.headers.get("retry-after", "") == header
    assert answer.json() == json.loads((FIXTURES / "error_429.json").read_text())


def test_a_429_can_name_a_date_after_its_own(serve: Any) -> None:
    headers = serve(always(FaultKind.RATE_LIMIT, retry_after="date:90")).get(PATH).headers
    wait = parsedate_to_datetime(headers["retry-after"]) - parsedate_to_datetime(headers["date"])
    assert wait.total_seconds() == 90


@pytest.mark.parametrize("status", [500, 502, 503])
def test_a_server_error_is_a_page(serve: Any, status: int) -> None:
    answer = serve(always(FaultKind.SERVER_ERROR, status=status)).get(PATH)
    assert answer.status_code == status
    assert answer.headers["content-type"].startswith("text/html")


def test_a_good_status_can_hide_a_page(serve: Any) -> None:
    answer = serve(always(FaultKind.HTML)).get(PATH)
    assert (answer.status_code, answer.text[:6]) == (200, "<html>")


def test_a_delayed_answer_outlasts_a_short_time_out_and_is_whole(serve: Any) -> None:
    client = serve(always(FaultKind.DELAY, delay_s=0.4))
    with pytest.raises(httpx.ReadTimeout):
        client.get(PATH, timeout=0.1)
    assert client.get(PATH).json()["length"] == 20


def test_a_trickling_body_arrives_in_pieces_and_is_whole(serve: Any) -> None:
    client = serve(always(FaultKind.TRICKLE, delay_s=0.01))
    with client.stream("GET", PATH) as answer:
        pieces = list(answer.iter_raw())
    assert len(pieces) > 5
    assert json.loads(b"".join(pieces))["length"] == 20


def test_a_truncated_body_looks_whole_until_it_is_read(serve: Any) -> None:
    answer = serve(always(FaultKind.TRUNCATED)).get(PATH)
    assert answer.status_code == 200
    with pytest.raises(ValueError, match=r"."):
        answer.json()


def test_a_broken_connection_ends_in_the_middle(serve: Any) -> None:
    with pytest.raises(httpx.RemoteProtocolError):
        serve(always(FaultKind.BROKEN_OFF)).get(PATH)


def test_values_can_have_a_type_they_never_have(serve: Any) -> None:
    rows = serve(always(FaultKind.WRONG_TYPES)).get(PATH).json()["data"]
    right = {"TOKEN_ID": int, "OPEN": int, "CLOSE": int, "TIMESTAMP": str, "TOKEN_NAME": str}
    wrong = [key for row in rows for key, kind in right.items() if type(row[key]) is not kind]
    assert set(wrong) == set(right)


def test_rows_can_come_twice_or_oldest_first(serve: Any) -> None:
    good = serve(SimulatorOptions()).get(PATH).json()["data"]
    twice = serve(always(FaultKind.DUPLICATED)).get(PATH).json()
    assert twice["length"] == 40
    assert twice["data"][::2] == twice["data"][1::2] == good
    assert serve(always(FaultKind.SHUFFLED)).get(PATH).json()["data"] == good[::-1]


def test_a_script_names_requests_by_number_over_all_or_at_an_endpoint(serve: Any) -> None:
    down = Fault(kind=FaultKind.SERVER_ERROR)
    slow = Fault(kind=FaultKind.RATE_LIMIT)
    script = (
        ScriptedFault(fault=down, first=2, last=3),
        ScriptedFault(fault=slow, first=2, last=2, endpoint="tokens"),
    )
    client = serve(SimulatorOptions(faults=FaultPlan(script=script)))
    paths = [PATH, PATH, PATH, "/v2/tokens", "/v2/tokens", "/v2/tokens", PATH]
    statuses = [client.get(path).status_code for path in paths]
    assert statuses == [200, 503, 503, 200, 429, 200, 200]
    assert client.get("/_requests").json() == {"hourly-ohlcv": 4, "tokens": 3}


def test_faults_by_chance_are_the_same_from_the_same_seed(serve: Any) -> None:
    def statuses(seed: int) -> list[int]:
        chance = RandomFault(fault=Fault(kind=FaultKind.SERVER_ERROR), rate_ppm=300_000)
        client = serve(SimulatorOptions(faults=FaultPlan(chances=(chance,), seed=seed)))
        return [client.get(PATH).status_code for _ in range(40)]

    first = statuses(1)
    assert first == statuses(1)
    assert first != statuses(2)
    assert 3 < first.count(503) < 25
