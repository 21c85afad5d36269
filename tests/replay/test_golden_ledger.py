"""The ledgers of the demo's market, pinned: neither a library nor a rewrite may change a result.

Each hash may change for one reason, and then together with what is said here:

* MARKET: the generator was changed on purpose. The ledgers change with it.
* a strategy's configuration: a key was added or a default changed. A new key alone changes no
  ledger.
* a strategy's ledger, with market and configuration as they were: a rule or the form of the
  ledger's lines was changed on purpose. Then RULES_VERSION goes up, which tells the audit of older
  ledgers not to compare, and the changelog says what is decided otherwise. A ledger that changed
  for any other reason, as after an update of numpy, is a defect.
"""

from __future__ import annotations

import pytest

from bot.app.demo import MARKET_HOURS, SEED
from bot.app.replay import history_slots, replay
from bot.app.simulation import SimulationSettings, generated_market
from bot.app.stepper import RULES_VERSION
from bot.app.strategy_files import load_strategy
from bot.domain.bar_table import History, history_of
from bot.domain.data_hash import data_sha256
from bot.resources import resource_dir

RULES = 1
MARKET = "e647a31e345d256c19812a19093735ee75a38414be37a6ba5a1a6f5c41d2c5d4"
# strategy: configuration, ledger, fills
GOLDEN = {
    "demo": (
        "4e895b54ed35f6bf288276a02823b4ce02d3cec95a0d86f0b207a4e8a22769a6",
        "f1e0fab1ccce3d94e7b4791f35cc18590776b7014104df32a4a61a29bd039046",
        38,
    ),
    "plain": (
        "de4dde997e612b810110bd9d495c0163684e4cbcc4a000b07c0e4352de7bae7f",
        "720f72ad19f5927aa319e3231e64b0d3a703a1404e28187d24e8418c7507c131",
        14,
    ),
}


@pytest.fixture(scope="module")
def market() -> History:
    return history_of(generated_market(SimulationSettings(seed=SEED, hours=MARKET_HOURS)))


def test_the_generated_market_is_the_pinned_one(market: History) -> None:
    assert data_sha256(market) == MARKET


@pytest.mark.parametrize("name", GOLDEN)
def test_a_ledger_is_the_pinned_one(market: History, name: str) -> None:
    loaded = load_strategy(resource_dir("strategies") / f"{name}.toml")
    result = replay(loaded, market, history_slots(market, loaded.strategy.settle))
    fills = sum(len(slot.fills) for slot in result.busy)
    assert (RULES_VERSION, loaded.config_sha256, result.ledger_sha256, fills) == (
        RULES,
        *GOLDEN[name],
    )
