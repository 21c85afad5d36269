"""The audit's own brackets give the published vectors (semantics, section 4)."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest

from bot.app.audit_brackets import Bracket, Terms, bracket_of, merged_levels, ten_digits
from bot.domain.instants import DAY
from bot.market.strategy import Strategy

BASE = (("97.5", 4.0), ("95", 6.0), ("101", 2.0), ("104", 5.0))
TICK = Fraction(1, 100)
SLOT = 500_000 * 3_600_000


def strategy(**options: object) -> Strategy:
    """The vectors' terms: k .0005, taker .001, maker .0005, least ratio 1."""
    return Strategy(name="vectors", min_rr=1_000_000, **options)  # type: ignore[arg-type]


def bracket(levels: tuple[tuple[str, float], ...], **options: object) -> Bracket:
    """What the audit makes of levels around a close of 100 with an average range of 1.2."""
    chosen = strategy(**options)
    ordered = sorted(levels, key=lambda level: Decimal(level[0]))
    terms = Terms(
        close=Fraction(100),
        tick=TICK,
        atr=1.2,
        levels=merged_levels({"book": ordered}, SLOT, chosen.merge, TICK),
        strategy=chosen,
    )
    return bracket_of(terms)


def test_lv1_stop_target_and_cap_follow_from_the_nearest_levels() -> None:
    made = bracket(BASE)
    assert (made.stop, made.target, made.entry, made.cap) == (9720, 10389, 10005, 10100)
    assert made.failed == frozenset()


@pytest.mark.parametrize(
    ("levels", "refusals"),
    [
        ((*BASE[:2], ("101", 3.0), BASE[3]), {"RR_BELOW_MIN"}),  # LV3
        ((*BASE, ("100.20", 4.0)), {"NEAR_STRONG_RESISTANCE", "TARGET_NOT_PROFITABLE"}),  # LV4
        ((*BASE, ("100.21", 4.0)), {"TARGET_NOT_PROFITABLE"}),  # LV5
        ((*BASE, ("100.00", 4.0)), {"NEAR_STRONG_RESISTANCE", "TARGET_NOT_PROFITABLE"}),  # LV6
        ((*BASE, ("100.00", 3.0)), {"TARGET_NOT_PROFITABLE"}),  # LV6
        ((BASE[1], *BASE[2:]), {"STOP_TOO_FAR", "RR_BELOW_MIN"}),  # LV8
        ((BASE[2], BASE[3]), {"NO_SUPPORT"}),
        (BASE[:2], {"NO_RESISTANCE"}),
    ],
)
def test_levels_refuse_as_the_rules_say(
    levels: tuple[tuple[str, float], ...], refusals: set[str]
) -> None:
    assert bracket(levels).failed == refusals


def test_lv7_a_support_too_near_leaves_the_next_one() -> None:
    made = bracket((*BASE, ("99.5", 3.0)))
    assert (made.stop, made.failed) == (9720, frozenset())


def test_lv8_the_fallback_stands_at_a_multiple_of_the_range() -> None:
    made = bracket((BASE[1], *BASE[2:]), atr_fallback=Decimal(2))
    assert (made.stop, made.failed) == (9760, frozenset())


def test_lv9_without_a_resistance_the_fallback_gives_the_wanted_ratio() -> None:
    made = bracket(BASE[:2], target_fallback=2_000_000)
    assert (made.target, made.failed) == (10640, frozenset())


def test_neighbours_become_one_level_at_their_mean_by_strength() -> None:
    book = [["100", 1.0], ["100.2", 3.0], ["101", 0.0]]
    found = merged_levels({"book": book}, SLOT, 2500, TICK)
    assert [(level.price, level.strength) for level in found] == [
        (Fraction("100.15"), 4 * 10**9),
        (Fraction(101), 0),
    ]


def test_strengths_of_a_built_book_halve_in_thirty_days() -> None:
    built = "2020-01-01T00:00:00Z"
    book = {"book": [["100", 4.0]], "book_built": built}
    (level,) = merged_levels(book, 1_577_836_800_000 + 30 * DAY, 2500, TICK)
    assert level.strength == 2 * 10**9


def test_a_number_is_cut_to_ten_digits_half_up() -> None:
    assert ten_digits(Decimal("1.23456789005")) == Decimal("1.234567890")
    assert ten_digits(Decimal("0.00012345678905")) == Decimal("0.0001234567891")
    assert ten_digits(Decimal(0)) == 0
