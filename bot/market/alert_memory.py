"""What alerts remember from slot to slot: armed limits, levels under watch, what was told when."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import Any

from bot.domain.errors import LedgerError
from bot.market.level_episode import Episode


@dataclass(slots=True)
class TokenMemory:
    """Of one alert and one token."""

    seen: int = 0  # open time of the newest bar that was looked at
    armed: dict[str, bool] = field(default_factory=dict)  # by limit: above, below
    told: dict[str, int] = field(default_factory=dict)  # event -> slot of its last message
    kept: dict[str, int] = field(default_factory=dict)  # event -> not told since, by the throttle
    levels: list[Episode] = field(default_factory=list)


@dataclass(slots=True)
class AlertMemory:
    """Of one alert: its tokens, and what became of all events since it was written so."""

    counts: dict[str, int] = field(default_factory=dict)
    tokens: dict[int, TokenMemory] = field(default_factory=dict)

    def count(self, name: str) -> None:
        """One more of it."""
        self.counts[name] = self.counts.get(name, 0) + 1


@dataclass(slots=True)
class Memory:
    """Of all alerts of a strategy; `rules` are their canonical texts by name."""

    rules: dict[str, str] = field(default_factory=dict)
    alerts: dict[str, AlertMemory] = field(default_factory=dict)

    def to_text(self) -> str:
        """Canonical JSON."""
        alerts = {name: _alert_document(one) for name, one in self.alerts.items()}
        return _json({"rules": self.rules, "alerts": alerts})

    @classmethod
    def from_text(cls, text: str) -> Memory:
        """The memory that `to_text` wrote; LedgerError where it is something else."""
        try:
            found = json.loads(text)
            alerts = {str(name): _alert(one) for name, one in found["alerts"].items()}
            return cls({str(k): str(v) for k, v in found["rules"].items()}, alerts)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise LedgerError(f"the memory of the alerts cannot be read: {error}") from None


def digest(text: str) -> str:
    """Hex SHA-256 of a text."""
    return hashlib.sha256(text.encode()).hexdigest()


def _alert_document(one: AlertMemory) -> dict[str, Any]:
    tokens = {str(i): _token_document(token) for i, token in one.tokens.items()}
    return {"counts": one.counts, "tokens": tokens}


def _token_document(token: TokenMemory) -> dict[str, Any]:
    cells = {
        "seen": token.seen, "armed": token.armed, "told": token.told, "kept": token.kept,
        "levels": [[e.level, e.side, e.phase, e.bars] for e in token.levels],
    }  # fmt: skip
    return {name: cell for name, cell in cells.items() if cell}


def _alert(found: Any) -> AlertMemory:
    return AlertMemory(
        {str(name): int(count) for name, count in found["counts"].items()},
        {int(i): _token(token) for i, token in found["tokens"].items()},
    )


def _token(found: Any) -> TokenMemory:
    return TokenMemory(
        seen=int(found.get("seen", 0)),
        armed={str(k): bool(v) for k, v in found.get("armed", {}).items()},
        told={str(k): int(v) for k, v in found.get("told", {}).items()},
        kept={str(k): int(v) for k, v in found.get("kept", {}).items()},
        levels=[Episode(str(a), str(b), str(c), int(d)) for a, b, c, d in found.get("levels", [])],
    )


def _json(document: Any) -> str:
    return json.dumps(document, sort_keys=True, separators=(",", ":"))
