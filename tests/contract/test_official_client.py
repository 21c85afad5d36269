"""The provider's own Python client reads from the simulator as it would from the provider."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from bot.domain.instants import DAY, parse_instant
from bot.simulator import MarketSource, Server, SimulatorOptions, SteppedClock, create_app
from bot.simulator.generated import GeneratedMarket, generate

tmai_api = pytest.importorskip(
    "tmai_api",
    reason="the provider's official client is not installed: pip install '.[official-client]'",
    exc_type=ImportError,
)

START = parse_instant("2025-09-01")
FIRST, COPYCAT = 9001, 9003


@pytest.fixture(scope="module")
def client() -> Iterator[Any]:
    market = GeneratedMarket(seed=3, start=START, hours=40 * 24, tokens=3)
    options = SimulatorOptions(keys=frozenset({"tm-official"}))
    clock = SteppedClock(START + 40 * DAY)
    with Server(create_app(MarketSource(generate(market)), clock, options)) as server:

        class LocalClient(tmai_api.TokenMetricsClient):  # type: ignore[misc, name-defined]
            BASE_URL = f"{server.url}/v2"

        yield LocalClient(api_key="tm-official")


def test_the_official_client_reads_tokens(client: Any) -> None:
    frame = client.tokens.get_dataframe(symbol="DEMO1")
    assert list(frame["TOKEN_ID"]) == [FIRST, COPYCAT]
    assert set(frame["TOKEN_SYMBOL"]) == {"DEMO1"}


def test_the_official_client_reads_hourly_candles_over_several_ranges(client: Any) -> None:
    answer = client.hourly_ohlcv.get(
        token_id=str(FIRST), startDate="2025-09-01", endDate="2025-10-05"
    )
    assert answer["success"] is True
    # It asks for two ranges and, as it always does, only for the first page of each.
    assert len(answer["data"]) == 200
    days = {row["TIMESTAMP"][:10] for row in answer["data"]}
    assert {"2025-09-30", "2025-10-05"} <= days
    assert all(row["LOW"] <= row["CLOSE"] <= row["HIGH"] for row in answer["data"])


def test_the_official_client_reads_daily_signals(client: Any) -> None:
    frame = client.trading_signals.get_dataframe(
        token_id=f"{FIRST},{COPYCAT}", startDate="2025-09-10", endDate="2025-09-20"
    )
    assert len(frame) == 22
    assert set(frame["TRADING_SIGNAL"]) <= {-1, 0, 1}
    assert set(frame["TOKEN_TREND"]) <= {-1, 1}


def test_the_official_client_is_told_of_a_wrong_key(client: Any) -> None:
    wrong = type(client)(api_key="tm-other")
    with pytest.raises(Exception, match="401"):
        wrong.tokens.get()
