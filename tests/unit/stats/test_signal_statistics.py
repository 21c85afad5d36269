"""Statistics of the scoreboard: the vectors of semantics 8, and what holds of any sample."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import false_discovery_control, spearmanr
from statsmodels.regression.linear_model import OLS
from statsmodels.stats.multitest import multipletests

from bot.stats.benjamini_hochberg import benjamini_hochberg
from bot.stats.brier_score import brier_score
from bot.stats.cluster_bootstrap import cluster_draws, ratio_interval, ratio_p
from bot.stats.effective_size import effective_size
from bot.stats.holm import holm
from bot.stats.level_episodes import Bars, Episode, first_episode
from bot.stats.newey_west import newey_west
from bot.stats.rate_difference import rate_difference_p
from bot.stats.spearman import spearman

RNG = np.random.Generator(np.random.PCG64(3))


def test_q3_the_coefficient_of_the_vector() -> None:
    signal = np.array([[0.8, 0.1, -0.5, 0.4, -0.2, 0.6, -0.9, 0.3]])
    later = np.array([[0.02, -0.01, -0.015, 0.03, 0.004, 0.01, -0.02, -0.005]])
    assert spearman(signal, later)[0] == pytest.approx(0.857143, abs=1e-6)


def test_ranks_with_ties_and_missing_tokens_are_those_of_the_reference() -> None:
    first = RNG.integers(-1, 2, (40, 9)).astype(float)
    second = RNG.normal(size=(40, 9)).round(1)
    first[RNG.random((40, 9)) < 0.2] = math.nan
    found = spearman(first, second)
    for row in range(40):
        there = np.isfinite(first[row])
        if there.sum() >= 3 and len(set(first[row][there])) > 1:
            expected = spearmanr(first[row][there], second[row][there]).statistic
            assert found[row] == pytest.approx(expected, abs=1e-12)
        else:
            assert math.isnan(found[row])


def test_a_slot_in_which_all_say_the_same_has_no_coefficient() -> None:
    assert math.isnan(spearman(np.ones((1, 5)), np.arange(5.0)[None])[0])


@pytest.mark.parametrize("lag", [0, 1, 4, 24])
def test_t_of_overlapping_values_is_that_of_the_reference(lag: int) -> None:
    values = np.convolve(RNG.normal(0.1, 1.0, 300), np.ones(lag + 1), mode="valid")
    fitted = OLS(values, np.ones(len(values))).fit(
        cov_type="HAC", cov_kwds={"maxlags": lag, "use_correction": False}
    )
    found = newey_west(values, lag)
    assert found is not None
    assert found.t == pytest.approx(float(fitted.tvalues[0]), rel=1e-9)


def test_overlap_lowers_the_effective_number_and_independence_keeps_it() -> None:
    noise = RNG.normal(size=4000)
    overlapping = np.convolve(noise, np.ones(10) / 10, mode="valid")
    assert effective_size(noise) > 3000
    assert effective_size(overlapping) == pytest.approx(len(overlapping) / 10, rel=0.3)
    assert effective_size([1.0] * 50) == 50.0
    assert effective_size([]) == 0.0


def test_adjusted_p_are_those_of_the_reference() -> None:
    p = RNG.random(60) ** 3
    assert benjamini_hochberg(p.tolist()) == pytest.approx(false_discovery_control(p).tolist())


def test_q4_brier_and_murphys_parts_of_the_vector() -> None:
    p = [0.9, 0.8, 0.7, 0.6, 0.55, 0.3, 0.2, 0.65, 0.75, 0.4]
    found = brier_score(p, [1, 1, 0, 1, 0, 0, 0, 1, 1, 1])
    assert found is not None
    assert (found.score, found.base) == pytest.approx((0.16775, 0.6))
    assert found.skill == pytest.approx(0.301042, abs=1e-6)
    assert found.reliability == pytest.approx(0.002229167, abs=1e-9)
    assert found.resolution == pytest.approx(0.031666667, abs=1e-9)
    assert found.uncertainty == pytest.approx(0.24)


def test_weeks_drawn_together_give_a_wider_interval_than_days_drawn_alone() -> None:
    weeks = np.repeat(RNG.normal(size=40), 20)
    values = weeks + RNG.normal(size=800) * 0.1
    together = ratio_interval(cluster_draws(40, 1), values.reshape(40, 20).sum(1), np.full(40, 20))
    alone = ratio_interval(cluster_draws(800, 1), values, np.ones(800))
    assert together[1] - together[0] > 3.0 * (alone[1] - alone[0])


def test_few_weeks_give_no_interval() -> None:
    counts = np.zeros(40)
    counts[:7] = 1.0
    assert math.isnan(ratio_interval(cluster_draws(40, 1), counts, counts)[0])


def test_a_rate_without_room_for_chance_has_no_test() -> None:
    assert rate_difference_p(1.0, 1.0, 50) is None
    assert rate_difference_p(0.5, 0.4, 0) is None
    assert rate_difference_p(0.4, 0.4, 50) == pytest.approx(1.0)


def bars(*rows: str) -> Bars:
    """High, low and close of each bar."""
    cells = [[float(cell) for cell in row.split()] for row in rows]
    return Bars(
        high=[row[0] for row in cells],
        low=[row[1] for row in cells],
        close=[row[2] for row in cells],
    )


SUPPORT = ("101.5 100.9 101", "101 100.4 100.6", "100.8 100.03 100.4")


def episode(level: float, *rows: str) -> Episode | None:
    made = bars(*rows)
    return first_episode(level, 0.01, made, 1, len(made))


def test_q5_support_that_is_touched_and_holds() -> None:
    found = episode(100.0, *SUPPORT, "101.2 100.2 101.05")
    assert found == Episode(side="support", approach=1, touch=2, end=3, result="HOLD")


def test_q5_support_that_breaks() -> None:
    found = episode(100.0, *SUPPORT, "101.2 99.7 99.75")
    assert found == Episode(side="support", approach=1, touch=2, end=3, result="BREAK")


def test_q5_is_mirrored_for_a_resistance() -> None:
    down = ("99.1 98.5 99", "99.6 99 99.4", "99.97 99.2 99.6")
    assert episode(100.0, *down, "99.8 98.8 98.95") == Episode(
        side="resistance", approach=1, touch=2, end=3, result="HOLD"
    )
    found = episode(100.0, *down, "100.3 98.8 100.25")
    assert found is not None
    assert found.result == "BREAK"


def test_a_price_that_stays_near_times_out_after_24_bars() -> None:
    found = episode(100.0, *SUPPORT, *["100.5 100.1 100.3"] * 40)
    assert found is not None
    assert (found.touch, found.end, found.result) == (2, 26, "TIMEOUT")


def test_a_price_that_turns_before_the_level_approached_it_only() -> None:
    found = episode(100.0, *SUPPORT[:2], "102 100.6 101.5")
    assert found == Episode(side="support", approach=1, touch=None, end=2, result="TURNED")


def test_a_gap_through_a_support_breaks_it() -> None:
    found = episode(100.0, SUPPORT[0], "98 97 97.5")
    assert found == Episode(side="support", approach=1, touch=1, end=1, result="BREAK")


def test_a_price_that_stays_away_begins_nothing() -> None:
    assert episode(100.0, *["103 102 102.5"] * 30) is None


def test_an_episode_that_the_bars_do_not_end_is_open() -> None:
    found = episode(100.0, *SUPPORT)
    assert found is not None
    assert found.result == "OPEN"


def test_holm_by_hand_and_as_another_library_has_it() -> None:
    # 4 x .01, 3 x .013, 2 x .024, 1 x .04, none below the one before it: .04, .04, .048, .048.
    assert holm([0.024, 0.01, 0.04, 0.013]) == pytest.approx([0.048, 0.04, 0.048, 0.04])
    assert holm([0.6, 0.9]) == [1.0, 1.0]
    assert holm([]) == []
    p = np.random.default_rng(5).random(12) ** 3
    assert holm(p.tolist()) == pytest.approx(multipletests(p, method="holm")[1].tolist())
    with pytest.raises(ValueError, match="outside"):
        holm([1.1])


def test_the_p_of_zero_agrees_with_the_interval_of_the_same_draws() -> None:
    draws = cluster_draws(40, seed=1)
    noise = np.random.default_rng(2).normal(size=40)
    counts = np.full(40, 3.0)
    verdicts = []
    for shift in np.linspace(-1.0, 1.0, 41):
        low, high = ratio_interval(draws, noise + shift, counts)
        verdicts.append(low > 0.0 or high < 0.0)
        p = ratio_p(draws, noise + shift, counts)
        assert verdicts[-1] == (p <= 0.05), shift
        assert p == pytest.approx(ratio_p(draws, -noise - shift, counts))
    assert 5 < sum(verdicts) < 36
    assert math.isnan(ratio_p(draws, noise, np.arange(40) < 7.0))
