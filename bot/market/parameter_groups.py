"""Kinds of parameters made of others: words beside a value, lists, weights and whole tables."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import MISSING, Field, dataclass, field, fields
from decimal import Decimal
from typing import Any, Final, TypeVar

from bot.domain.errors import ConfigError
from bot.market.parameters import Kind, Misfit, Number, Span, Text, misfit

T = TypeVar("T")
Place = tuple[str | int, ...]  # a key, in nested tables and lists


_WEIGHT = Number(Span("(0, 1000]"))


class Auto:
    """The type of `AUTO`: a value that follows from others."""

    def __repr__(self) -> str:
        return "auto"


AUTO: Final = Auto()


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong with a table, and where."""

    path: Place
    reason: str
    beside: tuple[str, ...] = ()  # other keys of the same table that the reason rests on

    def text(self) -> str:
        """For people: `gates[2].min: reason`."""
        return f"{path_text(self.path)}: {self.reason}"


def path_text(path: Place) -> str:
    """A place in a file.

    >>> path_text(("gates", 1, "min"))
    'gates[1].min'
    """
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


class StrategyFaults(ConfigError):
    """Everything that is wrong with one strategy; `found` has the places."""

    def __init__(self, found: list[Fault]) -> None:
        super().__init__([fault.text() for fault in found])
        self.found = found


@dataclass(frozen=True, slots=True)
class Off:
    """A value that may be switched off; off is None inside."""

    kind: Kind

    def expects(self) -> str:
        return f'{self.kind.expects()}, or "off"'

    def read(self, raw: object) -> Any:
        return None if raw == "off" else _inner(self, self.kind, raw)

    def show(self, value: Any) -> object:
        return "off" if value is None else self.kind.show(value)

    def schema(self) -> dict[str, object]:
        return _with_word("off", self.kind.schema())


@dataclass(frozen=True, slots=True)
class Derived:
    """A value that follows from others unless it is given; AUTO until it is resolved."""

    kind: Kind

    def expects(self) -> str:
        return f'{self.kind.expects()}, or "auto"'

    def read(self, raw: object) -> Any:
        return AUTO if raw == "auto" else _inner(self, self.kind, raw)

    def show(self, value: Any) -> object:
        return "auto" if value is AUTO else self.kind.show(value)

    def schema(self) -> dict[str, object]:
        return _with_word("auto", self.kind.schema())


def _inner(kind: Kind, inner: Kind, raw: object) -> Any:
    try:
        return inner.read(raw)
    except Misfit as found:
        if str(found).startswith("expected "):
            raise misfit(kind, raw) from None
        raise


def _with_word(word: str, schema: dict[str, object]) -> dict[str, object]:
    options = schema.get("anyOf")
    rest = list(options) if isinstance(options, list) else [schema]
    return {"anyOf": [{"const": word}, *rest]}


@dataclass(frozen=True, slots=True)
class Items:
    """A list without repetitions, kept as a tuple."""

    kind: Kind
    most: int

    def expects(self) -> str:
        return f"a list of at most {self.most} different items, each {self.kind.expects()}"

    def read(self, raw: object) -> tuple[Any, ...]:
        if not isinstance(raw, list | tuple) or len(raw) > self.most:
            raise misfit(self, raw)
        found: list[Fault] = []
        values: list[Any] = []
        for n, item in enumerate(raw):
            try:
                value = self.kind.read(item)
            except Misfit as problem:
                found.append(Fault((n,), str(problem)))
                continue
            if value in values:
                found.append(Fault((n,), f"{item} is listed twice"))
            values.append(value)
        if found:
            raise StrategyFaults(found)
        return tuple(values)

    def show(self, value: tuple[Any, ...]) -> list[object]:
        return [self.kind.show(item) for item in value]

    def schema(self) -> dict[str, object]:
        items = self.kind.schema()
        return {"type": "array", "items": items, "maxItems": self.most, "uniqueItems": True}


@dataclass(frozen=True, slots=True)
class Weights:
    """A table of positive weights by name, kept as pairs sorted by name."""

    names: Text

    def expects(self) -> str:
        return "a table of 1 to 20 positive weights by column name"

    def read(self, raw: object) -> tuple[tuple[str, Decimal], ...]:
        if not isinstance(raw, Mapping) or not 1 <= len(raw) <= 20:
            raise misfit(self, raw)
        found: list[Fault] = []
        values: list[tuple[str, Decimal]] = []
        for name, weight in raw.items():
            try:
                values.append((self.names.read(name), _WEIGHT.read(weight)))
            except Misfit as problem:
                found.append(Fault((str(name),), str(problem)))
        if found:
            raise StrategyFaults(found)
        return tuple(sorted(values))

    def show(self, value: tuple[tuple[str, Decimal], ...]) -> dict[str, object]:
        return dict(value)

    def schema(self) -> dict[str, object]:
        return {
            "type": "object",
            "propertyNames": self.names.schema(),
            "additionalProperties": _WEIGHT.schema(),
            "minProperties": 1,
            "maxProperties": 20,
        }


