"""The demo: one command, no key, no network, one JSON document that other tools rely on."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from docs.tour import make as tour
from tests.support.published import check_document

# Told by the fixture, or slow and mere confirmations: the page's own words stand for them.
NOT_AGAIN = {"demo", "audit", "card", "report", "gates", "signals"}


def hourhand(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "bot.cli.main", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=400)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("demo") / "home"


@pytest.fixture(scope="module")
def document(home: Path) -> dict[str, Any]:
    done = hourhand("demo", "--home", str(home), "--json")
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    check_document(["demo"], found)
    return found


def test_the_demo_survives_a_kill_and_its_ledger_is_recomputed_to_the_same_hash(
    document: dict[str, Any],
) -> None:
    assert document["kills"] == 1
    audit = document["audit"]
    assert audit["ok"] is True
    assert audit["findings"] == []
    assert audit["ledger_sha256"] == audit["replayed_sha256"]


def test_the_demo_shows_orders_fills_trades_and_refusals(document: dict[str, Any]) -> None:
    assert document["slots"] == 240
    assert document["orders"] > document["trades"] > 0
    assert document["fills"] > 0
    assert len(document["refusals"]) >= 4
    assert "# hourhand demo" in Path(document["report"]).read_text()


def test_the_tour_says_what_the_commands_say(document: dict[str, Any], home: Path) -> None:
    before, anew = tour.committed(), tour.running(home)
    page = tour.page(lambda line: (before if line.split()[1] in NOT_AGAIN else anew)(line))
    assert tour.PAGE.read_text(encoding="utf-8") == page, "docs/tour.md is stale: run `make tour`"
    assert page.count(document["audit"]["ledger_sha256"]) == 2  # of the demo and of the audit


@pytest.mark.usefixtures("document")
def test_the_pictures_of_the_tour_are_drawn_from_what_the_ledger_says(home: Path) -> None:
    for name, spec in tour.pictures(home).items():
        drawn = (tour.FOLDER / name).read_text(encoding="utf-8")
        assert drawn.endswith(tour.mark_of(spec)), f"docs/tour/{name} is stale: run `make tour`"
        assert len(drawn) < 200_000


def test_a_folder_with_other_things_in_it_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    done = hourhand("demo", "--home", str(tmp_path))
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert (tmp_path / "thesis.txt").read_text() == "mine"
