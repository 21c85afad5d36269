"""The settings of a start; where they are wrong, whatever else is wrong is told with them."""

from __future__ import annotations

from pathlib import Path

from bot.app.bootstrap import no_key
from bot.app.secret_faults import KEY
from bot.app.settings import Settings, load_settings, unjudged_values
from bot.app.strategy_files import load_strategies
from bot.domain.errors import ConfigError, UsageError


def settings_to_start(home: Path) -> Settings:
    """The settings of a home that is to work.

    Raises ConfigError with the faults of settings and strategy files together, and with the key
    where it is missing, so that nobody has to start again to learn of the next one.
    """
    try:
        return load_settings(home)
    except ConfigError as problem:
        missing = [] if KEY in unjudged_values(home) else [no_key(home)]
        raise ConfigError([*problem.faults, *strategy_faults(home), *missing]) from None


def strategy_faults(home: Path) -> list[str]:
    """What is wrong with the strategy files of a home whose settings are wrong."""
    folder = unjudged_values(home).get("strategies", "strategies")
    try:
        load_strategies([home / folder] if isinstance(folder, str) else [])
    except ConfigError as problem:
        return problem.faults
    except UsageError:  # of a folder that is not there, as may be because of the settings
        pass
    return []
