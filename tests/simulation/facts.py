"""What a ledger says slot by slot, and what two ledgers must share where they knew the same."""

from __future__ import annotations

import hashlib
import sqlite3
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

_CYCLES = (
    "SELECT c.slot, c.as_of, c.missed, c.config_sha256, c.input_sha256, j.body "
    "FROM cycle c JOIN journal j ON j.strategy = c.strategy AND j.slot = c.slot "
    "WHERE c.strategy = ? ORDER BY c.slot"
)
# An anchor says the hash of all that was before, which may have been something else.
_TOLD = (
    "SELECT slot, topic, body FROM outbox WHERE strategy = ? AND slot IS NOT NULL "
    "AND topic <> 'journal.anchor' ORDER BY id"
)
_NEWS = (
    "SELECT token_id, open_time, open, high, low, close, volume FROM bar "
    "WHERE available_at > ? AND available_at <= ? ORDER BY token_id, open_time, id"
)
_REACHED = {
    "status": "SELECT 'answer ' || status, count(*) FROM raw_response GROUP BY 1",
    "notice": "SELECT 'notice ' || kind, count(*) FROM notice GROUP BY 1",
    "refusal": "SELECT 'refused ' || reason, count(*) FROM decision WHERE outcome = 'REFUSED' "
    "GROUP BY 1",
    "event": "SELECT lower(kind) || ' ' || reason, count(*) FROM order_event GROUP BY 1",
    "bar": "SELECT 'bar revised', count(*) FROM (SELECT 1 FROM bar GROUP BY token_id, open_time "
    "HAVING count(*) > 1)",
    "signal": "SELECT 'signal revised', count(*) FROM (SELECT 1 FROM signal WHERE "
    "source = 'hourly' GROUP BY token_id, valid_time HAVING count(*) > 1)",
    "late": "SELECT 'bar seen late', count(*) FROM bar b WHERE EXISTS (SELECT 1 FROM slot s "
    "WHERE s.slot = b.open_time + 3600000 AND s.as_of < b.available_at)",
    "impossible": "SELECT 'bar impossible', count(*) FROM bar WHERE "
    "CAST(low AS REAL) > CAST(high AS REAL)",
    "config": "SELECT 'configurations', count(*) FROM config_version",
    "conflict": "SELECT 'conflict', count(*) FROM conflict",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotFacts:
    """One slot: what it knew (`known`: config, missed or not, inputs, new bars) and came to."""

    slot: int
    known: tuple[object, ...]
    lines: str
    told: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger:
    """A strategy's slots, and after those at which someone looked the hash of the account and
    what the alerts remembered."""

    slots: tuple[SlotFacts, ...]
    states: Mapping[int, str]
    memories: Mapping[int, str | None]

    @property
    def lines(self) -> list[str]:
        """All that the ledger's hash is over."""
        return [one.lines for one in self.slots]


def read_ledger(
    path: Path, strategy: str, states: Mapping[int, str], memories: Mapping[int, str | None]
) -> Ledger:
    """The ledger of a strategy from its database."""
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    told: dict[int, list[tuple[str, str]]] = {}
    for slot, topic, body in connection.execute(_TOLD, (strategy,)):
        told.setdefault(slot, []).append((topic, body))
    found = []
    before = 0
    for slot, as_of, missed, config, seen, body in connection.execute(_CYCLES, (strategy,)):
        news = connection.execute(_NEWS, (before, as_of)).fetchall() if before else []
        digest = hashlib.sha256(repr(news).encode()).hexdigest()
        known = (missed, config, seen, digest)
        messages = tuple(told.get(slot, ()))
        found.append(SlotFacts(slot=slot, known=known, lines=body, told=messages))
        before = as_of
    connection.close()
    return Ledger(slots=tuple(found), states=dict(states), memories=dict(memories))


def check_same_where_known_the_same(one: Ledger, other: Ledger) -> int:
    """Equal accounts that knew the same in a slot wrote the same and are equal after it.

    Where their alerts remembered the same too, they told the same and remember the same.

    Returns how many slots could be compared; raises AssertionError for one that differs.
    """
    theirs = {facts.slot: facts for facts in other.slots}
    start = one.slots[0].slot if one.slots else 0
    compared = 0
    for facts in one.slots:
        twin = theirs.get(facts.slot)
        if twin is None or twin.known != facts.known:
            continue
        before = one.states.get(facts.slot - 3_600_000)
        fresh = facts.slot == start == other.slots[0].slot
        if not fresh and (before is None or before != other.states.get(facts.slot - 3_600_000)):
            continue
        compared += 1
        assert twin.lines == facts.lines, f"slot {facts.slot}:\n{facts.lines}\n{twin.lines}"
        after, expected = one.states.get(facts.slot), other.states.get(facts.slot)
        assert after is None or expected is None or after == expected, f"account of {facts.slot}"
        _check_told(one, other, (facts, twin), fresh=fresh)
    return compared


def _check_told(
    one: Ledger, other: Ledger, slots: tuple[SlotFacts, SlotFacts], *, fresh: bool
) -> None:
    mine, theirs = slots
    at, before = mine.slot, mine.slot - 3_600_000
    if not fresh and one.memories[before] != other.memories[before]:
        return
    assert mine.told == theirs.told, f"slot {at} told {mine.told}, without faults {theirs.told}"
    if at in one.memories and at in other.memories:
        assert one.memories[at] == other.memories[at], f"what the alerts of {at} remember"


def last_slot(path: Path) -> tuple[bool, int]:
    """Whether the last slot was missed, and when the newest row was seen."""
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    ((missed,),) = connection.execute("SELECT missed FROM slot ORDER BY slot DESC LIMIT 1")
    ((newest,),) = connection.execute("SELECT max(available_at) FROM bar")
    connection.close()
    return bool(missed), newest or 0


def reached(path: Path) -> Counter[str]:
    """What of all that was done to a run can be seen in its database."""
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    found: Counter[str] = Counter()
    for query in _REACHED.values():
        for name, count in connection.execute(query):
            found[name] += count
    connection.close()
    return found
