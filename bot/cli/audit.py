"""`audit`: whether the ledger holds, and is what its raw responses come to."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.common import HomeOption, JsonOption, home_of, print_json, say
from bot.domain.plurals import counted

if TYPE_CHECKING:
    from bot.app.audit import AuditResult, Progress
    from bot.app.audit_evidence import Anchor

FAILED = 70


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(audit)


AnchorOption = Annotated[
    list[str] | None,
    typer.Option(
        "--anchor",
        metavar="SEQ:HASH",
        help="An entry of the journal as a log or a message told it; may be given more than once.",
    ),
]


def audit(
    home: HomeOption = None, as_json: JsonOption = False, anchor: AnchorOption = None
) -> None:
    """Recompute the ledger from the raw responses and check its invariants; writes nothing.

    ledger_sha256 is over what the tables hold, replayed_sha256 over what the responses come to;
    of several strategies it is the SHA-256 over their hashes in name order. Operational state is
    not audited: when what was polled (poll_state), credits spent, and who runs (lease).
    """
    from bot.app.audit import audit_home
    from bot.app.settings import load_settings

    settings = load_settings(home_of(home))
    anchors = [_anchor(text) for text in anchor or ()]
    with _progress() as progress:
        result = audit_home(settings, progress, anchors)
    if as_json:
        print_json(result.as_dict())
    else:
        _show(result)
    if not result.ok:
        raise typer.Exit(FAILED)


def _anchor(text: str) -> Anchor:
    """`SEQ:HASH`; UsageError for anything else."""
    from bot.app.audit_evidence import Anchor
    from bot.domain.errors import UsageError

    found = re.fullmatch(r"([0-9]{1,15}):([0-9a-f]{64})", text.strip())
    if found is None:
        raise UsageError(
            f"--anchor {text!r}: expected the number of an entry, a colon and its 64 hex digits"
        )
    return Anchor(int(found[1]), found[2])


@contextmanager
def _progress() -> Iterator[Progress]:
    """A bar on a terminal, nothing in a pipe."""
    if not sys.stderr.isatty():
        yield lambda _done, _total: None
        return
    from rich.console import Console
    from rich.progress import Progress as Bar

    with Bar(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("slots", total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def _show(result: AuditResult) -> None:
    counts = ", ".join(f"{n} {name.replace('_', ' ')}" for name, n in result.recomputed.items())
    say(f"recomputed from the raw responses: {counts}")
    for name, one in sorted(result.strategies.items()):
        same = "the same" if one.replayed_sha256 == one.ledger_sha256 else "DIFFERENT"
        verdict = "not compared" if not one.replayed_sha256 else same
        say(
            f"{name}: {counted(one.slots, 'slot')}, ledger {one.ledger_sha256}, "
            f"recomputed: {verdict}"
        )
    for note in result.notes:
        say(f"note: {note}")
    for finding in result.findings:
        say(finding.text())
    for code, count in result.more.items():
        say(f"{code}: {count} more")
    say("ok: no finding" if result.ok else counted(len(result.findings), "finding"))
