"""Column builders that carry their CHECK: what SQLite itself refuses to store."""

from __future__ import annotations

from typing import Any

from sqlalchemy import CheckConstraint, Column, Integer, MetaData, Table, Text

from bot.domain.instants import EARLIEST, HOUR, LATEST

# Every constraint has a name, so that a refusal names its rule and a migration can change it.
_NAMES = {
    "pk": "pk_%(table_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
}
MONEY_MAX = 10**17
WHOLE_MAX = 10**15

metadata = MetaData(naming_convention=_NAMES)


def table(name: str, *parts: Any) -> Table:
    """A STRICT table of the one schema; nested lists of parts are allowed."""
    flat: list[Any] = []
    for part in parts:
        flat.extend(part if isinstance(part, list) else [part])
    return Table(name, metadata, *flat, sqlite_strict=True)


def check(name: str, rule: str) -> CheckConstraint:
    """A named CHECK."""
    return CheckConstraint(rule, name=name)


def instant(name: str, **options: Any) -> list[Any]:
    """UTC milliseconds within the years 2000 to 2100."""
    rule = f"{name} BETWEEN {EARLIEST} AND {LATEST}"
    return [_column(name, Integer, options), check(name, rule)]


def slot(name: str = "slot", **options: Any) -> list[Any]:
    """A whole hour, UTC milliseconds."""
    rule = f"{name} BETWEEN {EARLIEST} AND {LATEST} AND {name} % {HOUR} = 0"
    return [_column(name, Integer, options), check(name, rule)]


def token(**options: Any) -> list[Any]:
    """The provider's token id."""
    rule = f"token_id BETWEEN 1 AND {WHOLE_MAX}"
    return [_column("token_id", Integer, options), check("token_id", rule)]


def money(name: str) -> list[Any]:
    """Integer of 1e-8 quote units, of either sign."""
    rule = f"{name} BETWEEN -{MONEY_MAX} AND {MONEY_MAX}"
    return [Column(name, Integer, nullable=False), check(name, rule)]


def whole(name: str, least: int = 0, **options: Any) -> list[Any]:
    """A counted number, `least` or more."""
    rule = f"{name} BETWEEN {least} AND {WHOLE_MAX}"
    return [_column(name, Integer, options), check(name, rule)]


def flag(name: str) -> list[Any]:
    """0 or 1."""
    return [Column(name, Integer, nullable=False), check(name, f"{name} IN (0, 1)")]


def text(name: str, **options: Any) -> list[Any]:
    """Text that is not empty."""
    return [_column(name, Text, options), check(name, f"length({name}) > 0")]


def one_of(name: str, values: tuple[str, ...]) -> list[Any]:
    """Text of a closed list."""
    listed = ", ".join(f"'{value}'" for value in values)
    return [Column(name, Text, nullable=False), check(name, f"{name} IN ({listed})")]


def sha256(name: str, **options: Any) -> list[Any]:
    """64 lower-case hex digits."""
    rule = f"length({name}) = 64 AND {name} NOT GLOB '*[^0-9a-f]*'"
    return [_column(name, Text, options), check(name, rule)]


def decimal(name: str, **options: Any) -> list[Any]:
    """Canonical decimal text: no exponent, no needless zero, no minus zero."""
    lawful = (
        f"({name} GLOB '[0-9]*' OR {name} GLOB '-[0-9]*')",
        f"{name} NOT GLOB '*[^0-9.-]*'",
        f"{name} NOT GLOB '?*-*'",
        f"{name} NOT GLOB '*.*.*'",
        f"{name} NOT GLOB '*.*0'",
        f"{name} NOT GLOB '*.'",
        f"{name} NOT GLOB '0[0-9]*'",
        f"{name} NOT GLOB '-0[0-9]*'",
        f"{name} <> '-0'",
    )
    return [_column(name, Text, options), check(name, " AND ".join(lawful))]


def json_text(name: str) -> list[Any]:
    """A JSON object or list. (SQLite's own test of JSON is refused in a schema not trusted.)"""
    rule = f"{name} GLOB '{{*}}' OR {name} GLOB '[[]*]'"
    return [Column(name, Text, nullable=False), check(name, rule)]


def _column(name: str, kind: Any, options: dict[str, Any]) -> Column[Any]:
    return Column(name, kind, **{"nullable": False, **options})
