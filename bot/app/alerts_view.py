"""`alerts`: which alerts a strategy's slots watch, what they told, and how precise they were."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from sqlalchemy import func, select

from bot.adapters.sql.alert_store import load_alerts
from bot.adapters.sql.schema_outbox import outbox
from bot.app.alert_words import alert_words
from bot.app.alerts import PREFIX, RULES
from bot.app.reading import Document, Reader, instant_text
from bot.app.strategy_files import alert_from_text
from bot.domain.decimals import scaled
from bot.market.alert_memory import AlertMemory, Memory
from bot.market.alert_rules import APPROACH, LEVEL, TOUCH
from bot.market.alert_watch import THROTTLED, TOLD, open_episodes
from bot.market.level_episode import BROKEN, HELD, TIMED_OUT, TOUCHED, TURNED
from bot.stats.wilson_interval import wilson_interval

N_LEAST = 30  # below it a rate is shown, and no verdict


def alerts_document(reader: Reader, names: Iterable[str]) -> Document:
    """The alerts of the strategies, in the order of their names."""
    found = []
    for name in names:
        text = load_alerts(reader.connection, name)
        if text is None:
            continue
        memory = Memory.from_text(text)
        for alert_name in sorted(memory.rules):
            alert = alert_from_text(memory.rules[alert_name])
            remembered = memory.alerts.get(alert_name, AlertMemory())
            found.append({
                "strategy": name, "alert": alert_name, "on": alert.on,
                "meaning": alert_words(alert), **_told(reader, name, alert_name),
                "told": remembered.counts.get(TOLD, 0),
                "kept_back": remembered.counts.get(THROTTLED, 0),
                "tokens": len(remembered.tokens),
                **({"levels": level_rates(remembered)} if alert.on == LEVEL else {}),
            })  # fmt: skip
    return {"alerts": found}


def _told(reader: Reader, strategy: str, alert: str) -> Document:
    """The first slot in which the alert stands as it does now, and its last message."""
    columns = outbox.c
    rules = select(columns.slot, columns.body).where(
        columns.strategy == strategy, columns.topic == RULES
    )
    since, before = None, None
    for row in reader.connection.execute(rules.order_by(columns.slot)):
        text = json.loads(row.body)["rules"].get(alert)
        since = row.slot if text != before else since
        before = text
    last = select(func.max(columns.slot)).where(
        columns.strategy == strategy,
        columns.topic.startswith(PREFIX),
        func.json_extract(columns.body, "$.alert") == alert,
    )
    last_slot = reader.connection.execute(last).scalar()
    return {"since": instant_text(since), "last_told": instant_text(last_slot)}


def level_rates(remembered: AlertMemory) -> Document:
    """Episodes by their ends; rates over those that have ended, each with its n and interval."""
    counts = remembered.counts
    going = open_episodes(remembered)
    touched = sum(
        one.phase == TOUCHED for token in remembered.tokens.values() for one in token.levels
    )
    held, broken = counts.get(HELD, 0), counts.get(BROKEN, 0)
    return {
        "approaches": counts.get(APPROACH, 0),
        "touches": counts.get(TOUCH, 0),
        "held": held,
        "broken": broken,
        "turned": counts.get(TURNED, 0),
        "timed_out": counts.get(TIMED_OUT, 0),
        "open": going,
        "precision": rate(counts.get(TOUCH, 0) - touched, counts.get(APPROACH, 0) - going),
        "hold_rate": rate(held, held + broken),
    }


def rate(hits: int, n: int) -> dict[str, Any]:
    """A rate with its Wilson interval of 95 %; a verdict is nobody's below 30."""
    low, high = wilson_interval(hits, n)
    known = n > 0
    return {
        "hits": hits,
        "n": n,
        "rate": _share(hits / n) if known else None,
        "low": _share(low) if known else None,
        "high": _share(high) if known else None,
        "verdict_allowed": n >= N_LEAST,
    }


def _share(value: float) -> float:
    return float(scaled(round(value * 10_000), 4))
