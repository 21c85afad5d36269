"""The receivers of messages that the settings name."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit

from bot.adapters.notify.message import Outgoing, Sink, UndeliveredError
from bot.app.settings import Settings
from bot.domain.ids import message_id
from bot.domain.instants import format_instant

TEST = "test"


def build_sinks(settings: Settings, now: Callable[[], int]) -> list[Sink]:
    """The log and the webhook, each where it is wanted; `now` is the machine's instant."""
    found: list[Sink] = []
    if settings.notify_log:
        from bot.adapters.notify.log_sink import LogSink

        found.append(LogSink())
    if settings.webhook_url is not None and settings.webhook_secret is not None:
        from bot.adapters.notify.webhook import Webhook, WebhookSettings

        place = WebhookSettings(
            url=settings.webhook_url,
            allow_private=settings.webhook_allow_private,
            deadline_s=settings.webhook_deadline_s,
            per_minute=settings.notify_per_minute,
        )
        found.append(Webhook(place, settings.webhook_secret, now))
    return found


def try_sinks(settings: Settings, now: Callable[[], int]) -> dict[str, str]:
    """Send each receiver a message that says it is a test; what became of it by name.

    It is not kept: nothing happened that would have to be told.
    """
    at = now()
    message = Outgoing(
        id=message_id(TEST, format_instant(at)), topic=TEST, strategy=None, slot=None,
        event_time=at, late=False, attempt=1,
        facts={"text": "hourhand: a test, nothing happened"},
    )  # fmt: skip
    found = {}
    for sink in build_sinks(settings, now):
        try:
            sink.deliver(message)
            found[sink.name] = "sent"
        except UndeliveredError as error:
            found[sink.name] = str(error)
    return found


def sink_places(settings: Settings) -> dict[str, str]:
    """The receivers by name, and where each is; of a URL the host only, as it may hold a secret."""
    found = {}
    if settings.notify_log:
        found["log"] = "the log"
    if settings.webhook_url is not None and settings.webhook_secret is not None:
        found["webhook"] = urlsplit(settings.webhook_url).hostname or ""
    return found
