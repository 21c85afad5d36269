"""Everything that must hold of a ledger, checked without the engine's code."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import partial

from sqlalchemy import Connection

from bot.adapters.sql.schema import metadata
from bot.app import audit_chain as chain
from bot.app import audit_evidence as evidence
from bot.app import audit_file as file
from bot.app.audit_bars import BarBook
from bot.app.audit_book import read_book
from bot.app.audit_commands import check_commands
from bot.app.audit_exits import check_exits
from bot.app.audit_fills import check_fills
from bot.app.audit_finding import Finding, guarded
from bot.app.audit_money import check_legs, check_money
from bot.app.audit_orders import check_links, check_orders
from bot.app.audit_outbox import check_outbox
from bot.app.audit_pruned import check_prunings
from bot.app.audit_rows import check_rows
from bot.app.audit_secrets import check_secrets

Check = Callable[[], Iterator[Finding]]


def invariants(
    connection: Connection,
    is_secret: Callable[[str], bool],
    anchors: Sequence[evidence.Anchor],
    counts: Counter[str],
) -> Iterator[Finding]:
    """What does not hold; `counts` is told how many of each were looked at."""
    for table in metadata.sorted_tables:
        for of_table in (file.check_rules, file.check_types, file.check_finite,
                         file.check_instants):  # fmt: skip
            yield from guarded(table.name, of_table, connection, table)
        yield from guarded(table.name, check_secrets, connection, table, is_secret)
    whole = (
        file.check_file, file.check_schema, chain.check_slots, chain.check_future,
        chain.check_journal, chain.check_hashes, chain.check_ordinals, chain.check_numbers,
        chain.check_content, chain.check_conflicts, chain.check_lease, check_links, check_outbox,
        check_prunings,
        evidence.check_identity, evidence.check_journal_head, evidence.check_tenure,
        evidence.check_row_chains,
    )  # fmt: skip
    for check in whole:
        yield from guarded(check.__name__, check, connection)
    yield from guarded("check_links", evidence.check_links, connection, counts)
    yield from guarded("check_imports", evidence.check_imports, connection, counts)
    yield from guarded("check_anchors", evidence.check_anchors, connection, anchors, counts)
    yield from guarded("strategies", _of_strategies, connection, counts)


def _of_strategies(connection: Connection, counts: Counter[str]) -> Iterator[Finding]:
    """Every strategy that any slot, account or entry of the journal names."""
    query = (
        "SELECT strategy FROM cycle UNION SELECT strategy FROM account "
        "UNION SELECT strategy FROM journal ORDER BY strategy"
    )
    for (strategy,) in file.rows(connection, query):
        yield from guarded(str(strategy), _of_strategy, connection, strategy, counts)


def _of_strategy(connection: Connection, strategy: str, counts: Counter[str]) -> Iterator[Finding]:
    book = read_book(connection, strategy)
    bars = BarBook(connection)
    parts: tuple[tuple[str, Check], ...] = (
        ("money", partial(check_money, book, bars)),
        ("cash entries", partial(check_legs, connection, book)),
        ("fills", partial(check_fills, book, bars)),
        ("exits", partial(check_exits, book, bars)),
        ("orders", partial(check_orders, book)),
        ("commands", partial(check_commands, connection, book)),
        ("rows", partial(check_rows, connection, book, counts)),
    )
    for name, check in parts:
        yield from guarded(f"{name} of {strategy}", check)
