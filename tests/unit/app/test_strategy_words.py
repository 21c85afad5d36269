"""A strategy's sentences say what its parameters say."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.app.strategy_files import load_strategies, load_strategy
from bot.app.strategy_words import describe
from bot.resources import resource_dir


def words(folder: Path, text: str) -> str:
    path = folder / "s.toml"
    path.write_text('name = "s"\n' + text)
    return "\n".join(describe(load_strategy(path).strategy))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("sharpe_min = 1.5\nsharpe_leave = 1", "sharpe at least 1.5 (stays in until below 1)"),
        ("mdd_max = 0.5\nmdd_leave = 0.5", "max_drawdown at most 0.5."),
        ("min_adv = 1000000", "daily volume at least 1e+06"),
        ('reentry = "while_bullish"', "may enter again while Bullish"),
        ("atr_fallback = 2", "2 ATR below the price where no level fits"),
        ("target_fallback = 2.5", "2.5 times the risk where no level is above"),
        ("strong = 7", "a level of strength 7 within 0.2 % above"),
        ("max_hold = 12", "after 12 h"),
        ("taker = 0.002", "0.2 % taker"),
        ("top_n = 4", "the best 4 by sortino"),
        ('daily_loss_limit = "off"\ndd_halt = "off"', "no halts"),
        ("risk = 0.0125", "1.25 % lost at the stop"),
        ('signals = "local"', "source=local"),
        ("[universe]\ntop = 20", "the 20 of the greatest market value"),
        ('[universe]\nsymbols = ["BTC"]\ntoken_ids = [7]', "token 7, BTC"),
    ],
)
def test_a_parameter_is_said_in_words(tmp_path: Path, text: str, said: str) -> None:
    assert said in words(tmp_path, text)


def test_the_shipped_strategies_are_described_without_gaps() -> None:
    for loaded in load_strategies([resource_dir("strategies")]):
        text = "\n".join(describe(loaded.strategy))
        assert all(line.endswith(".") for line in text.splitlines())
        assert not any(gap in text for gap in ("None", "nan", "auto", "  "))
