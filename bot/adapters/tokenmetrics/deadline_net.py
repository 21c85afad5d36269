"""Sockets under one deadline: httpx limits each socket operation, this limits their sum."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any

import httpcore

from bot.adapters.tokenmetrics.name_lookup import Resolver
from bot.adapters.tokenmetrics.ports import go_on

_SLICE_S = 1.0  # a signal waits no longer to be heeded


class Deadline:
    """The moment at which the running attempt must be over; one attempt runs at a time."""

    def __init__(self, monotonic: Callable[[], float], heed: Callable[[], None] = go_on) -> None:
        """`heed` is called about once a second in waits, and raises to break the attempt off."""
        self._monotonic = monotonic
        self.heed = heed
        self._end = monotonic()

    def start(self, seconds: float) -> None:
        """Begin an attempt that may take that long."""
        self._end = self._monotonic() + seconds

    @property
    def passed(self) -> bool:
        """Whether the attempt's time is used up."""
        return self._monotonic() >= self._end

    def clip(self, timeout: float | None, error: type[Exception]) -> float:
        """A socket time-out that does not outlast the deadline; raises `error` when it passed."""
        left = self._end - self._monotonic()
        if left <= 0:
            raise error("the attempt's deadline passed")
        return left if timeout is None else min(left, timeout)


class DeadlineBackend(httpcore.NetworkBackend):
    """Opens connections whose every read and write ends with the deadline."""

    def __init__(self, deadline: Deadline, resolver: Resolver | None = None) -> None:
        self._deadline = deadline
        self._resolver = resolver or Resolver()
        self._inner = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        """Connect within the deadline to the first address of the host that answers."""
        failure: Exception = httpcore.ConnectError("the host has no address")
        for address in self._addresses(host, port, timeout):
            self._deadline.heed()
            # Each address may take the whole time-out; all of them end with the deadline.
            clipped = self._deadline.clip(timeout, httpcore.ConnectTimeout)
            try:
                stream = self._inner.connect_tcp(
                    address, port, clipped, local_address, socket_options
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
                continue
            return _DeadlineStream(stream, self._deadline)
        raise failure

    def _addresses(self, host: str, port: int, timeout: float | None) -> list[str]:
        clipped = self._deadline.clip(timeout, httpcore.ConnectTimeout)
        try:
            return self._resolver.addresses(host, port, clipped)
        except TimeoutError:
            raise httpcore.ConnectTimeout("the name was not resolved in time") from None
        except (OSError, UnicodeError) as error:
            raise httpcore.ConnectError("the name was not resolved") from error


class _DeadlineStream(httpcore.NetworkStream):
    def __init__(self, inner: httpcore.NetworkStream, deadline: Deadline) -> None:
        self._inner = inner
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        left = self._deadline.clip(timeout, httpcore.ReadTimeout)
        while left > _SLICE_S:
            with suppress(httpcore.ReadTimeout):
                return self._inner.read(max_bytes, _SLICE_S)
            self._deadline.heed()
            left -= _SLICE_S
        return self._inner.read(max_bytes, left)

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, self._deadline.clip(timeout, httpcore.WriteTimeout))

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        clipped = self._deadline.clip(timeout, httpcore.ConnectTimeout)
        stream = self._inner.start_tls(ssl_context, server_hostname, clipped)
        return _DeadlineStream(stream, self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)
