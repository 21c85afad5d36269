"""The same words and the same ledger under every locale, names of any script included."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from bot.adapters.files.record_writer import write_record
from tests.support.ledger_home import EASY, made_up_market, write_strategy

# Turkish letters whose cases trap programs, a currency sign, a Chinese sign.
NAME = "\u0130stanbul \u0131\u015e\u0131k \u20bf \u682a"
SYMBOL = "\u0130I\u0131i\u20bf"
FIRST = 9001  # the generated market counts from there
ENCODED = {"C": "ascii", "C.UTF-8": "utf-8", "tr_TR.ISO-8859-9": "iso8859-9"}


@pytest.fixture(scope="module")
def record(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A record whose first token has a name that not every locale can write."""
    found = made_up_market(40, 3)
    assert found.tokens[0].token_id == FIRST
    found.tokens[0] = replace(found.tokens[0], symbol=SYMBOL, name=NAME)
    folder = tmp_path_factory.mktemp("record")
    write_record(found, folder / "rows", "csv")
    write_strategy(folder, "easy", EASY)
    return folder


@pytest.fixture(scope="module")
def locales(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Turkish locale of one byte a character, made from the system's sources."""
    folder = tmp_path_factory.mktemp("locales")
    localedef = shutil.which("localedef")
    if localedef is not None:
        subprocess.run(
            [localedef, "-i", "tr_TR", "-f", "ISO-8859-9", str(folder / "tr_TR.ISO-8859-9")],
            check=False, capture_output=True,
        )  # fmt: skip
    return folder


def hourhand(locales: Path, locale: str, *words: object) -> bytes:
    # Neither of Python's ways around a narrow locale: the program must bear it.
    environment = {k: v for k, v in os.environ.items() if k[:3] != "LC_" and k != "LANG"} | {
        "LC_ALL": locale, "LOCPATH": str(locales), "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0",
    }  # fmt: skip
    if locale == "C.UTF-8":
        del environment["LOCPATH"]
    done = subprocess.run(
        [sys.executable, "-m", "bot.cli", *map(str, words)], env=environment, check=False,
        capture_output=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr.decode(errors="replace")[-2000:]
    return done.stdout


def test_a_replay_and_its_tables_are_the_same_in_every_locale(
    record: Path, locales: Path, tmp_path: Path
) -> None:
    ledgers, shown = set(), {}
    for locale, encoding in ENCODED.items():
        if locale.startswith("tr_TR") and not (locales / locale).is_dir():
            pytest.skip("no localedef or no Turkish sources here: two locales were compared")
        home = tmp_path / locale
        done = hourhand(
            locales, locale, "replay", record / "strategies", "--record", record / "rows",
            "--no-trial", "--json", "--out", home, "--format", "sqlite",
        )  # fmt: skip
        ledgers.add(json.loads(done)["ledger_sha256"])
        text = hourhand(locales, locale, "why", FIRST, "--home", home).decode(encoding)
        shown[locale] = text.replace(str(home), "HOME")
        escaped = SYMBOL.encode(encoding, "backslashreplace").decode(encoding)
        assert escaped in text, locale
    assert len(ledgers) == 1
    plain = {text.encode("ascii", "backslashreplace") for text in shown.values()}
    assert len({line.replace(b"\\\\", b"\\") for line in plain}) == 1
