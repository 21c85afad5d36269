"""Reading answers again: what was read before and still stands is left out, nothing else is."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from bot.adapters.sql.observations import SERIES
from bot.adapters.tokenmetrics.wire_settings import WireSettings
from bot.app.audit_reading import Reader, Said, key_of, same_of
from bot.app.recorder import read_observations
from bot.domain.instants import DAY, HOUR, format_instant, parse_instant
from bot.domain.values import Record

START = parse_instant("2025-02-03T00:00:00Z")
WIRE = WireSettings()
BARS = next(series for series in SERIES if series.name == "bars")


def bar(hour: int, close: str, **cells: Any) -> dict[str, Any]:
    """A row of the wire."""
    label = format_instant(START + hour * HOUR)
    return {"TOKEN_ID": 9001, "TIMESTAMP": label, "OPEN": "10", "HIGH": "99", "LOW": "1",
            "CLOSE": close, "VOLUME": "5", **cells}  # fmt: skip


def body(*rows: dict[str, Any], separators: tuple[str, str] = (",", ":")) -> bytes:
    """An answer of the wire."""
    envelope = {"success": True, "message": "", "length": len(rows), "data": list(rows)}
    return json.dumps(envelope, separators=separators).encode()


class Session:
    """A reader with the last words that an audit would keep for it."""

    def __init__(self) -> None:
        self.said: Said = {}
        self.reader = Reader(WIRE, self.said)

    def closes(self, answer: bytes, hour: int) -> list[str]:
        """What an answer newly says, which is taken as the last word."""
        found = self.fresh("hourly-ohlcv", answer, hour)
        for one in found.bars:
            row = BARS.to_row(one)
            self.said[key_of(BARS, row)] = same_of(BARS, row)
        return [str(one.close) for one in found.bars]

    def fresh(self, endpoint: str, answer: bytes, hour: int) -> Record:
        """What the reader makes of an answer that came some hours after the start."""
        digest = hashlib.sha256(answer).hexdigest()
        return self.reader.fresh(endpoint, answer, digest, START + hour * HOUR)


def test_rows_that_were_read_before_and_stand_are_left_out() -> None:
    session = Session()
    assert session.closes(body(bar(0, "20"), bar(1, "21")), 3) == ["20", "21"]
    assert session.closes(body(bar(0, "20"), bar(1, "21"), bar(2, "22")), 4) == ["22"]
    assert session.closes(body(bar(0, "20"), bar(1, "21"), bar(2, "22")), 5) == []


def test_a_word_that_another_replaced_is_news_again() -> None:
    session = Session()
    closes = [session.closes(body(bar(0, close)), 3) for close in ("20", "30", "20", "20")]
    assert closes == [["20"], ["30"], ["20"], []]


def test_a_bar_that_was_not_over_is_read_when_it_is() -> None:
    session = Session()
    assert session.closes(body(bar(3, "20")), 3) == []
    assert session.closes(body(bar(3, "20")), 4) == ["20"]


def test_other_spacing_reads_the_same() -> None:
    session = Session()
    answer = body(bar(0, "20"), bar(1, "21"), separators=(", ", ": "))
    assert session.closes(answer, 3) == ["20", "21"]
    assert session.closes(body(bar(1, "21"), bar(2, "22"), separators=(", ", ": ")), 4) == ["22"]


def test_whatever_is_no_flat_list_is_read_whole() -> None:
    for odd in (
        body(bar(0, "20", NOTE="},{"), bar(1, "21")),
        body(bar(0, "20", MORE=[{"x": 1}, {"y": 2}]), bar(1, "21")),
        body(bar(0, "20"), bar(1, "21")).replace(b'"success"', b'"meta":[{"a":1},{"b":2}],"x"'),
        json.dumps([bar(0, "20"), bar(1, "21")]).encode(),
    ):
        whole = read_observations("hourly-ohlcv", odd, START + 3 * HOUR, WIRE)
        assert Session().fresh("hourly-ohlcv", odd, 3) == whole
        assert len(whole.bars) == 2


def test_the_same_metrics_of_a_day_are_the_same_words_at_another_instant() -> None:
    session = Session()
    row = {"TOKEN_ID": 9001, "DATE": "2025-02-02T00:00:00Z", "SHARPE": 1.5}
    for hour in (1, 5, DAY // HOUR + 1):
        found = session.fresh("quantmetrics", body(row), hour)
        whole = read_observations("quantmetrics", body(row), START + hour * HOUR, WIRE)
        assert found == whole
        assert found.metrics[0].available_at == START + hour * HOUR
