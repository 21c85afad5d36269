"""The only place that speaks HTTP: one bounded GET with the key, or a named fault."""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

import httpcore
import httpx

from bot.adapters.tokenmetrics.bounded_body import read_body
from bot.adapters.tokenmetrics.deadline_net import Deadline, DeadlineBackend
from bot.adapters.tokenmetrics.faults import FaultKind, TransportFault
from bot.adapters.tokenmetrics.key_guard import KeyGuard
from bot.adapters.tokenmetrics.limits import (
    ATTEMPT_DEADLINE_S,
    CONNECT_TIMEOUT_S,
    READ_TIMEOUT_S,
    WRITE_TIMEOUT_S,
)
from bot.adapters.tokenmetrics.name_lookup import Resolver
from bot.adapters.tokenmetrics.ports import Secret, WireAnswer, go_on
from bot.domain.errors import ConfigError

_HEADERS_READ: Final = (
    "content-type",
    "retry-after",
    "date",
    "age",
    "x-request-id",
    "x-amzn-requestid",
)
_STATUSES: Final = range(200, 600)
# A shorter key would blank innocent text of an answer.
_KEY_CHARS_MIN: Final = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class TransportSettings:
    """Where to send requests, and in which header the key travels. Times in seconds."""

    base_url: str
    key_header: str = "x-api-key"
    attempt_deadline_s: float = ATTEMPT_DEADLINE_S
    read_timeout_s: float = READ_TIMEOUT_S


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """Whom to trust, where names are looked up and what is heeded, where it is not the usual.

    `trust` None: the certificates that come with the HTTP library, whatever the environment says.
    """

    trust: ssl.SSLContext | None = None
    resolver: Resolver | None = None
    heed: Callable[[], None] = go_on


class HttpTransport:
    """Sends GET requests to one host; never follows a redirect, never heeds proxy variables."""

    def __init__(
        self,
        settings: TransportSettings,
        key: Secret,
        monotonic: Callable[[], float] = time.monotonic,
        net: httpx.BaseTransport | None = None,
        surroundings: Surroundings | None = None,
    ) -> None:
        """Raises ConfigError for a base URL or a key that cannot be used.

        `net` carries the requests where they do not go over sockets, as in a simulation.
        """
        around = surroundings or Surroundings()
        _check_base_url(settings.base_url)
        self._guard = KeyGuard(_checked_key(key))
        self._settings = settings
        self._key = key
        self._monotonic = monotonic
        self._deadline = Deadline(monotonic, around.heed)
        self._client = httpx.Client(
            transport=net or _DeadlineTransport(self._deadline, settings.base_url, around),
            base_url=settings.base_url,
            headers={
                "accept": "application/json",
                "accept-encoding": "gzip",
                "user-agent": "hourhand",
            },
            timeout=httpx.Timeout(
                connect=CONNECT_TIMEOUT_S,
                read=settings.read_timeout_s,
                write=WRITE_TIMEOUT_S,
                pool=CONNECT_TIMEOUT_S,
            ),
            follow_redirects=False,
            trust_env=False,
        )

    def get(self, path: str, params: Mapping[str, str], timeout_s: float) -> WireAnswer:
        """Send one request and read its answer whole, or raise TransportFault.

        `timeout_s` bounds the whole attempt, if it is less than the setting.
        """
        self._deadline.start(min(timeout_s, self._settings.attempt_deadline_s))
        started = self._monotonic()
        try:
            status, headers, body = self._exchange(path, params)
        except (httpcore.TimeoutException, httpx.TimeoutException):
            raise self._time_fault() from None
        except (httpcore.NetworkError, httpx.NetworkError) as error:
            raise _network_fault(error) from None
        except (httpcore.ProtocolError, httpx.HTTPError) as error:
            # Its text may quote a header, so only its name is told.
            raise TransportFault(FaultKind.PROTOCOL, type(error).__name__) from None
        latency_ms = round((self._monotonic() - started) * 1000)
        return WireAnswer(status=status, headers=headers, body=body, latency_ms=latency_ms)

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def _exchange(
        self, path: str, params: Mapping[str, str]
    ) -> tuple[int, Mapping[str, str], bytes]:
        key = self._key.get_secret_value()
        with self._client.stream(
            "GET", path, params=dict(params), headers={self._settings.key_header: key}
        ) as response:
            encoding = response.headers.get("content-encoding", "")
            body = read_body(response.iter_raw(), encoding)
            if response.status_code not in _STATUSES:
                # The wire allows up to 999; no reader of the record knows what it would mean.
                raise TransportFault(FaultKind.PROTOCOL, "a status beyond 599")
            headers = {
                name: self._guard.header(response.headers[name])
                for name in _HEADERS_READ
                if name in response.headers
            }
            # A sender that echoes the key must not get it into the record.
            return response.status_code, headers, self._guard.body(body)

    def _time_fault(self) -> TransportFault:
        if self._deadline.passed:
            return TransportFault(FaultKind.DEADLINE, "no whole answer before the deadline")
        return TransportFault(FaultKind.TIMEOUT, "no answer in time")


