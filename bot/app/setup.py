"""`init`: a home folder with commented settings and the shipped strategies."""

from __future__ import annotations

import shutil
from pathlib import Path

from bot.adapters.whole_file import whole_file
from bot.app.secret_faults import SECRETS_FOLDER
from bot.app.settings import CONFIG_FILE
from bot.domain.errors import StorageError, UsageError
from bot.resources import resource_dir

SHIPPED = ("plain", "cautious", "local")
ENV_EXAMPLE = ".env.example"


def init_home(home: Path) -> list[Path]:
    """Write the files of a new home; returns their paths relative to it, in order.

    Raises UsageError, and writes nothing, where one of them is there already.
    """
    files = {
        Path(CONFIG_FILE): resource_dir("config") / "hourhand.toml",
        Path(ENV_EXAMPLE): resource_dir("config") / "env.example",
    } | {
        Path("strategies") / f"{name}.toml": resource_dir("strategies") / f"{name}.toml"
        for name in SHIPPED
    }
    if home.exists() and not home.is_dir():
        raise UsageError(f"{home}: is not a folder")
    there = [str(path) for path in files if (home / path).exists()]
    if there:
        raise UsageError(f"{home}: holds {', '.join(there)} already: nothing was written")
    try:
        for path, source in files.items():
            (home / path).parent.mkdir(parents=True, exist_ok=True)
            with whole_file(home / path) as draft:
                shutil.copyfile(source, draft)
        (home / SECRETS_FOLDER).mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise StorageError(f"{home}: cannot be written: {error.strerror}") from None
    return list(files)


def next_steps(home: Path) -> list[str]:
    """What to do after `init`."""
    key = home / SECRETS_FOLDER / "api_key"
    return [
        f"put your Token Metrics key into {key} (chmod 600)",
        f"hourhand check --home {home}    what settings and strategies mean",
        f"hourhand run --home {home}      the daemon",
        "hourhand demo                 everything on a generated market, without a key",
    ]
