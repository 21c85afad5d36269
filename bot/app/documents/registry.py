"""Which type each command's `--json` document has: the one place where a new command joins."""

from __future__ import annotations

from typing import Any

from bot.app.documents import (
    board,
    checks,
    diff,
    files,
    ledger,
    messages,
    operator,
    replay,
    report,
    screens,
    status,
    why,
)

DOCUMENTS: dict[str, Any] = {
    "ack": operator.Recorded,
    "alerts": screens.Alerts,
    "audit": checks.Audit,
    "card": report.Card,
    "check": checks.Checked | checks.Faults,
    "close": operator.Recorded,
    "db backup": files.BackedUp,
    "db info": files.DatabaseInfo,
    "db restore": files.Restored,
    "db upgrade": files.Upgraded,
    "demo": checks.Demo,
    "diff": diff.Diff,
    "digest": screens.Digest,
    "doctor": checks.Doctor,
    "export": files.Exported,
    "gates": board.Gates,
    "import": files.Imported,
    "init": files.Written,
    "levels": screens.LevelSnapshots,
    "once": operator.Once,
    "orders": ledger.Orders,
    "outbox": messages.Outbox,
    "outbox retry": messages.Retried,
    "outbox test": messages.TriedReceivers,
    "pause": operator.Recorded,
    "positions": ledger.Positions,
    "replay": replay.Replays,
    "report": report.Reports,
    "restatements": checks.Restatements,
    "resume": operator.Recorded,
    "screen": screens.Screen,
    "signals": board.Signals,
    "status": status.Status,
    "trades": ledger.Trades,
    "trials": replay.Trials,
    "why": why.Why,
}
