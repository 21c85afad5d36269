"""How the simulated provider behaves: keys, plan, faults."""

from __future__ import annotations

from dataclasses import dataclass, field

from bot.simulator.faults import FaultPlan


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatorOptions:
    """Settings of one simulated provider.

    keys: those that are accepted; none named means any key.
    withheld: endpoints, such as "resistance-support", that the plan does not cover.
    history_days: how far back the plan reaches; 0 means without end.
    recent_days_withheld: of signals and grades, as on the free plan; 0 means none.
    unfinished_bar: the hourly candles include the one of the running hour.
    """

    keys: frozenset[str] = frozenset()
    withheld: frozenset[str] = frozenset()
    history_days: int = 0
    recent_days_withheld: int = 0
    unfinished_bar: bool = False
    faults: FaultPlan = field(default_factory=FaultPlan)
