"""All measurements as one table: `python benchmarks/run.py [--quick] [--peers PYTHON] [--write]`.

--write puts the table into docs/performance.md, between its two marks.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))  # so that it runs as a script too

from benchmarks.engine import compiled, engine_section  # noqa: E402
from benchmarks.peers_section import peers_section  # noqa: E402
from benchmarks.scaling import LARGE, scaling_section  # noqa: E402
from benchmarks.shell import shell_section  # noqa: E402
from benchmarks.table import Section, markdown  # noqa: E402

PAGE = ROOT / "docs" / "performance.md"
BEGIN, END = "<!-- figures -->", "<!-- /figures -->"
ALL = 10**9


def main() -> None:
    """Measure, print, and write where asked to."""
    chosen = _arguments()
    lines = [*_machine(), "", *markdown(_sections(chosen))]
    print("\n".join(lines))
    if chosen.write:
        before, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
        _, _, after = rest.partition(END)
        body = "\n".join(lines)
        PAGE.write_text(f"{before}{BEGIN}\n{body}\n{END}{after}", encoding="utf-8")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="no size above 2 M token-bars")
    parser.add_argument("--peers", metavar="PYTHON", help="python of the peers' environment")
    parser.add_argument("--write", action="store_true", help="into docs/performance.md")
    return parser.parse_args()


def _sections(chosen: argparse.Namespace) -> Iterator[Section]:
    repeats = 5 if chosen.quick else 15
    machine = compiled()
    yield _told(engine_section(machine, repeats))
    yield _told(peers_section(chosen.peers, machine, repeats))
    yield _told(shell_section(chosen.peers, 3 if chosen.quick else 7))
    yield _told(scaling_section(LARGE if chosen.quick else ALL))


def _told(section: Section) -> Section:
    sys.stderr.write(f"measured: {section.title}\n")
    return section


def _machine() -> Iterator[str]:
    names = ("numba", "llvmlite", "numpy", "pyarrow")
    versions = ", ".join(f"{name} {version(name)}" for name in names)
    yield f"{_processor()}, {os.cpu_count()} cores, {_memory()} GiB, {platform.system()}"
    yield f"(Python {platform.python_version()}, {versions})."


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.machine()
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, platform.machine())


def _memory() -> int:
    return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30)


if __name__ == "__main__":
    main()
