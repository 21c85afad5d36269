"""How ambiguous fields of the wire are to be read; set explicitly, never guessed from values."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawdownForm:
    """In which form the provider sends a drawdown: -0.62, 0.62, -62 or 62 for one loss."""

    sign: Literal["negative", "positive"] = "negative"
    unit: Literal["fraction", "percent"] = "fraction"


@dataclass(frozen=True, slots=True, kw_only=True)
class WireSettings:
    """Settings of the readers; a reading is a function of body, fetch instant and these."""

    max_drawdown: DrawdownForm = field(default_factory=DrawdownForm)
