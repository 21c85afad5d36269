"""Where a run stands among all trials: the deflated Sharpe ratio, and when there is none."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from statistics import mean, stdev

import numpy as np
import pytest

from bot.adapters.trials_file import Trial, read_trials, remember
from bot.app.replay import Replay
from bot.app.tally import EQUITY, SLOT, Tally
from bot.app.trials import Attempt, Trials, attempt_of, standing
from bot.domain.instants import DAY, HOUR
from bot.engine import layout as at
from bot.engine.tables import Output
from bot.report.trials_text import standing_lines
from bot.stats.deflated_sharpe import deflated_sharpe
from bot.stats.expected_max_sharpe import expected_max_sharpe
from tests.support.random_records import case

OWN = Trial(
    data_sha256="d", config_sha256="own", first_slot=0, last_slot=1, strategy="own", days=400,
    sharpe=0.08, total_return=0.5, tried_at=9,
)  # fmt: skip
ATTEMPT = Attempt(trial=OWN, skew=-0.3, kurt=5.0)


def other(name: str, sharpe: float | None) -> Trial:
    return replace(OWN, config_sha256=name, strategy=name, sharpe=sharpe)


def test_the_sharpe_ratio_is_deflated_by_the_number_of_trials_and_their_spread() -> None:
    found = standing(ATTEMPT, [other("a", 0.02), other("b", -0.04)])
    ratios = [0.02, -0.04, 0.08]
    mean = sum(ratios) / 3
    variance = sum((ratio - mean) ** 2 for ratio in ratios) / 2
    assert found.n == 3
    assert found.sharpe_variance == pytest.approx(variance)
    assert found.expected_max_sharpe == expected_max_sharpe(found.sharpe_variance or 0.0, 3)
    assert found.deflated_sharpe == pytest.approx(
        deflated_sharpe(0.08, 400, -0.3, 5.0, variance, 3)
    )
    assert found.why == ""


def test_more_trials_of_the_same_spread_make_the_same_result_less_sure() -> None:
    few = standing(ATTEMPT, [other("a", 0.0)])
    many = standing(ATTEMPT, [other(str(n), 0.08 * (n % 2)) for n in range(99)])
    assert few.deflated_sharpe is not None
    assert many.deflated_sharpe is not None
    assert many.deflated_sharpe < few.deflated_sharpe


def test_a_run_that_is_in_the_registry_already_counts_once() -> None:
    found = standing(ATTEMPT, [replace(OWN, tried_at=1), other("a", 0.0)])
    assert found.n == 2


def test_a_trial_without_a_ratio_counts_as_tried_but_not_in_the_spread() -> None:
    found = standing(ATTEMPT, [other("a", 0.0), other("b", None)])
    assert (found.n, found.compared) == (3, 2)


@pytest.mark.parametrize(
    ("attempt", "others", "words"),
    [
        (ATTEMPT, [], "first trial"),
        (ATTEMPT, [other("a", None)], "no other trial"),
        (replace(ATTEMPT, trial=replace(OWN, sharpe=None, days=12)), [other("a", 0.1)],
         "12 daily returns"),
        (replace(ATTEMPT, trial=replace(OWN, sharpe=None)), [other("a", 0.1)], "do not vary"),
    ],
)  # fmt: skip
def test_what_cannot_be_known_is_absent_with_its_reason(
    attempt: Attempt, others: list[Trial], words: str
) -> None:
    found = standing(attempt, others)
    document = found.document()
    assert document["deflated_sharpe"] is None
    assert words in document["why"]
    assert words in " ".join(" ".join(standing_lines(document)).split())


def test_one_line_says_what_the_number_of_trials_leaves_of_the_result() -> None:
    text = " ".join(
        " ".join(standing_lines(standing(ATTEMPT, [other("a", 0.0)]).document())).split()
    )
    assert text.startswith(f"Sharpe {0.08 * math.sqrt(365):.2f} a year after 2 trials on this data")
    assert "above chance" in text


def result() -> Replay:
    return case(0).replay().bulk


def test_a_run_is_remembered_with_its_stretch_return_and_days(tmp_path: Path) -> None:
    run = result()
    trials = Trials(tmp_path / "trials.db", "data", print, lambda: 77)
    trials.add(run, keep=True)
    (kept,) = read_trials(tmp_path / "trials.db")
    marks = run.tally.marks()
    assert (kept.first_slot, kept.last_slot) == (marks[0, SLOT], marks[-1, SLOT])
    assert kept.config_sha256 == run.loaded.config_sha256
    assert kept.days == sum(int(slot) % DAY == 0 for slot in marks[1:, SLOT])
    assert kept.total_return == pytest.approx(marks[-1, EQUITY] / run.loaded.strategy.cash - 1)
    assert kept.tried_at == 77
    assert kept == attempt_of(run, "data", 77).trial


def marks_of(equity: list[int], start: int) -> Tally:
    """An account by slot, as the engine's records say it; money in 1e-8."""
    marks = np.zeros((len(equity), at.MARK_COLS), dtype=np.int64)
    marks[:, at.M_SLOT] = start + HOUR * np.arange(len(equity))
    marks[:, at.M_EQUITY] = equity
    records = np.zeros((0, at.RECORD_COLS), dtype=np.int64)
    tally = Tally()
    tally.add(Output(records, marks, np.zeros((0, 1), dtype=np.int64), np.zeros((0, 1))))
    return tally


def test_the_ratio_is_that_of_daily_returns_and_not_annualised() -> None:
    run = result()
    cash = run.loaded.strategy.cash
    days = [cash]
    for n in range(40):
        days.append(days[-1] * (103 if n % 2 else 98) // 100)
    hours = [days[hour // 24] for hour in range(40 * 24 + 1)]  # each 00:00 has its day's value
    run = replace(run, tally=marks_of(hours, run.slots[0].slot // DAY * DAY))
    found = attempt_of(run, "data", 1)
    returns = [after / before - 1 for before, after in pairwise(days)]
    assert found.trial.days == 40
    assert found.trial.sharpe == pytest.approx(mean(returns) / stdev(returns))
    assert found.skew == pytest.approx(0.0, abs=1e-6)
    assert found.kurt == pytest.approx(1.0)


def test_a_run_kept_out_of_the_registry_still_stands_among_the_others(tmp_path: Path) -> None:
    path = tmp_path / "trials.db"
    remember(path, other("earlier", 0.1))
    trials = Trials(path, "d", print, lambda: 1)
    trials.add(result(), keep=False)
    assert len(read_trials(path)) == 1
    assert trials.standings()[0].n == 2


def test_a_registry_that_cannot_be_written_is_said_and_nothing_else_happens(
    tmp_path: Path,
) -> None:
    (tmp_path / "file").write_text("")
    said: list[str] = []
    trials = Trials(tmp_path / "file" / "trials.db", "d", said.append, lambda: 1)
    trials.add(result(), keep=True)
    assert trials.standings()[0].n == 1
    assert "not kept" in said[0]
