"""The JSON schema of a strategy file, for editors: types, choices, bounds, defaults, meanings."""

from __future__ import annotations

from decimal import Decimal

from bot.market.parameter_groups import table_schema
from bot.market.parameters import json_number
from bot.market.strategy import Strategy

DRAFT = "https://json-schema.org/draft/2020-12/schema"

# What the loader refuses and a schema cannot say.
LOADER_ONLY = (
    "contradictions between keys (a leave limit beyond its enter limit, lags after settle, ...)",
    "bounds of durations and amounts that are written as text",
    "rates that are no whole number of millionths, numbers of more than 9 decimals or 28 digits",
    "two strategies of one name",
)


def strategy_schema() -> dict[str, object]:
    """A draft 2020-12 schema that accepts what the loader accepts, LOADER_ONLY apart."""
    described = "One strategy. A schema cannot refuse: " + "; ".join(LOADER_ONLY) + "."
    head = {"$schema": DRAFT, "title": "hourhand strategy", "description": described}
    return {**head, **{key: _plain(value) for key, value in table_schema(Strategy).items()}}


def _plain(value: object) -> object:
    """The same value in JSON's own types."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return json_number(value) if isinstance(value, Decimal) else value
