"""Structured logs: readable lines on a terminal, one JSON object per line anywhere else."""

from __future__ import annotations

import io
import logging
import sys
from collections.abc import Iterable, MutableMapping
from pathlib import Path
from typing import Any

import structlog

from bot.adapters.log_stream import FollowedFile, PatientStream
from bot.adapters.redaction import Redactor, Secret
from bot.domain.errors import StorageError

_LEVELS = {"debug": 10, "info": 20, "warning": 30, "error": 40}


def configure_logging(
    form: str, level: str, file: Path | None, secrets: Iterable[Secret | None]
) -> None:
    """Set up logging for this process; `form` is auto, json or console.

    No line shows one of `secrets`, and libraries' lines have the form of our own. Raises
    StorageError where the file cannot be opened; a line that cannot be written later on is lost,
    and the process goes on.
    """
    out = _stream(file)
    on_terminal = file is None and sys.stderr.isatty()
    console = form == "console" or (form == "auto" and on_terminal)
    head: list[Any] = [
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    # Whatever makes text comes before the redactor, and nothing but the renderer after it.
    tail: list[Any] = [
        structlog.processors.format_exc_info if console else _traces(),
        _one_line,
        Redactor(secrets),
        _console(on_terminal) if console else structlog.processors.JSONRenderer(sort_keys=True),
    ]
    structlog.configure(
        processors=[*head, *tail],
        wrapper_class=structlog.make_filtering_bound_logger(_LEVELS[level]),
        logger_factory=structlog.WriteLoggerFactory(file=out),
        cache_logger_on_first_use=True,
    )
    _lead_libraries(out, head, tail)


def log_crash() -> bool:
    """Write the exception in hand as a line of the log; False where no log was set up."""
    if not structlog.is_configured():
        return False
    structlog.get_logger().exception("crashed")
    return True


def _traces() -> Any:
    """Tracebacks as data. Locals stay out of them: a key may be among them."""
    tracer = structlog.tracebacks.ExceptionDictTransformer(show_locals=False)
    return structlog.processors.ExceptionRenderer(tracer)


def _console(on_terminal: bool) -> Any:  # noqa: FBT001  (whether there are colours)
    return structlog.dev.ConsoleRenderer(
        colors=on_terminal, exception_formatter=structlog.dev.plain_traceback
    )


def _lead_libraries(out: Any, head: list[Any], tail: list[Any]) -> None:
    """What libraries log, and Python's warnings, become lines like ours, with their name beside."""
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[_library_line, *head],
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *tail],
    )
    handler = logging.StreamHandler(out)
    handler.setFormatter(formatter)
    logging.basicConfig(handlers=[handler], level=logging.WARNING)
    logging.captureWarnings(capture=True)
    logging.raiseExceptions = False  # else a line that cannot be formatted is printed raw
    # Below that they print addresses with their queries, and headers.
    for noisy in ("httpx", "httpcore", "apscheduler", "alembic"):
        logging.getLogger(noisy).setLevel(logging.WARNING)


def _library_line(
    _logger: Any, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    record: logging.LogRecord = event["_record"]
    return {**event, "event": "library", "logger": record.name, "message": event["event"]}


def _stream(file: Path | None) -> Any:
    try:
        if file is not None:
            return FollowedFile(file)
        return PatientStream(sys.stderr.fileno())
    except io.UnsupportedOperation:
        return sys.stderr  # a stand-in without a descriptor
    except OSError as error:
        raise StorageError(f"{file}: cannot be opened for the log: {error.strerror}") from None


def _one_line(
    _logger: Any, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """Names of tokens and causes come from outside: no line breaks, no control characters."""
    for key, value in event.items():
        if isinstance(value, str) and not value.isprintable():
            kept = "\n" if key == "exception" else ""  # a traceback on a terminal has lines
            event[key] = "".join(c if c.isprintable() or c in kept else " " for c in value)
    return event
