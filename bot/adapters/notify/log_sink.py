"""Messages as lines of the log."""

from __future__ import annotations

import structlog

from bot.adapters.notify.message import Outgoing, UndeliveredError
from bot.domain.instants import format_instant


class LogSink:
    """Writes each message as one line, its facts under `data` as a webhook has them.

    Beside the rest they would meet names that are the log's own, such as `event` and `level`.
    """

    name = "log"
    per_minute = None

    def deliver(self, message: Outgoing) -> None:
        """Write the line; UndeliveredError where the log cannot be written."""
        try:
            structlog.get_logger().info(
                "notify",
                id=message.id,
                topic=message.topic,
                strategy=message.strategy,
                slot=None if message.slot is None else format_instant(message.slot),
                event_time=format_instant(message.event_time),
                late=message.late,
                attempt=message.attempt,
                data=message.facts,
            )
        except OSError as error:
            raise UndeliveredError(f"the log cannot be written: {error.strerror}") from None
