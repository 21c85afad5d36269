"""Strategy files: TOML in, one frozen value and its hash out, or every fault with its place."""

from __future__ import annotations

import hashlib
import json
import tomllib
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from bot.app.toml_places import places_of
from bot.app.toml_text import TomlFault, parse, read_text
from bot.domain.decimals import plain
from bot.domain.errors import ConfigError, UsageError
from bot.market.parameter_groups import Fault, Place, StrategyFaults, read_table, show_table
from bot.market.parameters import literal
from bot.market.strategy import Alert, Strategy, Universe

# Not part of what a strategy does, so no part of its hash.
_TOLD = frozenset({"description", "alert"})


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedStrategy:
    """A strategy and where it came from; `canonical` holds every effective parameter."""

    strategy: Strategy
    path: Path
    config_sha256: str
    canonical: str


def load_strategy(path: Path, overrides: Sequence[str] = ()) -> LoadedStrategy:
    """One strategy file, with `key=value` overrides; ConfigError lists all that is wrong."""
    return load_strategies([path], overrides)[0]


def load_strategies(paths: Sequence[Path], overrides: Sequence[str] = ()) -> list[LoadedStrategy]:
    """The strategies of files and of folders (every *.toml in them), in that order.

    Overrides apply to each. Raises UsageError for a path that is not there, and ConfigError with
    the faults of all files together, two strategies of one name included.
    """
    faults: list[str] = []
    loaded: list[LoadedStrategy] = []
    given = _parse_overrides(overrides)
    for path in _files(paths):
        try:
            loaded.append(_load(path, given))
        except ConfigError as problem:
            faults += problem.faults
    faults += _same_names(loaded)
    if faults:
        raise ConfigError(list(dict.fromkeys(faults)))
    return loaded


def from_strategy(strategy: Strategy, path: Path) -> LoadedStrategy:
    """A strategy that is already a value, with its canonical text and hash."""
    canonical = canonical_text(strategy)
    return LoadedStrategy(
        strategy=strategy,
        path=path,
        config_sha256=hashlib.sha256(canonical.encode()).hexdigest(),
        canonical=canonical,
    )


def canonical_text(strategy: Strategy) -> str:
    """What a strategy does, as JSON: sorted keys, plain decimals; no description, no alert."""
    shown = show_table(strategy)
    return _json({key: value for key, value in shown.items() if key not in _TOLD})


def alert_text(alert: Alert) -> str:
    """An alert with all its values, in the same form."""
    return _json(show_table(alert))


def alert_from_text(text: str) -> Alert:
    """The alert that `alert_text` wrote; ConfigError if it is none."""
    return read_table(Alert, _stored("alert", text))


def strategy_from_canonical(text: str) -> Strategy:
    """The strategy that `canonical_text` wrote: no description, no alerts; ConfigError if none."""
    return read_table(Strategy, _stored("strategy", text))


def _stored(what: str, text: str) -> dict[str, object]:
    try:
        raw = json.loads(text, parse_float=Decimal)
    except ValueError as problem:
        raise ConfigError([f"stored {what}: not JSON: {problem}"]) from None
    if not isinstance(raw, dict):
        raise ConfigError([f"stored {what}: not a table"])
    return raw


def override(raw: Mapping[str, object], pairs: Iterable[tuple[str, str]]) -> dict[str, object]:
    """A file's content with keys replaced by text; `universe.top` reaches into the table.

    Text is read as TOML would, and as a plain word where it is no TOML value.
    """
    changed = dict(raw)
    for key, text in pairs:
        table, _, inner = key.rpartition(".")
        if not table:
            changed[key] = _value(text)
            continue
        nested = changed.get(table)
        changed[table] = {**(nested if isinstance(nested, Mapping) else {}), inner: _value(text)}
    return changed


def _files(paths: Sequence[Path]) -> list[Path]:
    """The files behind files and folders, each once."""
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            inside = sorted(path.glob("*.toml"))
            if not inside:
                raise UsageError(f"{path}: no strategy file (*.toml) in this folder")
            found += inside
        elif path.is_file():
            found.append(path)
        else:
            raise UsageError(f"{path}: no such strategy file or folder")
    return list(dict.fromkeys(found))


