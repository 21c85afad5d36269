"""Tails of Student's t and the incomplete beta function under them."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.stats.incomplete_beta import incomplete_beta
from bot.stats.student_t import two_sided_p


def test_one_and_two_degrees_have_closed_forms() -> None:
    for t in (-3.0, 0.1, 1.0, 25.0):
        cauchy = 1.0 - 2.0 / math.pi * math.atan(abs(t))
        assert two_sided_p(t, 1) == pytest.approx(cauchy, rel=1e-11)
        assert two_sided_p(t, 2) == pytest.approx(1.0 - abs(t) / math.sqrt(2 + t * t), rel=1e-11)


def test_many_degrees_are_nearly_normal() -> None:
    assert two_sided_p(1.959963984540054, 1e6) == pytest.approx(0.05, abs=1e-6)


def test_no_effect_is_certain_to_be_reached_and_what_is_missing_has_no_p() -> None:
    assert two_sided_p(0.0, 7) == 1.0
    assert two_sided_p(math.nan, 7) is None
    assert two_sided_p(math.inf, 7) is None
    assert two_sided_p(1.0, 0) is None


@given(st.floats(0.1, 200.0), st.floats(0.1, 200.0), st.floats(0.0, 1.0))
def test_both_sides_of_a_beta_add_up_to_one(a: float, b: float, x: float) -> None:
    x = round(x, 6)
    below = incomplete_beta(a, b, x)
    assert -1e-12 <= below <= 1.0 + 1e-12
    assert below + incomplete_beta(b, a, 1.0 - x) == pytest.approx(1.0, abs=1e-9)


@pytest.mark.parametrize(
    ("a", "b", "x"), [(0.0, 1.0, 0.5), (1.0, -1.0, 0.5), (1.0, 1.0, 1.1), (math.nan, 1.0, 0.5)]
)
def test_shapes_outside_the_domain_are_refused(a: float, b: float, x: float) -> None:
    with pytest.raises(ValueError, match="not defined"):
        incomplete_beta(a, b, x)


def test_a_fraction_that_does_not_settle_is_said() -> None:
    with pytest.raises(ValueError, match="settle"):
        incomplete_beta(1e13, 1e13, 0.5)
