"""`outbox`: the messages and who got them; a test of the receivers; another try."""

from __future__ import annotations

from typing import Annotated

import typer

from bot.cli.common import HomeOption, JsonOption, home_of, print_json, say, start_log
from bot.cli.reading import opened, show
from bot.domain.plurals import counted

FAILED = 1
NewestOption = Annotated[int, typer.Option("--limit", min=1, help="Only the newest N messages.")]
SinkOption = Annotated[str | None, typer.Option("--sink", help="Only this receiver.")]


def register(app: typer.Typer) -> None:
    """Add the group; without a further word it lists."""
    group = typer.Typer(
        invoke_without_command=True, help="List the messages, try the receivers, send again."
    )
    group.callback()(outbox)
    group.command("test")(try_receivers)
    group.command()(retry)
    app.add_typer(group, name="outbox")


def outbox(
    context: typer.Context,
    limit: NewestOption = 20,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """List the messages and their receivers: what waits, what was sent, what was set aside."""
    if context.invoked_subcommand is not None:
        return
    from bot.app.outbox_view import outbox_document
    from bot.report.outbox_text import outbox_text

    with opened(home) as reader:
        document = outbox_document(reader, limit)
    show(document, outbox_text, as_json=as_json)


def try_receivers(home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Send every receiver of the settings a test message; nothing is recorded."""
    from bot.app.outbox_view import try_receivers as ask
    from bot.app.settings import load_settings
    from bot.report.outbox_text import tried_text

    settings = load_settings(home_of(home))
    start_log(settings)
    document = ask(home_of(home))
    show(document, tried_text, as_json=as_json)
    if not all(row["ok"] for row in document["sinks"]):
        raise typer.Exit(FAILED)


def retry(sink: SinkOption = None, home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Have the daemon try the messages again that were set aside."""
    from bot.app.outbox_view import retry_messages

    document = retry_messages(home_of(home), sink)
    if as_json:
        print_json(document)
        return
    say(f"{counted(document['again'], 'message')} will be tried again")
