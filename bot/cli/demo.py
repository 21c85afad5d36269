"""`demo`: the first recorded paper trade in one command."""

from __future__ import annotations

import sys
from pathlib import Path

import typer

from bot.cli.common import HomeOption, JsonOption, print_json, say


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(demo)


def demo(home: HomeOption = None, as_json: JsonOption = False) -> None:
    """See everything work on this machine: no key, no network, no questions.

    A generated market is served over the provider's wire, the daemon runs on it and is killed
    once, and the audit recomputes the ledger. Default folder: ./hourhand-demo.
    """
    from bot.app.demo import run_demo

    folder = (home or Path("hourhand-demo")).resolve()
    result = run_demo(folder, _progress if as_json else say)
    if as_json:
        print_json(result.document())
    else:
        _show(result.document())
    if not result.audit.ok:
        raise typer.Exit(70)


def _progress(text: str) -> None:
    sys.stderr.write(text + "\n")


def _show(document: dict[str, object]) -> None:
    audit = document["audit"]
    assert isinstance(audit, dict)
    say(
        f"{document['slots']} slots, {document['orders']} orders, {document['fills']} fills, "
        f"{document['trades']} trades, {document['kills']} kill, {document['seconds']} s"
    )
    say(f"audit: {'ok' if audit['ok'] else 'FINDINGS'}  ledger {audit['ledger_sha256']}")
    say(f"report: {document['report']}")
    home = Path(str(document["report"])).parent
    say(f"next: hourhand trades --home {home}   hourhand why DEMO2 --home {home}")
