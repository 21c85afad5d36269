"""Time and memory of every reading command, on a small home and on two years of 50 tokens.

`python -m benchmarks.reading [--quick] [--keep DIR]`: both homes are made from the demo's generated
market by a replay that writes the record and the ledger which a daemon would have written, but for
raw answers and messages: those come from a provider and for receivers.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.measure import Ended, run
from bot.adapters.files.record_writer import write_record
from bot.domain.instants import parse_instant
from bot.simulator.generated import GeneratedMarket, generate

ROOT = Path(__file__).resolve().parents[1]
HOURHAND = (sys.executable, "-m", "bot.cli")
STRATEGY = ROOT / "strategies" / "demo.toml"
START = parse_instant("2024-01-01T00:00:00Z")
DAY_HOURS = 24
SMALL = (8, 60 * DAY_HOURS)
BIG = (50, 2 * 365 * DAY_HOURS)
# Not zero: a home without a daemon is not healthy, and one without a key has no sound settings.
TELLING = (0, 1, 2, 70)
MB = 1e6


@dataclass(frozen=True, slots=True)
class Home:
    """A home, and what its commands are called with."""

    folder: Path
    token: str
    trade: str
    decided: str


def main() -> None:
    """Make both homes, time every command on both, print one table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="the small home only")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="where homes stay for another run")
    chosen = parser.parse_args()
    sizes = [SMALL] if chosen.quick else [SMALL, BIG]
    with tempfile.TemporaryDirectory() as made:
        place = Path(made) if chosen.keep is None else chosen.keep
        homes = [_home(place, *size) for size in sizes]
        for line in _table(homes, Path(made)):
            sys.stdout.write(line + "\n")
            sys.stdout.flush()


def _home(place: Path, tokens: int, hours: int) -> Home:
    folder = place / f"home-{tokens}-{hours}"
    if not folder.exists():
        record = place / f"record-{tokens}-{hours}"
        market = GeneratedMarket(seed=4, start=START, hours=hours, tokens=tokens)
        write_record(generate(market), record, "parquet")
        words = ("replay", str(STRATEGY), "--record", str(record), "--no-trial")
        _run((*words, "--out", str(folder), "--format", "sqlite"))
    asked = _run(("trades", "--limit", "1", "--json", "--home", str(folder)))
    newest = json.loads(asked.text)["trades"][0]
    return Home(folder, str(newest["token_id"]), newest["id"], newest["decided"])


def _commands(home: Home, out: Path) -> dict[str, tuple[str, ...]]:
    """What is timed, by the name in the table."""
    strategy = str(home.folder / "strategies" / "demo.toml")
    return {
        "status": ("status",),
        "why, last slot": ("why", home.token),
        "why, a trade": ("why", home.token, "--at", home.decided),
        "orders": ("orders",),
        "orders --all": ("orders", "--all"),
        "positions": ("positions",),
        "trades": ("trades",),
        "screen": ("screen",),
        "screen --near": ("screen", "--near", "0.01"),
        "levels": ("levels",),
        "levels --out": ("levels", "--out", str(out / "levels")),
        "alerts": ("alerts",),
        "outbox": ("outbox",),
        "card": ("card", home.trade, "--out", str(out / "card.svg")),
        "digest": ("digest",),
        "restatements": ("restatements",),
        "check": ("check",),
        "doctor --offline": ("doctor", "--offline"),
        "report": ("report", "--out", str(out / "report.html")),
        "gates": ("gates",),
        "signals": ("signals",),
        "diff": ("diff", strategy, strategy, "--no-trial"),
        "export --ledger": ("export", str(out / "ledger"), "--ledger"),
        "export": ("export", str(out / "record")),
        "audit": ("audit",),
    }


def _table(homes: list[Home], place: Path) -> Iterator[str]:
    """Rows as they are measured: wall and processor seconds, greatest resident size."""
    heads = " | ".join(f"{home.folder.name}: wall, CPU, peak" for home in homes)
    yield f"| command | {heads} |"
    yield "|---" * (len(homes) + 1) + "|"
    bare = [_cells(_run(("schema",))) for _ in homes]
    yield f"| schema (no home) | {' | '.join(bare)} |"
    for name in _commands(homes[0], place):
        cells = []
        for home in homes:
            out = place / f"{home.folder.name}-{name.partition(' ')[0]}-{len(name)}"
            out.mkdir()
            words = _commands(home, out)[name]
            cells.append(_cells(_run((*words, "--home", str(home.folder)))))
        yield f"| {name} | {' | '.join(cells)} |"


def _run(words: tuple[str, ...]) -> Ended:
    return run([*HOURHAND, *words], os.environ | {"PYTHONPATH": str(ROOT)}, TELLING)


def _cells(ended: Ended) -> str:
    return f"{ended.seconds:.2f} s, {ended.processor:.2f} s, {ended.peak / MB:.0f} MB"


if __name__ == "__main__":
    main()
