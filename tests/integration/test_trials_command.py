"""`replay` and `trials`: what is tried is counted, and looked at for what was read ahead."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.adapters.files.record_writer import write_record
from tests.support.command import ask, run
from tests.support.random_records import STRATEGY, market


@pytest.fixture
def strategy(tmp_path: Path) -> Path:
    path = tmp_path / "untidy.toml"
    path.write_text(STRATEGY.replace('atr = "column:reach"\nadv = "column:turnover"\n', ""))
    return path


@pytest.fixture
def record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOURHAND_DATA_DIR", str(tmp_path / "data"))
    folder = tmp_path / "record"
    write_record(market(1), folder, "csv")
    return folder


def test_every_configuration_is_counted_once(strategy: Path, record: Path) -> None:
    first = ask("replay", strategy, "--record", record)
    again = ask("replay", strategy, "--record", record)
    other = ask("replay", strategy, "--record", record, "--set", "min_rr=0.5")
    assert [found["trials"]["n"] for found in (first, again, other)] == [1, 1, 2]
    assert "first trial" in first["trials"]["why"] or "daily returns" in first["trials"]["why"]
    listed = ask("trials")
    assert listed["n"] == 2
    configs = [row["config_sha256"] for row in listed["trials"]]
    assert configs == [first["config_sha256"], other["config_sha256"]]
    text = run("trials").out
    assert "2 trials in" in text
    assert configs[0][:8] in text


def test_a_run_can_be_kept_out(strategy: Path, record: Path) -> None:
    ask("replay", strategy, "--record", record, "--no-trial")
    assert ask("trials")["trials"] == []
    assert run("trials").out.startswith("No trials yet in")


def test_a_proof_stands_in_the_document_and_in_the_text(strategy: Path, record: Path) -> None:
    options = ("--record", record, "--prove-no-lookahead", "--cuts", 2, "--no-trial")
    found = ask("replay", strategy, *options)
    assert found["lookahead"]["ok"] is True
    assert found["lookahead"]["cuts"] == 2
    assert found["lookahead"]["ledger_sha256"] == found["ledger_sha256"]
    text = run("replay", strategy, *options).out
    assert "look-ahead" in text
    assert "trial" in text


def test_a_registry_that_cannot_be_written_does_not_stop_a_replay(
    strategy: Path, record: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "taken").write_text("")
    monkeypatch.setenv("HOURHAND_DATA_DIR", str(tmp_path / "taken"))
    outcome = run("replay", strategy, "--record", record)
    assert outcome.code == 0
    assert "not kept among the trials" in outcome.error
