"""One target in a process of its own under the fuzzer: `python -m tests.fuzz.one TARGET ...`."""

from __future__ import annotations

import logging
import sys


def main() -> None:
    """Fuzz until the time in the fuzzer's own arguments is over."""
    import atheris  # where it is used: the test suite reads this module and need not have it

    logging.disable(logging.CRITICAL)
    with atheris.instrument_imports(include=["bot"]):
        from tests.fuzz.targets import TARGETS
    name, *rest = sys.argv[1:]
    atheris.Setup([sys.argv[0], *rest], TARGETS[name])
    atheris.Fuzz()


if __name__ == "__main__":
    main()