class _DeadlineTransport(httpx.BaseTransport):
    """httpx's own transport takes no network backend; this one passes ours to httpcore."""

    def __init__(self, deadline: Deadline, base_url: str, around: Surroundings) -> None:
        context = around.trust
        if context is None and urlsplit(base_url).scheme == "https":
            context = httpx.create_ssl_context(trust_env=False)
        self._pool = httpcore.ConnectionPool(
            ssl_context=context,
            max_connections=4,
            max_keepalive_connections=2,
            keepalive_expiry=30,
            network_backend=DeadlineBackend(deadline, around.resolver),
        )

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        response = self._pool.handle_request(
            httpcore.Request(
                method=request.method,
                url=httpcore.URL(
                    scheme=request.url.raw_scheme,
                    host=request.url.raw_host,
                    port=request.url.port,
                    target=request.url.raw_path,
                ),
                headers=request.headers.raw,
                extensions=request.extensions,
            )
        )
        return httpx.Response(
            status_code=response.status,
            headers=response.headers,
            stream=_Body(response),
            extensions=response.extensions,
        )

    def close(self) -> None:
        self._pool.close()


class _Body(httpx.SyncByteStream):
    def __init__(self, response: httpcore.Response) -> None:
        self._response = response

    def __iter__(self) -> Iterator[bytes]:
        yield from self._response.iter_stream()

    def close(self) -> None:
        self._response.close()


def _network_fault(error: Exception) -> TransportFault:
    # The pool clears the cause when it passes an error on; the context stays.
    if isinstance(error.__context__, ssl.SSLError):
        return TransportFault(FaultKind.TLS, "the server's certificate or TLS was refused")
    if isinstance(error, httpcore.ConnectError):
        return TransportFault(FaultKind.CONNECT, "no connection")
    return TransportFault(FaultKind.PROTOCOL, "the connection broke")


def _check_base_url(base_url: str) -> None:
    try:
        parts = urlsplit(base_url)
        _ = parts.port
    except ValueError as error:
        raise ConfigError([f"provider base URL: {error}"]) from None
    if parts.username or parts.password:
        # Not quoted: it holds a secret.
        raise ConfigError(["provider base URL: must not hold a name or a password"])
    if not parts.hostname or parts.query or parts.fragment:
        raise ConfigError([f"provider base URL {base_url!r}: expected https://HOST"])
    if parts.scheme != "https" and not (parts.scheme == "http" and _is_loopback(parts.hostname)):
        raise ConfigError(
            [f"provider base URL {base_url!r}: https is required outside this machine"]
        )


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _checked_key(key: Secret) -> str:
    text = key.get_secret_value()
    if len(text) < _KEY_CHARS_MIN or not all("!" <= sign <= "~" for sign in text):
        raise ConfigError(
            [f"provider key: expected at least {_KEY_CHARS_MIN} printable characters, no blanks"]
        )
    return text