def _load(path: Path, overrides: Sequence[tuple[str, str]]) -> LoadedStrategy:
    text, written = _parsed(path)
    raw = override(written, overrides)
    try:
        return from_strategy(read_table(Strategy, raw), path)
    except StrategyFaults as problem:
        lines = places_of(text)
        replaced = [tuple(key.split(".")) for key, _ in overrides]
        raise ConfigError(
            [_located(path, lines, replaced, fault) for fault in problem.found]
        ) from None


def _parsed(path: Path) -> tuple[str, dict[str, object]]:
    try:
        text = read_text(path)
        return text, parse(text, Decimal)
    except TomlFault as problem:
        raise ConfigError([f"{path}: {problem}"]) from None


def _located(
    path: Path, lines: Mapping[Place, int], replaced: Sequence[Place], fault: Fault
) -> str:
    """A fault with its file and, where the key stands in the file, its line."""
    if any(fault.path[: len(key)] == key for key in replaced):
        return f"--set: {fault.text()}{_elsewhere(fault)}"
    nearest = [fault.path[:n] for n in range(len(fault.path), 0, -1)]
    nearest += [(*fault.path[:-1], key) for key in fault.beside]
    line = next((f":{lines[place]}" for place in nearest if place in lines), "")
    return f"{path}{line}: {fault.text()}{_elsewhere(fault)}"


def _elsewhere(fault: Fault) -> str:
    """Where an unknown key would have been right: keys after a [table] line belong to it."""
    key = fault.path[-1]
    if not fault.reason.startswith("no such key"):
        return ""
    if len(fault.path) == 1 and key in {described.name for described in fields(Universe)}:
        return f" (it belongs into the table [universe]: universe.{key})"
    if len(fault.path) > 1 and key in {described.name for described in fields(Strategy)}:
        return f" ({key} belongs above the first [table] line)"
    return ""


def _same_names(loaded: Sequence[LoadedStrategy]) -> list[str]:
    """Strategies whose names are one name: they would share an account and its order ids."""
    first: dict[str, Path] = {}
    faults: list[str] = []
    for one in loaded:
        name = unicodedata.normalize("NFKC", one.strategy.name).casefold()
        if name in first:
            faults.append(f"{one.path}: name: {one.strategy.name!r} is also that of {first[name]}")
        first.setdefault(name, one.path)
    return faults


def _parse_overrides(overrides: Sequence[str]) -> list[tuple[str, str]]:
    pairs: list[tuple[str, str]] = []
    faults: list[str] = []
    for text in overrides:
        key, sign, value = text.partition("=")
        if not sign or not key.strip():
            faults.append(f"--set {text}: expected key=value")
        pairs.append((key.strip(), value.strip()))
    if faults:
        raise ConfigError(faults)
    return pairs


def _value(text: str) -> object:
    """A value from the command line: a TOML list, table or quoted text, else a bare word."""
    if text[:1] in {"[", "{", '"', "'"}:
        try:
            return tomllib.loads(f"value = {text}", parse_float=Decimal)["value"]
        except (ValueError, ArithmeticError, RecursionError):
            return text
    return literal(text)


def _json(value: Any) -> str:
    """JSON without floats: Decimals are written plainly, keys sorted, no spaces."""
    if isinstance(value, Mapping):
        parts = (f"{json.dumps(key)}:{_json(value[key])}" for key in sorted(value))
        return "{" + ",".join(parts) + "}"
    if isinstance(value, list):
        return "[" + ",".join(_json(item) for item in value) + "]"
    if isinstance(value, Decimal):
        return plain(value)
    return json.dumps(value)


def fitting(alerts: Iterable[Alert], strategy: Strategy) -> tuple[Alert, ...]:
    """The alerts that another configuration can give numbers to: its windows are others."""
    found = []
    for alert in alerts:
        try:
            replace(strategy, alert=(alert,))
        except ConfigError:
            continue
        found.append(alert)
    return tuple(found)
