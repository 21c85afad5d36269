"""Every configuration tried on a data set is remembered, and a Sharpe ratio judged by how many."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from bot.adapters.clock import SystemClock
from bot.adapters.trials_file import Trial, read_trials, remember, trials_path
from bot.app.performance_equity import Equity
from bot.app.performance_figures import rounded
from bot.app.replay import Replay
from bot.app.tally import EQUITY, SLOT, VALUE
from bot.domain.bar_table import History
from bot.domain.data_hash import data_sha256
from bot.domain.errors import SchemaError, StorageError
from bot.domain.instants import format_instant
from bot.stats.deflated_sharpe import deflated_sharpe
from bot.stats.expected_max_sharpe import expected_max_sharpe
from bot.stats.kurtosis import kurtosis
from bot.stats.sharpe_ratio import sharpe_ratio
from bot.stats.simple_returns import simple_returns
from bot.stats.skewness import skewness

MIN_RETURNS = 30  # G3: no ratio of fewer returns


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A run among all trials on its data; ratios are of one day, not annualised.

    n: configurations and stretches ever tried, this one included. compared: those of them that
    have a ratio. why: in words, why deflated_sharpe is missing; "" where it is there.
    """

    n: int
    compared: int
    days: int
    sharpe: float | None
    sharpe_variance: float | None
    expected_max_sharpe: float | None
    deflated_sharpe: float | None
    why: str

    def document(self) -> dict[str, Any]:
        """The same for `--json`."""
        numbers = {
            name: rounded(getattr(self, name))
            for name in ("sharpe", "sharpe_variance", "expected_max_sharpe", "deflated_sharpe")
        }
        shown: dict[str, Any] = {"n": self.n, "compared": self.compared, "days": self.days}
        shown |= numbers
        return shown | {"why": self.why} if self.why else shown


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """A run as a trial, and the shape of its daily returns; None where they have none."""

    trial: Trial
    skew: float | None
    kurt: float | None


def attempt_of(result: Replay, data_sha256: str, now: int) -> Attempt:
    """What counts of a run; `now` is the wall clock in ms."""
    marks = result.tally.marks()
    equity = Equity(
        slot=marks[:, SLOT], equity=marks[:, EQUITY], value=marks[:, VALUE],
        cash=result.loaded.strategy.cash,
    )  # fmt: skip
    returns = simple_returns(equity.daily().equity)
    trial = Trial(
        data_sha256=data_sha256,
        config_sha256=result.loaded.config_sha256,
        first_slot=equity.start,
        last_slot=equity.end,
        strategy=result.loaded.strategy.name,
        days=equity.daily().n,
        sharpe=None
        if returns is None
        else sharpe_ratio(returns, min_obs=MIN_RETURNS, periods_per_year=1),
        total_return=equity.final / equity.cash - 1.0,
        tried_at=now,
    )
    if returns is None:
        return Attempt(trial=trial, skew=None, kurt=None)
    return Attempt(trial=trial, skew=skewness(returns), kurt=kurtosis(returns))


def standing(attempt: Attempt, others: Sequence[Trial]) -> Standing:
    """A run among the trials on its data, itself counted once whether it is among them or not."""
    own = attempt.trial
    trials = {_key(trial): trial for trial in [*others, own]}
    ratios = [trial.sharpe for trial in trials.values() if trial.sharpe is not None]
    variance = float(np.var(ratios, ddof=1)) if len(ratios) > 1 else None
    luckiest = None if variance is None else expected_max_sharpe(variance, len(trials))
    probability = _probability(attempt, variance, len(trials))
    return Standing(
        n=len(trials),
        compared=len(ratios),
        days=own.days,
        sharpe=own.sharpe,
        sharpe_variance=variance,
        expected_max_sharpe=luckiest,
        deflated_sharpe=probability,
        why="" if probability is not None else _why(own, len(trials), len(ratios)),
    )


def _probability(attempt: Attempt, variance: float | None, trials: int) -> float | None:
    own, skew, kurt = attempt.trial, attempt.skew, attempt.kurt
    if own.sharpe is None or variance is None or skew is None or kurt is None:
        return None
    return deflated_sharpe(own.sharpe, own.days, skew, kurt, variance, trials)


def _key(trial: Trial) -> tuple[str, str, int, int]:
    return trial.data_sha256, trial.config_sha256, trial.first_slot, trial.last_slot


def _why(own: Trial, trials: int, compared: int) -> str:
    if own.sharpe is None and own.days < MIN_RETURNS:
        return f"{own.days} daily returns, and a Sharpe ratio needs {MIN_RETURNS}"
    if own.sharpe is None:
        return "the daily returns do not vary, or the account was at 0"
    if trials < 2:
        return "it is the first trial on this data, so there is nothing to compare it with"
    if compared < 2:
        return "no other trial on this data has a Sharpe ratio to compare it with"
    return "its daily returns give no variance of the ratio"


@dataclass(slots=True)
class Trials:
    """The runs of one call, and the registry that they are counted in.

    A registry that cannot be written or read is told to `say`, and the runs go on.
    """

    path: Path
    data_sha256: str
    say: Callable[[str], None]
    now: Callable[[], int]
    attempts: list[Attempt] = field(default_factory=list)

    def add(self, result: Replay, *, keep: bool) -> None:
        """Take a run, and keep it in the registry if asked to."""
        attempt = attempt_of(result, self.data_sha256, self.now())
        self.attempts.append(attempt)
        if not keep:
            return
        try:
            remember(self.path, attempt.trial)
        except (StorageError, SchemaError) as error:
            self.say(f"this run is not kept among the trials: {error}")

    def standings(self) -> list[Standing]:
        """Where each run stands, among the others of this call and all that was tried before."""
        try:
            earlier = read_trials(self.path, self.data_sha256)
        except (StorageError, SchemaError) as error:
            self.say(f"earlier trials are not counted: {error}")
            earlier = []
        known = [*earlier, *(attempt.trial for attempt in self.attempts)]
        return [standing(attempt, known) for attempt in self.attempts]


def open_trials(
    history: History, environment: Mapping[str, str], say: Callable[[str], None]
) -> Trials:
    """The trials on a history, in the user's own registry and by the machine's clock."""
    clock = SystemClock(threading.Event())
    return Trials(trials_path(environment), data_sha256(history), say, clock.now)


def trials_document(path: Path) -> dict[str, Any]:
    """All trials for `--json`, by data set, in the order in which they were made."""
    rows = [
        {
            "data_sha256": trial.data_sha256,
            "config_sha256": trial.config_sha256,
            "strategy": trial.strategy,
            "from": format_instant(trial.first_slot),
            "to": format_instant(trial.last_slot),
            "days": trial.days,
            "sharpe": rounded(trial.sharpe),
            "total_return": rounded(trial.total_return),
            "tried_at": format_instant(trial.tried_at),
        }
        for trial in read_trials(path)
    ]
    return {"file": str(path), "n": len(rows), "trials": rows}
