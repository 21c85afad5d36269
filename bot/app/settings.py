"""Settings of an installation: one frozen value from files, environment, secrets and command line.

Later layers win: defaults, config/hourhand.toml, environment, .env, secrets folder, command line.
"""

from __future__ import annotations

import difflib
import os
import stat
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from io import StringIO
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from dotenv.parser import parse_stream
from pydantic import Field, SecretStr, ValidationError, ValidationInfo, field_validator
from pydantic_settings import (
    BaseSettings,
    DotEnvSettingsSource,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    SecretsSettingsSource,
    SettingsConfigDict,
)

from bot.adapters.notify.address import url_fault
from bot.adapters.redaction import Redactor
from bot.app.secret_faults import (
    ENV_FILE,
    KEY,
    SECRETS_FOLDER,
    WEBHOOK_SECRET,
    secret_faults,
    webhook_faults,
)
from bot.app.toml_text import TomlFault, parse, read_text
from bot.domain.errors import ConfigError, UsageError
from bot.market.parameters import Duration, Misfit, literal

PREFIX = "HOURHAND_"
HOME_VARIABLE = PREFIX + "HOME"
# Read where they are needed, before or without any settings.
OTHER_VARIABLES = frozenset({HOME_VARIABLE, PREFIX + "CACHE_DIR", PREFIX + "DATA_DIR"})
CONFIG_FILE = "config/hourhand.toml"
_SECRETS = frozenset({KEY, WEBHOOK_SECRET})
_LOOPBACK = {"localhost", "127.0.0.1", "::1"}
_DAILY = Duration("1h", "7d")


