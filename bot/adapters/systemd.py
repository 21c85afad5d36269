"""Telling systemd that the daemon is ready, alive or stopping; nothing where no systemd listens."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass

_MICROSECONDS = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Supervisor:
    """Who is told; `address` empty means nobody. `alive_every_s` 0 means no watchdog."""

    address: str = ""
    alive_every_s: float = 0.0

    def ready(self) -> None:
        """The start is over."""
        self._tell("READY=1")

    def alive(self) -> None:
        """The watchdog may rest until the next time."""
        self._tell("WATCHDOG=1")

    def stopping(self) -> None:
        """The end has begun."""
        self._tell("STOPPING=1")

    def _tell(self, text: str) -> None:
        if not self.address:
            return
        # A name that begins with @ stands for one outside the file system.
        place = "\0" + self.address[1:] if self.address.startswith("@") else self.address
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as out:
            out.settimeout(0)  # a supervisor that does not listen holds nothing up
            out.sendto(text.encode(), place)


def find_supervisor(environment: Mapping[str, str] = os.environ) -> Supervisor:
    """The supervisor that the environment names; the watchdog is told twice in its time."""
    for_us = environment.get("WATCHDOG_PID", "") in {"", str(os.getpid())}
    period = environment.get("WATCHDOG_USEC", "")
    microseconds = int(period) if for_us and period.isascii() and period.isdigit() else 0
    return Supervisor(
        address=environment.get("NOTIFY_SOCKET", ""),
        alive_every_s=microseconds / _MICROSECONDS / 2,
    )
