"""A webhook: one bounded, signed POST to the one host of the settings, never anywhere else."""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final, Protocol
from urllib.parse import urlsplit

import httpcore

from bot.adapters.notify.address import address_fault, addresses_of, url_fault
from bot.adapters.notify.message import Outgoing, UndeliveredError
from bot.adapters.notify.signing import sign, signing_key
from bot.adapters.tokenmetrics.deadline_net import Deadline, DeadlineBackend
from bot.domain.errors import ConfigError
from bot.domain.instants import SECOND, format_instant

RETRY_AFTER_MAX_S: Final = 1_800
_REFUSALS: Final = frozenset({400, 413, 415, 422})  # about this message, not about the receiver


class Secret(Protocol):
    """A secret that does not print itself."""

    def get_secret_value(self) -> str:
        """The secret."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookSettings:
    """Where to, and how far a try may go. `allow_private` also allows this machine."""

    url: str
    allow_private: bool = False
    deadline_s: float = 10.0
    per_minute: int = 30


class Webhook:
    """Posts messages, signed as the Standard Webhooks specification has it.

    No redirect is followed and no proxy variable heeded. What the host's name stands for is
    looked up at every try, checked, and connected to as checked.
    """

    name = "webhook"

    def __init__(
        self,
        settings: WebhookSettings,
        secret: Secret,
        now: Callable[[], int],
        context: ssl.SSLContext | None = None,
    ) -> None:
        """`now` is the machine's instant, UTC ms; `context` replaces the usual certificates.

        Raises ConfigError for a URL or a secret that cannot be used.
        """
        fault = url_fault(settings.url, allow_private=settings.allow_private)
        if fault is not None:
            raise ConfigError([f"webhook_url: {fault}"])
        self._settings = settings
        self._key = signing_key(secret.get_secret_value())
        self._now = now
        self._context = context

    @property
    def per_minute(self) -> int | None:
        """The throttle of the settings."""
        return self._settings.per_minute

    @property
    def host(self) -> str:
        """Where messages go; the rest of the URL may hold a secret."""
        return urlsplit(self._settings.url).hostname or ""

    def deliver(self, message: Outgoing) -> None:
        """Post one message; anything but a 2xx answer in time is an UndeliveredError."""
        deadline = Deadline(time.monotonic)
        deadline.start(self._settings.deadline_s)
        try:
            status, retry_after = self._post(message, deadline)
        except httpcore.TimeoutException:
            raise UndeliveredError(f"no answer within {self._settings.deadline_s:g} s") from None
        except httpcore.NetworkError as error:
            secure = isinstance(error.__context__, ssl.SSLError)
            raise UndeliveredError(
                "the server's certificate or TLS was refused" if secure else "no connection"
            ) from None
        except httpcore.ProtocolError as error:
            raise UndeliveredError(f"no lawful answer: {type(error).__name__}") from None
        if 300 <= status < 400:
            raise UndeliveredError(f"HTTP {status}: redirects are not followed")
        if not 200 <= status < 300:
            raise UndeliveredError(
                f"HTTP {status}", retry_after_s=retry_after, is_refusal=status in _REFUSALS
            )

    def _post(self, message: Outgoing, deadline: Deadline) -> tuple[int, int]:
        body = message.body()
        pool = httpcore.ConnectionPool(
            ssl_context=self._context,
            max_connections=1,
            max_keepalive_connections=0,
            network_backend=_CheckedBackend(deadline, self._settings),
        )
        with (
            pool,
            pool.stream(
                "POST", self._settings.url, headers=self._headers(message, body), content=body
            ) as response,
        ):
            headers = {name.lower(): value for name, value in response.headers}
            return response.status, _seconds(headers.get(b"retry-after", b""))

    def _headers(self, message: Outgoing, body: bytes) -> dict[bytes | str, bytes | str]:
        at = self._now() // SECOND
        return {
            "content-type": "application/json",
            "user-agent": "hourhand",
            "webhook-id": message.id,
            "webhook-timestamp": str(at),
            "webhook-signature": sign(self._key, message.id, at, body),
            "hourhand-topic": message.topic,
            "hourhand-event-time": format_instant(message.event_time),
            "hourhand-attempt": str(message.attempt),
        }


class _CheckedBackend(DeadlineBackend):
    """Connects only to addresses that were looked at; a name has no second chance to change."""

    def __init__(self, deadline: Deadline, settings: WebhookSettings) -> None:
        super().__init__(deadline)
        self._time = deadline
        self._allow_private = settings.allow_private

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        """Look the name up, refuse it where any of its addresses is refused, connect to one."""
        left = self._time.clip(timeout, httpcore.ConnectTimeout)
        try:
            found = addresses_of(host, port, left)
        except TimeoutError:
            raise httpcore.ConnectTimeout("the name lookup took too long") from None
        except OSError:
            raise UndeliveredError("the host's name was not found") from None
        for address in found:
            fault = address_fault(address, allow_private=self._allow_private)
            if fault is not None:
                raise UndeliveredError(fault)
        failure: Exception = httpcore.ConnectError("no address")
        for address in found:
            try:
                return super().connect_tcp(
                    str(address), port, timeout, local_address, socket_options
                )
            except httpcore.ConnectError as error:
                failure = error
        raise failure


def _seconds(retry_after: bytes) -> int:
    """How long the receiver asks to be left alone; 0 where it does not say so in seconds."""
    text = retry_after.decode("latin-1").strip()
    lawful = text.isascii() and text.isdigit() and len(text) <= 9
    return min(int(text), RETRY_AFTER_MAX_S) if lawful else 0
