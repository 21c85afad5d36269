"""Names looked up within a time: the system's own look-up knows none and cannot be broken off."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from ipaddress import ip_address
from typing import Any

# What the system's look-up gives: (family, type, protocol, canonical name, address) rows.
Lookup = Callable[..., list[tuple[Any, ...]]]


class Resolver:
    """Looks names up in a thread of its own, at most one at a time.

    A look-up that hangs is left behind; the next question waits for the same one, so that an hour
    of hanging look-ups leaves one thread and not hundreds.
    """

    def __init__(self, lookup: Lookup = socket.getaddrinfo) -> None:
        self._lookup = lookup
        self._running: dict[tuple[str, int], _Question] = {}

    def addresses(self, host: str, port: int, timeout_s: float) -> list[str]:
        """The host's addresses in the system's order; an address is its own.

        Raises TimeoutError where none came in time, OSError or UnicodeError where the look-up
        failed.
        """
        if _is_address(host):
            return [host]
        question = self._running.get((host, port))
        if question is None:
            question = _Question(self._lookup, host, port)
            self._running[host, port] = question
        found = question.answer(timeout_s)
        del self._running[host, port]
        if isinstance(found, Exception):
            raise found
        return found


class _Question:
    """One look-up under way."""

    def __init__(self, lookup: Lookup, host: str, port: int) -> None:
        self._found: list[str] | Exception = []
        self._is_over = threading.Event()
        # A daemon thread: a look-up that never ends must not keep the process from ending.
        threading.Thread(target=self._ask, args=(lookup, host, port), daemon=True).start()

    def _ask(self, lookup: Lookup, host: str, port: int) -> None:
        try:
            rows = lookup(host, port, type=socket.SOCK_STREAM)
            self._found = list(dict.fromkeys(str(row[4][0]) for row in rows))
        except (OSError, UnicodeError) as error:
            self._found = error
        finally:
            self._is_over.set()

    def answer(self, timeout_s: float) -> list[str] | Exception:
        """What came; TimeoutError where nothing has come yet."""
        if not self._is_over.wait(timeout_s):
            raise TimeoutError
        return self._found


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
