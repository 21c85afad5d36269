"""Shrinkage covariance."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from bot.stats.ledoit_wolf import ledoit_wolf


def lcg_returns() -> list[list[float]]:
    """Twelve days of three tokens that share the first one's moves."""
    seed, values = 12345, []
    for _ in range(36):
        seed = (1664525 * seed + 1013904223) % 2**32
        values.append((seed / 2**32 - 0.5) * 0.04)
    rows = [values[i : i + 3] for i in range(0, 36, 3)]
    return [[a, b + a, c + 2 * a] for a, b, c in rows]


def test_the_numbers_of_an_independent_implementation() -> None:
    # Computed with sklearn.covariance.ledoit_wolf (scikit-learn 1.x) on the same rows.
    covariance, intensity = ledoit_wolf(lcg_returns())
    assert intensity == pytest.approx(0.31436864952320953, rel=1e-9)
    expected = [
        [0.00016280289245357125, 8.026844040108637e-05, 0.00013469335095407775],
        [8.026844040108637e-05, 0.0002901921500116067, 0.0001455265300570461],
        [0.00013469335095407775, 0.0001455265300570461, 0.00040021179343252555],
    ]
    for row, wanted in zip(covariance, expected, strict=True):
        assert row == pytest.approx(wanted, rel=1e-9)


def by_definition(x: Any) -> tuple[Any, float]:
    """The sum over days written out, instead of its short form."""
    x = x - x.mean(axis=0)
    days, n = x.shape
    sample = x.T @ x / days
    target = np.trace(sample) / n * np.eye(n)
    b = sum(float(np.sum((np.outer(row, row) - sample) ** 2)) for row in x) / days**2
    g = float(np.sum((sample - target) ** 2))
    d = min(b, g) / g
    return (1 - d) * sample + d * target, d


@pytest.mark.parametrize(("days", "tokens"), [(60, 3), (60, 20), (10, 15), (2, 4)])
def test_random_returns_match_the_definition(days: int, tokens: int) -> None:
    rng = np.random.default_rng(days * tokens)
    x = rng.normal(size=(days, tokens)) @ rng.normal(size=(tokens, tokens)) * 0.02
    covariance, intensity = ledoit_wolf(x.tolist())
    expected, d = by_definition(x)
    assert intensity == pytest.approx(d, rel=1e-9, abs=1e-12)
    np.testing.assert_allclose(covariance, expected, rtol=1e-9, atol=1e-18)
    assert covariance == np.array(covariance).T.tolist()


def test_more_tokens_than_days_still_give_a_matrix_that_can_be_inverted() -> None:
    x = np.random.default_rng(1).normal(size=(20, 40)) * 0.03
    covariance, intensity = ledoit_wolf(x.tolist())
    assert 0.0 < intensity <= 1.0
    assert np.linalg.eigvalsh(np.array(covariance)).min() > 0.0


def test_one_token_keeps_its_variance() -> None:
    covariance, intensity = ledoit_wolf([[0.01], [0.03], [-0.01]])
    assert intensity == 0.0
    assert covariance[0][0] == pytest.approx(np.var([0.01, 0.03, -0.01]), rel=1e-9)


def test_flat_returns_have_no_covariance() -> None:
    assert ledoit_wolf([[0.01, 0.0], [0.01, 0.0]]) == ([[0.0, 0.0], [0.0, 0.0]], 0.0)


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([], "0 rows"),
        ([[0.1, 0.2]], "1 rows"),
        ([[], []], "column"),
        ([[0.1], [0.1, 0.2]], "length"),
        ([[0.1], [math.nan]], "missing"),
    ],
)
def test_what_cannot_be_a_matrix_of_returns_is_refused(rows: list[list[float]], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        ledoit_wolf(rows)
