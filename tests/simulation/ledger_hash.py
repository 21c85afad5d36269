"""`python -m tests.simulation.ledger_hash SEED HOURS`: the hash of all a seed's ledger says."""

from __future__ import annotations

import hashlib
import sys
import tempfile
from pathlib import Path

from tests.simulation.plan import draw_plan
from tests.simulation.seeds import ledgers
from tests.simulation.world import World, make_template


def ledger_hash(seed: int, hours: int) -> str:
    """SHA-256 over the lines of every strategy, in the order of their names."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        home.mkdir()
        world = World(draw_plan(seed, hours), home, make_template(Path(folder)))
        found = ledgers(world.run())
        world.checker.close()
    lines = [line for _, ledger in sorted(found.items()) for line in ledger.lines]
    return hashlib.sha256("".join(lines).encode()).hexdigest()


if __name__ == "__main__":
    print(ledger_hash(int(sys.argv[1]), int(sys.argv[2])))
