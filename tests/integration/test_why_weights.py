"""`why` names the open positions that a new entry's weight could not be measured against."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.adapters.files.record_writer import write_record
from bot.domain.values import Record
from tests.support.command import ask, run
from tests.support.records import VECTOR_STRATEGY, call, levels, metrics, quiet_record, when

STALE = """
max_open = 8
quant_stale = "{}"
gross = 0.5
position_cap = 0.2
sector_cap = 1.0
risk = 1.0
pos_vol = 9.0
"""


def two_entries() -> Record:
    """T1 is bought after 12:00 on numbers of that hour, T2 after 19:00 on numbers of its own."""
    first, second = quiet_record(1), quiet_record(2)
    first.signals.append(call(when("12:00"), 1))
    second.signals += [
        *(call(when(f"{hour}:00"), -1, token_id=2) for hour in range(12, 19)),
        call(when("19:00"), 1, token_id=2),
    ]
    first.metrics = [metrics(when("09 00:00"), when("11:30"))]
    second.metrics = [metrics(when("09 00:00"), when("18:30"), token_id=2)]
    second.levels = [levels(when("18:30"), token_id=2)]
    rows = [getattr(first, name) + getattr(second, name) for name in ("tokens", "bars")]
    return Record(
        tokens=rows[0], bars=rows[1], signals=first.signals + second.signals,
        metrics=first.metrics + second.metrics, levels=first.levels + second.levels,
    )  # fmt: skip


# Of half the equity the two of one volatility share alike; alone it gets what T1 leaves free.
@pytest.mark.parametrize(("age", "left_out", "share"), [("12h", [], 2499), ("6h", ["T1"], 2999)])
def test_a_position_whose_volatility_is_too_old_is_left_out_of_the_weights_and_named(
    tmp_path: Path, age: str, left_out: list[str], share: int
) -> None:
    write_record(two_entries(), tmp_path / "rows", "csv")
    (tmp_path / "core.toml").write_text(VECTOR_STRATEGY + STALE.format(age))
    home = tmp_path / "home"
    done = ask(
        "replay", tmp_path / "core.toml", "--record", tmp_path / "rows", "--no-trial",
        "--out", home, "--format", "sqlite",
    )  # fmt: skip
    assert done["fills"] == 2
    asked = ("why", "T2", "--home", home, "--at", "2025-05-10T20:00:00Z")
    (decision,) = ask(*asked)["strategies"][0]["decisions"]
    assert (decision["outcome"], decision["unweighed"]) == ("ENTER", left_out)
    assert int(float(decision["bounds"]["INV_VOL"])) == share
    said = run(*asked).out
    assert ("left out of the weights, without a volatility: T1" in said) == bool(left_out)