class Settings(BaseSettings):
    """What one installation fixes; strategies have their own files. Build with `load_settings`."""

    model_config = SettingsConfigDict(
        frozen=True,
        extra="forbid",
        hide_input_in_errors=True,
        env_prefix=PREFIX,
        env_ignore_empty=True,
    )

    home: Path = Field(description="The folder that all relative paths start from.")
    api_key: SecretStr | None = Field(None, description="The provider's key.")
    base_url: str = Field(
        "https://api.tokenmetrics.com", description="The provider; http only on this machine."
    )
    api_version: Literal["v2", "v3"] = Field("v2", description="The provider's wire.")
    key_header: str = Field(
        "x-api-key", pattern="^[A-Za-z0-9_-]{1,40}$", description="The header that carries the key."
    )
    database: str = Field("hourhand.db", min_length=1, description="The database file.")
    strategies: str = Field("strategies", min_length=1, description="The strategy files' folder.")
    clock_url: str | None = Field(
        None, min_length=1, description="A simulator whose clock is used instead of the machine's."
    )
    requests_per_minute: int = Field(20, ge=1, le=10_000, description="Most requests a minute.")
    monthly_credits: int = Field(
        20_000, ge=1, le=1_000_000_000, description="Most requests a calendar month."
    )
    deadline_s: int = Field(30, ge=1, le=600, description="Seconds for one request.")
    cycle_deadline_s: int = Field(600, ge=10, le=3_000, description="Seconds for one hour's poll.")
    tokens_max: int = Field(
        100, ge=1, le=5_000, description="Most tokens that the strategies may look at together."
    )
    batch_size: int = Field(50, ge=1, le=100, description="Tokens asked for in one request.")
    daily_every: str = Field("6h", description="How often daily data is asked for.")
    backfill_days: int = Field(
        180, ge=0, le=3_650, description="Days of hourly bars to fetch at first start."
    )
    look_back_hours: int = Field(
        48, ge=0, le=720, description="Last hours asked for again once a day; 0: none."
    )
    max_drawdown_sign: Literal["negative", "positive"] = Field(
        "negative", description="How the provider signs a drawdown."
    )
    max_drawdown_unit: Literal["fraction", "percent"] = Field(
        "fraction", description="The unit of the provider's drawdown."
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="The least severe line that is written."
    )
    log_format: Literal["auto", "json", "console"] = Field(
        "auto", description="auto: readable on a terminal, JSON in a pipe."
    )
    log_file: str | None = Field(
        None, min_length=1, description="A file instead of the standard error."
    )
    notify_log: bool = Field(
        default=False, description="Whether each message becomes a line of the log."
    )
    notify_per_minute: int = Field(
        30, ge=1, le=6_000, description="Most messages a minute to the webhook."
    )
    notify_attempts: int = Field(
        30, ge=1, le=1_000, description="Tries before a message is set aside."
    )
    webhook_allow_private: bool = Field(
        default=False, description="Whether the webhook may be in a private network."
    )
    webhook_url: str | None = Field(
        None, min_length=1, description="Where messages are posted to; https."
    )
    webhook_secret: SecretStr | None = Field(
        None, description="What the messages to the webhook are signed with."
    )
    webhook_deadline_s: int = Field(10, ge=1, le=60, description="Seconds for one message.")
    raw_keep_days: int = Field(
        0, ge=0, le=36_500, description="Days that raw answers are kept; 0: for ever."
    )
    raw_max_mb: int = Field(
        2_000, ge=0, le=1_000_000, description="Most megabytes of raw answers; 0: any number."
    )

    @field_validator("base_url")
    @classmethod
    def _no_plain_http(cls, url: str) -> str:
        parts = urlsplit(url)
        local = parts.scheme == "http" and parts.hostname in _LOOPBACK
        if parts.hostname is None or not (parts.scheme == "https" or local):
            raise ValueError("must be an https address (http only on this machine)")
        if parts.username or parts.password or parts.query or parts.fragment:
            raise ValueError("must be an address without user, query or fragment")
        return url.rstrip("/")

    @field_validator("webhook_url")
    @classmethod
    def _is_webhook(cls, url: str | None, info: ValidationInfo) -> str | None:
        allowed = bool(info.data.get("webhook_allow_private"))
        fault = None if url is None else url_fault(url, allow_private=allowed)
        if fault is not None:
            raise ValueError(fault)
        return url

    @field_validator("database", "strategies", "log_file")
    @classmethod
    def _stays_inside(cls, path: str | None) -> str | None:
        if path is not None and ("\0" in path or ".." in Path(path).parts):
            raise ValueError("must not lead out of the home folder by .. (an absolute path may)")
        return path

    @field_validator("daily_every", mode="before")
    @classmethod
    def _is_duration(cls, raw: object) -> str:
        try:
            return _DAILY.show(_DAILY.read(literal(raw) if isinstance(raw, str) else raw))
        except Misfit:
            raise ValueError(f"must be {_DAILY.expects()}") from None

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Only what `load_settings` has read: it knows which layer a wrong value stands in."""
        return (init_settings,)

    def shows_key(self, text: str) -> bool:
        """Whether a text holds the key or another secret, in any dress: for leak hunters."""
        return self._redactor.finds(text)

    @cached_property
    def _redactor(self) -> Redactor:
        return Redactor((self.api_key, self.webhook_secret))

    @property
    def database_path(self) -> Path:
        """The database file, absolute."""
        return self.home / self.database

    @property
    def strategies_path(self) -> Path:
        """The folder of strategy files, absolute."""
        return self.home / self.strategies

    @property
    def daily_every_ms(self) -> int:
        """How often daily data is asked for."""
        value: int = _DAILY.read(self.daily_every)
        return value

    @property
    def log_path(self) -> Path | None:
        """The log file, absolute; None for the standard error."""
        return None if self.log_file is None else self.home / self.log_file


KEYS = frozenset(Settings.model_fields) - {"home"}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Layer:
    """One place where settings are written: values by key, and what is wrong with their names."""

    name: str
    values: Mapping[str, Any]
    faults: tuple[str, ...] = ()


def find_home(given: Path | None, environment: Mapping[str, str]) -> Path:
    """The home folder: the one given, else HOURHAND_HOME, else the current one; absolute."""
    named = environment.get(HOME_VARIABLE)
    home = given if given is not None else Path(named) if named else Path.cwd()
    if not home.is_dir():
        raise UsageError(f"{home}: no such folder")
    return home.resolve()


def load_settings(home: Path, overrides: Mapping[str, object] | None = None) -> Settings:
    """The settings of a home folder; ConfigError lists every fault with its layer, no values.

    Raises UsageError where the folder does not exist.
    """
    root = find_home(home, {})
    layers = _layers(root, overrides or {})
    faults = [fault for layer in layers for fault in layer.faults]
    values, origin = _merged(layers)
    for name in sorted(_SECRETS):
        faults += secret_faults(name, values.get(name), origin)
    faults += webhook_faults(values, origin)
    try:
        settings = Settings(home=root, **values)
    except ValidationError as problem:
        for error in problem.errors(include_input=False, include_url=False, include_context=False):
            key = str(error["loc"][0])
            faults.append(f"{origin.get(key, 'settings')}: {key}: {_message(error['msg'])}")
    if faults:
        raise ConfigError(faults)
    return settings


def unjudged_values(home: Path) -> dict[str, Any]:
    """What a home's settings say, right or wrong: to look for further faults beside theirs."""
    values, _ = _merged(_layers(find_home(home, {}), {}))
    return values


def _layers(root: Path, overrides: Mapping[str, object]) -> list[_Layer]:
    return [
        _file_layer(root / CONFIG_FILE),
        _environment_layer(),
        _env_file_layer(root / ENV_FILE),
        _secrets_layer(root / SECRETS_FOLDER),
        _override_layer(overrides),
    ]


def _merged(layers: Iterable[_Layer]) -> tuple[dict[str, Any], dict[str, str]]:
    """The value of each key, and the name of the layer that it comes from."""
    values: dict[str, Any] = {}
    origin: dict[str, str] = {}
    for layer in layers:
        values |= layer.values
        origin |= dict.fromkeys(layer.values, layer.name)
    return values, origin


def _message(text: str) -> str:
    shortened = text.removeprefix("Value error, ")
    return shortened[:1].lower() + shortened[1:]


