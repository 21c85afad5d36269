"""Fields of a row: any spelling of a key, one exact reading of a value, or a named refusal."""

from __future__ import annotations

from decimal import Decimal

import pytest

from bot.adapters.tokenmetrics.fields import Row, read_instant, read_number, read_price, read_text
from bot.adapters.tokenmetrics.parsed import FaultCode, RowRefusedError
from bot.adapters.tokenmetrics.strict_json import NotFinite
from bot.domain.instants import parse_instant


def code_of(error: pytest.ExceptionInfo[RowRefusedError]) -> FaultCode:
    return error.value.code


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        (5, "5"),
        ("71.42", "71.42"),
        ("-3.5", "-3.5"),
        ("1e3", "1000"),
        (Decimal("6.12e-06"), "0.00000612"),
        (Decimal("-0.0"), "0"),
        (Decimal("1.50"), "1.5"),
    ],
)
def test_numbers_are_exact(raw: object, value: str) -> None:
    assert str(read_number(raw)) == value


@pytest.mark.parametrize(
    "raw",
    [
        True,
        False,
        None,
        "",
        "1,234.5",
        "0x10",
        "1_000",
        "\u0661\u0662",
        "\uff11\uff12",
        "NaN",
        "inf",
        "1e999",
        "9" * 65,
        Decimal("1e31"),
        Decimal("1e-61"),
        10**31,
        NotFinite("NaN"),
        [1],
        {},
    ],
)
def test_what_is_no_finite_number_of_a_market_is_refused(raw: object) -> None:
    with pytest.raises(RowRefusedError) as error:
        read_number(raw)
    assert code_of(error) is FaultCode.NUMBER_BAD


def test_prices_are_kept_to_twelve_digits_and_decimals() -> None:
    assert read_price(Decimal("0.1234567890125")) == Decimal("0.123456789012")
    assert read_price("108642.17000000001") == Decimal("108642.17")
    assert read_price("1e-12") == Decimal("0.000000000001")
    assert read_price(10**9) == Decimal(10**9)


@pytest.mark.parametrize("raw", [0, "0", -1, Decimal("-0.5"), Decimal("1e-13")])
def test_a_price_is_above_zero(raw: object) -> None:
    with pytest.raises(RowRefusedError):
        read_price(raw)


@pytest.mark.parametrize(
    "text",
    [
        "2025-09-01",
        "2025-09-01T00:00:00Z",
        "2025-09-01T00:00:00.000Z",
        "2025-09-01T00:00:00",
        "2025-09-01T02:00:00+02:00",
    ],
)
def test_every_shape_of_a_date_is_the_same_instant(text: str) -> None:
    assert read_instant(text) == parse_instant("2025-09-01T00:00:00Z")


@pytest.mark.parametrize(
    "raw",
    [
        1756684800,
        "1756684800",
        "yesterday",
        "2025-13-01",
        "1970-01-01",
        "\u0662\u0660\u0662\u0665-09-01",
    ],
)
def test_an_instant_is_never_guessed(raw: object) -> None:
    with pytest.raises(RowRefusedError) as error:
        read_instant(raw)
    assert code_of(error) is FaultCode.TIME_BAD


@pytest.mark.parametrize("raw", ["\x1b[31mred", "a\nb", "\ud800", "x" * 201, 5, None])
def test_text_that_a_terminal_or_a_database_cannot_take_is_refused(raw: object) -> None:
    with pytest.raises(RowRefusedError) as error:
        read_text(raw)
    assert code_of(error) is FaultCode.TEXT_BAD


def test_keys_are_found_in_any_case_and_null_gives_way_to_an_alias() -> None:
    row = Row({"TM_GRADE_24h_PCT_CHANGE": "1.83", "Symbol": "BTC", "TOKEN_SYMBOL": None})
    assert row.find("tm_grade_24h_pct_change") == "1.83"
    assert row.text("token_symbol", "symbol") == "BTC"


def test_two_values_under_two_spellings_are_refused_only_where_they_are_read() -> None:
    row = Row({"TM_LINK": "a", "tm_link": "b", "CLOSE": 1})
    assert row.price("close") == 1
    with pytest.raises(RowRefusedError) as error:
        row.find("tm_link")
    assert code_of(error) is FaultCode.KEY_AMBIGUOUS


@pytest.mark.parametrize("raw", [3375, "3375", Decimal("3375.0")])
def test_a_token_id_is_a_whole_number_in_any_form(raw: object) -> None:
    assert Row({"TOKEN_ID": raw}).token_id() == 3375


@pytest.mark.parametrize("raw", [0, -1, Decimal("1.5"), 2**53 + 1])
def test_another_number_is_no_token_id(raw: object) -> None:
    with pytest.raises(RowRefusedError) as error:
        Row({"TOKEN_ID": raw}).token_id()
    assert code_of(error) is FaultCode.TOKEN_ID_BAD


@pytest.mark.parametrize("raw", [None, 5, "row", [], [[]]])
def test_a_row_is_an_object(raw: object) -> None:
    with pytest.raises(RowRefusedError) as error:
        Row(raw)
    assert code_of(error) is FaultCode.ROW_NOT_OBJECT
