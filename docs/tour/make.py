"""Writes docs/tour.md: runs the demo, then every command of template.md, and keeps what they said.

    python -m docs.tour.make                    # runs the demo first, about a minute
    python -m docs.tour.make --home FOLDER      # on what `hourhand demo` left there

A command is added by a block ```run in template.md; `lines=A-B` after it keeps these lines.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import pty
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent
PAGE = FOLDER.parent / "tour.md"
HOME = "hourhand-demo"  # what the page calls the home, wherever it is
CHANGED = "stricter.toml"  # the demo's strategy with one rule changed, as the page says
RULE = ("min_rr = 0.5", "min_rr = 1")
TRADE = "e5ba5125"
# Helvetica's widths are what the pictures are laid out with; Arial and Liberation share them.
FONT = "Helvetica, Arial, 'Liberation Sans', sans-serif"
BLOCK = re.compile(r"^```run(?: lines=(\d+)-(\d+))?\n(hourhand .*)\n```$", re.MULTILINE)
ESCAPE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
LATENCY_HEAD = re.compile(r" +a day +p50 ms +p95 +p99( +errors)?$", re.MULTILINE)
LATENCY_ROW = re.compile(
    r"^([a-z-]+ +\d{4}-.*?(?: s| min| h| d))(?: +(?:\d+|-)){4}( +\S+)?$", re.MULTILINE
)
# What differs from run to run or from machine to machine, and the words that stand for it.
MOVING = (
    (re.compile(r"127\.0\.0\.1:\d+"), "127.0.0.1:PORT"),
    (re.compile(r"after slot \d+; started"), "after slot N; started"),
    (re.compile(r"\d+\.\d s$", re.MULTILINE), "SECONDS s"),
    (re.compile(r"\(\d+\.\d\d MB\)"), "(SIZE MB)"),
    (re.compile(r"\d+ (responses|links|observations)"), r"N \1"),
    (re.compile(r"\d+ of (\d+) spent in (\S+) \d+ left"), r"N of \1 spent in \2 N left"),
    (re.compile(r"^note: SQLite .*\n", re.MULTILINE), ""),
    (LATENCY_HEAD, r"  a day  p50 ms  p95  p99\1"),
    (LATENCY_ROW, r"\1      N       N    N    N\2"),
)  # fmt: skip

Said = Callable[[str], str]


def page(said: Said) -> str:
    """The tour, with what each command said."""
    template = (FOLDER / "template.md").read_text(encoding="utf-8")
    return BLOCK.sub(lambda block: _shown(block, said), template)


def _shown(block: re.Match[str], said: Said) -> str:
    first, last, command = block.groups()
    lines = said(command).splitlines()
    if first is not None and not _is_cut(lines):  # what the page says already is as it should be
        start, end = int(first) - 1, int(last)
        lines = [*_cut(lines[:start]), *lines[start:end], *_cut(lines[end:])]
    return "\n".join(["```console", f"$ {command}", *lines, "```"])


def _cut(lines: list[str]) -> list[str]:
    return [f"[{len(lines)} more lines]"] if lines else []


def _is_cut(lines: list[str]) -> bool:
    return any(re.fullmatch(r"\[\d+ more lines\]", line) for line in lines)


def running(home: Path) -> Said:
    """Runs commands on a home, as on a terminal of 80 columns without colours."""

    def said(command: str) -> str:
        if CHANGED in command:
            _change_a_rule(home)
        return fixed(_on_a_terminal(command, home), home)

    return said


def _change_a_rule(home: Path) -> None:
    text = (home / "strategies" / "demo.toml").read_text(encoding="utf-8")
    if RULE[0] not in text:
        raise SystemExit(f"the demo's strategy does not say {RULE[0]!r}: see docs/tour/template.md")
    (home / CHANGED).write_text(text.replace(*RULE), encoding="utf-8")


def committed() -> Said:
    """What the page as it stands says of a command, for those that are too slow to run again."""
    blocks = re.findall(
        r"^```console\n\$ (.*)\n((?:.*\n)*?)```$", PAGE.read_text(encoding="utf-8"), re.MULTILINE
    )
    return dict(blocks).__getitem__


def fixed(text: str, home: Path) -> str:
    """The same with fixed words for what moves from run to run."""
    text = ESCAPE.sub("", text).replace("\r\n", "\n").replace(str(home), HOME)
    for pattern, words in MOVING:
        text = pattern.sub(words, text)
    return "\n".join(line.rstrip() for line in text.splitlines()).strip("\n") + "\n"


def _on_a_terminal(command: str, home: Path) -> str:
    words = [word.replace(HOME, str(home)) for word in command.split()[1:]]
    ours, theirs = pty.openpty()
    plain = {name: text for name, text in os.environ.items() if not name.startswith("LC_")}
    process = subprocess.Popen(
        [sys.executable, "-m", "bot.cli", *words],
        cwd=home.parent, stdout=theirs, stderr=subprocess.DEVNULL,
        env=plain | {"COLUMNS": "80", "LINES": "50", "NO_COLOR": "1", "TERM": "xterm",
                     "LANG": "C.UTF-8", "PYTHONPATH": str(FOLDER.parents[1])},
    )  # fmt: skip
    os.close(theirs)
    said = b""
    try:
        while part := os.read(ours, 65536):
            said += part
    except OSError:  # Linux says so when the last writer has closed its side
        pass
    os.close(ours)
    if process.wait() != 0:
        raise SystemExit(f"{command}: ended with code {process.returncode}:\n{said.decode()}")
    return said.decode()


def pictures(home: Path) -> dict[str, dict[str, Any]]:
    """File name -> specification: the card of a trade, and the account beside doing nothing."""
    from bot.report.card_spec import card_picture
    from bot.report.palette import PICTURE
    from bot.report.run_charts import chart_pictures

    drawing = card_picture(_document("card", TRADE, home), PICTURE)
    chart = chart_pictures(_document("report", home)["reports"][0])["equity"]
    for spec in (drawing, chart):
        spec["config"] = spec["config"] | {"font": FONT}
    return {"card.svg": drawing, "equity.svg": chart}


def _document(command: str, *rest: object) -> Any:
    *words, home = map(str, rest)
    call = [sys.executable, "-m", "bot.cli", command, *words, "--home", home, "--json"]
    return json.loads(subprocess.run(call, check=True, capture_output=True).stdout)


def mark_of(spec: dict[str, Any]) -> str:
    """A comment that ties a picture to what it was drawn from."""
    digest = hashlib.sha256(json.dumps(spec, sort_keys=True).encode()).hexdigest()
    return f"<!-- drawn from {digest} -->\n"


def main() -> None:
    """Write the page and its pictures."""
    parser = argparse.ArgumentParser(description="Write docs/tour.md and its pictures.")
    parser.add_argument("--home", type=Path, help="a folder that `hourhand demo` has filled")
    given = parser.parse_args().home
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder).resolve() / HOME
        # Not given: the first command of the page is the demo, and fills it.
        said = running(home) if given is None else _but_the_demo(running(given.resolve()))
        PAGE.write_text(page(said), encoding="utf-8")
        _draw(home if given is None else given)
    print(f"written: {PAGE.name}, {len(PAGE.read_text(encoding='utf-8')) / 1e3:.0f} kB")


def _but_the_demo(said: Said) -> Said:
    before = committed()
    return lambda command: before(command) if " demo " in command else said(command)


def _draw(home: Path) -> None:
    from bot.report.vega import svg

    for name, spec in pictures(home).items():
        (FOLDER / name).write_text(svg(spec).decode() + mark_of(spec), encoding="utf-8")
        print(f"written: tour/{name}, {(FOLDER / name).stat().st_size / 1e3:.0f} kB")


if __name__ == "__main__":
    main()
