"""One strategy in the daemon: its account comes from the ledger, its market from the record."""

from __future__ import annotations

from dataclasses import dataclass, replace

import structlog
from sqlalchemy import Connection

from bot.adapters.sql import ledger_read, slot_store
from bot.adapters.sql.alert_store import load_alerts
from bot.adapters.sql.engine import Database
from bot.adapters.sql.ledger_store import Outcome, commit_cycle
from bot.adapters.sql.record_store import Marks, frozen_slot, load, load_bars
from bot.app.account import Account
from bot.app.alerts import Alerted, slot_alerts
from bot.app.commit import build_commit
from bot.app.lineup import Post, free_entries, hold_entries, open_in
from bot.app.messages import Told, halts_of, slot_messages
from bot.app.stepper import Stepped, Stepper
from bot.domain.errors import LedgerError
from bot.domain.instants import DAY, HOUR, format_instant
from bot.domain.values import Record, Slot
from bot.market.inputs import Market
from bot.market.instruments import Instrument
from bot.market.needs import needs_of

MARGIN = 60 * DAY  # windows count rows, and hours may be missing
_NEVER = 1 << 62  # bars come apart from the rest, in pieces


@dataclass(frozen=True, slots=True)
class Done:
    """What one strategy did in a slot."""

    stepped: Stepped
    written: bool


