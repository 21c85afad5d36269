"""The coverage-guided fuzzer, a bounded time for each target: `python -m tests.fuzz.run`.

Needs atheris (`pip install atheris`, or this package's extra `fuzz`). Without it it says so and
does nothing. An input that breaks a target is kept in tests/fuzz/found/TARGET, where the property
tests try it again from then on.
"""

from __future__ import annotations

import argparse
import importlib.util
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.fuzz.seeds import seeds_of, words
from tests.fuzz.targets import TARGETS

ROOT = Path(__file__).parents[2]
FOUND = Path(__file__).parent / "found"
_STATUS = re.compile(r"#(\d+)\s.*cov: (\d+) ft: (\d+)")
_MEMORY_MIB = 1024
_INPUT_SECONDS = 10


def fuzz(name: str, seconds: int, folder: Path) -> str:
    """One target for so many seconds; a line about it."""
    corpus, kept = folder / name, FOUND / name
    corpus.mkdir()
    for number, seed in enumerate(seeds_of(name)):
        (corpus / f"seed-{number}").write_bytes(seed)
    if kept.is_dir():
        for path in kept.iterdir():
            (corpus / path.name).write_bytes(path.read_bytes())
    listed = folder / f"{name}.dict"
    listed.write_text("".join(f'"{_escaped(word)}"\n' for word in words()))
    artifacts = folder / f"{name}-broken"
    artifacts.mkdir()
    began = time.monotonic()
    done = subprocess.run(
        [
            sys.executable, "-m", "tests.fuzz.one", name, str(corpus), f"-dict={listed}",
            f"-max_total_time={seconds}", f"-artifact_prefix={artifacts}/", "-max_len=4096",
            f"-timeout={_INPUT_SECONDS}", f"-rss_limit_mb={_MEMORY_MIB}", "-print_final_stats=1",
        ],
        cwd=ROOT, capture_output=True, text=True, errors="replace", check=False,
    )  # fmt: skip
    spent = time.monotonic() - began
    reports = _STATUS.findall(done.stderr)
    runs, edges, features = reports[-1] if reports else ("0", "0", "0")
    broken = sorted(artifacts.iterdir())
    for path in broken:
        kept.mkdir(parents=True, exist_ok=True)
        (kept / path.name).write_bytes(path.read_bytes())
    line = f"{name:<10}{int(runs):>10}{edges:>8}{features:>10}{len(broken):>8}{spent:>8.0f}"
    if broken or done.returncode:
        line += "\n" + done.stderr[-3000:] + "\n" + done.stdout[-2000:]
    return line


def _escaped(word: str) -> str:
    return "".join(
        sign if sign.isalnum() or sign in " _.,:+-{}[]()" else f"\\x{ord(sign):02x}"
        for sign in word
    )


def main() -> int:
    """Fuzz the targets named, or all; 1 where one broke."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("targets", nargs="*", choices=[[], *TARGETS], default=[])
    parser.add_argument("--seconds", type=int, default=60, help="for each target")
    given = parser.parse_args()
    if importlib.util.find_spec("atheris") is None:
        print("not fuzzed: atheris is not installed here (pip install atheris)")
        return 0
    print(f"{'target':<10}{'runs':>10}{'edges':>8}{'features':>10}{'broken':>8}{'s':>8}")
    broke = False
    with tempfile.TemporaryDirectory() as folder:
        for name in given.targets or TARGETS:
            line = fuzz(name, given.seconds, Path(folder))
            broke = broke or "\n" in line
            print(line, flush=True)
    return int(broke)


if __name__ == "__main__":
    sys.exit(main())