def _unknown(place: str, name: str) -> str:
    near = difflib.get_close_matches(name, sorted(KEYS), n=1, cutoff=0.6)
    hint = f" (did you mean {near[0]}?)" if near else ""
    return f"{place}: {name}: no such setting{hint}"


def _unknown_variables(place: str, names: Iterable[str]) -> list[str]:
    """Variables under our prefix that mean nothing; the libraries pass over them in silence."""
    faults: list[str] = []
    for name in names:
        key = name.removeprefix(PREFIX)
        if name == key or key.lower() in KEYS:
            continue
        near = difflib.get_close_matches(key, sorted(known.upper() for known in KEYS), n=1)
        hint = f" (did you mean {PREFIX}{near[0]}?)" if near else ""
        faults.append(f"{place}: {name}: no such setting{hint}")
    return faults


def _file_layer(path: Path) -> _Layer:
    name = CONFIG_FILE
    if not path.exists():
        return _Layer(name=name, values={})
    try:
        raw = parse(read_text(path))
    except TomlFault as problem:
        return _Layer(name=name, values={}, faults=(f"{name}: {problem}",))
    faults = [_unknown(name, key) for key in raw if key not in KEYS]
    for key in sorted(_SECRETS & raw.keys()):
        faults.append(f"{name}: {key}: a key belongs into {SECRETS_FOLDER}/{key} or {ENV_FILE}")
    known = {key: value for key, value in raw.items() if key in KEYS - _SECRETS}
    wrong = {key: fault for key, value in known.items() if (fault := _type_fault(key, value))}
    # What has been named as wrong is not judged, and told, a second time.
    values = {key: value for key, value in known.items() if key not in wrong}
    return _Layer(name=name, values=values, faults=(*faults, *wrong.values()))


def _type_fault(key: str, value: object) -> str:
    """TOML has types, so nothing is guessed: no true for 1, no "5" for 5, no 5.0 for 5."""
    wanted = Settings.model_fields[key].annotation
    words = {int: "a whole number", bool: "true or false"}
    if wanted not in words or type(value) is wanted:
        return ""
    return f"{CONFIG_FILE}: {key}: must be {words[wanted]}"


def _environment_layer() -> _Layer:
    named = [name.upper() for name in os.environ]
    faults = _unknown_variables(
        "environment", [name for name in named if name not in OTHER_VARIABLES]
    )
    values = {key: value for key, value in EnvSettingsSource(Settings)().items() if key in KEYS}
    return _Layer(name="environment", values=values, faults=tuple(faults))


def _env_file_layer(path: Path) -> _Layer:
    name = ENV_FILE
    if not path.is_file():
        return _Layer(name=name, values={})
    try:
        unread = [
            line.original.line for line in parse_stream(StringIO(read_text(path))) if line.error
        ]
    except TomlFault as problem:
        return _Layer(name=name, values={}, faults=(f"{name}: {problem}",))
    if unread:  # the library would pass over them
        return _Layer(name=name, values={}, faults=(f"{name}:{unread[0]}: is no NAME=value",))
    source = DotEnvSettingsSource(Settings, env_file=path, env_file_encoding="utf-8-sig")
    read = source()
    faults = _unknown_variables(name, [variable.upper() for variable in source.env_vars])
    values = {key: value for key, value in read.items() if key in KEYS}
    if _SECRETS & values.keys():
        faults += _open_to_others(path, name)
    return _Layer(name=name, values=values, faults=tuple(faults))


def _secrets_layer(folder: Path) -> _Layer:
    name = SECRETS_FOLDER
    if not folder.is_dir():
        return _Layer(name=name, values={})
    faults: list[str] = []
    for path in sorted(folder.iterdir()):
        if path.name.startswith(".") or not path.is_file():
            continue
        if path.name not in KEYS:
            faults.append(_unknown(name, path.name))
        faults += _open_to_others(path, f"{name}/{path.name}")
    try:
        read = SecretsSettingsSource(Settings, secrets_dir=folder, env_prefix="")()
    except OSError as problem:
        fault = f"{name}: cannot be read: {problem.strerror}"
        return _Layer(name=name, values={}, faults=(*faults, fault))
    except ValueError:
        return _Layer(name=name, values={}, faults=(*faults, f"{name}: cannot be read as text"))
    values = {key: value for key, value in read.items() if key in KEYS and value != ""}
    return _Layer(name=name, values=values, faults=tuple(faults))


def _override_layer(overrides: Mapping[str, object]) -> _Layer:
    name = "command line"
    faults = [_unknown(name, key) for key in overrides if key not in KEYS]
    for key in sorted(_SECRETS & overrides.keys()):
        faults.append(f"{name}: {key}: other users of the machine could read it there")
    values = {key: value for key, value in overrides.items() if key in KEYS - _SECRETS}
    return _Layer(name=name, values=values, faults=tuple(faults))


def _open_to_others(path: Path, name: str) -> list[str]:
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & 0o077 == 0:
        return []
    return [f"{name}: others can read it (mode {mode:03o}): chmod 600"]