@dataclass(frozen=True, slots=True)
class Table:
    """A nested table, read into its own dataclass."""

    into: type[Any]

    def expects(self) -> str:
        return "a table"

    def read(self, raw: object) -> Any:
        if isinstance(raw, self.into):
            return raw
        if not isinstance(raw, Mapping):
            raise misfit(self, raw)
        return read_table(self.into, raw)

    def show(self, value: Any) -> dict[str, object]:
        return show_table(value)

    def schema(self) -> dict[str, object]:
        return table_schema(self.into)


@dataclass(frozen=True, slots=True)
class Tables:
    """Tables in the order of the file, kept as a tuple."""

    into: type[Any]
    most: int

    def expects(self) -> str:
        return f"at most {self.most} tables"

    def read(self, raw: object) -> tuple[Any, ...]:
        if not isinstance(raw, list | tuple) or len(raw) > self.most:
            raise misfit(self, raw)
        found: list[Fault] = []
        values: list[Any] = []
        for n, item in enumerate(raw):
            try:
                values.append(Table(self.into).read(item))
            except Misfit as problem:
                found.append(Fault((n,), str(problem)))
            except StrategyFaults as problem:
                found += [Fault((n, *fault.path), fault.reason) for fault in problem.found]
        if found:
            raise StrategyFaults(found)
        return tuple(values)

    def show(self, value: tuple[Any, ...]) -> list[object]:
        return [show_table(item) for item in value]

    def schema(self) -> dict[str, object]:
        return {"type": "array", "items": table_schema(self.into), "maxItems": self.most}


def kind_of(described: Field[Any]) -> Kind:
    """The kind that a parameter's field was declared with."""
    kind: Kind = described.metadata["kind"]
    return kind


def required_param(kind: Kind, sample: object, doc: str) -> Any:
    """A dataclass field that a file must give; the sample stands in while others are checked."""
    return field(metadata={"kind": kind, "doc": doc, "sample": sample})


def required(described: Field[Any]) -> bool:
    """Whether a file must give the key."""
    return described.default is MISSING


def read_table(into: type[T], raw: Mapping[str, object]) -> T:
    """The dataclass that a file's table describes; StrategyFaults with everything wrong in it."""
    known = {described.name: described for described in fields(into)}  # type: ignore[arg-type]
    found: list[Fault] = []
    values: dict[str, object] = {}
    for key, value in raw.items():
        if key not in known:
            found.append(Fault((key,), unknown_key(key, known)))
            continue
        try:
            values[key] = kind_of(known[key]).read(value)
        except Misfit as problem:
            found.append(Fault((key,), str(problem)))
        except StrategyFaults as problem:
            found += [Fault((key, *fault.path), fault.reason) for fault in problem.found]
    for key, described in known.items():
        if required(described) and key not in raw:
            found.append(Fault((key,), "is missing"))
    if not found:
        return into(**values)
    wrong = {fault.path[0] for fault in found}
    found += [fault for fault in _contradictions(into, values) if not _rests_on(fault, wrong)]
    raise StrategyFaults(found)


def _contradictions(into: type[Any], values: Mapping[str, object]) -> list[Fault]:
    """What the readable part of a table says against itself."""
    missing = [f for f in fields(into) if required(f) and f.name not in values]
    try:
        into(**values, **{described.name: described.metadata["sample"] for described in missing})
    except StrategyFaults as problem:
        return problem.found
    return []


def _rests_on(fault: Fault, keys: set[str | int]) -> bool:
    return bool(keys & {fault.path[0], *fault.beside})


def unknown_key(key: str, known: Iterable[str]) -> str:
    """The complaint about a key that does not exist, with the nearest that does."""
    near = difflib.get_close_matches(key.casefold(), list(known), n=1, cutoff=0.6)
    return f"no such key (did you mean {near[0]}?)" if near else "no such key"


def show_table(value: Any) -> dict[str, object]:
    """Every parameter of a table as a file would have it."""
    return {
        described.name: kind_of(described).show(getattr(value, described.name))
        for described in fields(value)
    }


def table_schema(into: type[Any]) -> dict[str, object]:
    """The JSON schema of a table: types, bounds, defaults and meanings; no unknown key."""
    properties: dict[str, object] = {}
    for described in fields(into):
        entry: dict[str, object] = {"description": described.metadata["doc"]}
        entry |= kind_of(described).schema()
        if not required(described):
            entry["default"] = kind_of(described).show(described.default)
        properties[described.name] = entry
    needed = [described.name for described in fields(into) if required(described)]
    schema: dict[str, object] = {"type": "object", "additionalProperties": False}
    schema["properties"] = properties
    return schema | ({"required": needed} if needed else {})