class Desk:
    """Steps one strategy and commits; what it holds in memory is a cache of the record."""

    def __init__(self, database: Database, stepper: Stepper, post: Post | None = None) -> None:
        self._database = database
        self._stepper = stepper
        self._post = post or Post(runs=stepper.loaded)
        self._settled = False
        self._market: Market | None = None
        self._marks = Marks()
        self._symbols: dict[int, str] = {}
        self._at = 0
        self._log = structlog.get_logger()

    @classmethod
    def at_post(cls, database: Database, post: Post) -> Desk:
        """The desk of a strategy as it stands in the daemon's lineup."""
        return cls(database, Stepper(post.runs), post)

    @property
    def name(self) -> str:
        """The strategy's name."""
        return self._stepper.loaded.strategy.name

    def settle(self, now: int) -> Desk | None:
        """The desk that goes on from here: this one, its successor, None where it has ended.

        Called before a slot is frozen, so that this slot sees what is recorded of it: a desk that
        only manages what is open makes no entries until the strategy's file is in use again.
        """
        if self._settled:
            return self
        post = self._post
        with self._database.transaction() as connection:
            is_open = any(open_in(connection, self.name))
            if post.managed_only and (is_open or post.removed):
                if hold_entries(connection, self.name, now, post.words):
                    self._log.warning("strategy.managed", strategy=self.name, why=post.words)
            else:
                free_entries(connection, self.name, now)
        if not post.managed_only:
            self._settled = True
        elif not is_open:
            self._log.info("strategy.flat", strategy=self.name, ends=post.removed)
            return self._successor()
        return self

    def _successor(self) -> Desk | None:
        after = self._post.successor
        return None if after is None else Desk.at_post(self._database, Post(runs=after))

    def watermark(self) -> int | None:
        """The last slot in the ledger, None before the first."""
        with self._database.transaction() as connection:
            return ledger_read.watermark(connection, self.name)

    def run(self, slot: Slot, epoch: int, now: int) -> Done:
        """Load the account, step the slot, commit it; running a slot twice writes nothing."""
        with self._database.transaction() as connection:
            account = self._account(connection)
            self._sync(connection, account, slot)
            remembered = load_alerts(connection, self.name)
        assert self._market is not None
        stepped = self._stepper.step(self._market, account, [slot])
        told = Told(strategy=self.name, symbols=self._symbols, halts=halts_of(account.numbers))
        messages = slot_messages(told, stepped.records[-1])
        alerted = self._alerts(account, stepped, slot, remembered)
        commit = replace(
            build_commit(self._stepper, account, stepped, slot),
            outbox=messages + alerted.messages,
            alert_memory=alerted.memory,
        )
        try:
            with self._database.transaction() as connection:
                for instrument in stepped.market.derived:
                    slot_store.add_instrument(connection, instrument_row(instrument, slot.slot))
                for at, ids in stepped.market.universes:
                    slot_store.add_universe(connection, self.name, at - at % DAY, ids)
                outcome = commit_cycle(connection, commit, epoch, now)
        except BaseException:
            self._market = None  # the slot is not in the ledger: see it anew
            raise
        if outcome is Outcome.CONFLICT:
            self._log.error("conflict", strategy=self.name, slot=format_instant(slot.slot))
        if outcome is Outcome.STALE:
            raise LedgerError(f"{self.name}: another process moved the account in this slot")
        if outcome is not Outcome.DONE and (self.watermark() or 0) < slot.slot:
            # Trying again would find the same for ever.
            raise LedgerError(
                f"{self.name}: {format_instant(slot.slot)} is recorded, but the account stands "
                f"before it: `hourhand audit` says more"
            )
        self._at = slot.slot
        return Done(stepped, outcome is Outcome.DONE)

    def _alerts(
        self, before: Account, stepped: Stepped, slot: Slot, remembered: str | None
    ) -> Alerted:
        """What the alerts have to tell; whatever goes wrong with them, the slot goes on."""
        strategy = self._stepper.loaded.strategy
        assert self._market is not None
        try:
            accounts = (before, stepped.account)
            return slot_alerts(strategy, self._market, accounts, stepped, slot, remembered)
        except Exception:
            self._log.exception("alerts.broke", strategy=self.name, slot=format_instant(slot.slot))
            return Alerted((), None)

    def _account(self, connection: Connection) -> Account:
        stored = ledger_read.account(connection, self.name)
        if stored is None:
            return self._stepper.open_account()
        return Account.from_bytes(stored.state)

    def _sync(self, connection: Connection, account: Account, slot: Slot) -> None:
        """Bring the market up to the record; anew where the ledger is not where it was left."""
        if self._market is None or self._at != account.slot:
            self._open_market(connection, account, slot)
            return
        record, self._marks = load(connection, self._marks)
        self._market.push(record)
        for one in record.commands:
            if one.strategy in ("", self.name):
                self._log.info("command", strategy=self.name, kind=one.kind, source=one.source,
                               token_id=one.token_id)  # fmt: skip
        self._symbols |= {token.token_id: token.symbol for token in record.tokens}

    def _open_market(self, connection: Connection, account: Account, slot: Slot) -> None:
        strategy = self._stepper.loaded.strategy
        reach = max(needs_of(strategy).bars * HOUR, strategy.min_history) + MARGIN
        settled = self._settled_until(connection, account.slot)
        record, self._marks = load(connection, bars_from=_NEVER, settled=settled)
        market = Market(
            strategy,
            self._stepper.plan,
            {row.token_id: _instrument(row) for row in slot_store.instruments(connection)},
            self._universe(connection, slot.slot) if account.slot else None,
        )
        market.push(record)
        self._symbols = {token.token_id: token.symbol for token in record.tokens}
        stored = {known.slot: known for known in record.slots}
        reached = stored[account.slot] if account.slot else slot
        # The first slot reads all, since units are derived from the earliest bar there is.
        for bars in load_bars(connection, slot.slot - reach if account.slot else 0):
            market.push(Record(bars=bars))
            market.absorb(reached)
        if account.slot:
            market.skip_to(reached)
        self._market = market
        self._at = account.slot

    def _settled_until(self, connection: Connection, reached: int) -> dict[str, int]:
        """The series of which a strategy that goes on from a slot need not see all; by instant."""
        if not reached:
            return {}
        at = frozen_slot(connection, reached).as_of
        return dict.fromkeys(("metrics", "levels", "grades", "signals"), at)

    def _universe(self, connection: Connection, slot: int) -> frozenset[int] | None:
        days = slot_store.universes(connection, self.name)
        past = [day for day in days if day < slot]
        return frozenset(days[max(past)]) if past else None


def instrument_row(instrument: Instrument, slot: int) -> slot_store.InstrumentRow:
    """A token's units as the database has them, derived in a slot."""
    return slot_store.InstrumentRow(
        token_id=instrument.token_id, tick=instrument.tick, lot=instrument.lot,
        min_notional=instrument.min_notional, derived_at=slot, notes=instrument.note,
    )  # fmt: skip


def _instrument(row: slot_store.InstrumentRow) -> Instrument:
    return Instrument(
        token_id=row.token_id, tick=row.tick, lot=row.lot, min_notional=row.min_notional,
        note=row.notes,
    )  # fmt: skip
